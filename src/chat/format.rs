//! The JSON that an answer is to be, as every client dialect asks for it.

use super::conversation::Param;
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The JSON that a request wants.
#[derive(Debug)]
pub enum Format<'a> {
    /// Any object.
    Object,
    /// What a schema describes.
    Schema(JsonSchema<'a>),
}

/// A schema with its name.
#[derive(Debug)]
pub struct JsonSchema<'a> {
    /// Letters, digits, `_` and `-`.
    pub name: Cow<'a, str>,
    /// A JSON string.
    pub description: Option<&'a RawValue>,
    /// A JSON object; without one any JSON will do.
    pub schema: Option<&'a RawValue>,
    /// Whether the answer must follow the schema exactly, as the client wrote it.
    pub strict: Option<&'a RawValue>,
}

/// Reads what a client dialect writes; `None` where it asks for text.
pub type ReadFormat = for<'r> fn(&'r RawValue) -> Result<Option<Format<'r>>, Failure>;

/// A format as the client wrote it. It is read only where the upstream does not read it.
#[derive(Debug, Clone)]
pub struct AskedFormat<'a> {
    /// The parameter.
    pub param: Param<'a>,
    /// What reads it.
    pub read: ReadFormat,
}
