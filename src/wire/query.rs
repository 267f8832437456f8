//! The query of a request. It may hold a key, so it is never shown.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::fmt;

/// The query of a request: the text after the question mark, or nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Query<'q>(pub Option<&'q str>);

impl<'q> Query<'q> {
    /// Returns the value of a name, decoded; the first of several.
    pub fn get(self, name: &str) -> Option<Cow<'q, str>> {
        let mut pairs = self.0?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| percent_decode_str(value).decode_utf8_lossy())
    }
}

/// A query that outlives the head of its request.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OwnedQuery(Option<Box<str>>);

impl OwnedQuery {
    /// Returns the value of a name, decoded; the first of several.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        Query(self.0.as_deref()).get(name)
    }
}

impl From<Query<'_>> for OwnedQuery {
    fn from(query: Query<'_>) -> Self {
        OwnedQuery(query.0.map(Into::into))
    }
}

impl fmt::Debug for OwnedQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnedQuery")
    }
}

impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Query")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_never_shown() {
        let query = Query(Some("alt=sse&key=a%2Db&key=c&flag&x=%zz"));
        let told = |name| query.get(name).map(Cow::into_owned);
        assert_eq!((told("alt").as_deref(), told("key").as_deref()), (Some("sse"), Some("a-b")));
        assert_eq!((told("flag").as_deref(), told("x").as_deref(), told("y")), (Some(""), Some("%zz"), None));
        assert_eq!(format!("{query:?}"), "Query");
    }
}
