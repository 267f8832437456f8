//! ARGO's embedding call: a list of strings there, a list of vectors back.

use super::{Call, EmbeddingDialect, argo_notice};
use crate::wire::{Failure, Fields, fields, json, unwrap};
use serde_json::value::RawValue;

/// The most strings that ARGO takes in one call.
const MOST_INPUTS: usize = 16;

/// The dialect `argo_embedding`.
pub struct ArgoEmbedding;

impl EmbeddingDialect for ArgoEmbedding {
    fn encode(&self, inputs: &[&RawValue], call: Call<'_>) -> Vec<u8> {
        let texts: usize = inputs.iter().map(|input| input.get().len() + 1).sum();
        let mut out = Vec::with_capacity(texts + 128);
        out.push(b'{');
        json::push_key(&mut out, "user");
        json::push_string(&mut out, call.user);
        json::push_key(&mut out, "model");
        json::push_string(&mut out, call.model);
        json::push_key(&mut out, "prompt");
        out.push(b'[');
        for (index, input) in inputs.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(input.get().as_bytes());
        }
        out.extend_from_slice(b"]}");
        out
    }

    fn vectors<'a>(&self, body: &'a [u8]) -> Result<Vec<&'a RawValue>, Failure> {
        let text = std::str::from_utf8(body).map_err(|_| Failure::upstream("ARGO's answer is not valid UTF-8."))?;
        let not_vectors = || {
            let said = unwrap::said(body).message;
            let said: String = said.chars().take(300).collect();
            Failure::upstream(format!("ARGO answered without an 'embedding': {said}"))
        };
        let fields = Fields::parse(text).map_err(|_| not_vectors())?;
        let list = fields.get("embedding").ok_or_else(|| denied(&fields).unwrap_or_else(not_vectors))?;
        let vectors = fields::list_of(list).map_err(|_| not_vectors())?;
        match vectors.iter().find(|vector| !vector.get().starts_with('[')) {
            Some(other) => Err(Failure::upstream(format!("ARGO answered a vector that is {}.", json::kind_of(other)))),
            None => Ok(vectors),
        }
    }

    fn most_inputs(&self) -> usize {
        MOST_INPUTS
    }
}

/// What ARGO says in place of vectors, in the form of its chat.
fn denied(fields: &Fields<'_>) -> Option<Failure> {
    let said = fields.get("response").and_then(json::inside_of)?;
    argo_notice::in_whole(said).map(|notice| notice.failure())
}
