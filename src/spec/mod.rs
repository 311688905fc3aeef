//! Model text to `Draft` (spans) to checked [`Model`]; JSON Schema.

pub mod aftermath;
pub mod assumptions;
mod check;
pub mod collateral;
pub mod draft;
pub mod draft_aftermath;
mod draft_attacker;
pub mod draft_collateral;
pub mod draft_stages;
mod errors;
pub mod leaf;
pub mod model;
mod model_attacker;
pub mod panel;
pub mod parameters;
pub mod quantity;
mod read;
mod render;
mod schema;
mod shape;
pub mod stages;

pub use assumptions::assumption;
pub use check::FORMAT;
pub(crate) use check::panel::positive_definite;
pub use errors::{ErrorKind, PlainError, SpecError, SpecErrors};

pub use model::Model;
pub use parameters::Parameters;
pub use read::Draft;
pub use schema::{SCHEMA_FILE, schema, schema_value};

/// A commented model file to begin with; it checks without a fault.
#[must_use]
pub fn template() -> &'static str {
    include_str!("template.toml")
}
