//! OpenAI's embeddings as an upstream: ARGO's native endpoint, and every server that speaks as OpenAI does.

use super::reading::given;
use crate::dialects::upstream::{
    CallTerms, EmbeddingDialect, GatewayDialect, UpstreamDialect, Vendor, embedding_form, error,
};
use crate::json::{self, Fields, Vector, fields};
use crate::wire::Failure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use std::borrow::Cow;

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

    fn listed<'a>(&self, body: &'a [u8]) -> Result<Cow<'a, [u8]>, Failure> {
        let rows = self.rows(body)?;
        if rows.iter().all(|row| json::inside_of(row.vector).is_none()) {
            return Ok(Cow::Borrowed(body));
        }
        let mut out = b"{\"data\":[".to_vec();
        for (at, row) in rows.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b"{\"index\":" } else { b",{\"index\":" });
            json::push_number(&mut out, row.index as u64);
            out.extend_from_slice(b",\"embedding\":");
            match json::inside_of(row.vector) {
                Some(inside) => self.push_numbers(&mut out, inside)?,
                None => out.extend_from_slice(row.vector.get().as_bytes()),
            }
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
        Ok(Cow::Owned(out))
    }

    fn vectors<'a>(&self, body: &'a [u8]) -> Result<Vec<Vector<'a>>, Failure> {
        let mut rows = self.rows(body)?;
        rows.sort_by_key(|row| row.index);
        let name = self.name();
        if rows.iter().enumerate().any(|(at, row)| row.index != at) {
            return Err(Failure::upstream(format!(
                "{name} answered vectors whose indexes are not those of the inputs."
            )));
        }
        match rows.iter().find(|row| !row.vector.get().starts_with('[')) {
            Some(other) => {
                let kind = json::kind_of(other.vector);
                Err(Failure::upstream(format!("{name} answered a vector that is {kind}.")))
            }
            None => Ok(rows.into_iter().map(|row| Vector::new(row.vector.get())).collect()),
        }
    }

    fn reports_usage(&self) -> bool {
        true
    }

    fn usage(&self, body: &[u8]) -> Option<u64> {
        let reply = Fields::parse(std::str::from_utf8(body).ok()?).ok()?;
        let usage = Fields::of(given(&reply, "usage")?)?;
        let number = |name: &str| usage.get(name)?.get().parse().ok();
        number("prompt_tokens").or_else(|| number("total_tokens"))
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

impl EmbeddingServer {
    /// Reads the list of vectors, in any order.
    fn rows<'a>(&self, body: &'a [u8]) -> Result<Vec<VectorRow<'a>>, Failure> {
        let name = self.name();
        let text =
            std::str::from_utf8(body).map_err(|_| Failure::upstream(format!("{name}'s answer is not valid UTF-8.")))?;
        let no_vectors = || error::inside(self, body);
        let reply = Fields::parse(text).map_err(|_| no_vectors())?;
        if given(&reply, "error").is_some() {
            return Err(no_vectors());
        }
        let list = reply.get("data").and_then(|data| fields::list_of(data).ok()).ok_or_else(no_vectors)?;
        let mut rows = Vec::with_capacity(list.len());
        for (at, row) in list.into_iter().enumerate() {
            let row = Fields::of(row).ok_or_else(no_vectors)?;
            let index = row.get("index").and_then(|index| index.get().parse().ok()).unwrap_or(at);
            rows.push(VectorRow { index, vector: row.get("embedding").ok_or_else(no_vectors)? });
        }
        Ok(rows)
    }

    /// Appends the numbers of a vector that came as base64 of little-endian float32.
    fn push_numbers(&self, out: &mut Vec<u8>, inside: &str) -> Result<(), Failure> {
        let unreadable =
            || Failure::upstream(format!("{} answered a vector that is neither a list nor base64.", self.name()));
        let bytes = STANDARD.decode(inside.replace("\\/", "/")).map_err(|_| unreadable())?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(unreadable());
        }
        let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        serde_json::to_writer(out, &numbers).map_err(|_| unreadable())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<String>, (u16, String)> {
        let dialect = embeddings(Vendor::Argo);
        let failed = |e: Failure| (e.status.as_u16(), e.message);
        let listed = dialect.listed(body.as_bytes()).map_err(failed)?;
        let vectors = dialect.vectors(&listed).map_err(failed)?;
        Ok(vectors.iter().map(|vector| vector.text.to_owned()).collect())
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
        let of = |body: &str| embeddings(Vendor::Other).usage(body.as_bytes());
        assert_eq!(of(r#"{"usage":{"prompt_tokens":3,"total_tokens":4}}"#), Some(3));
        assert_eq!(of(r#"{"usage":{"total_tokens":4}}"#), Some(4));
        assert_eq!(of(r#"{"usage":null}"#), None);
        assert_eq!(of("x"), None);
    }

    #[test]
    fn a_call_takes_as_many_texts_as_the_vendor_allows() {
        assert_eq!((embeddings(Vendor::Argo).most_inputs(), embeddings(Vendor::Other).most_inputs()), (16, 2048));
    }
}
