//! Hands on a whole answer.

use crate::chat::FinishReason;
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::upstream::openai::screen;
use crate::dialects::upstream::responses::{output, verdict};
use crate::dialects::upstream::{ChatDialect, error, front_door};
use crate::json::{self, Fields, fields};
use crate::plan::{Held, Reply};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::borrow::Cow;

/// Hands on a whole answer.
pub struct WholeResponse {
    frame: ReplyFrame,
    dialect: &'static dyn ChatDialect,
}

impl WholeResponse {
    /// Creates the reply of this frame.
    pub fn new(frame: ReplyFrame, dialect: &'static dyn ChatDialect) -> Self {
        WholeResponse { frame, dialect }
    }

    /// Returns the client's body, and records the tokens.
    fn rewritten(&mut self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let text = std::str::from_utf8(body).map_err(|_| error::inside(self.dialect, body))?;
        // A client that reads a lone surrogate fails where it writes the text.
        let text = json::paired(Cow::Borrowed(text.trim_start_matches('\u{feff}')));
        let response = Fields::parse(&text).map_err(|_| error::inside(self.dialect, body))?;
        let state = verdict::of(self.dialect, &response, None, body)?;
        let items = output::list(&response).ok_or_else(|| error::inside(self.dialect, body))?;
        if let Some(said) = first_text(&items) {
            screen::whole_text(self.dialect.vendor(), said)?;
        }
        self.frame
            .finished(verdict::finish(self.dialect.name(), state, false, &response).unwrap_or(FinishReason::Stop));
        if let Some(usage) = response.get("usage").and_then(verdict::usage) {
            self.frame.used(usage);
        }
        self.frame.end(false);
        let mut out = Vec::with_capacity(text.len() + 64);
        push_response(&mut out, &response, &self.frame.model);
        Ok(out)
    }
}

/// Returns the first text of an answer: where there is a notice, it is all of it.
fn first_text<'a>(items: &[&'a serde_json::value::RawValue]) -> Option<&'a str> {
    let content = items.iter().filter_map(|item| Fields::of(item)).find_map(|item| item.get("content"))?;
    let first = fields::list_of(content).ok()?.into_iter().next()?;
    Fields::of(first)?.get("text").and_then(json::inside_of)
}

/// Appends a response with the client's name of the model.
pub fn push_response(out: &mut Vec<u8>, response: &Fields<'_>, model: &str) {
    out.push(b'{');
    for (name, value) in response.iter() {
        json::push_key(out, name);
        match name {
            "model" => json::push_string(out, model),
            _ => json::push_line(out, value.get()),
        }
    }
    out.push(b'}');
}

impl Reply for WholeResponse {
    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        front_door::refuse(self.dialect, held)?;
        Ok(Answer::json(StatusCode::OK, self.rewritten(&held.body)?))
    }
}
