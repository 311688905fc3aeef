//! Arguments to library calls; progress, rendering of errors, exit codes.
