//! Rewrites a whole answer.

use super::terms::RelayTerms;
use crate::chat::{Delivery, Encoder};
use crate::dialects::client::anthropic::calls::one_line;
use crate::dialects::client::anthropic::usage::push_usage;
use crate::dialects::upstream::anthropic::answer::{denied, is_chat_completion, is_denial, kind_of};
use crate::dialects::upstream::anthropic::usage::{TokenCounts, finish_reason};
use crate::dialects::upstream::openai::screen;
use crate::dialects::upstream::{ChatDialect, error};
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Returns the answer with the client's name of the model.
///
/// # Errors
/// For an error, a notice or a page in place of the answer, and for what is none of these.
pub fn rewritten(terms: &mut RelayTerms, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let name = terms.dialect.name();
    let text =
        std::str::from_utf8(body).map_err(|_| Failure::upstream(format!("{name}'s answer is not valid UTF-8.")))?;
    // A client that reads a lone surrogate fails where it writes the text.
    let text = json::paired(Cow::Borrowed(text.trim_start_matches('\u{feff}')));
    let no_answer = || error::inside(terms.dialect, text.as_bytes());
    let message = Fields::parse(&text).map_err(|_| no_answer())?;
    if message.get("error").is_some_and(|error| !json::is_null(error)) {
        return Err(no_answer());
    }
    match message.get("content").and_then(|content| fields::list_of(content).ok()) {
        Some(content) => {
            check(terms.dialect, &message, &content)?;
            Ok(written(terms, &message, has_calls(&content)))
        }
        // ARGO's gateway may answer in the form of another endpoint.
        None if is_chat_completion(terms.dialect.vendor(), &message) => translated(terms, text.as_bytes()),
        None => Err(no_answer()),
    }
}

/// Returns an answer of another form as the hub reads it.
///
/// # Errors
/// As of [`rewritten`].
fn translated(terms: &RelayTerms, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut encoder = terms.encoder(Delivery::Whole);
    let mut out = Vec::new();
    encoder.begin(&mut out, body.len());
    terms.dialect.whole(body, &[], &mut encoder)?;
    Ok(encoder.whole()?.body.to_vec())
}

/// Returns the whole answer that a stream of another form says.
///
/// # Errors
/// As of [`rewritten`].
pub fn streamed(terms: &RelayTerms, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut encoder = terms.encoder(Delivery::Whole);
    let mut out = Vec::new();
    encoder.begin(&mut out, body.len());
    let mut decoder = terms.dialect.stream();
    decoder.piece(body, &mut encoder)?;
    decoder.end(&mut encoder)?;
    Ok(encoder.whole()?.body.to_vec())
}

/// Refuses what is no answer though it comes as one.
fn check(dialect: &dyn ChatDialect, message: &Fields<'_>, content: &[&RawValue]) -> Result<(), Failure> {
    let texts = content.iter().filter_map(|block| Fields::of(block)).filter(|block| kind_of(block) == "text");
    let mut texts = texts.filter_map(|block| block.get("text"));
    if is_denial(dialect.vendor(), message, counts_of(message)) {
        return Err(denied(&texts.filter_map(json::text_of).collect::<String>()));
    }
    match texts.next().and_then(json::inside_of) {
        Some(first) => screen::whole_text(dialect.vendor(), first),
        None => Ok(()),
    }
}

fn has_calls(content: &[&RawValue]) -> bool {
    content.iter().filter_map(|block| Fields::of(block)).any(|block| kind_of(&block) == "tool_use")
}

fn counts_of(message: &Fields<'_>) -> TokenCounts {
    let mut counts = TokenCounts::default();
    if let Some(usage) = message.get("usage") {
        counts.read(usage);
    }
    counts
}

/// Appends a message with the client's name of the model, and with the counts that clients need.
fn written(terms: &mut RelayTerms, message: &Fields<'_>, has_calls: bool) -> Vec<u8> {
    let counts = counts_of(message).usage();
    if let Some(usage) = counts {
        terms.frame.used(usage);
    }
    if let Some(reason) = message.get("stop_reason").and_then(json::text_of) {
        terms.frame.finished(finish_reason(&reason, has_calls));
    }
    let (_, output) = terms.frame.end(has_calls);
    let size: usize = message.iter().map(|(name, value)| name.len() + value.get().len() + 4).sum();
    let mut out = Vec::with_capacity(size + 256);
    out.push(b'{');
    for (name, value) in message.iter().filter(|(name, _)| *name != "usage" || counts.is_some()) {
        json::push_key(&mut out, name);
        if name == "model" {
            json::push_string(&mut out, &terms.frame.model);
        } else {
            json::push_inside(&mut out, &one_line(value.get()));
        }
    }
    if counts.is_none() {
        out.push(b',');
        push_usage(&mut out, terms.frame.shown_usage(output));
    }
    out.push(b'}');
    out
}
