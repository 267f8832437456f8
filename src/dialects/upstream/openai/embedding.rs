//! OpenAI's embeddings as an upstream: ARGO's native endpoint, and every server that speaks as OpenAI does.

use super::reading::given;
use crate::dialects::upstream::{
    CallTerms, EmbeddingDialect, GatewayDialect, UpstreamDialect, VectorAnswer, Vendor, embedding_form, error,
};
use crate::json::{self, Fields, NumberLists, Vector, fields};
use crate::wire::Failure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

/// The description of the dialect `openai_embeddings`.
pub const ABOUT_EMBEDDINGS: &str = "OpenAI's embeddings";
/// The maximum number of texts in one call: to ARGO, and to OpenAI.
const MOST_INPUTS: (usize, usize) = (16, 2048);

/// The dialect `openai_embeddings`, as one vendor speaks it.
#[derive(Debug)]
pub struct EmbeddingServer {
    vendor: Vendor,
}

static ARGO: EmbeddingServer = EmbeddingServer { vendor: Vendor::Argo };
static OTHER: EmbeddingServer = EmbeddingServer { vendor: Vendor::Other };

/// Returns the dialect `openai_embeddings` as a vendor speaks it.
pub fn embeddings(vendor: Vendor) -> &'static EmbeddingServer {
    match vendor {
        Vendor::Argo => &ARGO,
        Vendor::Other => &OTHER,
    }
}

impl GatewayDialect for EmbeddingServer {
    fn gateway(&self) -> Vendor {
        self.vendor
    }

    fn has_streams(&self) -> bool {
        false
    }
}

impl EmbeddingDialect for EmbeddingServer {
    fn encode(&self, inputs: &[&RawValue], call: CallTerms<'_>) -> Vec<u8> {
        embedding_form::encode(&[("model", call.model)], "input", inputs)
    }

    fn read<'a>(&self, body: &'a [u8]) -> Result<VectorAnswer<'a>, Failure> {
        let name = self.name();
        let text =
            std::str::from_utf8(body).map_err(|_| Failure::upstream(format!("{name}'s answer is not valid UTF-8.")))?;
        // Without the vectors the answer is short, so it may be read several times.
        let lists = NumberLists::take_from(text);
        let no_vectors = || error::inside(self, body);
        let reply = Fields::parse(lists.rest()).map_err(|_| no_vectors())?;
        if given(&reply, "error").is_some() {
            return Err(no_vectors());
        }
        let rows = rows(&reply).ok_or_else(no_vectors)?;
        if rows.iter().enumerate().any(|(at, row)| row.index != at) {
            return Err(Failure::upstream(format!(
                "{name} answered vectors whose indexes are not those of the inputs."
            )));
        }
        let vectors = rows.iter().map(|row| self.vector(row.vector, &lists)).collect::<Result<_, _>>()?;
        Ok(VectorAnswer { vectors, tokens: tokens(&reply) })
    }

    fn reports_usage(&self) -> bool {
        true
    }

    fn most_inputs(&self) -> usize {
        let (to_argo, to_others) = MOST_INPUTS;
        if self.vendor == Vendor::Argo { to_argo } else { to_others }
    }
}

/// An element of `data`.
struct VectorRow<'a> {
    index: usize,
    vector: &'a RawValue,
}

/// Returns the elements of `data` in the order of the inputs; `None` if there is no list of objects with vectors.
fn rows<'a>(reply: &Fields<'a>) -> Option<Vec<VectorRow<'a>>> {
    let list = fields::objects_of(reply.get("data")?).ok()?;
    let row = |(at, row): (usize, Fields<'a>)| {
        let index = row.get("index").and_then(|index| index.get().parse().ok()).unwrap_or(at);
        Some(VectorRow { index, vector: row.get("embedding")? })
    };
    let mut rows = list.into_iter().enumerate().map(row).collect::<Option<Vec<_>>>()?;
    rows.sort_by_key(|row| row.index);
    Some(rows)
}

/// Returns the tokens of the texts.
fn tokens(reply: &Fields<'_>) -> Option<u64> {
    let usage = Fields::of(given(reply, "usage")?)?;
    let number = |name: &str| usage.get(name)?.get().parse().ok();
    number("prompt_tokens").or_else(|| number("total_tokens"))
}

impl EmbeddingServer {
    /// Returns a vector as a list, whatever form it came in.
    fn vector<'a>(&self, given: &RawValue, lists: &NumberLists<'a>) -> Result<Vector<'a>, Failure> {
        match (lists.get(given), json::inside_of(given)) {
            (Some(list), _) => Ok(list.clone()),
            (None, Some(inside)) => Ok(Vector::new(self.numbers(inside)?)),
            // Whoever writes it refuses what is no list of numbers.
            (None, None) if given.get().starts_with('[') => Ok(Vector::new(given.get().to_owned())),
            (None, None) => {
                let (name, kind) = (self.name(), json::kind_of(given));
                Err(Failure::upstream(format!("{name} answered a vector that is {kind}.")))
            }
        }
    }

    /// Returns the list of the numbers that came as base64 of little-endian float32.
    fn numbers(&self, inside: &str) -> Result<String, Failure> {
        let unreadable =
            || Failure::upstream(format!("{} answered a vector that is neither a list nor base64.", self.name()));
        let bytes = STANDARD.decode(inside.replace("\\/", "/")).map_err(|_| unreadable())?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(unreadable());
        }
        let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        serde_json::to_string(&numbers).map_err(|_| unreadable())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<String>, (u16, String)> {
        let read = embeddings(Vendor::Argo).read(body.as_bytes());
        let texts = |read: VectorAnswer<'_>| read.vectors.into_iter().map(|vector| vector.text.into_owned()).collect();
        read.map(texts).map_err(|e: Failure| (e.status.as_u16(), e.message))
    }

    #[test]
    fn vectors_come_in_the_order_of_their_indexes_whatever_their_form() {
        for (body, vectors) in [
            (r#"{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1.50]}]}"#, vec!["[1.50]", "[2]"]),
            (r#"{"data":[{"embedding":[1]},{"embedding":[2]}],"usage":{"prompt_tokens":1}}"#, vec!["[1]", "[2]"]),
            // 1.5 and -2 as float32.
            (
                r#"{"data":[{"index":0,"embedding":"AADAPwAAAMA="},{"index":1,"embedding":[3]}]}"#,
                vec!["[1.5,-2.0]", "[3]"],
            ),
            (r#"{"data":[]}"#, vec![]),
            (
                r#" {"note":"[1,2]", "ids":[7, 8], "data": [ {"embedding" : [ 5e-1 , 2 ], "seen":[0]} ] } "#,
                vec!["[ 5e-1 , 2 ]"],
            ),
            (r#"{"data":[{"embedding":[]},{"embedding":[null,1]}]}"#, vec!["[]", "[null,1]"]),
        ] {
            assert_eq!(read(body).unwrap(), vectors, "{body}");
        }
    }

    #[test]
    fn what_holds_no_vectors_is_an_error() {
        for (body, status, says) in [
            (r#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[2]}]}"#, 502, "indexes"),
            (r#"{"data":[{"index":1,"embedding":[1]}]}"#, 502, "indexes"),
            (r#"{"data":[{"index":0,"embedding":7}]}"#, 502, "a vector that is a number"),
            (r#"{"data":[{"index":0,"embedding":"x"}]}"#, 502, "neither a list nor base64"),
            (r#"{"data":[{"index":0,"embedding":"AAAA"}]}"#, 502, "neither a list nor base64"),
            (r#"{"data":[{"index":0}]}"#, 502, "answered with an error"),
            (r#"{"data":[[1,2]]}"#, 502, "answered with an error"),
            (r#"{"data":[{"embedding":[1,2]}"#, 502, "answered with an error"),
            (r#"{"error":{"message":"slow","type":"rate_limit_error"}}"#, 429, "slow"),
            ("<html>down</html>", 502, "down"),
            ("", 502, "empty body"),
        ] {
            let (given, message) = read(body).unwrap_err();
            assert!(given == status && message.contains(says), "{body}: {given} {message}");
        }
    }

    #[test]
    fn tokens_are_those_of_the_upstream() {
        for (more, tokens) in [
            (r#","usage":{"prompt_tokens":3,"total_tokens":4}"#, Some(3)),
            (r#","usage":{"total_tokens":4}"#, Some(4)),
            (r#","usage":null"#, None),
            ("", None),
        ] {
            let body = format!(r#"{{"data":[]{more}}}"#);
            assert_eq!(embeddings(Vendor::Other).read(body.as_bytes()).unwrap().tokens, tokens, "{body}");
        }
    }

    #[test]
    fn a_call_takes_as_many_texts_as_the_vendor_allows() {
        assert_eq!((embeddings(Vendor::Argo).most_inputs(), embeddings(Vendor::Other).most_inputs()), (16, 2048));
    }
}
