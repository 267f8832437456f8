//! Names of fields. The vendor takes each in two spellings, `maxOutputTokens` and `max_output_tokens`, and its own SDKs mix them in one
//! request.

use crate::json::{self, Fields, fields};
use serde_json::value::RawValue;

/// Returns the value of a field in either spelling. Null means that it is not given.
pub fn given<'a>(of: &Fields<'a>, name: &str) -> Option<&'a RawValue> {
    let values = of.iter().filter(|(key, value)| is(key, name) && !json::is_null(value));
    values.map(|(_, value)| value).last()
}

/// Returns an object in a field; `None` if there is none.
pub fn object<'a>(of: &Fields<'a>, name: &str) -> Option<Fields<'a>> {
    given(of, name).and_then(Fields::of)
}

/// Returns true if a key is this name in either spelling. The name has no underscores.
pub fn is(key: &str, name: &str) -> bool {
    let lower = |byte: u8| byte.to_ascii_lowercase();
    key == name || key.contains('_') && key.bytes().filter(|byte| *byte != b'_').map(lower).eq(name.bytes().map(lower))
}

/// Returns true if a key is one of these names in either spelling.
pub fn is_any(key: &str, names: &[&str]) -> bool {
    names.iter().any(|name| is(key, name))
}

/// Returns the elements of a list; a value that is no list is the only one, as the vendor's own clients may write it.
pub fn elements(value: &RawValue) -> Vec<&RawValue> {
    fields::list_of(value).unwrap_or_else(|_| vec![value])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_one_name() {
        let fields = Fields::parse(r#"{"top_p":1,"topK":2,"max_output_tokens":null,"maxOutputTokens":3,"seed":null}"#);
        let fields = fields.unwrap();
        let told = |name| given(&fields, name).map(RawValue::get);
        assert_eq!((told("topP"), told("topK"), told("maxOutputTokens")), (Some("1"), Some("2"), Some("3")));
        assert_eq!((told("seed"), told("temperature"), told("top")), (None, None, None));
        assert!(!is("maxoutputtokens2", "maxOutputTokens") && !is("TOPK", "topK"));
    }
}
