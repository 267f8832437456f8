//! Who a native call is by. Each endpoint takes the name from other places.

use std::borrow::Cow;

use crate::caller::{Caller, is_user_name};
use crate::content::string;
use crate::text;

use super::body::NativeBody;
use super::refusal::Refusal;

/// Returns the user of a chat or of embeddings. A Bearer wins over `user` in the body, and `x-api-key` says nothing.
pub(crate) fn of_bearer_or_body<'a>(caller: Caller<'a>, body: &NativeBody<'a>) -> Result<Cow<'a, str>, Refusal> {
    let bearer = caller.bearer.map(Cow::Borrowed);
    bearer.or_else(|| body.user.and_then(string)).ok_or_else(Refusal::no_user)
}

/// Returns the user of a call to Claude.
pub(crate) fn of_bearer_or_key(caller: Caller<'_>) -> Result<Cow<'_, str>, Refusal> {
    caller.bearer.or(caller.key).map(Cow::Borrowed).ok_or_else(Refusal::no_user)
}

/// Returns the user of a call to Responses.
pub(crate) fn of_bearer(caller: Caller<'_>) -> Result<Cow<'_, str>, Refusal> {
    caller.bearer.map(Cow::Borrowed).ok_or_else(Refusal::no_user)
}

/// Returns the notice for a user that cannot be.
pub(crate) fn denial(user: &str) -> Option<String> {
    (!is_user_name(user)).then(|| text::not_known(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_has_its_places() {
        let body = NativeBody::parse(br#"{"user":"body"}"#).unwrap_or_else(|v| panic!("{v:?}"));
        let nobody = NativeBody::parse(b"{}").unwrap_or_else(|v| panic!("{v:?}"));
        let caller = |bearer, key| Caller { bearer, key };
        let (both, key) = (caller(Some("bearer"), Some("key")), caller(None, Some("key")));
        let names = |found: Result<Cow<'_, str>, Refusal>| found.ok().map(Cow::into_owned);
        assert_eq!(names(of_bearer_or_body(both, &body)).as_deref(), Some("bearer"));
        assert_eq!(names(of_bearer_or_body(key, &body)).as_deref(), Some("body"));
        assert_eq!(of_bearer_or_body(key, &nobody).err().map(|refusal| refusal.status), Some(500));
        assert_eq!(names(of_bearer_or_key(both)).as_deref(), Some("bearer"));
        assert_eq!(names(of_bearer_or_key(key)).as_deref(), Some("key"));
        assert!(of_bearer(key).is_err() && of_bearer(both).is_ok());
    }
}
