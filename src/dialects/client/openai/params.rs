//! The parameters that the proxy itself uses. All others pass unchanged.

use super::endpoint::OpenaiChat;
use super::format;
use super::shape::Shape;
use super::tools::Offer;
use crate::chat::conversation::{LIMIT_NAMES, Param};
use crate::chat::{AskedFormat, ChatRequest, JsonPart, Message};
use crate::dialects::client::values::{boolean, positive, text, timeout, wrong_type};
use crate::json::fields::Name;
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::time::Duration;

/// The parameters of a request for the proxy.
#[derive(Debug, Default)]
pub struct ChatParams<'a> {
    /// The model's name.
    pub model: Option<Cow<'a, str>>,
    /// True if the reply is to be streamed.
    pub stream: bool,
    /// True if a stream ends with a usage chunk.
    pub include_usage: bool,
    /// The time limit of the call.
    pub timeout: Option<Duration>,
    /// The maximum number of tokens of the answer.
    pub max_tokens: Option<u64>,
    /// How many answers to each prompt; 0 if the request does not say.
    pub n: u64,
    /// The offered tools, as the client wrote them.
    pub offer: Offer<'a>,
    /// `response_format`, as the client wrote it.
    pub format: Option<Param<'a>>,
    /// The parameters that go upstream unchanged.
    pub params: Vec<Param<'a>>,
}

impl<'a> ChatParams<'a> {
    /// Reads the fields of a request. `own` takes fields for the endpoint and returns true for each field that it took.
    ///
    /// # Errors
    /// 400 naming a field that has a wrong type.
    pub fn read(
        fields: Fields<'a>,
        mut own: impl FnMut(&str, &'a RawValue) -> Result<bool, Failure>,
    ) -> Result<Self, Failure> {
        let mut asked = ChatParams::default();
        let mut best_of = None;
        for (name, value) in fields {
            match name.as_ref() {
                "best_of" => best_of = positive("best_of", value)?.map(|number| (number, name, value)),
                name if own(name, value)? => {}
                _ => asked.field(name, value)?,
            }
        }
        // As many as are wanted are no choice among them.
        if let Some((_, name, value)) = best_of.filter(|(number, ..)| *number != asked.n.max(1)) {
            asked.params.push((name, value));
        }
        Ok(asked)
    }

    /// Returns how the endpoint answers this request.
    pub fn client(&self, shape: &'static Shape) -> OpenaiChat {
        OpenaiChat { shape, old_calls: self.offer.is_old_form() }
    }

    /// Returns the request for answers to these conversations. `upstream` is the upstream's name in messages.
    ///
    /// # Errors
    /// 400 naming what is wrong with the tools.
    pub fn into_request(
        self,
        upstream: &str,
        conversations: Vec<Vec<Message<'a>>>,
    ) -> Result<ChatRequest<'a>, Failure> {
        Ok(ChatRequest {
            conversations,
            answers: self.n,
            tools: self.offer.read(upstream)?,
            format: self.format.map(|param| AskedFormat { param, read: format::read, part: JsonPart::All }),
            limit_name: limit_name(&self.params),
            params: self.params,
            stream: self.stream,
            include_usage: self.include_usage,
            bound: None,
            timeout: self.timeout,
        })
    }

    fn field(&mut self, field: Name<'a>, value: &'a RawValue) -> Result<(), Failure> {
        let name = field.as_ref();
        match name {
            "model" => self.model = text(name, value)?,
            "stream" => self.stream = boolean(name, value)?,
            "stream_options" => self.include_usage = stream_options(value)?,
            "timeout" => self.timeout = timeout(value)?,
            "n" => self.n = positive(name, value)?.unwrap_or(0),
            // The upstream's credential comes from the operator, never from the client.
            "user" => {}
            "response_format" => self.format = Some((field, value)),
            _ if self.offer.take(name, value) => {}
            _ => {
                if LIMIT_NAMES.contains(&name) {
                    self.max_tokens = positive(name, value)?.or(self.max_tokens);
                }
                self.params.push((field, value));
            }
        }
        Ok(())
    }
}

/// Returns the name of the parameter that limits the answer, if the request has one.
fn limit_name(params: &[Param<'_>]) -> Option<&'static str> {
    let name = |given: &str| LIMIT_NAMES.into_iter().find(|known| *known == given);
    params.iter().rev().filter(|(_, value)| !json::is_null(value)).find_map(|(given, _)| name(given))
}

fn stream_options(value: &RawValue) -> Result<bool, Failure> {
    if json::is_null(value) {
        return Ok(false);
    }
    let options = Fields::parse(value.get()).map_err(|_| wrong_type("stream_options", "an object", value))?;
    options.get("include_usage").map_or(Ok(false), |given| boolean("stream_options.include_usage", given))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::upstream::argo::Argo;
    use crate::dialects::upstream::unsupported;

    fn read(json: &str) -> Result<Vec<(String, String)>, Failure> {
        let fields = Fields::parse(json).unwrap();
        let asked = ChatParams::read(fields, |_, _| Ok(false))?;
        unsupported::check(&Argo, &asked.params)?;
        Ok(asked.params.into_iter().map(|(name, value)| (name.into_owned(), value.get().to_owned())).collect())
    }

    #[test]
    fn what_changes_the_meaning_is_refused_by_name() {
        for (given, param) in [
            (r#"{"n": 0}"#, "n"),
            (r#"{"n": 1.5}"#, "n"),
            (r#"{"n": 2, "best_of": 3}"#, "best_of"),
            (r#"{"logprobs": true}"#, "logprobs"),
            (r#"{"logprobs": 5}"#, "logprobs"),
            (r#"{"top_logprobs": 1}"#, "top_logprobs"),
            (r#"{"audio": {"voice": "x"}}"#, "audio"),
            (r#"{"modalities": ["text", "audio"]}"#, "modalities"),
            (r#"{"best_of": 3}"#, "best_of"),
            (r#"{"echo": true}"#, "echo"),
            (r#"{"suffix": "x"}"#, "suffix"),
            (r#"{"stream": "yes"}"#, "stream"),
            (r#"{"stream_options": 1}"#, "stream_options"),
            (r#"{"stream_options": {"include_usage": 1}}"#, "stream_options.include_usage"),
            (r#"{"model": 1}"#, "model"),
            (r#"{"max_tokens": 0}"#, "max_tokens"),
            (r#"{"max_tokens": "9"}"#, "max_tokens"),
            (r#"{"max_tokens": -1}"#, "max_tokens"),
            (r#"{"timeout": 0}"#, "timeout"),
            (r#"{"timeout": -1}"#, "timeout"),
            (r#"{"timeout": "soon"}"#, "timeout"),
            (r#"{"timeout": 1e999}"#, "timeout"),
        ] {
            let failure = read(given).unwrap_err();
            assert_eq!((failure.status.as_u16(), failure.param.as_deref()), (400, Some(param)), "{given}");
        }
    }

    #[test]
    fn the_rest_travels_as_it_came() {
        let given = r#"{"user":"eve","seed":1e2,"n":1,"logprobs":false,"tools":[ ],"timeout":1.5,"stream":null,"odd":{"a":[1]},"stop":["x"],"max_tokens":7}"#;
        let params = read(given).unwrap();
        let expected =
            [("seed", "1e2"), ("logprobs", "false"), ("odd", "{\"a\":[1]}"), ("stop", "[\"x\"]"), ("max_tokens", "7")];
        assert_eq!(params, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
