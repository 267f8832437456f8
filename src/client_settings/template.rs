//! Puts values into the places of a template.
//!
//! ```text
//! {{base}} {{root}}              base URL of OpenAI's clients; the same without its version
//! {{scheme}} {{host}} {{path}}   the parts of the base URL
//! {{key}}                        the key, or a word that stands for one
//! {{model}} {{small}} {{embedding}}
//! {{context}} {{output}} {{input}} {{tools}}   numbers and a flag of the model
//! {{each}}    begins a line that is written for each model; {{name}} and its numbers are those of the model, {{,}} is a comma
//!             after all but the last
//! {{keyed}}   begins a line that is left out where no key is asked for
//! ```
//!
//! A line that needs a model for embeddings is left out where there is none.

use super::{ClientOffer, Language, OfferedModel};
use crate::json;

/// The key of programs that insist on one, where none is asked for.
const NO_KEY: &str = "unused";

/// Returns the text for an instance.
pub fn fill(template: &str, language: Language, offer: &ClientOffer) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    for line in template.split_inclusive('\n') {
        if let Some(line) = line.strip_prefix("{{each}}") {
            for (index, model) in offer.models.iter().enumerate() {
                let comma = if index + 1 < offer.models.len() { "," } else { "" };
                push(&mut out, &line.replace("{{,}}", comma), language, offer, model);
            }
        } else if let Some(line) = line.strip_prefix("{{keyed}}") {
            if offer.key.is_some() {
                push(&mut out, line, language, offer, &offer.model);
            }
        } else if !line.contains("{{embedding}}") || offer.embedding.is_some() {
            push(&mut out, line, language, offer, &offer.model);
        }
    }
    out
}

/// Returns a text in JSON for an instance.
pub fn filled(template: &str, offer: &ClientOffer) -> String {
    fill(template, Language::Json, offer)
}

/// Writes a line with its places filled.
fn push(out: &mut String, line: &str, language: Language, offer: &ClientOffer, model: &OfferedModel) {
    let mut rest = line;
    while let Some((before, (name, after))) = rest.split_once("{{").and_then(|(b, a)| Some((b, a.split_once("}}")?))) {
        out.push_str(before);
        match value(name, offer, model) {
            Some(value) => out.push_str(&quoted(&value, language)),
            // No place of ours.
            None => out.extend(["{{", name, "}}"]),
        }
        rest = after;
    }
    out.push_str(rest);
}

fn value(name: &str, offer: &ClientOffer, model: &OfferedModel) -> Option<String> {
    let (scheme, place) = offer.base.split_once("://").unwrap_or(("http", &offer.base));
    let (host, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    Some(match name {
        "base" => offer.base.clone(),
        "root" => offer.root.clone(),
        "scheme" => scheme.to_owned(),
        "host" => host.to_owned(),
        "path" => path.to_owned(),
        "key" => offer.key.clone().unwrap_or_else(|| NO_KEY.to_owned()),
        "model" => offer.model.name.clone(),
        "small" => offer.small.name.clone(),
        "embedding" => offer.embedding.clone()?,
        "name" => model.name.clone(),
        "context" => model.context.to_string(),
        "output" => model.output.to_string(),
        "input" => (model.context - model.output).to_string(),
        "tools" => model.tools.to_string(),
        _ => return None,
    })
}

/// Returns a value as it stands inside double quotes, which the template has; for a shell with quotes of its own where it needs them.
fn quoted(value: &str, language: Language) -> String {
    match language {
        Language::Shell | Language::Env => shell_quote(value),
        Language::Text => value.to_owned(),
        // All of these read the escapes of a JSON string.
        _ => {
            let mut out = Vec::new();
            json::push_escaped(&mut out, value);
            String::from_utf8(out).unwrap_or_default()
        }
    }
}

/// Returns a text quoted for a shell, so that it can be pasted.
pub fn shell_quote(text: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':' | '@' | '%' | '+' | '=' | ',');
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
