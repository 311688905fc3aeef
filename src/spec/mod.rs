//! Model text to `Draft` (spans) to checked [`Model`]; JSON Schema.

pub mod model;
pub mod parameters;

pub use model::Model;
pub use parameters::Parameters;
