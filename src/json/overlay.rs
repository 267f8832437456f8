//! Sets fields of a JSON object: fixed values, and defaults for missing fields.

use super::Fields;
use crate::json;
use bytes::Bytes;

/// A name and its value as JSON.
pub type Field = (String, String);

/// The fields to set in an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overlay {
    /// Fixed fields: they replace the values of the object.
    pub set: Vec<Field>,
    /// Default fields: they are added where the object lacks them. `null` counts as a value.
    pub default: Vec<Field>,
}

impl Overlay {
    /// Returns true if there are no fields to set.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.default.is_empty()
    }

    /// Returns true if a value contains this word.
    pub fn mentions(&self, word: &str) -> bool {
        self.set.iter().chain(&self.default).any(|(_, value)| value.contains(word))
    }

    /// Returns the object with the fields set. The order stays, new fields come last, and all other values keep their
    /// bytes. A text that is not an object is returned unchanged; its reader refuses it.
    pub fn lay(&self, body: Bytes) -> Bytes {
        let Some(fields) = std::str::from_utf8(&body).ok().and_then(|text| Fields::parse(text).ok()) else {
            return body;
        };
        let mut out = Vec::with_capacity(body.len() + 64);
        out.push(b'{');
        for (name, value) in fields.iter() {
            let fixed = self.set.iter().find(|(set, _)| set == name);
            json::push_key(&mut out, name);
            out.extend_from_slice(fixed.map_or(value.get(), |(_, value)| value).as_bytes());
        }
        for (name, value) in self.set.iter().chain(&self.default).filter(|(name, _)| fields.get(name).is_none()) {
            json::push_key(&mut out, name);
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'}');
        Bytes::from(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_laid_over_and_the_rest_stays() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let overlay = Overlay {
            set: vec![field("a", "1"), field("é\"", "[2]")],
            default: vec![field("b", "{\"x\":3}"), field("c", "4")],
        };
        for (body, laid) in [
            ("{}", r#"{"a":1,"é\"":[2],"b":{"x":3},"c":4}"#),
            (r#" {"z": [1, 1e400], "a" : 9, "c": null} "#, r#"{"z":[1, 1e400],"a":1,"c":null,"é\"":[2],"b":{"x":3}}"#),
            (r#"{"a":7,"\u0061":8,"b":0,"é\"":0,"c":"\ud800"}"#, r#"{"a":1,"b":0,"é\"":[2],"c":"\ud800"}"#),
            ("[1]", "[1]"),
            ("{\"a\"", "{\"a\""),
            ("", ""),
        ] {
            assert_eq!(overlay.lay(Bytes::from(body)), laid, "{body}");
        }
        assert_eq!(overlay.lay(Bytes::from_static(b"{\"a\":\"\xff\"}")), &b"{\"a\":\"\xff\"}"[..]);
    }
}
