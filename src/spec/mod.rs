//! Model text to `Draft` (spans) to checked [`Model`]; JSON Schema.

pub mod model;

pub use model::Model;
