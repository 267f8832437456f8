//! Answers of chat with tool calls, or with text that looks like a tool call.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;
use serde_json::{Value, json};

use crate::arguments;
use crate::offer::{Offer, Tool};
use crate::options::Family;
use crate::python;
use crate::reply::Reply;
use crate::script::{self, ScriptedCall};

/// The shape of a special answer.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    FirstTool,
    AllTools,
    Leaked,
    PythonDict,
    Blocks,
}

/// Returns the answer in a shape.
pub(crate) fn reply(shape: Shape, offer: Option<&Offer<'_>>, turn: usize) -> Reply {
    // Shapes with a call take the first tool that the client allows.
    let limit = match shape {
        Shape::AllTools => usize::MAX,
        _ => 1,
    };
    let calls = calls(offer, limit, turn);
    let family = offer.map_or(Family::OpenAI, |offer| offer.family);
    match shape {
        Shape::FirstTool | Shape::AllTools if calls.is_empty() => no_call("There is no tool to use."),
        Shape::FirstTool | Shape::AllTools => message(json!(""), &calls, family),
        Shape::Leaked => {
            let call = calls.into_iter().next().unwrap_or_else(ToolCall::sample);
            let leaked = python::repr(&call.shaped(Family::Anthropic));
            no_call(&format!("Now let me read the file:{leaked}"))
        }
        Shape::PythonDict => {
            let call = calls.into_iter().next().unwrap_or_else(ToolCall::sample);
            let dict = json!({"content": "", "tool_calls": [call.shaped(family)]});
            Reply::json(200, &json!({"response": python::repr(&dict)}))
        }
        Shape::Blocks => {
            let blocks = json!([
                {"type": "text", "text": "This content is "},
                {"type": "text", "text": "an array of blocks."}
            ]);
            message(blocks, &[], family)
        }
    }
}

/// Returns calls of the tools that the client allows, of at most `limit` tools.
pub(crate) fn calls(offer: Option<&Offer<'_>>, limit: usize, turn: usize) -> Vec<ToolCall> {
    let allowed = offer.into_iter().flat_map(Offer::allowed);
    allowed.take(limit).enumerate().map(|(i, tool)| ToolCall::of(tool, turn, i)).collect()
}

/// Returns the answer with the calls that a message spells out.
pub(crate) fn scripted_reply(message: &str, offer: Option<&Offer<'_>>, turn: usize) -> Reply {
    match offer {
        Some(offer) => self::message(json!(""), &scripted(message, offer, turn), offer.family),
        None => no_call("There is no tool to use."),
    }
}

/// Returns the calls that a message spells out. A name that no tool has is called as it is written: models do so.
pub(crate) fn scripted(message: &str, offer: &Offer<'_>, turn: usize) -> Vec<ToolCall> {
    let calls = script::read(message).into_iter().flatten().enumerate();
    calls
        .map(|(i, ScriptedCall { name, arguments })| {
            let name = offer.named(name).map_or(name, |tool| &tool.name).to_owned();
            let arguments = if arguments.is_string() { json!({"input": arguments}) } else { arguments };
            ToolCall { id: id(turn, i, &name), name, arguments }
        })
        .collect()
}

/// Returns the answer to a call with offered tools that uses none of them.
pub(crate) fn no_call(content: &str) -> Reply {
    #[derive(Serialize)]
    struct Answer<'a> {
        response: Message<'a>,
    }
    #[derive(Serialize)]
    struct Message<'a> {
        content: &'a str,
        tool_calls: [(); 0],
    }
    let tool_calls = [];
    let response = Message { content, tool_calls };
    Reply::json(200, &Answer { response })
}

fn message(content: Value, calls: &[ToolCall], family: Family) -> Reply {
    let calls: Vec<Value> = calls.iter().map(|call| call.shaped(family)).collect();
    Reply::json(200, &json!({"response": {"content": content, "tool_calls": calls}}))
}

/// Returns the id of a call.
fn id(turn: usize, i: usize, name: &str) -> u64 {
    let mut id = DefaultHasher::new();
    (turn, i, name).hash(&mut id);
    id.finish()
}

/// One call of a tool, before it has the shape of a vendor.
pub(crate) struct ToolCall {
    /// The id, which differs between the calls of a conversation.
    id: u64,
    pub name: String,
    pub arguments: Value,
}

impl ToolCall {
    /// Returns the id as a vendor writes it.
    pub(crate) fn id(&self, family: Family) -> Option<String> {
        let id = self.id;
        match family {
            Family::OpenAI => Some(format!("call_{id:024x}")),
            Family::Anthropic => Some(format!("toolu_vrtx_01{id:022x}")),
            Family::Google => None,
        }
    }

    fn of(tool: &Tool<'_>, turn: usize, i: usize) -> Self {
        let name = tool.name.clone().into_owned();
        Self { id: id(turn, i, &name), name, arguments: arguments::plausible(tool.schema) }
    }

    /// Returns a call as captured from the gateway, for shapes that need a call when no tool is offered.
    fn sample() -> Self {
        Self { id: 1, name: "Read".to_owned(), arguments: json!({"file_path": "/tmp/example.txt"}) }
    }

    pub(crate) fn shaped(&self, family: Family) -> Value {
        let Self { name, arguments, .. } = self;
        let id = self.id(family);
        match family {
            Family::OpenAI => json!({
                "function": {"arguments": arguments.to_string(), "name": name},
                "id": id,
                "type": "function"
            }),
            Family::Anthropic => json!({
                "type": "tool_use",
                "id": id,
                "name": name,
                "input": arguments
            }),
            Family::Google => json!({"id": id, "args": arguments, "name": name}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::to_raw_value;

    fn reply_of(shape: Shape, family: Family) -> Value {
        let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
        let tools = ["add", "sub"].map(|name| match family {
            Family::OpenAI => {
                json!({"type": "function", "function": {"name": name, "parameters": schema}})
            }
            Family::Anthropic => json!({"name": name, "input_schema": schema}),
            Family::Google => json!({"name": name, "parameters": schema}),
        });
        let tools = to_raw_value(&tools).unwrap();
        let offer = Offer::read(family, &tools, None).unwrap_or_else(|unfit| panic!("{unfit:?}"));
        let (status, body) = reply(shape, Some(&offer), 9).read();
        assert_eq!(status, 200);
        body["response"].clone()
    }

    #[test]
    fn calls_have_their_vendors_shape() {
        let openai = reply_of(Shape::FirstTool, Family::OpenAI);
        assert_eq!(openai["content"], "");
        assert_eq!(openai["tool_calls"].as_array().unwrap().len(), 1);
        let call = &openai["tool_calls"][0];
        assert_eq!(call["function"], json!({"arguments": "{\"a\":1}", "name": "add"}));
        assert_eq!(call["type"], "function");
        assert!(call["id"].as_str().unwrap().starts_with("call_"));

        let anthropic = &reply_of(Shape::FirstTool, Family::Anthropic)["tool_calls"][0];
        assert_eq!(anthropic["type"], "tool_use");
        assert_eq!(anthropic["input"], json!({"a": 1}));
        assert!(anthropic["id"].as_str().unwrap().starts_with("toolu_vrtx_01"));

        let google = &reply_of(Shape::FirstTool, Family::Google)["tool_calls"][0];
        assert_eq!(*google, json!({"id": null, "args": {"a": 1}, "name": "add"}));
    }

    #[test]
    fn all_tools_are_called_with_ids_of_their_own() {
        let calls = &reply_of(Shape::AllTools, Family::OpenAI)["tool_calls"];
        assert_eq!(calls[1]["function"]["name"], "sub");
        assert_ne!(calls[0]["id"], calls[1]["id"]);
    }

    #[test]
    fn leaks_are_python_in_the_content() {
        let leaked = reply_of(Shape::Leaked, Family::Anthropic);
        assert_eq!(leaked["tool_calls"], json!([]));
        let content = leaked["content"].as_str().unwrap();
        assert!(content.starts_with("Now let me read the file:{'type': 'tool_use', 'id': 'toolu_"), "{content}");
        assert!(content.ends_with("'name': 'add', 'input': {'a': 1}}"), "{content}");

        let dict = reply_of(Shape::PythonDict, Family::Google);
        assert_eq!(dict, "{'content': '', 'tool_calls': [{'id': None, 'args': {'a': 1}, 'name': 'add'}]}");
    }

    #[test]
    fn without_tools_there_is_no_call() {
        let (_, body) = reply(Shape::FirstTool, None, 0).read();
        assert_eq!(body["response"]["tool_calls"], json!([]));
        let (_, body) = reply(Shape::Leaked, None, 0).read();
        assert!(body["response"]["content"].as_str().unwrap().contains("'name': 'Read'"));
    }
}
