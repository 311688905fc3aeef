//! Reads EigenLayer's contracts at a pinned block into a `Snapshot`.
