//! Descriptions of custom tools that are longer than an upstream takes. The rest of each goes into a message before the conversation.

use crate::json::{self, Fields, fields};
use serde_json::value::RawValue;

/// The rests of descriptions, each with the name of its tool.
#[derive(Default)]
pub struct Rests(Vec<(String, String)>);

impl Rests {
    /// Returns true if no description was cut.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends a list of tools. Of the description of a custom tool at most `most` characters stay; all else keeps its bytes.
    pub fn push_tools(&mut self, out: &mut Vec<u8>, list: &RawValue, most: usize) {
        let Ok(tools) = fields::list_of(list) else { return out.extend_from_slice(list.get().as_bytes()) };
        out.push(b'[');
        for (index, tool) in tools.into_iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.push_tool(out, tool, most);
        }
        out.push(b']');
    }

    /// Appends an object that has a list of tools, as [`Self::push_tools`] does.
    pub fn push_holder(&mut self, out: &mut Vec<u8>, holder: &RawValue, most: usize) {
        let holder_fields = Fields::of(holder);
        let Some(holder_fields) = holder_fields.filter(|fields| fields.get("tools").is_some()) else {
            return out.extend_from_slice(holder.get().as_bytes());
        };
        out.push(b'{');
        for (name, value) in holder_fields.iter() {
            json::push_key(out, name);
            match name {
                "tools" => self.push_tools(out, value, most),
                _ => out.extend_from_slice(value.get().as_bytes()),
            }
        }
        out.push(b'}');
    }

    fn push_tool(&mut self, out: &mut Vec<u8>, tool: &RawValue, most: usize) {
        let read = Fields::of(tool).unwrap_or_default();
        match read.get("type").and_then(json::inside_of) {
            Some("namespace") => return self.push_holder(out, tool, most),
            Some("custom") => {}
            _ => return out.extend_from_slice(tool.get().as_bytes()),
        }
        let text = read.get("description").and_then(json::text_of).unwrap_or_default();
        let Some((at, _)) = text.char_indices().nth(most) else {
            return out.extend_from_slice(tool.get().as_bytes());
        };
        let (kept, rest) = text.split_at_checked(at).unwrap_or((&text, ""));
        let name = read.get("name").and_then(json::text_of).unwrap_or_default();
        self.0.push((name.into_owned(), rest.to_owned()));
        out.push(b'{');
        for (name, value) in read.iter() {
            json::push_key(out, name);
            match name {
                "description" => json::push_string(out, kept),
                _ => out.extend_from_slice(value.get().as_bytes()),
            }
        }
        out.push(b'}');
    }

    /// Appends the message that has the rests.
    pub fn push_message(&self, out: &mut Vec<u8>) {
        let rests = self.0.iter().map(|(name, rest)| format!("The description of the tool {name} goes on:\n{rest}"));
        let text = rests.collect::<Vec<_>>().join("\n\n");
        out.extend_from_slice(b"{\"type\":\"message\",\"role\":\"developer\",\"content\":");
        json::push_string(out, &text);
        out.push(b'}');
    }
}
