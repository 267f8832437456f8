//! How each top-level field of a request's body was changed.

use serde::Serialize;
use serde_json::{Map, Value};

/// A field of the client's body or of the upstream call's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Its name.
    pub name: String,
    /// How it was changed.
    pub change: ChangeKind,
}

/// How a field was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Its value is the same.
    Kept,
    /// Its value is different.
    Changed,
    /// It is sent upstream, but the client did not send it.
    Added,
    /// It is not sent upstream.
    LeftOut,
}

/// Compares two bodies. Returns first the fields that are sent upstream, in their order, then those that are not.
/// Returns nothing if one of the bodies is not an object.
pub fn compare(given: &[u8], sent: &[u8]) -> Vec<FieldChange> {
    let read = |body: &[u8]| serde_json::from_slice::<Map<String, Value>>(body).ok();
    let (Some(given), Some(sent)) = (read(given), read(sent)) else { return Vec::new() };
    let mut fields: Vec<FieldChange> = sent
        .iter()
        .map(|(name, value)| {
            let change = match given.get(name) {
                Some(before) if before == value => ChangeKind::Kept,
                Some(_) => ChangeKind::Changed,
                None => ChangeKind::Added,
            };
            FieldChange { name: name.clone(), change }
        })
        .collect();
    let left_out = given.keys().filter(|name| !sent.contains_key(*name));
    fields.extend(left_out.map(|name| FieldChange { name: name.clone(), change: ChangeKind::LeftOut }));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_told_once() {
        let fields = compare(br#"{"a": [1, 2], "b": 1, "c": 0}"#, br#"{"d":1,"a":[1,2],"b":2}"#);
        let told: Vec<(&str, ChangeKind)> = fields.iter().map(|field| (field.name.as_str(), field.change)).collect();
        assert_eq!(
            told,
            [("d", ChangeKind::Added), ("a", ChangeKind::Kept), ("b", ChangeKind::Changed), ("c", ChangeKind::LeftOut)]
        );
        assert!(compare(b"[]", b"{}").is_empty());
    }
}
