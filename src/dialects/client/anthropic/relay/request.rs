//! The body of a call: the client's own, but for what has to be another one at this upstream.

use crate::chat::Conversation;
use crate::dialects::client::anthropic::calls::one_line;
use crate::dialects::client::anthropic::params::given;
use crate::dialects::upstream::anthropic::content::is_blank;
use crate::dialects::upstream::anthropic::params::{self, SAME};
use crate::dialects::upstream::anthropic::thinking::ThinkingPlan;
use crate::dialects::upstream::{CallTerms, ChatDialect, Vendor};
use crate::json::{self, Fields, fields};
use crate::models::SystemRole;
use crate::wire::Failure;
use serde_json::value::RawValue;

/// What is written of the fields that are not handed on as they came.
struct Changes<'c> {
    chat: &'c Conversation<'c>,
    call: CallTerms<'c>,
    /// What is said of thinking; `None` if the client says nothing of it.
    thinking: Option<ThinkingPlan<'c>>,
    own_thinking: Option<&'c RawValue>,
    /// True if tools may not be strict.
    drops_strict: bool,
    /// True if messages of the system become texts of the field `system`.
    moves_system: bool,
}

/// A request as it came.
#[derive(Debug)]
pub struct RelayedRequest<'a> {
    /// Its fields.
    pub body: Fields<'a>,
    /// True if a block has to be changed.
    pub is_odd: bool,
    /// True if a message is of the system.
    pub has_late_system: bool,
}

impl RelayedRequest<'_> {
    /// Returns the body of a call to an upstream of Anthropic's form.
    ///
    /// # Errors
    /// 400 for an effort that nobody knows.
    pub fn body(
        &self,
        chat: &Conversation<'_>,
        call: CallTerms<'_>,
        dialect: &dyn ChatDialect,
    ) -> Result<Vec<u8>, Failure> {
        let own_thinking = params::given(chat, "thinking");
        let changes = Changes {
            chat,
            call,
            thinking: own_thinking.map(|_| ThinkingPlan::of(chat, call)).transpose()?,
            own_thinking,
            // The policy of ARGO's cloud refuses strict tools.
            drops_strict: dialect.vendor() == Vendor::Argo,
            moves_system: self.has_late_system && call.rules.system_role == Some(SystemRole::Opening),
        };
        let size: usize = self.body.iter().map(|(name, value)| name.len() + value.get().len() + 4).sum();
        let mut out = Vec::with_capacity(size + 256);
        out.push(b'{');
        for (name, value) in self.body.iter() {
            changes.push(&mut out, self, name, value);
        }
        changes.push_missing(&mut out, self);
        out.push(b'}');
        Ok(out)
    }
}

impl Changes<'_> {
    fn push(&self, out: &mut Vec<u8>, client: &RelayedRequest<'_>, name: &str, value: &RawValue) {
        match name {
            "model" => {
                json::push_key(out, name);
                json::push_string(out, self.call.model);
            }
            // Whose call it is, a header says. `stream` follows from how the upstream is asked.
            "user" | "stream" => {}
            "max_tokens" => push_raw(out, name, params::given(self.chat, name).unwrap_or(value)),
            "temperature" | "top_p" | "top_k" => self.push_sampling(out, name),
            "thinking" => self.push_thinking(out),
            "output_config" => self.push_config(out, value),
            "tools" if self.drops_strict => push_tools(out, value),
            "messages" if client.is_odd || self.moves_system => push_messages(out, value, self.moves_system),
            "system" if self.moves_system => {}
            _ => push_raw(out, name, value),
        }
    }

    /// Appends what rules add, and what is said beside the fields of the client.
    fn push_missing(&self, out: &mut Vec<u8>, client: &RelayedRequest<'_>) {
        for name in SAME.iter().filter(|name| client.body.get(name).is_none()) {
            self.push_sampling(out, name);
        }
        if client.body.get("output_config").is_none()
            && let Some(word) = self.thinking.as_ref().and_then(ThinkingPlan::effort)
        {
            json::push_key(out, "output_config");
            out.extend_from_slice(b"{\"effort\":");
            json::push_string(out, word);
            out.push(b'}');
        }
        if self.moves_system {
            push_system(out, client);
        }
        if self.call.stream {
            out.extend_from_slice(b",\"stream\":true");
        }
    }

    fn push_sampling(&self, out: &mut Vec<u8>, name: &str) {
        let keeps = |value: &&RawValue| self.thinking.as_ref().is_none_or(|plan| plan.keeps(name, value));
        if let Some(value) = params::given(self.chat, name).filter(keeps) {
            push_raw(out, name, value);
        }
    }

    fn push_thinking(&self, out: &mut Vec<u8>) {
        match (&self.thinking, self.own_thinking) {
            (Some(plan), Some(own)) if plan.is_as_given(Some(own)) => push_raw(out, "thinking", own),
            (Some(plan), _) => plan.push_thinking(out),
            (None, _) => {}
        }
    }

    /// Appends the client's own, with another effort where this model needs one.
    fn push_config(&self, out: &mut Vec<u8>, own: &RawValue) {
        let word = self.thinking.as_ref().and_then(ThinkingPlan::effort);
        let config = Fields::of(own).unwrap_or_default();
        let is_same = given(&config, "effort").and_then(json::text_of).as_deref() == word;
        let Some(word) = word.filter(|_| !is_same) else { return push_raw(out, "output_config", own) };
        json::push_key(out, "output_config");
        out.extend_from_slice(b"{\"effort\":");
        json::push_string(out, word);
        for (name, value) in config.iter().filter(|(name, _)| *name != "effort") {
            push_raw(out, name, value);
        }
        out.push(b'}');
    }
}

fn push_raw(out: &mut Vec<u8>, name: &str, value: &RawValue) {
    json::push_key(out, name);
    out.extend_from_slice(value.get().as_bytes());
}

/// Appends the tools, none of them strict.
fn push_tools(out: &mut Vec<u8>, tools: &RawValue) {
    let list = fields::list_of(tools).unwrap_or_default();
    let is_strict = |tool: &&RawValue| Fields::of(tool).is_some_and(|tool| tool.get("strict").is_some());
    if !list.iter().any(is_strict) {
        return push_raw(out, "tools", tools);
    }
    json::push_key(out, "tools");
    push_list(out, list.into_iter(), |out, tool| match Fields::of(tool).filter(|tool| tool.get("strict").is_some()) {
        None => out.extend_from_slice(tool.get().as_bytes()),
        Some(fields) => {
            out.push(b'{');
            fields.iter().filter(|(name, _)| *name != "strict").for_each(|(name, value)| push_raw(out, name, value));
            out.push(b'}');
        }
    });
}

/// Appends the messages without blank texts, and without those of the system where these go elsewhere.
fn push_messages(out: &mut Vec<u8>, messages: &RawValue, moves_system: bool) {
    json::push_key(out, "messages");
    let list = fields::list_of(messages).unwrap_or_default();
    let stays = |message: &&RawValue| !(moves_system && is_of_system(message));
    push_list(out, list.into_iter().filter(stays), |out, message| {
        let fields = Fields::of(message).unwrap_or_default();
        let mended = fields.get("content").and_then(|content| mended(content, true));
        push_with(out, message, &fields, mended.as_deref());
    });
}

fn is_of_system(message: &RawValue) -> bool {
    Fields::of(message).and_then(|message| message.get("role")).is_some_and(|role| role.get() == "\"system\"")
}

/// Returns a content without blank texts, and with the images that were fetched; `None` if it can stay.
fn mended(content: &RawValue, looks_inside: bool) -> Option<Vec<u8>> {
    let blocks = fields::list_of(content).ok()?;
    let mut has_changed = false;
    let mut kept = Vec::with_capacity(blocks.len());
    for raw in blocks {
        let block = Fields::of(raw)?;
        let kind = block.get("type").and_then(json::text_of);
        match kind.as_deref() {
            Some("text") if block.get("text").and_then(json::inside_of).is_some_and(is_blank) => has_changed = true,
            Some("image") => {
                let image = fetched(&block);
                has_changed |= image.is_some();
                kept.push(image.unwrap_or_else(|| raw.get().as_bytes().to_vec()));
            }
            Some("tool_result") if looks_inside => {
                let inner = block.get("content").and_then(|content| mended(content, false));
                has_changed |= inner.is_some();
                let mut result = Vec::with_capacity(raw.get().len());
                push_with(&mut result, raw, &block, inner.as_deref());
                kept.push(result);
            }
            _ => kept.push(raw.get().as_bytes().to_vec()),
        }
    }
    // What says nothing at all is the client's mistake, and the vendor tells it.
    if !has_changed || kept.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(content.get().len());
    push_list(&mut out, kept.iter(), |out, block| out.extend_from_slice(block));
    Some(out)
}

/// Returns the block of an image whose address was fetched here: its bytes have another place than an address.
fn fetched(block: &Fields<'_>) -> Option<Vec<u8>> {
    let source = block.get("source").and_then(Fields::of)?;
    let url = source.get("url").and_then(json::inside_of)?.strip_prefix("data:")?;
    let (media_type, data) = url.split_once(";base64,")?;
    let mut out = Vec::with_capacity(url.len() + 96);
    out.extend_from_slice(b"{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"");
    out.extend_from_slice(media_type.as_bytes());
    out.extend_from_slice(b"\",\"data\":\"");
    out.extend_from_slice(data.as_bytes());
    out.extend_from_slice(b"\"}");
    for (name, value) in block.iter().filter(|(name, _)| !matches!(*name, "type" | "source")) {
        push_raw(&mut out, name, value);
    }
    out.push(b'}');
    Some(out)
}

/// Appends an object with another content, or as it came.
fn push_with(out: &mut Vec<u8>, raw: &RawValue, fields: &Fields<'_>, content: Option<&[u8]>) {
    let Some(content) = content else { return out.extend_from_slice(raw.get().as_bytes()) };
    out.push(b'{');
    for (name, value) in fields.iter() {
        json::push_key(out, name);
        out.extend_from_slice(if name == "content" { content } else { value.get().as_bytes() });
    }
    out.push(b'}');
}

/// Appends the field `system`: the client's own texts, then those of its messages.
fn push_system(out: &mut Vec<u8>, client: &RelayedRequest<'_>) {
    json::push_key(out, "system");
    let own = client.body.get("system").filter(|system| !json::is_null(system));
    let late = given(&client.body, "messages").and_then(|list| fields::list_of(list).ok()).unwrap_or_default();
    let late = late.into_iter().filter(|message| is_of_system(message)).filter_map(Fields::of);
    let contents = own.into_iter().chain(late.filter_map(|message| message.get("content")));
    let blocks = contents.flat_map(|content| fields::list_of(content).unwrap_or_else(|_| vec![content]));
    push_list(out, blocks, |out, block| {
        if json::inside_of(block).is_some() {
            out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
            out.extend_from_slice(one_line(block.get()).as_bytes());
            out.push(b'}');
        } else {
            out.extend_from_slice(block.get().as_bytes());
        }
    });
}

fn push_list<T>(out: &mut Vec<u8>, items: impl Iterator<Item = T>, push: impl Fn(&mut Vec<u8>, T)) {
    out.push(b'[');
    for item in items {
        if !matches!(out.last(), Some(b'[')) {
            out.push(b',');
        }
        push(out, item);
    }
    out.push(b']');
}
