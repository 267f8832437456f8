//! Who calls, as far as the head of a request says it: the native endpoints take the user's name from there.

use pingora::http::RequestHeader;

/// The credentials in the head of a request.
#[derive(Clone, Copy, Default)]
pub(crate) struct Caller<'a> {
    /// The user's name in `Authorization: Bearer …`.
    pub bearer: Option<&'a str>,
    /// The user's name in `x-api-key`.
    pub key: Option<&'a str>,
}

impl<'a> Caller<'a> {
    pub(crate) fn of(head: &'a RequestHeader) -> Self {
        let value = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        Self { bearer: value("authorization").and_then(bearer), key: value("x-api-key").map(str::trim) }
    }
}

/// Returns the credential of the scheme `Bearer`, whose letter case does not matter.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, credential) = authorization.trim().split_once(' ').unwrap_or((authorization.trim(), ""));
    scheme.eq_ignore_ascii_case("bearer").then_some(credential.trim())
}

/// Returns true if the name can be one of a user: it has no spaces and is no e-mail address.
pub(crate) fn is_user_name(name: &str) -> bool {
    let forbidden = |c: char| c == '@' || c.is_whitespace();
    !name.is_empty() && !name.contains(forbidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_headers_are_read() {
        let mut head = RequestHeader::build("POST", b"/", None).unwrap();
        assert!(Caller::of(&head).bearer.is_none() && Caller::of(&head).key.is_none());
        head.insert_header("Authorization", "bearer jdoe ").unwrap();
        head.insert_header("x-api-key", "other").unwrap();
        let caller = Caller::of(&head);
        assert_eq!((caller.bearer, caller.key), (Some("jdoe"), Some("other")));
        head.insert_header("Authorization", "Basic jdoe").unwrap();
        assert_eq!(Caller::of(&head).bearer, None);
    }

    #[test]
    fn names_have_no_spaces_and_no_at_sign() {
        assert!(is_user_name("ac.jdoe"));
        for impossible in ["", "j doe", "jdoe@anl.gov", "\t"] {
            assert!(!is_user_name(impossible), "{impossible:?}");
        }
    }
}
