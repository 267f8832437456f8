//! Finds the caller of a request from its headers. Error messages never contain any part of a key.

use super::{Access, Caller, Globs, Hash, Permissions, Sender, check_username};
use crate::telemetry::bodies;
use crate::wire::{Failure, Query};
use http::{HeaderMap, HeaderName, StatusCode, header};
use std::borrow::Cow;
use std::sync::Arc;

/// Headers other than `Authorization` that carry a key: of Anthropic's clients, of Azure's, and of Google's.
static KEY_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-goog-api-key"),
];
/// The name in a query that has a key, as Google's recipes write it.
const QUERY_KEY: &str = "key";
/// The longest accepted username, in bytes.
const LONGEST_USERNAME: usize = 64;

/// Where keys come from.
const HANDED_OUT: &str = "Whoever runs this proxy hands out keys.";
const LETS_NOBODY_IN: &str = "It serves only the user who runs it, who can hand out keys with `access: keys`.";
const USERNAME_IS_KEY: &str = "Your key for this proxy is your bare Argonne username, such as jdoe or ac.jdoe.";

/// Returns true if a request carries a key of any kind.
pub fn has_key(headers: &HeaderMap, query: Query<'_>) -> bool {
    key(headers, query).is_some()
}

/// Returns the sender of a request where the system does not say whose connection it came on: a key stands in for that.
pub fn by_key(headers: &HeaderMap, query: Query<'_>, own_key: &Hash) -> Sender {
    if key(headers, query).is_some_and(|key| own_key.is_of(&key)) { Sender::Own } else { Sender::WithoutKey }
}

impl Access {
    /// Returns the caller of a request with these headers and this query, which came on a connection of `sender`.
    ///
    /// # Errors
    /// 401 as OpenAI's clients expect it: the key is missing or unknown. 403 if the proxy is another user's own.
    pub fn admit(&self, headers: &HeaderMap, query: Query<'_>, sender: Sender) -> Result<Arc<Caller>, Failure> {
        match self {
            Access::Own(caller) => match sender {
                Sender::Own => Ok(caller.clone()),
                Sender::Other(_) | Sender::Unknown | Sender::WithoutKey => Err(not_yours(sender)),
            },
            Access::Open(caller) => Ok(caller.clone()),
            Access::Keys(keys) => {
                let key = key(headers, query).ok_or_else(|| missing(HANDED_OUT))?;
                keys.caller(&key)
                    .ok_or_else(|| incorrect("this proxy knows no such key. Whoever runs it hands out keys."))
            }
            Access::Passthrough => {
                let key = key(headers, query).ok_or_else(|| missing(USERNAME_IS_KEY))?;
                let name = std::str::from_utf8(&key).ok().filter(|name| name.len() <= LONGEST_USERNAME);
                // A key of another service must reach neither the upstream, as a username, nor the log, as a caller.
                let name = name.filter(|name| check_username(name).is_ok() && !is_foreign_key(name));
                let name = name.ok_or_else(|| incorrect(&format!("it is no username. {USERNAME_IS_KEY}")))?;
                Ok(Arc::new(Caller::passed_through(name)))
            }
        }
    }

    /// Returns the caller of a request that needs no key.
    pub fn visitor(&self) -> Arc<Caller> {
        match self {
            Access::Open(caller) => caller.clone(),
            Access::Own(_) | Access::Keys(_) | Access::Passthrough => Arc::new(Caller::nameless("")),
        }
    }

    /// Returns the caller of a page for people who may not call yet. They may use no model.
    pub fn newcomer(&self, sender: Sender) -> Arc<Caller> {
        let greeting = match self {
            Access::Open(caller) => return caller.clone(),
            Access::Own(caller) if sender == Sender::Own => return caller.clone(),
            Access::Own(_) => LETS_NOBODY_IN,
            Access::Keys(_) => HANDED_OUT,
            Access::Passthrough => USERNAME_IS_KEY,
        };
        let permissions = Permissions { models: Some(Globs::new([""; 0])), ..Permissions::default() };
        Arc::new(Caller { greeting: Some(greeting), permissions, ..Caller::nameless("") })
    }

    /// Returns the caller with this name, if callers have names.
    pub fn named(&self, name: &str) -> Option<Arc<Caller>> {
        match self {
            Access::Own(_) | Access::Open(_) => None,
            Access::Keys(keys) => keys.callers().find(|caller| caller.name.as_deref() == Some(name)).cloned(),
            Access::Passthrough => {
                check_username(name).ok()?;
                Some(Arc::new(Caller::passed_through(name)))
            }
        }
    }
}

/// Returns true if a word looks like a key of another service: also one that hyphens divide, such as a UUID.
fn is_foreign_key(word: &str) -> bool {
    const LONG: usize = 24;
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    bodies::is_key(word) || (word.len() >= LONG && digits >= word.len() / 4)
}

/// Returns the key of a request, from the first header that has one, else from the query.
fn key<'a>(headers: &'a HeaderMap, query: Query<'a>) -> Option<Cow<'a, [u8]>> {
    let plain = KEY_HEADERS.iter().filter_map(|name| headers.get(name)).map(|value| value.as_bytes().trim_ascii());
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    let in_headers = bearer.into_iter().chain(plain).find(|key| !key.is_empty());
    in_headers
        .map(Cow::Borrowed)
        .or_else(|| match query.get(QUERY_KEY)? {
            Cow::Borrowed(key) => Some(Cow::Borrowed(key.as_bytes())),
            Cow::Owned(key) => Some(Cow::Owned(key.into_bytes())),
        })
        .filter(|key| !key.is_empty())
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.trim_ascii().split_at_checked("bearer".len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(b"bearer") && key.first().is_some_and(u8::is_ascii_whitespace);
    is_bearer.then(|| key.trim_ascii())
}

/// The refusal of a request that another user sent to somebody's own proxy. It tells that user what to ask for.
fn not_yours(sender: Sender) -> Failure {
    const NOT_SAID: &str = "the system does not say whose this connection is";
    let (whose, own_words) = match sender {
        Sender::Other(id) => (format!("this connection is of the user with the id {id}"), format!("uid={id}")),
        Sender::Own | Sender::Unknown => (
            format!("{NOT_SAID} (where that is always so, a start prints a key: start it anew)"),
            "uid=unknown".to_owned(),
        ),
        Sender::WithoutKey => {
            (format!("{NOT_SAID}: send the key that its start printed, as an API key"), "uid=unknown".to_owned())
        }
    };
    let message = format!(
        "This proxy serves only the user who runs it, and {whose}. Whoever runs it can let you in: `access: keys` in \
         config.yaml and a key for you, or `access: open` for everybody who reaches it."
    );
    Failure::new(StatusCode::FORBIDDEN, message).with_code("not_your_proxy").with_own_words(own_words)
}

fn missing(remedy: &str) -> Failure {
    unauthorized(format!(
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth \
         (i.e. Authorization: Bearer YOUR_KEY). {remedy}"
    ))
}

fn incorrect(why: &str) -> Failure {
    unauthorized(format!("Incorrect API key provided: {why}")).with_code("invalid_api_key")
}

/// Returns a 401 with this message, as OpenAI's clients expect it.
pub fn unauthorized(message: String) -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, message)
        .with_kind("invalid_request_error")
        .with_header(header::WWW_AUTHENTICATE, "Bearer")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn a_key_is_found_wherever_clients_put_it() {
        for (sent, found) in [
            (&[("authorization", "Bearer a")][..], Some("a")),
            (&[("authorization", "bEARER   a ")], Some("a")),
            (&[("authorization", "Basic a"), ("x-api-key", "b")], Some("b")),
            (&[("authorization", "Bearer a"), ("x-api-key", "b")], Some("a")),
            (&[("authorization", "Bearer "), ("api-key", "c")], Some("c")),
            (&[("x-api-key", "b"), ("api-key", "c")], Some("b")),
            (&[("authorization", "Bearera")], None),
            (&[("authorization", "a")], None),
            (&[], None),
        ] {
            let headers = headers(sent);
            assert_eq!(key(&headers, Query::default()).as_deref(), found.map(str::as_bytes), "{sent:?}");
        }
        let none = HeaderMap::new();
        assert_eq!(key(&none, Query(Some("alt=sse&key=a%2Bb"))).as_deref(), Some(b"a+b".as_slice()));
        assert_eq!(key(&headers(&[("api-key", "c")]), Query(Some("key=d"))).as_deref(), Some(b"c".as_slice()));
        assert_eq!(key(&none, Query(Some("key="))), None);
    }

    #[test]
    fn usernames_pass_through_and_nothing_else_does() {
        let admit =
            |name: &str| Access::Passthrough.admit(&headers(&[("x-api-key", name)]), Query::default(), Sender::Unknown);
        let caller = admit("ac.jdoe").unwrap();
        assert_eq!((caller.name.as_deref(), &*caller.user), (Some("ac.jdoe"), "ac.jdoe"));
        let long = "a".repeat(LONGEST_USERNAME + 1);
        for name in
            ["jdoe@anl.gov", "jane doe", "sk-argo-x'y", "cels", &long, "sk-proj-abcdef", "0123456789abcdef0123456789"]
        {
            let failure = admit(name).unwrap_err();
            assert_eq!(failure.status, StatusCode::UNAUTHORIZED);
            assert!(!failure.message.contains(name) && failure.message.contains("such as jdoe"), "{failure}");
        }
    }

    #[test]
    fn an_own_proxy_serves_its_user_and_no_key_lets_others_in() {
        let own = Access::own("jdoe");
        let with_key = headers(&[("x-api-key", "jdoe")]);
        assert_eq!(&*own.admit(&HeaderMap::new(), Query::default(), Sender::Own).unwrap().user, "jdoe");
        for (sender, part) in [
            (Sender::Other(4002), "id 4002"),
            (Sender::Unknown, "does not say whose"),
            (Sender::WithoutKey, "the key that its start printed"),
        ] {
            let failure = own.admit(&with_key, Query::default(), sender).unwrap_err();
            assert_eq!(failure.status, StatusCode::FORBIDDEN);
            for part in [part, "`access: keys`", "`access: open`"] {
                assert!(failure.message.contains(part), "{failure}");
            }
            assert!(!failure.message.contains("jdoe"), "{failure}");
            // A browser of somebody else gets the page that says how to be let in.
            assert!(own.newcomer(sender).greeting.is_some() && own.visitor().user.is_empty());
        }
        assert_eq!(own.newcomer(Sender::Own).greeting, None);
    }

    #[test]
    fn where_the_system_does_not_say_the_own_key_does() {
        let own_key = Hash::of(b"sk-argo-own");
        for (headers, sender) in [
            (headers(&[("authorization", "Bearer sk-argo-own")]), Sender::Own),
            (headers(&[("x-api-key", "sk-argo-own")]), Sender::Own),
            (headers(&[("authorization", "Bearer sk-argo-other")]), Sender::WithoutKey),
            (HeaderMap::new(), Sender::WithoutKey),
        ] {
            assert_eq!(by_key(&headers, Query::default(), &own_key), sender, "{headers:?}");
        }
    }
}
