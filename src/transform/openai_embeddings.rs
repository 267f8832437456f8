//! `openai_embeddings`: OpenAI's embeddings over an embedding dialect. Vectors pass as the upstream wrote them, or as
//! base64 without a value tree.

use super::openai::asked::{self, Asked, wrong_type};
use super::openai::{body, push_usage};
use super::{
    Call, Context, Entry, Held, Plan, Reply, Request, Start, Transformer, UpstreamHead, Wiring, upstream_error,
};
use crate::chat::tokens::{Counting, Prompt};
use crate::dialect::{self, Dialect, EmbeddingDialect};
use crate::models::{Did, Models};
use crate::wire::{Answer, Failure, Fields, fields, json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "openai_embeddings",
    about: "OpenAI embeddings, as floats or base64, over an embedding upstream",
    client_suffix: Some("/embeddings"),
    build: |wiring: Wiring| match wiring.dialect {
        Dialect::Embedding(dialect) => {
            Ok(Arc::new(Embeddings { dialect, models: wiring.models, counting: wiring.counting }))
        }
        Dialect::Chat(_) => Err("it needs an upstream that answers vectors".to_owned()),
    },
};

struct Embeddings {
    dialect: &'static dyn EmbeddingDialect,
    models: Arc<Models>,
    counting: Counting,
}

impl Transformer for Embeddings {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let text = body::text(&request.body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let (mut input, mut base64) = (None, false);
        let asked = Asked::read(fields, |name, value| {
            match name {
                "input" => input = Some(value),
                "encoding_format" => base64 = is_base64(value)?,
                "dimensions" if !json::is_null(value) => {
                    return Err(Failure::unsupported(name, "ARGO gives vectors of full length"));
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let inputs = self.inputs(input)?;
        let chosen = cx.choose(&self.models, asked.model.as_deref())?;
        let rules = &chosen.model.rules;

        let mut prompt = Prompt::new(self.counting, rules.counts_with());
        cx.note_counting(self.counting, rules);
        if let Some(numbers) = rules.dimensions {
            cx.note_rule(rules, Did::Dimensions(numbers));
        }
        for input in &inputs {
            prompt.push_text(&request.body, input);
        }
        let call = dialect::Call { user: cx.user, model: &chosen.model.id };
        let body = Bytes::from(self.dialect.encode(&inputs, call));
        let prompt = Arc::new(prompt);
        let reply = VectorReply {
            dialect: self.dialect,
            model: chosen.asked.to_owned(),
            dimensions: rules.dimensions,
            inputs: inputs.len(),
            base64,
            counting: self.counting,
            prompt: prompt.clone(),
        };
        let call =
            Call { stream: false, body, timeout: asked.timeout, model: chosen.model.id.clone(), prompt: Some(prompt) };
        Ok(Plan::Call(call, Box::new(reply)))
    }
}

impl Embeddings {
    fn inputs<'a>(&self, given: Option<&'a RawValue>) -> Result<Vec<&'a RawValue>, Failure> {
        let Some(given) = given else {
            return Err(Failure::bad_field("input", "'input' is missing; a string or a list of strings is expected."));
        };
        let inputs = match given.get().starts_with('"') {
            true => vec![given],
            false => fields::list_of(given).map_err(|_| wrong_type("input", "a string or a list of strings", given))?,
        };
        let most = self.dialect.most_inputs();
        if inputs.is_empty() {
            return Err(Failure::bad_field("input", "'input' is an empty list."));
        }
        if let Some(index) = inputs.iter().position(|input| !input.get().starts_with('"')) {
            let why = "token ids are not served yet; send texts (LangChain: check_embedding_ctx_length=False)";
            return Err(Failure::bad_field(
                format!("input[{index}]"),
                format!("'input[{index}]' is no string: {why}."),
            )
            .with_code("unsupported_parameter"));
        }
        if let Some(index) = inputs.iter().position(|input| input.get() == "\"\"") {
            let place = if given.get().starts_with('[') { format!("input[{index}]") } else { "input".to_owned() };
            return Err(Failure::bad_field(&*place, format!("'{place}' is an empty string.")));
        }
        if inputs.len() > most {
            let message = format!(
                "'input' holds {} texts; ARGO takes at most {most} a request (LangChain: chunk_size={most}).",
                inputs.len()
            );
            return Err(Failure::bad_field("input", message));
        }
        Ok(inputs)
    }
}

fn is_base64(value: &RawValue) -> Result<bool, Failure> {
    match asked::text("encoding_format", value)?.as_deref() {
        None | Some("float") => Ok(false),
        Some("base64") => Ok(true),
        Some(other) => Err(Failure::bad_field(
            "encoding_format",
            format!("'encoding_format' is '{other}'; expected float or base64."),
        )),
    }
}

struct VectorReply {
    dialect: &'static dyn EmbeddingDialect,
    model: String,
    dimensions: Option<u32>,
    inputs: usize,
    base64: bool,
    counting: Counting,
    prompt: Arc<Prompt>,
}

impl Reply for VectorReply {
    fn head(&mut self, _: &UpstreamHead<'_>) -> Start {
        Start::Hold
    }

    fn piece(&mut self, _: &[u8], _: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        if held.status != StatusCode::OK {
            return Err(upstream_error::failure(held));
        }
        let vectors = self.dialect.vectors(&held.body)?;
        if vectors.len() != self.inputs {
            let message = format!("ARGO answered {} vectors for {} inputs.", vectors.len(), self.inputs);
            return Err(Failure::upstream(message));
        }
        let mut out = Vec::with_capacity(held.body.len() + 256);
        out.extend_from_slice(b"{\"object\":\"list\",\"data\":[");
        for (index, vector) in vectors.iter().enumerate() {
            let open: &[u8] = if index == 0 { b"" } else { b"," };
            out.extend_from_slice(open);
            out.extend_from_slice(b"{\"object\":\"embedding\",\"index\":");
            json::push_number(&mut out, index as u64);
            out.extend_from_slice(b",\"embedding\":");
            self.check_length(vector)?;
            match self.base64 {
                true => push_base64(&mut out, vector)?,
                false => out.extend_from_slice(vector.get().as_bytes()),
            }
            out.push(b'}');
        }
        out.extend_from_slice(b"],\"model\":");
        json::push_string(&mut out, &self.model);
        if self.counting != Counting::None {
            json::push_key(&mut out, "usage");
            push_usage(&mut out, self.prompt.tokens(), None);
        }
        out.push(b'}');
        Ok(Answer::json(StatusCode::OK, out))
    }

    fn fail(&mut self, _: &Failure, _: &mut Vec<u8>) {}
}

impl VectorReply {
    /// A vector of another length than the model's would spoil whatever it is stored in.
    fn check_length(&self, vector: &RawValue) -> Result<(), Failure> {
        let Some(wanted) = self.dimensions else { return Ok(()) };
        let numbers = memchr::memchr_iter(b',', vector.get().as_bytes()).count() + 1;
        if numbers == wanted as usize {
            return Ok(());
        }
        let message = format!("ARGO answered a vector of {numbers} numbers; {} has {wanted}.", self.model);
        Err(Failure::upstream(message))
    }
}

/// Appends a vector as base64 of little-endian float32, which is what OpenAI's own clients ask for.
fn push_base64(out: &mut Vec<u8>, vector: &RawValue) -> Result<(), Failure> {
    let not_numbers = || Failure::upstream("ARGO answered a vector that is not a list of numbers.");
    let inside = vector.get().strip_prefix('[').and_then(|v| v.strip_suffix(']')).ok_or_else(not_numbers)?;
    let mut bytes = Vec::with_capacity(inside.len() / 4);
    for number in inside.split(',').map(str::trim).filter(|_| !inside.trim().is_empty()) {
        let number: f32 = number.parse().map_err(|_| not_numbers())?;
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 4);
    STANDARD.encode_string(&bytes, &mut text);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_become_little_endian_float32() {
        let vector: &RawValue = serde_json::from_str("[0.5, -1e-3 ,2]").unwrap();
        let mut out = Vec::new();
        push_base64(&mut out, vector).unwrap();
        let text: String = serde_json::from_slice(&out).unwrap();
        let bytes = STANDARD.decode(text).unwrap();
        let numbers: Vec<f32> = bytes.chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        assert_eq!(numbers, [0.5, -0.001, 2.0]);
    }

    #[test]
    fn what_is_no_number_is_an_error() {
        for vector in ["[null]", "[[1]]", "[\"1\"]", "[true]"] {
            let raw: &RawValue = serde_json::from_str(vector).unwrap();
            assert!(push_base64(&mut Vec::new(), raw).is_err(), "{vector}");
        }
    }
}
