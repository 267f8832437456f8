//! OpenAI's `function` object, which both a tool and a `tool_choice` may have.

use serde::Deserialize;
use serde_json::value::RawValue;

/// The object, as far as the stand-in reads it.
#[derive(Deserialize)]
pub(crate) struct Function<'a> {
    #[serde(borrow, default)]
    pub name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub parameters: Option<&'a RawValue>,
}
