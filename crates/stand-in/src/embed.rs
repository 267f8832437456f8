//! Embeddings: a unit vector for each string, which depends on the string and the model alone.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::defect::Defect;
use crate::fault;
use crate::prompts::{self, Case, Endpoint};
use crate::reply::Reply;
use crate::request::Body;
use crate::server::StandIn;
use crate::violation::{Violation, Violations};

/// The largest number of strings in one call to the gateway.
pub(crate) const MOST_STRINGS: usize = 16;

/// Returns the answer to the body of an embed call.
pub(crate) fn answer(stand_in: &StandIn, body: &[u8]) -> Reply {
    let body = match Body::parse(body) {
        Ok(body) => body,
        Err(violations) => return violations.reply(),
    };
    let mut violations = Violations::default();
    // A call without a user is refused. Any name is accepted, unlike in chat.
    body.user(&mut violations);
    let model = body.model(&mut violations);
    let texts = body.prompts(&mut violations);
    if body.prompt.is_none() {
        violations.add(Violation::missing("prompt"));
    }
    if !violations.is_empty() {
        return violations.reply();
    }
    if let Some(refusal) = stand_in.refuse_model(&model) {
        return refusal;
    }
    let Some(first) = texts.first() else {
        return fault::vendor_refused("'$.input' is invalid: it holds no string.", None);
    };
    if texts.len() > MOST_STRINGS {
        let message = format!("Too many inputs. The max number of inputs is {MOST_STRINGS}.");
        return fault::vendor_refused(&message, None);
    }
    let defect = match prompts::find(first, Endpoint::Embed) {
        Some((Case::Fault(fault), _)) => return fault.reply(),
        Some((Case::Defect(defect), _)) => Some(defect),
        _ => None,
    };
    let dimensions = (stand_in.options.dimensions)(&model);
    let (skipped, dimensions) = Defect::effect(defect, dimensions);
    let seeds = texts.iter().skip(skipped).map(|text| seed(&model, text));
    Reply::json_bytes(200, stand_in.vectors.render(dimensions, seeds))
}

/// Returns the seed of a text's vector. It is the same for the legacy and the native endpoint.
pub(crate) fn seed(model: &str, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (model, text).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use serde_json::{Value, json};
    use std::sync::Arc;

    fn embed_with(model: &str, prompt: Value) -> (u16, Value) {
        let options =
            Options { dimensions: Arc::new(|model| if model == "big" { 3072 } else { 1536 }), ..Options::default() };
        let body = json!({"user": "u", "model": model, "prompt": prompt});
        answer(&StandIn::new(options), body.to_string().as_bytes()).read()
    }

    fn embed(prompt: Value) -> (u16, Value) {
        embed_with("small", prompt)
    }

    fn vectors(body: &Value) -> Vec<Vec<f64>> {
        serde_json::from_value(body["embedding"].clone()).unwrap()
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn vectors_are_of_unit_length_and_follow_the_text() {
        let (status, body) = embed(json!(["a", "b", "a", ""]));
        assert_eq!(status, 200);
        let vectors = vectors(&body);
        let [a, b, again, empty] = vectors.as_slice() else {
            panic!("{} vectors", vectors.len());
        };
        for vector in &vectors {
            assert_eq!(vector.len(), 1536);
            assert!((dot(vector, vector) - 1.0).abs() < 1e-5);
        }
        assert_eq!(a, again);
        assert!(dot(a, b).abs() < 0.2 && dot(a, empty).abs() < 0.2);
    }

    #[test]
    fn sixteen_strings_are_the_limit() {
        let (status, body) = embed(json!(vec!["x"; 16]));
        assert_eq!((status, vectors(&body).len()), (200, 16));
        let (status, body) = embed(json!(vec!["x"; 17]));
        assert_eq!(status, 400);
        assert!(body["error"]["message"].as_str().unwrap().contains("Too many inputs"));
        assert_eq!(embed(json!([])).0, 400);
    }

    #[test]
    fn only_strings_are_embedded() {
        for wrong in [json!("text"), json!([[1, 2]]), json!(["a", 7]), Value::Null] {
            assert_eq!(embed(wrong.clone()).0, 422, "{wrong}");
        }
    }

    #[test]
    fn the_model_decides_the_length() {
        let (_, body) = embed_with("big", json!(["a"]));
        assert_eq!(vectors(&body)[0].len(), 3072);
    }

    #[test]
    fn defects_do_not_fit_the_request() {
        assert_eq!(vectors(&embed(json!(["missing vector", "b"])).1).len(), 1);
        assert_eq!(vectors(&embed(json!(["short vector"])).1)[0].len(), 768);
        assert_eq!(embed(json!(["no response"])), (200, json!({})));
    }
}
