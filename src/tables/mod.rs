//! Snapshot and ensemble to and from Parquet.
