//! The tools of a responses call: functions, custom tools, whose input is a text, tool search, and all of these in namespaces. Others
//! pass without a word.

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

/// The name of the tool that finds tools.
const SEARCH: &str = "tool_search";

/// The namespace whose tools the model knows by their names alone.
const PLAIN: &str = "functions";

/// How the call of a tool is written that is no plain function.
pub(super) struct Declared<'a> {
    /// The name by which the model knows the tool.
    pub known_as: Cow<'a, str>,
    pub name: Cow<'a, str>,
    pub namespace: Option<Cow<'a, str>>,
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    Custom,
    Search,
}

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
    /// The tools of a namespace.
    #[serde(borrow, default)]
    tools: Option<&'a RawValue>,
}

/// The tools that were read so far.
#[derive(Default)]
struct Offered<'a> {
    tools: Vec<Tool<'a>>,
    declared: Vec<Declared<'a>>,
}

/// Returns the offer, with the tools that items of the input add, and how calls of tools are written that are no plain functions.
pub(super) fn read<'a>(
    body: &NativeBody<'a>,
    added: &[&'a RawValue],
) -> Result<(Option<Offer<'a>>, Vec<Declared<'a>>), Refusal> {
    let mut offered = Offered::default();
    for raw in body.offered().iter().chain(added) {
        offered.add(raw, None)?;
    }
    if offered.tools.is_empty() && body.offered().is_none() {
        return Ok((None, Vec::new()));
    }
    Ok((Some(Offer::of(Family::OpenAI, offered.tools, body.tool_choice)?), offered.declared))
}

impl<'a> Offered<'a> {
    /// Adds a list of tools, which may be those of a namespace.
    fn add(&mut self, raw: &'a RawValue, namespace: Option<&Cow<'a, str>>) -> Result<(), Refusal> {
        let read: Vec<AnyTool<'a>> = serde_json::from_str(raw.get())
            .map_err(|error| Refusal { param: Some("tools".into()), ..Refusal::vendor(error.to_string()) })?;
        for (i, tool) in read.iter().enumerate() {
            let kind = match tool.r#type.map(RawValue::get) {
                Some(r#""function""#) => Kind::Function,
                Some(r#""custom""#) => Kind::Custom,
                Some(r#""tool_search""#) => Kind::Search,
                Some(r#""namespace""#) => {
                    let name = tool.name.and_then(string).ok_or_else(|| nameless(i))?;
                    tool.tools.map_or(Ok(()), |tools| self.add(tools, Some(&name)))?;
                    continue;
                }
                _ => continue,
            };
            self.push(tool, i, kind, namespace)?;
        }
        Ok(())
    }

    fn push(
        &mut self,
        tool: &AnyTool<'a>,
        i: usize,
        kind: Kind,
        namespace: Option<&Cow<'a, str>>,
    ) -> Result<(), Refusal> {
        let name = match kind {
            Kind::Search => Cow::Borrowed(SEARCH),
            Kind::Function | Kind::Custom => tool.name.and_then(string).ok_or_else(|| nameless(i))?,
        };
        if kind == Kind::Custom {
            is_short(tool, i)?;
        }
        let known_as = match namespace {
            Some(space) if space != PLAIN => Cow::Owned(format!("{space}__{name}")),
            _ => name.clone(),
        };
        self.tools.push(Tool { name: known_as.clone(), schema: tool.parameters });
        if kind != Kind::Function || namespace.is_some() {
            self.declared.push(Declared { known_as, name, namespace: namespace.cloned(), kind });
        }
        Ok(())
    }
}

fn nameless(i: usize) -> Refusal {
    let param = format!("tools[{i}].name");
    Refusal::vendor(format!("Missing required parameter: '{param}'.")).at(param, "missing_required_parameter")
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
