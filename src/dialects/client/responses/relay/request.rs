//! The body of a call, from the client's own.

use super::descriptions::Rests;
use crate::chat::Conversation;
use crate::chat::conversation::LIMIT_NAMES;
use crate::dialects::client::responses::fields::{LIMIT, ResponsesFields};
use crate::dialects::upstream::CallTerms;
use crate::json::{self, Fields, fields};
use crate::wire::Seal;
use serde_json::value::RawValue;

/// Fields that are not the upstream's: what the proxy decides, and what is told to nobody. The refused ones are null or false here.
const NOT_HANDED_ON: [&str; 6] = ["user", "timeout", "background", "previous_response_id", "conversation", "prompt"];

/// The type of the items that bring tools along.
const ADDITIONAL_TOOLS: &str = "additional_tools";

/// The parameters of a conversation, which the model's rules may have changed, that have names and places of their own here.
const OWN_PLACES: [&str; 6] =
    ["temperature", "top_p", "max_tokens", "max_completion_tokens", "reasoning_effort", "verbosity"];

/// Returns the client's body with the upstream's model and the parameters of `chat`. Every other value keeps its bytes.
pub fn request(asked: &ResponsesFields<'_>, chat: &Conversation<'_>, call: CallTerms<'_>) -> Vec<u8> {
    let size: usize = asked.fields().iter().map(|(name, value)| name.len() + value.get().len() + 4).sum();
    let mut out = Vec::with_capacity(size + 64);
    let mut rests = Rests::default();
    let tools = call.rules.custom_description.zip(asked.get("tools")).map(|(most, list)| {
        let mut tools = Vec::with_capacity(list.get().len());
        rests.push_tools(&mut tools, list, most);
        tools
    });
    out.push(b'{');
    json::push_key(&mut out, "model");
    json::push_string(&mut out, call.model);
    for (name, value) in asked.fields().iter() {
        match name {
            "model" | "stream" | "store" => {}
            _ if NOT_HANDED_ON.contains(&name) => {}
            "temperature" | "top_p" => push(&mut out, name, param(chat, name)),
            LIMIT => {}
            "reasoning" => push_object(&mut out, name, value, ("effort", param(chat, "reasoning_effort"))),
            "text" => push_object(&mut out, name, value, ("verbosity", param(chat, "verbosity"))),
            "input" => push_input(&mut out, value, &mut rests, call.rules.custom_description),
            "tools" if tools.is_some() => {
                json::push_key(&mut out, name);
                out.extend_from_slice(tools.as_deref().unwrap_or_default());
            }
            _ => push(&mut out, name, Some(value)),
        }
    }
    push_added(&mut out, asked, chat);
    // Nothing is kept here, so nothing is to be kept elsewhere.
    out.extend_from_slice(b",\"store\":false");
    if call.stream {
        out.extend_from_slice(b",\"stream\":true");
    }
    out.push(b'}');
    out
}

/// Appends the limit, and what rules have put in that the client did not write.
fn push_added(out: &mut Vec<u8>, asked: &ResponsesFields<'_>, chat: &Conversation<'_>) {
    if let Some(limit) = chat.max_tokens() {
        json::push_key(out, LIMIT);
        json::push_number(out, limit);
    }
    let is_new = |outer: &str| asked.fields().get(outer).and_then(Fields::of).is_none();
    for (outer, inner, name) in [("reasoning", "effort", "reasoning_effort"), ("text", "verbosity", "verbosity")] {
        if let Some(value) = param(chat, name).filter(|_| is_new(outer)) {
            json::push_key(out, outer);
            out.push(b'{');
            push(out, inner, Some(value));
            out.push(b'}');
        }
    }
    for (name, value) in &chat.params {
        let is_own = asked.fields().get(name).is_some() || name == "response_format";
        let is_placed = OWN_PLACES.contains(&name.as_ref()) && !matches!(name.as_ref(), "temperature" | "top_p");
        if !is_own && !is_placed && !LIMIT_NAMES.contains(&name.as_ref()) {
            push(out, name, Some(value));
        }
    }
}

fn param<'a>(chat: &Conversation<'a>, name: &str) -> Option<&'a RawValue> {
    chat.params.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
}

fn push(out: &mut Vec<u8>, name: &str, value: Option<&RawValue>) {
    if let Some(value) = value {
        json::push_key(out, name);
        out.extend_from_slice(value.get().as_bytes());
    }
}

/// Appends an object as it came, but for one field that rules may have changed.
fn push_object(out: &mut Vec<u8>, name: &str, value: &RawValue, (own, now): (&str, Option<&RawValue>)) {
    let inner = Fields::of(value);
    let was = inner.as_ref().and_then(|inner| inner.get(own)).filter(|value| !json::is_null(value));
    let (Some(inner), false) = (inner, was.map(RawValue::get) == now.map(RawValue::get)) else {
        return push(out, name, Some(value));
    };
    json::push_key(out, name);
    out.push(b'{');
    inner.iter().filter(|(name, _)| *name != own).for_each(|(name, value)| push(out, name, Some(value)));
    push(out, own, now);
    out.push(b'}');
}

/// Appends the items. Thinking that this proxy sealed is another vendor's, and nobody there can read it. What was cut off the
/// descriptions of tools comes first.
fn push_input(out: &mut Vec<u8>, value: &RawValue, rests: &mut Rests, most: Option<usize>) {
    let most = most.filter(|_| !rests.is_empty() || value.get().contains(ADDITIONAL_TOOLS));
    if most.is_none() && !Seal::may_be_in(value.get()) {
        return push(out, "input", Some(value));
    }
    let is_foreign = |item: &&RawValue| {
        let sealed = Fields::of(item).and_then(|item| item.get("encrypted_content"));
        sealed.and_then(json::inside_of).is_some_and(Seal::may_be_in)
    };
    let mut items: Vec<Vec<u8>> = Vec::new();
    match fields::list_of(value) {
        Ok(list) => {
            for item in list.into_iter().filter(|item| !is_foreign(item)) {
                let mut written = Vec::with_capacity(item.get().len());
                match most {
                    Some(most) => rests.push_holder(&mut written, item, most),
                    None => written.extend_from_slice(item.get().as_bytes()),
                }
                items.push(written);
            }
        }
        Err(_) => items.push([b"{\"role\":\"user\",\"content\":", value.get().as_bytes(), b"}"].concat()),
    }
    if !rests.is_empty() {
        let mut message = Vec::new();
        rests.push_message(&mut message);
        items.insert(0, message);
    }
    json::push_key(out, "input");
    out.push(b'[');
    out.extend_from_slice(&items.join(&b','));
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Rules;
    use std::borrow::Cow;

    fn sent(given: &str, change: impl for<'a> FnOnce(&mut Conversation<'a>), stream: bool) -> String {
        let asked = ResponsesFields::read(Fields::parse(given).unwrap()).unwrap();
        let mut chat = Conversation { params: asked.params(), ..Conversation::default() };
        change(&mut chat);
        let rules = Rules::default();
        let body = request(&asked, &chat, CallTerms { user: "ann", model: "m9", stream, rules: &rules });
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn what_nobody_changes_keeps_its_bytes() {
        let given = r#"{"model":"argo:m","input":[ {"role":"user", "content":"h\u00e9"} ],"reasoning":{"effort":"low", "summary":"auto"},"text":{"verbosity":"low"},"tools":[{"type":"custom","name":"x"}],"client_metadata":{"a": 1},"stream":true,"store":true,"user":"eve","previous_response_id":null,"temperature":0.50}"#;
        assert_eq!(
            sent(given, |_| {}, true),
            r#"{"model":"m9","input":[ {"role":"user", "content":"h\u00e9"} ],"reasoning":{"effort":"low", "summary":"auto"},"text":{"verbosity":"low"},"tools":[{"type":"custom","name":"x"}],"client_metadata":{"a": 1},"temperature":0.50,"store":false,"stream":true}"#
        );
    }

    #[test]
    fn what_rules_change_is_changed_in_its_place() {
        let given = r#"{"model":"m","input":"hi","reasoning":{"effort":"low","summary":"auto"},"text":{"verbosity":"low","format":{"type":"text"}},"temperature":1,"max_output_tokens":9}"#;
        let drop_all = |chat: &mut Conversation<'_>| chat.params.clear();
        assert_eq!(
            sent(given, drop_all, false),
            r#"{"model":"m9","input":"hi","reasoning":{"summary":"auto"},"text":{"format":{"type":"text"}},"store":false}"#
        );
        let twice = |chat: &mut Conversation<'_>| {
            static HIGH: once_cell::sync::Lazy<Box<RawValue>> =
                once_cell::sync::Lazy::new(|| RawValue::from_string("\"high\"".into()).unwrap());
            chat.params = vec![(Cow::Borrowed("reasoning_effort"), &**HIGH), (Cow::Borrowed("odd"), &**HIGH)];
        };
        assert_eq!(
            sent(r#"{"model":"m","input":"hi"}"#, twice, false),
            r#"{"model":"m9","input":"hi","reasoning":{"effort":"high"},"odd":"high","store":false}"#
        );
        assert!(sent(given, twice, false).contains(r#""reasoning":{"summary":"auto","effort":"high"}"#));
    }

    #[test]
    fn what_is_too_long_of_a_description_goes_before_the_conversation() {
        let custom = |name: &str, description: &str| {
            format!(r#"{{"type":"custom","name":"{name}","description":"{description}","format":{{"type":"text"}}}}"#)
        };
        let function = r#"{"type":"function","name":"f","description":"0123456789"}"#;
        let given = |description: &str| {
            format!(
                r#"{{"model":"m","input":[{{"type":"additional_tools","tools":[{{"type":"namespace","name":"n","tools":[{}]}}]}},{{"role":"user","content":"hi"}}],"tools":[{},{function}]}}"#,
                custom("b", description),
                custom("a", description)
            )
        };
        let rules = Rules { custom_description: Some(4), ..Rules::default() };
        let sent = |given: &str| {
            let asked = ResponsesFields::read(Fields::parse(given).unwrap()).unwrap();
            let call = CallTerms { user: "ann", model: "m9", stream: false, rules: &rules };
            String::from_utf8(request(&asked, &Conversation::default(), call)).unwrap()
        };
        let short = given("0é23").replace("\"m\"", "\"m9\"").trim_end_matches('}').to_owned();
        assert_eq!(sent(&given("0é23")), format!("{short},\"store\":false}}"));
        let long = sent(&given("0é2345"));
        let told = "The description of the tool a goes on:\\n45\\n\\nThe description of the tool b goes on:\\n45";
        assert!(
            long.contains(&format!(
                r#""input":[{{"type":"message","role":"developer","content":"{told}"}},{{"type":"additional_tools""#
            )),
            "{long}"
        );
        assert!(
            long.contains(&custom("a", "0é23")) && long.contains(&custom("b", "0é23")) && long.contains(function),
            "{long}"
        );
        let text = format!(r#"{{"model":"m","input":"hi","tools":[{}]}}"#, custom("a", "012345"));
        assert!(sent(&text).contains(r#"goes on:\n45"},{"role":"user","content":"hi"}]"#), "{}", sent(&text));
    }

    #[test]
    fn thinking_that_was_sealed_here_does_not_go_to_another_vendor() {
        let sealed = Seal::random().seal(b"{}", "ann").unwrap();
        let given = format!(
            r#"{{"model":"m","input":[{{"type":"reasoning","encrypted_content":"{sealed}"}},{{"role":"user","content":"hi"}},{{"type":"reasoning","encrypted_content":"gAAA"}}]}}"#
        );
        assert_eq!(
            sent(&given, |_| {}, false),
            r#"{"model":"m9","input":[{"role":"user","content":"hi"},{"type":"reasoning","encrypted_content":"gAAA"}],"store":false}"#
        );
    }
}
