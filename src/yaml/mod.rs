//! YAML that people write: read by serde_yaml, described by [`keys`], with every mistake reported at the exact word.
//!
//! A file's keys are described once, as [`keys::Key`]s. [`section::Section`] reads mappings by that description and
//! refuses unknown keys. [`schema`] prints the description for editors.

mod document;
pub mod duration;
pub mod expand;
mod foreign;
pub mod keys;
mod locate;
mod named_section;
pub mod near;
pub mod node;
mod quote;
mod readers;
pub mod schema;
pub mod section;
pub mod source;
mod span;
mod spans;
pub mod value;

pub use foreign::Foreign;
pub use keys::{Key, KeyChoice, Kind};
pub use locate::{PathStep, file_of, way_to};
pub use named_section::NamedSection;
pub use near::{did_you_mean, lookup};
pub use node::Node;
pub use quote::quote;
pub use schema::Schema;
pub use section::Section;
pub use source::{At, File, Source};
pub use spans::Parsed;
