//! A list of vectors in OpenAI's form.

use super::usage::push_input;
use crate::dialects::client::embedded::VectorList;
use crate::json;

/// OpenAI's list.
pub struct OpenaiVectors;

impl VectorList for OpenaiVectors {
    fn open(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"object\":\"list\",\"data\":[");
    }

    fn open_element(&self, out: &mut Vec<u8>, index: u64) {
        out.extend_from_slice(b"{\"object\":\"embedding\",\"index\":");
        json::push_number(out, index);
        out.extend_from_slice(b",\"embedding\":");
    }

    fn close(&self, out: &mut Vec<u8>, model: &str, tokens: Option<u64>) {
        out.extend_from_slice(b"],\"model\":");
        json::push_string(out, model);
        if let Some(tokens) = tokens {
            json::push_key(out, "usage");
            push_input(out, tokens);
        }
        out.push(b'}');
    }
}
