//! The run folder: manifest, hashes, shards, resume, merge.
