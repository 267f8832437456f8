//! The tools of a responses call: functions, and custom tools, whose input is a text. All others pass without a word.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::content::string;
use crate::native::body::NativeBody;
use crate::native::refusal::Refusal;
use crate::offer::{Offer, Tool};
use crate::options::Family;

/// The most characters in the description of a custom tool. Those of functions have no known limit.
const LONGEST: usize = 4096;

#[derive(Deserialize)]
struct AnyTool<'a> {
    #[serde(borrow, default)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    parameters: Option<&'a RawValue>,
    #[serde(borrow, default)]
    description: Option<&'a RawValue>,
}

/// Returns the offer, and the names of the custom tools.
pub(super) fn read<'a>(body: &NativeBody<'a>) -> Result<(Option<Offer<'a>>, Vec<Cow<'a, str>>), Refusal> {
    let Some(raw) = body.offered() else { return Ok((None, Vec::new())) };
    let read: Vec<AnyTool<'a>> = serde_json::from_str(raw.get())
        .map_err(|error| Refusal { param: Some("tools".into()), ..Refusal::vendor(error.to_string()) })?;
    let (mut tools, mut custom) = (Vec::new(), Vec::new());
    for (i, tool) in read.iter().enumerate() {
        let is_custom = match tool.r#type.map(RawValue::get) {
            Some(r#""function""#) => false,
            Some(r#""custom""#) => true,
            _ => continue,
        };
        let Some(name) = tool.name.and_then(string) else {
            let param = format!("tools[{i}].name");
            let message = format!("Missing required parameter: '{param}'.");
            return Err(Refusal::vendor(message).at(param, "missing_required_parameter"));
        };
        if is_custom {
            is_short(tool, i)?;
            custom.push(name.clone());
        }
        tools.push(Tool { name, schema: tool.parameters });
    }
    Ok((Some(Offer::of(Family::OpenAI, tools, body.tool_choice)?), custom))
}

fn is_short(tool: &AnyTool<'_>, i: usize) -> Result<(), Refusal> {
    let length = tool.description.and_then(string).map_or(0, |text| text.chars().count());
    if length <= LONGEST {
        return Ok(());
    }
    let param = format!("tools[{i}].description");
    let message = format!(
        "Invalid '{param}': string too long. Expected a string with maximum length {LONGEST}, but got a string with length \
         {length} instead."
    );
    Err(Refusal::vendor(message).at(param, "string_above_max_length"))
}
