//! The calls of a response: each has the kind of item that its tool is.

use super::ResponseEncoder;
use crate::chat::Text;
use crate::chat::event::push_text;
use crate::dialects::client::responses::items::{self, CallItem, ItemPlace};
use crate::dialects::client::responses::names::ToolKind;
use crate::json;
use std::borrow::Cow;

impl ResponseEncoder {
    /// Begins a call. Calls that are complete end before it; one whose arguments still come stays open.
    pub(super) fn start_call(&mut self, id: Option<Cow<'_, str>>, name: &str) {
        self.end_spoken("completed");
        self.end_calls(CallItem::is_complete);
        let tool = self.names.find(name).cloned().unwrap_or_else(|| items::unknown_tool(name));
        let number = self.call_ids.len();
        let own = || format!("call_{}{number:02}", self.frame.id);
        let given = id.filter(|id| !id.is_empty() && !self.call_ids.iter().any(|other| *other == **id));
        let call_id = given.map_or_else(own, Cow::into_owned);
        self.call_ids.push(call_id.clone());
        let nowhere = ItemPlace { id: String::new(), index: 0 };
        let mut call = CallItem { place: nowhere, number, call_id, tool, inside: Vec::new() };
        call.place = self.begin_item(CallItem::prefix(call.tool.kind), |out, place| {
            let item = CallItem {
                place: place.clone(),
                tool: call.tool.clone(),
                call_id: call.call_id.clone(),
                inside: Vec::new(),
                number,
            };
            item.push(out, "in_progress", true);
        });
        self.calls.push(call);
    }

    pub(super) fn arguments(&mut self, number: usize, piece: Text<'_>) {
        self.frame.meter.push(piece);
        let Some(call) = self.calls.iter_mut().find(|call| call.number == number) else { return };
        let begun = call.inside.len();
        push_text(&mut call.inside, piece);
        // The input of a custom tool is inside of the arguments, so it is known when they are complete.
        if call.tool.kind == ToolKind::Function && call.inside.len() > begun {
            let (place, piece) = (call.place.clone(), call.inside.get(begun..).unwrap_or_default().to_vec());
            self.event("response.function_call_arguments.delta", &place, |out| {
                json::push_key(out, "delta");
                items::push_quoted(out, &piece);
            });
        }
    }

    /// Ends the open calls for which `ends` returns true.
    pub(super) fn end_calls(&mut self, ends: impl Fn(&CallItem) -> bool) {
        let (over, open) = std::mem::take(&mut self.calls).into_iter().partition(|call| ends(call));
        self.calls = open;
        let over: Vec<CallItem> = over;
        over.into_iter().for_each(|call| self.end_call(call));
    }

    pub(super) fn end_call(&mut self, mut call: CallItem) {
        let place = call.place.clone();
        match call.tool.kind {
            ToolKind::Function => {
                if call.inside.is_empty() {
                    // Some clients read the arguments from the pieces alone.
                    call.inside = b"{}".to_vec();
                    self.event("response.function_call_arguments.delta", &place, |out| {
                        out.extend_from_slice(b",\"delta\":\"{}\"");
                    });
                }
                self.event("response.function_call_arguments.done", &place, |out| {
                    json::push_key(out, "name");
                    json::push_string(out, &call.tool.name);
                    json::push_key(out, "arguments");
                    items::push_quoted(out, &call.inside);
                });
            }
            ToolKind::Custom => {
                let input = call.input();
                for (kind, key) in [
                    ("response.custom_tool_call_input.delta", "delta"),
                    ("response.custom_tool_call_input.done", "input"),
                ] {
                    self.event(kind, &place, |out| {
                        json::push_key(out, key);
                        json::push_string(out, &input);
                    });
                }
            }
            ToolKind::Search => {}
        }
        let mut item = Vec::with_capacity(call.inside.len() + 192);
        call.push(&mut item, "completed", false);
        self.end_item(&place, item);
    }
}
