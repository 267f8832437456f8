//! The tools that a call offers, in the shape of the model's vendor. Another shape is refused in the words of the vendor.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::choice::Choice;
use crate::content::string;
use crate::function::Function;
use crate::options::Family;
use crate::unfit::Unfit;

/// The tools of one call, and the choice that the client leaves to the model.
pub(crate) struct Offer<'a> {
    pub family: Family,
    tools: Vec<Tool<'a>>,
    choice: Choice<'a>,
}

/// One tool.
pub(crate) struct Tool<'a> {
    pub name: Cow<'a, str>,
    /// The JSON schema of its arguments.
    pub schema: Option<&'a RawValue>,
}

/// The members of a tool, of any vendor.
#[derive(Deserialize)]
struct AnyTool<'a> {
    #[serde(borrow, default)]
    function: Option<Function<'a>>,
    #[serde(borrow, default)]
    name: Option<&'a RawValue>,
    #[serde(borrow, default)]
    input_schema: Option<&'a RawValue>,
    #[serde(borrow, default)]
    parameters: Option<&'a RawValue>,
}

impl<'a> Offer<'a> {
    /// Reads `tools` and `tool_choice`. The error is what the vendor finds wrong.
    pub(crate) fn read(family: Family, tools: &'a RawValue, choice: Option<&'a RawValue>) -> Result<Self, Unfit> {
        let tools: Vec<AnyTool<'a>> = serde_json::from_str(tools.get())
            .map_err(|error| Unfit::new(error.to_string(), Some("tools".to_owned())))?;
        let tools = tools.into_iter().enumerate().map(|(i, tool)| tool.of(family).ok_or_else(|| refusal(family, i)));
        Self::of(family, tools.collect::<Result<_, _>>()?, choice)
    }

    /// Returns an offer of tools that were read elsewhere.
    pub(crate) fn of(family: Family, tools: Vec<Tool<'a>>, choice: Option<&'a RawValue>) -> Result<Self, Unfit> {
        Ok(Self { family, tools, choice: choice.map_or(Ok(Choice::Auto), |raw| Choice::read(family, raw))? })
    }

    /// Returns true if the model has to use a tool.
    pub(crate) fn forces_a_call(&self) -> bool {
        let is_forced = matches!(self.choice, Choice::Any | Choice::Named(_) | Choice::Among { forced: true, .. });
        is_forced && self.allowed().next().is_some()
    }

    /// Returns the tool that has this name, or the only one whose name ends with it: proxies lengthen names.
    pub(crate) fn named(&self, name: &str) -> Option<&Tool<'a>> {
        let ends_so = |tool: &&Tool<'_>| {
            tool.name.strip_suffix(name).is_some_and(|start| !start.ends_with(char::is_alphanumeric))
        };
        let mut similar = self.allowed().filter(ends_so);
        let first = similar.next().filter(|_| similar.next().is_none());
        self.allowed().find(|tool| tool.name == name).or(first)
    }

    /// Returns the tools that the model may use.
    pub(crate) fn allowed(&self) -> impl Iterator<Item = &Tool<'a>> {
        self.tools.iter().filter(|tool| match &self.choice {
            Choice::Never => false,
            Choice::Named(name) => *name == tool.name,
            Choice::Among { names, .. } => names.contains(&tool.name),
            Choice::Auto | Choice::Any => true,
        })
    }
}

impl<'a> AnyTool<'a> {
    /// Returns the tool, if it has the shape of this vendor.
    fn of(self, family: Family) -> Option<Tool<'a>> {
        let (name, schema) = match family {
            Family::OpenAI => self.function.map(|f| (f.name, f.parameters))?,
            Family::Anthropic => (self.name, Some(self.input_schema?)),
            Family::Google => (self.name, self.parameters),
        };
        let name = string(name?)?;
        Some(Tool { name, schema })
    }
}

fn refusal(family: Family, i: usize) -> Unfit {
    match family {
        Family::OpenAI => {
            let param = format!("tools[{i}].function");
            Unfit::new(format!("Missing required parameter: '{param}'."), Some(param))
        }
        Family::Anthropic => Unfit::new(format!("tools.{i}.input_schema: Field required"), None),
        Family::Google => Unfit { is_python: true, ..Unfit::new("'name'", None) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENAI: &str = r#"[{"type":"function","function":{"name":"add","parameters":{"type":"object"}}},
        {"type":"function","function":{"name":"sub"}}]"#;
    const ANTHROPIC: &str = r#"[{"name":"add","input_schema":{"type":"object"}},{"name":"sub","input_schema":{}}]"#;
    const GOOGLE: &str = r#"[{"name":"add","parameters":{"type":"object"}},{"name":"sub"}]"#;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    fn allowed(family: Family, tools: &str, choice: &str) -> (Vec<String>, bool) {
        let offer = Offer::read(family, raw(tools), Some(raw(choice))).unwrap_or_else(|unfit| panic!("{unfit:?}"));
        let names = offer.allowed().map(|tool| tool.name.to_string()).collect();
        (names, offer.forces_a_call())
    }

    #[test]
    fn the_choice_limits_what_may_be_called() {
        let both = || vec!["add".to_owned(), "sub".to_owned()];
        let named = r#"{"type":"tool","name":"sub"}"#;
        assert_eq!(allowed(Family::OpenAI, OPENAI, r#""auto""#), (both(), false));
        assert_eq!(allowed(Family::OpenAI, OPENAI, r#""none""#), (vec![], false));
        assert_eq!(allowed(Family::Google, GOOGLE, r#""ANY""#), (both(), true));
        assert_eq!(allowed(Family::Anthropic, ANTHROPIC, named), (vec!["sub".to_owned()], true));
    }

    #[test]
    fn another_vendors_shape_is_refused() {
        let cases = [
            (Family::OpenAI, ANTHROPIC, 400, "tools[0].function"),
            (Family::Anthropic, OPENAI, 400, "tools.0.input_schema: Field required"),
            (Family::Anthropic, GOOGLE, 400, "tools.0.input_schema: Field required"),
            (Family::Google, OPENAI, 500, "'name'"),
        ];
        for (family, tools, expected, part) in cases {
            let Err(refusal) = Offer::read(family, raw(tools), None) else {
                panic!("{family:?} took {tools}");
            };
            let (status, body) = refusal.reply().read();
            assert_eq!(status, expected);
            assert!(body["error"]["message"].as_str().unwrap().contains(part), "{body}");
        }
    }
}
