//! What names an element of a list.

/// The keys, of which the first that an element has is its name.
pub const NAMES: [&str; 3] = ["id", "model_id", "name"];
