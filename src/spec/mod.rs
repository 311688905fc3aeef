//! Model text to `Draft` (spans) to checked `Model`; JSON Schema.
