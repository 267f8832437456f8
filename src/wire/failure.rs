//! Failures, in no dialect. The client's dialect decides how they are written: see `plan::Client`.

use http::{HeaderName, HeaderValue, StatusCode};
use std::borrow::Cow;
use std::fmt;

/// A failure that is reported to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status. On a stream whose head is already sent, the status that it would have had.
    pub status: StatusCode,
    /// A message for people: what happened and what to do.
    pub message: String,
    /// The faulty request field.
    pub param: Option<Box<str>>,
    /// The type of the error in OpenAI's terms, where it differs from the usual type of `status`.
    pub kind: Option<&'static str>,
    /// An error code for programs.
    pub code: Option<Cow<'static, str>>,
    /// Headers such as `Retry-After` and `Allow`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What a log may say: the message in the proxy's own words, without what it quotes of a body. In a box, since results
    /// carry failures.
    own_words: Option<Box<OwnWords>>,
}

/// What a log may say of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OwnWords {
    text: Cow<'static, str>,
    /// True if text and message speak of [`CALLED_USER`], whose name is not known where the failure is made.
    is_about_user: bool,
}

/// Stands in a message for the user that the upstream was called as, until [`Failure::naming`].
pub const CALLED_USER: &str = "the configured user";

/// The code of what an upstream does not support.
const UNSUPPORTED: &str = "unsupported_parameter";

/// Why a request failed, for logs and metrics. It quotes nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureReason {
    /// The code, or else a word for the status.
    pub word: Box<str>,
    /// The proxy's own words, and the faulty field.
    pub why: Option<Box<str>>,
}

impl Failure {
    /// Creates a failure whose type follows from `status`.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Failure {
            status,
            message: message.into(),
            param: None,
            kind: None,
            code: None,
            headers: Vec::new(),
            own_words: None,
        }
    }

    /// Creates a 400 for a request that is wrong as a whole.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Failure::new(StatusCode::BAD_REQUEST, message)
    }

    /// Creates a 400 that names the faulty request field.
    pub fn bad_field(param: impl Into<String>, message: impl Into<String>) -> Self {
        Failure::new(StatusCode::BAD_REQUEST, message).with_param(param)
    }

    /// Creates a 400 for a parameter that the upstream does not support and that changes the meaning of the answer.
    pub fn unsupported(param: &str, why: &str) -> Self {
        Failure::bad_field(param, format!("'{param}' is not supported: {why}.")).with_code(UNSUPPORTED)
    }

    /// Returns true for a failure by [`Self::unsupported`]: another upstream may support what this one does not.
    pub fn is_unsupported(&self) -> bool {
        self.code.as_deref() == Some(UNSUPPORTED)
    }

    /// Creates a 502 for an upstream whose answer is unusable. A message that quotes the answer needs
    /// [`Self::with_own_words`].
    pub fn upstream(message: impl Into<String>) -> Self {
        let message = message.into();
        let own_words = message.clone();
        Failure::new(StatusCode::BAD_GATEWAY, message).with_code("bad_upstream_answer").with_own_words(own_words)
    }

    /// Creates a 504 for an expired time limit.
    pub fn timeout(message: impl Into<String>) -> Self {
        let message = message.into();
        let own_words = message.clone();
        Failure::new(StatusCode::GATEWAY_TIMEOUT, message).with_code("timeout").with_own_words(own_words)
    }

    /// Returns the failure with the name of a request field.
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into().into());
        self
    }

    /// Returns the failure with a type that differs from the usual type of its status.
    pub fn with_kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Returns the failure with a code for programs.
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Returns the failure with a response header. An invalid value is ignored.
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Returns the failure with the words that a log may say.
    pub fn with_own_words(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.own_words = Some(Box::new(OwnWords { text: words.into(), is_about_user: false }));
        self
    }

    /// Returns the failure, whose message and own words speak of [`CALLED_USER`].
    pub fn about_user(mut self) -> Self {
        if let Some(words) = &mut self.own_words {
            words.is_about_user = true;
        }
        self
    }

    /// Returns the failure with the name of the user, where it speaks of one.
    pub fn naming(mut self, user: impl FnOnce() -> String) -> Self {
        if let Some(words) = self.own_words.as_mut().filter(|words| words.is_about_user) {
            let user = user();
            self.message = self.message.replacen(CALLED_USER, &user, 1);
            words.text = words.text.replacen(CALLED_USER, &user, 1).into();
            words.is_about_user = false;
        }
        self
    }

    /// Returns the reason to log.
    pub fn reason(&self) -> FailureReason {
        let why = match (&self.own_words, &self.param) {
            (Some(words), Some(param)) => Some(format!("{} param={param}", words.text).into()),
            (Some(words), None) => Some(words.text.as_ref().into()),
            (None, Some(param)) => Some(format!("param={param}").into()),
            (None, None) => None,
        };
        FailureReason { word: self.word().into(), why }
    }

    /// Returns the code, or else a word for the status.
    pub fn word(&self) -> &str {
        self.code.as_deref().unwrap_or(match self.status.as_u16() {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_error",
            504 => "timeout_error",
            400..=499 => "invalid_request_error",
            _ => "server_error",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status.as_u16(), self.message)
    }
}
