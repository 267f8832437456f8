//! The explanation, with the same structure as its JSON.

use super::fields::FieldChange;
use super::usage_limits::UsageLimit;
use serde::Serialize;

/// How a request is handled, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The request's method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// How it is answered.
    pub verdict: Verdict,
    /// Where its body is from.
    pub body_from: BodyFrom,
    /// The row that handles it.
    pub route: Option<RouteTaken>,
    /// Rows that almost match it.
    pub passed_over: Vec<Passed>,
    /// How its model was found, or why it was not.
    pub model: Option<ModelStep>,
    /// The rules that match the model, and the effects of each.
    pub rules: Vec<AppliedRule>,
    /// The images that are fetched before the upstream call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Fetched>,
    /// Fields of messages that do not go up: only replies have them, or the model's vendor does not know them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// How the model is made to answer in JSON, in one sentence. `None` if the request does not ask for JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structured: Option<String>,
    /// How tokens are counted, in one sentence.
    pub counting: Option<String>,
    /// The time limits of the call.
    pub limits: Vec<Limit>,
    /// How much the caller may use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub usage_limits: Vec<UsageLimit>,
    /// What became of each upstream of the row, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub upstreams: Vec<UpstreamStep>,
    /// The upstream request.
    pub upstream: Option<Sent>,
    /// Further upstream requests for the same client request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<Sent>,
    /// The client's reply, if it is known.
    pub client: Option<ShownReply>,
}

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The proxy answers it without an upstream.
    AnsweredHere,
    /// It is refused.
    Refused,
    /// An upstream is called.
    Called,
}

/// Where the body of a request is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyFrom {
    /// The client sent it.
    Client,
    /// The route's own body, because the client sent none.
    Route,
    /// There is no body, or it is not read.
    Nobody,
}

/// The row that handles a request.
#[derive(Debug, Clone, Serialize)]
pub struct RouteTaken {
    /// Where it stands in the table.
    pub place: String,
    /// Its path.
    pub path: String,
    /// Its methods.
    pub methods: Vec<String>,
    /// The name of its action.
    pub does: String,
    /// A description of its action for people.
    pub about: String,
    /// The parameters of the path: names and decoded values.
    pub parameters: Vec<(String, String)>,
    /// The name of the upstream that it prefers.
    pub upstream: Option<String>,
    /// The name of each upstream in the table, and what messages call it.
    #[serde(skip)]
    pub upstream_names: Vec<(String, &'static str)>,
}

/// An upstream of several.
#[derive(Debug, Clone, Serialize)]
pub struct UpstreamStep {
    /// Its name.
    pub name: String,
    /// `taken`, `next` (asked if those before it have no such endpoint or cannot be connected to), `serves_not`, `cannot_carry`,
    /// `failing` or `asked`.
    pub verdict: &'static str,
    /// Why it cannot carry the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A row that almost matched.
#[derive(Debug, Clone, Serialize)]
pub struct Passed {
    /// Where it stands in the table.
    pub place: String,
    /// Its path.
    pub path: String,
    /// Its methods.
    pub methods: Vec<String>,
    /// `other_method`, `other_path` or `shadowed`.
    pub why: &'static str,
    /// The row that takes precedence, if this one is shadowed.
    pub by: Option<String>,
}

/// How a model was found, or why it was not.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ModelStep {
    /// The name that the request gave.
    pub asked: Option<String>,
    /// How the name matched: `name`, `id`, `prefixed_id`, `short_name`, `pattern`, `spelling`, `dated`,
    /// `latest`, or `default`. `None` if it did not.
    pub matched: Option<&'static str>,
    /// The name that the model list shows.
    pub name: Option<String>,
    /// Its id at the upstream.
    pub id: Option<String>,
    /// True if the model will be removed soon.
    pub deprecated: bool,
    /// True if no list of an upstream has it any more.
    pub gone: bool,
    /// Where it comes from, if only the list of an upstream has it.
    pub listed: Option<String>,
    /// If the name is unknown: the most similar names.
    pub near: Vec<String>,
    /// The pattern that the name matches. If the name is unknown: all patterns.
    pub patterns: Vec<String>,
}

/// A rule that matches the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppliedRule {
    /// Where it stands in the table.
    pub place: String,
    /// The ids that it matches.
    #[serde(rename = "match")]
    pub pattern: String,
    /// Its effects on this request. May be empty.
    pub did: Vec<String>,
}

/// An image that the proxy fetches in serving, to replace its URL. The explanation keeps the URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// The part of the request that holds the URL.
    pub part: String,
    /// The host of the URL.
    pub host: String,
}

/// A time limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limit {
    /// What is limited.
    pub what: &'static str,
    /// The limit in seconds.
    pub seconds: f64,
    /// The setting behind the limit.
    pub set_by: String,
}

/// A header as it is sent.
pub type HeaderLine = (String, String);

/// The upstream request.
#[derive(Debug, Clone, Serialize)]
pub struct Sent {
    /// The upstream's name in the table.
    pub upstream: String,
    /// The setting that holds the URL.
    pub setting: String,
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The URLs to try, in this order, if the first one cannot be reached.
    pub else_urls: Vec<String>,
    /// The address to connect to instead of the URL's host.
    pub connect_to: Option<String>,
    /// True if it is sent to the streaming endpoint.
    pub stream: bool,
    /// The headers in order.
    pub headers: Vec<HeaderLine>,
    /// The body, exactly.
    pub body: ShownBody,
    /// How each field of the client's body was changed.
    pub fields: Vec<FieldChange>,
    /// The number of the prompt's tokens, if the reply reports it.
    pub prompt_tokens: Option<u64>,
}

/// The client's reply.
#[derive(Debug, Clone, Serialize)]
pub struct ShownReply {
    /// The status.
    pub status: u16,
    /// The headers in order, without those that the connection adds.
    pub headers: Vec<HeaderLine>,
    /// The body, exactly, without its transfer coding.
    pub body: ShownBody,
    /// True if the connection is closed after it, because the format cannot carry an error.
    pub broken: bool,
}

/// An exact body, as text if it is UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ShownBody {
    /// A UTF-8 body.
    Text(String),
    /// Any other body.
    Bytes {
        /// The body in base64.
        base64: String,
    },
}
