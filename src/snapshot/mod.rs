//! What the chain said at one block, in memory, with provenance.
