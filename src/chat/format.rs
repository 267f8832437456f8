//! The JSON format of an answer, as every client dialect requests it.

use super::conversation::Param;
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The JSON format that a request asks for.
#[derive(Debug)]
pub enum Format<'a> {
    /// Any object.
    Object,
    /// JSON that follows a schema.
    Schema(JsonSchema<'a>),
}

/// A schema with its name.
#[derive(Debug)]
pub struct JsonSchema<'a> {
    /// Letters, digits, `_` and `-`.
    pub name: Cow<'a, str>,
    /// A JSON string.
    pub description: Option<&'a RawValue>,
    /// A JSON object; without one, any JSON is accepted.
    pub schema: Option<&'a RawValue>,
    /// The client's value of `strict`: true if the answer must follow the schema exactly.
    pub strict: Option<&'a RawValue>,
}

/// Reads the format that a client dialect writes; `None` if the client asks for text.
pub type ReadFormat = for<'r> fn(&'r RawValue) -> Result<Option<Format<'r>>, Failure>;

/// The member that holds an answer whose schema has no object at its root: vendors take no other root.
pub const MEMBER: &str = "value";

/// What of the JSON of an answer the client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JsonPart {
    /// All of it.
    #[default]
    All,
    /// The value of [`MEMBER`].
    Member,
    /// The text in [`MEMBER`], without quotes.
    Word,
}

/// A format as the client wrote it. It is read only if the upstream does not read it.
#[derive(Debug, Clone)]
pub struct AskedFormat<'a> {
    /// The parameter.
    pub param: Param<'a>,
    /// The function that reads it.
    pub read: ReadFormat,
    /// What of the JSON the client gets.
    pub part: JsonPart,
}
