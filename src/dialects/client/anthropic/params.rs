//! The parameters of a request, from Anthropic's names to those that the hub has: OpenAI's.

use super::values::invalid;
use crate::chat::conversation::Param;
use crate::chat::{AskedFormat, JsonPart};
use crate::dialects::client::openai::format;
use crate::json::{self, Fields, fields};
use crate::models::{Family, Rules};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How many stop sequences vendors take that take fewer than Anthropic.
const MOST_STOPS: usize = 4;
/// The name of a schema that has none.
const SCHEMA_NAME: &str = "answer";
/// The levels of effort that the vendor has, and OpenAI's words for them.
const EFFORTS: [(&str, &str); 5] =
    [("low", "low"), ("medium", "medium"), ("high", "high"), ("xhigh", "high"), ("max", "high")];
/// Fields that have no place at other vendors, and change no answer by their absence.
const OF_VENDOR: [&str; 13] = [
    "cache_control",
    "container",
    "context_management",
    "diagnostics",
    "fallback_credit_token",
    "fallbacks",
    "inference_geo",
    "metadata",
    "safeguards",
    "service_tier",
    "speed",
    "thinking",
    "top_k",
];

/// The parameters of one request: the client's own, and those that were made of them.
#[derive(Debug, Default)]
pub struct MessageParams<'a> {
    list: Vec<(&'static str, Cow<'a, RawValue>)>,
    format: Option<Box<RawValue>>,
}

impl<'a> MessageParams<'a> {
    /// Reads the fields of a request for a model with these rules.
    ///
    /// # Errors
    /// 400 naming the field.
    pub fn read(request: &Fields<'a>, rules: &Rules) -> Result<Self, Failure> {
        let mut params = MessageParams::default();
        let is_own = rules.tools == Some(Family::Anthropic);
        params.limit(request, rules, is_own)?;
        for name in ["temperature", "top_p"] {
            params.same(name, given(request, name));
        }
        if let Some(stops) = given(request, "stop_sequences") {
            params.stops(stops, is_own)?;
        }
        let config = object(request, "output_config")?;
        let effort = config.as_ref().and_then(|config| given(config, "effort"));
        if is_own {
            params.same("top_k", given(request, "top_k"));
            params.same("thinking", given(request, "thinking"));
            // Beside thinking alone it is more than a hint.
            params.same("reasoning_effort", effort.filter(|_| given(request, "thinking").is_some()));
        } else if rules.tools == Some(Family::Openai) {
            params.effort(effort, object(request, "thinking")?.as_ref())?;
        }
        let format = config.as_ref().and_then(|config| given(config, "format"));
        params.format = format.or(given(request, "output_format")).map(schema_of).transpose()?.flatten();
        Ok(params)
    }

    /// Returns the parameters by the names of the hub.
    pub fn list(&self) -> Vec<Param<'_>> {
        self.list.iter().map(|(name, value)| (Cow::Borrowed(*name), value.as_ref())).collect()
    }

    /// Returns the format of the answer.
    pub fn format(&self) -> Option<AskedFormat<'_>> {
        let value = self.format.as_deref()?;
        Some(AskedFormat { param: (Cow::Borrowed("response_format"), value), read: format::read, part: JsonPart::All })
    }

    fn same(&mut self, name: &'static str, value: Option<&'a RawValue>) {
        self.list.extend(value.map(|value| (name, Cow::Borrowed(value))));
    }

    fn made(&mut self, name: &'static str, json: String) {
        self.list.extend(RawValue::from_string(json).ok().map(|value| (name, Cow::Owned(value))));
    }

    /// Takes `max_tokens`. Clients must send it and often send a number for Claude, so for other models it is lowered to what they
    /// have.
    fn limit(&mut self, request: &Fields<'a>, rules: &Rules, is_own: bool) -> Result<(), Failure> {
        let Some(value) = given(request, "max_tokens") else {
            return Err(invalid("max_tokens", "Field required"));
        };
        let wrong = |_| invalid("max_tokens", "Input should be a whole number of at least 1");
        let number = value.get().parse::<u64>().map_err(wrong)?;
        match rules.facts.max_output_tokens {
            Some(most) if number > most && !is_own => self.made("max_tokens", most.to_string()),
            // Zero only fills a cache, which others have no call for.
            _ if number == 0 && !is_own => self.made("max_tokens", "1".to_owned()),
            _ => self.same("max_tokens", Some(value)),
        }
        Ok(())
    }

    fn stops(&mut self, stops: &'a RawValue, is_own: bool) -> Result<(), Failure> {
        let list =
            fields::list_of(stops).map_err(|_| invalid("stop_sequences", "Input should be a list of strings"))?;
        match list.len() {
            0 => {}
            number if is_own || number <= MOST_STOPS => self.same("stop", Some(stops)),
            _ => {
                let first: Vec<&str> = list.iter().take(MOST_STOPS).map(|stop| stop.get()).collect();
                self.made("stop", format!("[{}]", first.join(",")));
            }
        }
        Ok(())
    }

    /// Takes how hard the model is to think, from an effort or from a budget of tokens.
    fn effort(&mut self, effort: Option<&RawValue>, thinking: Option<&Fields<'_>>) -> Result<(), Failure> {
        let word = match (effort, thinking) {
            (Some(effort), _) => {
                let word = json::text_of(effort).unwrap_or_default();
                let known = EFFORTS.iter().find(|(own, _)| *own == word);
                let names = "Input should be 'low', 'medium', 'high', 'xhigh' or 'max'";
                Some(known.ok_or_else(|| invalid("output_config.effort", names))?.1)
            }
            (None, Some(thinking)) => match thinking.get("type").and_then(json::text_of).as_deref() {
                Some("enabled") => {
                    let budget = thinking.get("budget_tokens").and_then(|budget| budget.get().parse().ok());
                    Some(word_for(budget.unwrap_or(0)))
                }
                // The least that every model takes which thinks.
                Some("disabled") => Some("low"),
                _ => None,
            },
            (None, None) => None,
        };
        if let Some(word) = word {
            self.made("reasoning_effort", format!("\"{word}\""));
        }
        Ok(())
    }
}

/// Returns OpenAI's word for a budget.
fn word_for(budget: u64) -> &'static str {
    match budget {
        ..4096 => "low",
        4096..16_384 => "medium",
        _ => "high",
    }
}

/// Returns a field's value. Null means that it is not given.
pub fn given<'a>(request: &Fields<'a>, name: &str) -> Option<&'a RawValue> {
    request.get(name).filter(|value| !json::is_null(value))
}

fn object<'a>(request: &Fields<'a>, name: &str) -> Result<Option<Fields<'a>>, Failure> {
    let read = |value| Fields::of(value).ok_or_else(|| invalid(name, "Input should be an object"));
    given(request, name).map(read).transpose()
}

/// Returns `{"type": "json_schema", "schema": …}` as OpenAI writes it.
fn schema_of(format: &RawValue) -> Result<Option<Box<RawValue>>, Failure> {
    let place = "output_config.format";
    let fields = Fields::of(format).ok_or_else(|| invalid(place, "Input should be an object"))?;
    let kind = fields.get("type").and_then(json::text_of);
    if kind.as_deref() != Some("json_schema") {
        return Err(invalid(&format!("{place}.type"), "Input should be 'json_schema'"));
    }
    let schema = given(&fields, "schema").filter(|schema| schema.get().starts_with('{'));
    let schema = schema.ok_or_else(|| invalid(&format!("{place}.schema"), "Input should be an object"))?;
    let text = format!(
        "{{\"type\":\"json_schema\",\"json_schema\":{{\"name\":\"{SCHEMA_NAME}\",\"schema\":{}}}}}",
        schema.get()
    );
    Ok(RawValue::from_string(text).ok())
}

/// Returns the fields that only Anthropic's own form has and whose absence is harmless.
pub fn left_out<'f>(request: &'f Fields<'_>) -> impl Iterator<Item = &'f str> {
    request.iter().map(|(name, _)| name).filter(|name| OF_VENDOR.contains(name))
}

/// Returns the failure of a field without which the answer would be another one.
pub fn bound(request: &Fields<'_>) -> Option<Failure> {
    let why = [
        ("mcp_servers", "this model's vendor calls no MCP servers"),
        ("thread", "the conversation is kept nowhere here; send all of its messages"),
    ];
    let is_there = |name: &str| given(request, name).is_some_and(|value| value.get() != "[]");
    let (name, why) = why.into_iter().find(|(name, _)| is_there(name))?;
    Some(invalid(name, why).with_code("unsupported_parameter"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Facts;

    fn read(request: &str, family: Option<Family>) -> Result<Vec<String>, String> {
        let fields = Fields::parse(request).unwrap();
        let facts = Facts { max_output_tokens: Some(16_384), ..Facts::default() };
        let rules = Rules { tools: family, facts, ..Rules::default() };
        let params = MessageParams::read(&fields, &rules).map_err(|failure| failure.message)?;
        let format = params.format().map(|format| format!("format={}", format.param.1.get()));
        Ok(params.list().iter().map(|(name, value)| format!("{name}={}", value.get())).chain(format).collect())
    }

    #[test]
    fn limits_stops_and_sampling_have_openais_names() {
        let request = r#"{"max_tokens":32000,"temperature":0.5,"top_p":null,"top_k":3,"stop_sequences":["a","b","c","d","e"],"metadata":{"user_id":"eve"},"service_tier":"auto"}"#;
        let others = read(request, Some(Family::Openai)).unwrap();
        assert_eq!(others, ["max_tokens=16384", "temperature=0.5", r#"stop=["a","b","c","d"]"#]);
        let own = read(request, Some(Family::Anthropic)).unwrap();
        assert_eq!(own, ["max_tokens=32000", "temperature=0.5", r#"stop=["a","b","c","d","e"]"#, "top_k=3"]);
        assert_eq!(read(r#"{"max_tokens":0,"stop_sequences":[]}"#, None).unwrap(), ["max_tokens=1"]);
        assert!(read("{}", None).unwrap_err().starts_with("max_tokens: Field required"));
        assert!(read(r#"{"max_tokens":"9"}"#, None).unwrap_err().starts_with("max_tokens:"));
        assert!(read(r#"{"max_tokens":9,"stop_sequences":"x"}"#, None).unwrap_err().starts_with("stop_sequences:"));
    }

    #[test]
    fn thinking_is_an_effort_for_models_of_openai() {
        for (given, effort) in [
            (r#""thinking":{"type":"enabled","budget_tokens":2000}"#, Some("low")),
            (r#""thinking":{"type":"enabled","budget_tokens":8000}"#, Some("medium")),
            (r#""thinking":{"type":"enabled","budget_tokens":31999}"#, Some("high")),
            (r#""thinking":{"type":"adaptive","display":"omitted"}"#, None),
            (r#""thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"}"#, Some("high")),
            (
                r#""thinking":{"type":"enabled","budget_tokens":1024},"output_config":{"effort":"medium"}"#,
                Some("medium"),
            ),
            (r#""thinking":{"type":"disabled"}"#, Some("low")),
            (r#""output_config":{"effort":"max"}"#, Some("high")),
            (r#""output_config":{}"#, None),
        ] {
            let request = format!("{{\"max_tokens\":9,{given}}}");
            let expected: Vec<String> = std::iter::once("max_tokens=9".to_owned())
                .chain(effort.map(|word| format!("reasoning_effort=\"{word}\"")))
                .collect();
            assert_eq!(read(&request, Some(Family::Openai)).unwrap(), expected, "{given}");
            assert_eq!(read(&request, Some(Family::Google)).unwrap(), ["max_tokens=9"], "{given}");
        }
        let wrong = read(r#"{"max_tokens":9,"output_config":{"effort":"much"}}"#, Some(Family::Openai));
        assert!(wrong.unwrap_err().starts_with("output_config.effort:"));
    }

    #[test]
    fn a_format_is_read_under_both_names() {
        let schema = r#"{"type":"json_schema","schema":{"type":"object"}}"#;
        let format = r#"format={"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}}"#;
        for field in [format!("\"output_config\":{{\"format\":{schema}}}"), format!("\"output_format\":{schema}")] {
            let told = read(&format!("{{\"max_tokens\":9,{field}}}"), None).unwrap();
            assert_eq!(told, ["max_tokens=9", format]);
        }
        for wrong in ["1", r#"{"type":"text"}"#, r#"{"type":"json_schema"}"#] {
            let told = read(&format!("{{\"max_tokens\":9,\"output_format\":{wrong}}}"), None).unwrap_err();
            assert!(told.starts_with("output_config.format"), "{told}");
        }
    }
}
