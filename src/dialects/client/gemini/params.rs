//! The settings of a request, from the vendor's names to those that the hub has: OpenAI's.

use super::schema::as_json_schema;
use super::spelling::{elements, given, is_any, object};
use super::values::{invalid, raw, raw_text, text, unserved, whole};
use crate::chat::conversation::Param;
use crate::chat::format::MEMBER;
use crate::chat::{AskedFormat, JsonPart};
use crate::dialects::client::openai::format;
use crate::json::{self, Fields};
use crate::models::{Family, Rules};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How many stop sequences vendors take that take fewer than this one.
const MOST_STOPS: usize = 4;
/// The name of a schema that has none.
const SCHEMA_NAME: &str = "answer";
/// What is read of `generationConfig`.
const READ: [&str; 16] = [
    "candidateCount",
    "frequencyPenalty",
    "logprobs",
    "maxOutputTokens",
    "presencePenalty",
    "responseFormat",
    "responseJsonSchema",
    "responseLogprobs",
    "responseMimeType",
    "responseModalities",
    "responseSchema",
    "seed",
    "stopSequences",
    "temperature",
    "thinkingConfig",
    "topP",
];
/// What has no counterpart, and changes the answer if it is left out.
const REFUSED: [(&str, &str); 2] = [
    ("responseLogprobs", "the probabilities of tokens are not told here."),
    ("speechConfig", "the models here answer with texts alone."),
];

/// The settings of one request.
#[derive(Debug, Default)]
pub struct GenerateParams<'a> {
    list: Vec<(&'static str, Cow<'a, RawValue>)>,
    format: Option<Cow<'a, RawValue>>,
    /// What of the JSON the client gets.
    part: JsonPart,
    /// How many answers there are to be.
    pub answers: u64,
    /// True if the client wants to see what the model thought.
    pub shows_thoughts: bool,
    /// What other vendors do not get.
    pub left_out: Vec<String>,
}

impl<'a> GenerateParams<'a> {
    /// Reads the settings of a request for a model with these rules.
    ///
    /// # Errors
    /// 400 naming the field.
    pub fn read(request: &Fields<'a>, rules: &Rules) -> Result<Self, Failure> {
        let mut params = GenerateParams { answers: 1, ..GenerateParams::default() };
        let place = "generationConfig";
        let Some(config) = given(request, place) else { return Ok(params) };
        let config = Fields::of(config).ok_or_else(|| invalid(place, "it must be an object."))?;
        for (name, why) in REFUSED {
            if given(&config, name).is_some_and(|value| value.get() != "false") {
                return Err(unserved(&format!("{place}.{name}"), why));
            }
        }
        params.modalities(&config)?;
        params.limit(&config, rules)?;
        for (name, own) in [
            ("temperature", "temperature"),
            ("topP", "top_p"),
            ("presencePenalty", "presence_penalty"),
            ("frequencyPenalty", "frequency_penalty"),
        ] {
            params.number(&config, name, own)?;
        }
        params.whole(&config, "seed", "seed")?;
        if rules.tools == Some(Family::Anthropic) {
            params.whole(&config, "topK", "top_k")?;
        }
        params.stops(&config)?;
        if let Some(count) = given(&config, "candidateCount") {
            let place = "generationConfig.candidateCount";
            let count = whole(place, count)?;
            params.answers = u64::try_from(count)
                .ok()
                .filter(|count| *count > 0)
                .ok_or_else(|| invalid(place, "it must be at least 1."))?;
        }
        params.thinking(&config, rules)?;
        params.format(&config)?;
        let is_left = |name: &str| {
            !is_any(name, &READ) && !params.list.iter().any(|(own, _)| *own == "top_k" && is_any(name, &["topK"]))
        };
        let left = config.iter().filter(|(name, value)| is_left(name) && !json::is_null(value));
        params.left_out = left.map(|(name, _)| format!("{place}.{name}")).collect();
        Ok(params)
    }

    /// Returns the settings by the names of the hub.
    pub fn list(&self) -> Vec<Param<'_>> {
        self.list.iter().map(|(name, value)| (Cow::Borrowed(*name), value.as_ref())).collect()
    }

    /// Returns the format of the answer.
    pub fn asked_format(&self) -> Option<AskedFormat<'_>> {
        let value = self.format.as_deref()?;
        let param = (Cow::Borrowed("response_format"), value);
        Some(AskedFormat { param, read: format::read, part: self.part })
    }

    fn add(&mut self, name: &'static str, value: Cow<'a, RawValue>) {
        self.list.push((name, value));
    }

    fn number(&mut self, config: &Fields<'a>, name: &str, own: &'static str) -> Result<(), Failure> {
        let Some(value) = given(config, name) else { return Ok(()) };
        if value.get().parse::<f64>().is_err() {
            return Err(invalid(&format!("generationConfig.{name}"), "it must be a number."));
        }
        self.add(own, Cow::Borrowed(value));
        Ok(())
    }

    fn whole(&mut self, config: &Fields<'a>, name: &str, own: &'static str) -> Result<(), Failure> {
        let Some(value) = given(config, name) else { return Ok(()) };
        let number = whole(&format!("generationConfig.{name}"), value)?;
        self.add(own, raw(number.to_string().into_bytes()));
        Ok(())
    }

    /// Takes the limit of the answer. Clients often send the number of their usual model, so for models of other vendors it is
    /// lowered to what they have.
    fn limit(&mut self, config: &Fields<'a>, rules: &Rules) -> Result<(), Failure> {
        let Some(value) = given(config, "maxOutputTokens") else { return Ok(()) };
        let place = "generationConfig.maxOutputTokens";
        let number = u64::try_from(whole(place, value)?).ok().filter(|number| *number > 0);
        let number = number.ok_or_else(|| invalid(place, "it must be at least 1."))?;
        let most = rules.facts.max_output_tokens.filter(|_| rules.tools != Some(Family::Google));
        let number = most.map_or(number, |most| number.min(most));
        self.add("max_tokens", raw(number.to_string().into_bytes()));
        Ok(())
    }

    fn stops(&mut self, config: &Fields<'a>) -> Result<(), Failure> {
        let Some(value) = given(config, "stopSequences") else { return Ok(()) };
        let place = "generationConfig.stopSequences";
        let list = elements(value);
        list.iter().try_for_each(|stop| text(place, stop).map(drop))?;
        let stops: Vec<&str> = list.iter().take(MOST_STOPS).map(|stop| stop.get()).collect();
        if list.len() > MOST_STOPS {
            self.left_out.push(format!("{place}[{MOST_STOPS}…]"));
        }
        if !stops.is_empty() {
            self.add("stop", raw(format!("[{}]", stops.join(",")).into_bytes()));
        }
        Ok(())
    }

    fn modalities(&self, config: &Fields<'a>) -> Result<(), Failure> {
        let list = given(config, "responseModalities").map(elements).unwrap_or_default();
        let is_text = |kind: &&RawValue| json::inside_of(kind).is_some_and(|kind| kind.eq_ignore_ascii_case("text"));
        if list.is_empty() || list.iter().any(is_text) {
            return Ok(());
        }
        Err(unserved("generationConfig.responseModalities", "the models here answer with texts alone."))
    }

    /// Takes how hard the model is to think. A client that only wants to see its thoughts sets nothing.
    fn thinking(&mut self, config: &Fields<'a>, rules: &Rules) -> Result<(), Failure> {
        let Some(thinking) = object(config, "thinkingConfig") else { return Ok(()) };
        self.shows_thoughts = given(&thinking, "includeThoughts").is_some_and(|flag| flag.get() == "true");
        let place = "generationConfig.thinkingConfig";
        let effort = match (given(&thinking, "thinkingLevel"), given(&thinking, "thinkingBudget")) {
            (Some(level), _) => {
                let place = format!("{place}.thinkingLevel");
                let level = text(&place, level)?.to_ascii_uppercase();
                match level.as_str() {
                    "THINKING_LEVEL_UNSPECIFIED" => None,
                    "MINIMAL" | "LOW" => Some("low"),
                    "MEDIUM" => Some("medium"),
                    "HIGH" | "XHIGH" => Some("high"),
                    _ => return Err(invalid(&place, "it must be MINIMAL, LOW, MEDIUM, HIGH or XHIGH.")),
                }
            }
            (None, Some(budget)) => match whole(&format!("{place}.thinkingBudget"), budget)? {
                // The model decides.
                ..0 => None,
                // The least that every model takes which thinks. Claude thinks where it is asked to.
                0 if rules.tools == Some(Family::Anthropic) => None,
                0..4096 => Some("low"),
                4096..16_384 => Some("medium"),
                _ => Some("high"),
            },
            (None, None) => None,
        };
        if matches!(rules.tools, Some(Family::Openai | Family::Anthropic)) {
            self.list.extend(effort.map(|effort| ("reasoning_effort", raw_text(effort))));
        }
        Ok(())
    }

    /// Takes the format of the answer, under its older names or the newer one.
    fn format(&mut self, config: &Fields<'a>) -> Result<(), Failure> {
        let newer = given(config, "responseFormat").map(elements).unwrap_or_default();
        let newer = newer.into_iter().filter_map(Fields::of).find_map(|format| object(&format, "text"));
        let mime_type = newer.as_ref().and_then(|format| given(format, "mimeType"));
        let mime_type = mime_type.or_else(|| given(config, "responseMimeType"));
        let kind =
            mime_type.map(|kind| text("generationConfig.responseMimeType", kind)).transpose()?.unwrap_or_default();
        let json_schema = newer.as_ref().and_then(|format| given(format, "schema"));
        let json_schema = json_schema.or_else(|| given(config, "responseJsonSchema")).map(Cow::Borrowed);
        let place = "generationConfig.responseSchema";
        let own = || given(config, "responseSchema").map(|schema| as_json_schema(place, schema)).transpose();
        let schema = if json_schema.is_some() { json_schema } else { own()? };
        let json = match (kind.to_ascii_lowercase().replace('_', "/").as_str(), schema) {
            ("" | "text/plain", None) => return Ok(()),
            ("application/json", None) => "{\"type\":\"json_object\"}".to_owned(),
            ("" | "application/json", Some(schema)) if is_of_object(&schema) => json_schema_of(schema.get()),
            ("" | "application/json", Some(schema)) => {
                self.part = JsonPart::Member;
                json_schema_of(&in_an_object(&schema))
            }
            ("text/x.enum", Some(schema)) => {
                self.part = JsonPart::Word;
                json_schema_of(&in_an_object(&schema))
            }
            _ => {
                let why = "it must be text/plain, application/json, or text/x.enum with a schema.";
                return Err(invalid("generationConfig.responseMimeType", why));
            }
        };
        self.format = Some(raw(json.into_bytes()));
        Ok(())
    }
}

fn is_of_object(schema: &RawValue) -> bool {
    Fields::of(schema).and_then(|schema| schema.get("type")).is_some_and(|kind| kind.get() == "\"object\"")
}

/// Returns the format of a schema as OpenAI writes it.
fn json_schema_of(schema: &str) -> String {
    format!("{{\"type\":\"json_schema\",\"json_schema\":{{\"name\":\"{SCHEMA_NAME}\",\"schema\":{schema}}}}}")
}

/// Returns the schema of an object whose only member has this schema. Definitions stay at the root, where references look for them.
fn in_an_object(schema: &RawValue) -> String {
    let fields = Fields::of(schema).unwrap_or_default();
    let (mut inside, mut root) = (b"{".to_vec(), Vec::new());
    for (key, value) in fields.iter() {
        let out = if matches!(key, "$defs" | "definitions") { &mut root } else { &mut inside };
        json::push_key(out, key);
        out.extend_from_slice(value.get().as_bytes());
    }
    let (inside, root) = (String::from_utf8_lossy(&inside), String::from_utf8_lossy(&root));
    let comma = if root.is_empty() { "" } else { "," };
    format!(
        "{{\"type\":\"object\",\"properties\":{{\"{MEMBER}\":{inside}}}}},\"required\":[\"{MEMBER}\"],\"additionalProperties\":false{comma}{root}}}"
    )
}

#[cfg(test)]
mod tests;
