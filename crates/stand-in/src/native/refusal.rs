//! Refusals, before an endpoint gives them its shape.

use std::borrow::Cow;

use crate::unfit::Unfit;

/// Who refuses, which decides the form of the message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The vendor: ARGO passes on the text of a Python exception, with a dict in it.
    Vendor,
    /// The vendor's host, Google, in its own form. Only Claude has one that refuses on its own.
    Host,
    /// ARGO: its own words, with the class of a Python exception.
    Argo(&'static str),
}

/// A refusal.
pub(crate) struct Refusal {
    pub status: u16,
    pub by: By,
    pub message: Cow<'static, str>,
    pub param: Option<Cow<'static, str>>,
    pub code: Option<&'static str>,
}

impl Refusal {
    /// Returns the vendor's 400.
    pub(crate) fn vendor(message: impl Into<Cow<'static, str>>) -> Self {
        Self { status: 400, by: By::Vendor, message: message.into(), param: None, code: None }
    }

    pub(crate) fn argo(status: u16, class: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, by: By::Argo(class), message: message.into(), param: None, code: None }
    }

    pub(crate) fn at(self, param: impl Into<Cow<'static, str>>, code: &'static str) -> Self {
        Self { param: Some(param.into()), code: Some(code), ..self }
    }

    /// Returns the refusal of a whole call that the vendor's library would not wait for.
    pub(crate) fn streaming_required() -> Self {
        Self::argo(500, "ValueError", "Streaming is required for operations that may take longer than 10 minutes.")
    }

    /// Returns the refusal of a call without a user. Its exact words are not public.
    pub(crate) fn no_user() -> Self {
        Self::argo(500, "AttributeError", "'NoneType' object has no attribute 'lower'")
    }
}

impl From<Unfit> for Refusal {
    fn from(unfit: Unfit) -> Self {
        let Unfit { message, param, is_python } = unfit;
        if is_python {
            return Self::argo(500, "KeyError", message);
        }
        Self { param: param.map(Cow::Owned), ..Self::vendor(message) }
    }
}

/// A failure that an answer with status 200 hides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    Internal,
    Exhausted,
    Overloaded,
    NoToken,
}

impl Mishap {
    /// Returns the message as ARGO passes it on.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Internal => {
                "{'type': 'error', 'error': {'details': None, 'type': 'api_error', 'message': 'Internal server error'}, \
                 'request_id': 'req_vrtx_000000000000000000000000'}"
            }
            Self::Exhausted => {
                "Error code: 429 - {'error': {'code': 429, 'message': 'Resource exhausted. Please try again later.', \
                 'status': 'RESOURCE_EXHAUSTED'}}"
            }
            Self::Overloaded => {
                "Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}, \
                 'request_id': 'req_vrtx_000000000000000000000000'}"
            }
            Self::NoToken => {
                "HTTPSConnectionPool(host='oauth2.googleapis.com', port=443): Max retries exceeded with url: /token \
                 (Caused by ConnectTimeoutError: Connection to oauth2.googleapis.com timed out. (connect timeout=120))"
            }
        }
    }
}
