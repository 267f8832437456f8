//! `prefaced_chat`: OpenAI's chat completions, with a system text of the row's own before every conversation.

use argo_openai_proxy::dialects::client::openai::{Openai, body};
use argo_openai_proxy::json::{self, Fields};
use argo_openai_proxy::plan::{Context, Plan, Request, Transformer};
use argo_openai_proxy::transform::{Entry, Unfit, openai_chat_completions};
use argo_openai_proxy::wire::Failure;
use argo_openai_proxy::yaml::{Key, Kind};
use std::sync::Arc;

pub const ENTRY: Entry = Entry {
    name: "prefaced_chat",
    about: "OpenAI chat completions with a system text before every conversation",
    client: &Openai,
    client_suffix: Some("/chat/completions"),
    keys: &[Key::required("preface", Kind::Text, "The system text that opens every conversation.")],
    build: |wiring, with| {
        let chat = (openai_chat_completions::ENTRY.build)(wiring, with)?;
        // The key is required: who leaves it out is told so.
        let preface = with.text("preface").ok_or(Unfit::Setting)?;
        if preface.trim().is_empty() {
            return Err(with.refuse("preface", "it is empty", "write a text, or use openai_chat_completions"));
        }
        Ok(Arc::new(PrefacedChat { preface, chat }))
    },
};

struct PrefacedChat {
    preface: String,
    chat: Arc<dyn Transformer>,
}

impl Transformer for PrefacedChat {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let text = body::text(&request.body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let mut out = b"{".to_vec();
        for (name, value) in fields.iter() {
            json::push_key(&mut out, name);
            match value.get().strip_prefix('[').map(str::trim_start) {
                Some(rest) if name == "messages" => {
                    out.extend_from_slice(b"[{\"role\":\"system\",\"content\":");
                    json::push_string(&mut out, &self.preface);
                    out.extend_from_slice(if rest == "]" { b"}" } else { b"}," });
                    out.extend_from_slice(rest.as_bytes());
                }
                _ => out.extend_from_slice(value.get().as_bytes()),
            }
        }
        out.push(b'}');
        self.chat.open(&Request { body: out.into(), ..request.clone() }, cx)
    }
}
