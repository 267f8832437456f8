//! Requests for vectors, which all upstreams read in one form: what the call is for, and a list of texts.

use crate::json;
use serde_json::value::RawValue;

/// Returns a body with these fields, and the texts under `list`. A text is a raw JSON string.
pub fn encode(fields: &[(&str, &str)], list: &str, inputs: &[&RawValue]) -> Vec<u8> {
    let texts: usize = inputs.iter().map(|input| input.get().len() + 1).sum();
    let mut out = Vec::with_capacity(texts + 128);
    out.push(b'{');
    for (name, value) in fields {
        json::push_key(&mut out, name);
        json::push_string(&mut out, value);
    }
    json::push_key(&mut out, list);
    json::push_list(&mut out, inputs, |out, input| out.extend_from_slice(input.get().as_bytes()));
    out.push(b'}');
    out
}
