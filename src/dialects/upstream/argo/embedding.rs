//! ARGO's embedding call: the request is a list of strings, the reply is a list of vectors.

use super::{Argo, error_body, notice};
use crate::dialects::upstream::{CallTerms, EmbeddingDialect, VectorAnswer, embedding_form};
use crate::json::{self, Fields, Vector, fields, vector};
use crate::wire::Failure;
use serde_json::value::RawValue;

/// The maximum number of strings in one call to ARGO.
const MOST_INPUTS: usize = 16;

impl EmbeddingDialect for Argo {
    fn encode(&self, inputs: &[&RawValue], call: CallTerms<'_>) -> Vec<u8> {
        embedding_form::encode(&[("user", call.user), ("model", call.model)], "prompt", inputs)
    }

    fn read<'a>(&self, body: &'a [u8]) -> Result<VectorAnswer<'a>, Failure> {
        Ok(VectorAnswer { vectors: vectors(body)?, tokens: None })
    }

    fn most_inputs(&self) -> usize {
        MOST_INPUTS
    }
}

/// Returns the vectors of an answer, in order.
fn vectors(body: &[u8]) -> Result<Vec<Vector<'_>>, Failure> {
    let text = std::str::from_utf8(body).map_err(|_| Failure::upstream("ARGO's answer is not valid UTF-8."))?;
    if let Some(vectors) = alone(text) {
        return Ok(vectors);
    }
    let not_vectors = || {
        let said = error_body::said(body).message;
        let said: String = said.chars().take(300).collect();
        Failure::upstream(format!("ARGO answered without an 'embedding': {said}"))
            .with_own_words("ARGO answered without an 'embedding'")
    };
    let fields = Fields::parse(text).map_err(|_| not_vectors())?;
    let list = fields.get("embedding").ok_or_else(|| denied(&fields).unwrap_or_else(not_vectors))?;
    let vectors = fields::list_of(list).map_err(|_| not_vectors())?;
    match vectors.iter().find(|vector| !vector.get().starts_with('[')) {
        Some(other) => Err(Failure::upstream(format!("ARGO answered a vector that is {}.", json::kind_of(other)))),
        None => Ok(vectors.into_iter().map(|vector| Vector::new(vector.get())).collect()),
    }
}

/// Finds the vectors without reading them, which is for whoever writes them. Returns `None` unless the answer has lists and no other
/// field.
fn alone(text: &str) -> Option<Vec<Vector<'_>>> {
    const BLANK: [char; 4] = [' ', '\n', '\r', '\t'];
    let name = text.trim_start_matches(BLANK).strip_prefix('{')?.trim_start_matches(BLANK);
    let colon = name.strip_prefix("\"embedding\"")?.trim_start_matches(BLANK);
    let (vectors, rest) = vector::vectors(colon.strip_prefix(':')?.trim_start_matches(BLANK))?;
    let end = rest.trim_start_matches(BLANK).strip_prefix('}')?;
    end.trim_start_matches(BLANK).is_empty().then_some(vectors)
}

/// Returns the failure of a notice that ARGO sends instead of vectors, in the form of its chat.
fn denied(fields: &Fields<'_>) -> Option<Failure> {
    let said = fields.get("response").and_then(json::inside_of)?;
    notice::in_whole(said).map(|notice| notice.failure())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<(String, usize)>, String> {
        let read = Argo.read(body.as_bytes()).map_err(|e| e.message)?;
        assert_eq!(read.tokens, None);
        Ok(read.vectors.into_iter().map(|vector| (vector.text.into_owned(), vector.length)).collect())
    }

    #[test]
    fn answers_of_any_form_are_read_alike() {
        for (body, vectors) in [
            (r#"{"embedding":[[1,2.5]]}"#, vec![("[1,2.5]", 2)]),
            (" {\n\"embedding\" : [ [-1e-3 , 2] ,[0]\t] }\r\n", vec![("[-1e-3 , 2]", 2), ("[0]", 1)]),
            (r#"{"embedding":[[1]],"model":"x"}"#, vec![("[1]", 1)]),
            (r#"{"embedding":[[7]],"embedding":[[1,2]]}"#, vec![("[1,2]", 2)]),
            (r#"{"\u0065mbedding":[[1]]}"#, vec![("[1]", 1)]),
            (r#"{"embedding":[["a",null],[]]}"#, vec![("[\"a\",null]", 2), ("[]", 1)]),
            (r#"{"embedding":[]}"#, vec![]),
        ] {
            let vectors: Vec<_> = vectors.into_iter().map(|(text, length)| (text.to_owned(), length)).collect();
            assert_eq!(read(body).unwrap(), vectors, "{body}");
        }
    }

    #[test]
    fn what_holds_no_vectors_is_an_error() {
        let without = "ARGO answered without an 'embedding'";
        for (body, said) in [
            (r#"{"embedding":[[1]]}}"#, without),
            (r#"{"embedding":[[1]]"#, without),
            (r#"{"embedding":7}"#, without),
            (r#"{"error":"down"}"#, "down"),
            (r#"{"embedding":[1,2]}"#, "a vector that is a number"),
        ] {
            let failure = read(body).unwrap_err();
            assert!(failure.contains(said), "{body}: {failure}");
        }
    }
}
