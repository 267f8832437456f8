//! Embeddings: a unit vector for each string, made from the string alone and fast enough to be load-tested.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use super::StandIn;
use super::fault;
use super::prompts::{self, Case, Endpoint};
use super::reply::Reply;
use super::request::Body;
use super::violation::{Violation, Violations};

/// The gateway takes no more strings in one call.
const MOST_STRINGS: usize = 16;

/// Vectors that do not fit the request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Defect {
    MissingVector,
    ShortVector,
}

/// The answer to the body of an embed call.
pub(super) fn answer(stand_in: &StandIn, body: &[u8]) -> Reply {
    let body = match Body::parse(body) {
        Ok(body) => body,
        Err(violations) => return violations.reply(),
    };
    let mut violations = Violations::default();
    // A call without a user is refused, but any name will do.
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
    let (skipped, dimensions) = match defect {
        Some(Defect::MissingVector) => (1, dimensions),
        Some(Defect::ShortVector) => (0, dimensions / 2),
        None => (0, dimensions),
    };
    let seeds = texts.iter().skip(skipped).map(|text| seed(&model, text));
    Reply::json_bytes(200, stand_in.vectors.render(dimensions, seeds))
}

fn seed(model: &str, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (model, text).hash(&mut hasher);
    hasher.finish()
}

/// One vector of each length in use. All others are made from it: turned by some places, and with signs of their
/// own. That keeps the length 1 and the digits varied, and costs no formatting of numbers.
#[derive(Default)]
pub(super) struct Vectors(RwLock<BTreeMap<usize, Arc<[Box<str>]>>>);

impl Vectors {
    /// The body of the reply: one vector for each seed.
    fn render(&self, dimensions: usize, seeds: impl ExactSizeIterator<Item = u64>) -> Vec<u8> {
        let sizes = self.of(dimensions);
        // No number is longer than its size with sign and comma.
        let most = sizes.iter().map(|size| size.len() + 2).sum::<usize>() + 3;
        let mut out = Vec::with_capacity(most * seeds.len() + 16);
        out.extend_from_slice(b"{\"embedding\":[");
        for (i, seed) in seeds.enumerate() {
            out.extend_from_slice(if i == 0 { b"[" } else { b",[" });
            write_vector(&mut out, &sizes, seed);
            out.push(b']');
        }
        out.extend_from_slice(b"]}");
        out
    }

    fn of(&self, dimensions: usize) -> Arc<[Box<str>]> {
        // A table is inserted whole, so a poisoned lock guards nothing broken.
        let tables = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(sizes) = tables.get(&dimensions) {
            return Arc::clone(sizes);
        }
        drop(tables);
        let mut tables = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let sizes = tables.entry(dimensions).or_insert_with(|| sizes(dimensions));
        Arc::clone(sizes)
    }
}

/// The sizes of a unit vector's components, as JSON.
fn sizes(dimensions: usize) -> Arc<[Box<str>]> {
    let mut random = fastrand::Rng::with_seed(dimensions as u64);
    // A sum of uniforms is near enough to the bell curve that real components follow.
    let raw: Vec<f64> = (0..dimensions).map(|_| (0..4).map(|_| random.f64() - 0.5).sum::<f64>().abs()).collect();
    let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt();
    raw.iter().map(|x| ((x / length) as f32).to_string().into_boxed_str()).collect()
}

fn write_vector(out: &mut Vec<u8>, sizes: &[Box<str>], seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let turn = random.usize(..sizes.len().max(1));
    let (end, start) = sizes.split_at_checked(turn).unwrap_or((&[], sizes));
    let mut signs = 0;
    for (i, size) in start.iter().chain(end).enumerate() {
        if i % 64 == 0 {
            signs = random.u64(..);
        }
        if i > 0 {
            out.push(b',');
        }
        if signs & 1 == 1 {
            out.push(b'-');
        }
        signs >>= 1;
        out.extend_from_slice(size.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::*;
    use serde_json::{Value, json};

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
    fn each_length_has_its_table() {
        let vectors = Vectors::default();
        for dimensions in [0, 1, 3072] {
            let body: Value = serde_json::from_slice(&vectors.render(dimensions, [7].into_iter())).unwrap();
            assert_eq!(body["embedding"][0].as_array().unwrap().len(), dimensions);
        }
    }

    #[test]
    fn defects_do_not_fit_the_request() {
        assert_eq!(vectors(&embed(json!(["missing vector", "b"])).1).len(), 1);
        assert_eq!(vectors(&embed(json!(["short vector"])).1)[0].len(), 768);
        assert_eq!(embed(json!(["no response"])), (200, json!({})));
    }
}
