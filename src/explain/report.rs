//! The explanation: what it holds, as JSON has it.

use super::fields::FieldChange;
use serde::Serialize;

/// What becomes of a request, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The request's method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// What happens with it.
    pub verdict: Verdict,
    /// Whose body counts.
    pub body_from: BodyFrom,
    /// The row that takes it.
    pub route: Option<RouteTaken>,
    /// Rows that look as if they might have taken it.
    pub passed_over: Vec<Passed>,
    /// How its model was found, or not.
    pub model: Option<ModelStep>,
    /// The rules that match the model, and what each did.
    pub rules: Vec<AppliedRule>,
    /// The images that are fetched before anything goes upstream.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Fetched>,
    /// How the model is brought to answer in JSON, in one sentence, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structured: Option<String>,
    /// How tokens are counted, in one sentence.
    pub counting: Option<String>,
    /// The time limits of the call.
    pub limits: Vec<Limit>,
    /// What goes upstream.
    pub upstream: Option<Sent>,
    /// Further calls that go upstream for the same request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<Sent>,
    /// What the client gets, where that is known.
    pub client: Option<ShownReply>,
}

/// What happens with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is answered without an upstream.
    AnsweredHere,
    /// It is refused.
    Refused,
    /// An upstream is called.
    Called,
}

/// Whose body counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyFrom {
    /// The client's.
    Client,
    /// The route's own, since the client gave none.
    Route,
    /// Nobody's: there is none, or it is not read.
    Nobody,
}

/// The row that takes a request.
#[derive(Debug, Clone, Serialize)]
pub struct RouteTaken {
    /// Where it stands in the table.
    pub place: String,
    /// Its path.
    pub path: String,
    /// Its methods.
    pub methods: Vec<String>,
    /// The name of what it does.
    pub does: String,
    /// The same for people.
    pub about: String,
    /// The parameters of the path: names and decoded values.
    pub parameters: Vec<(String, String)>,
    /// The name of its upstream.
    pub upstream: Option<String>,
}

/// A row that was passed over.
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
    /// The row that goes before it, for one that is shadowed.
    pub by: Option<String>,
}

/// How a model was found, or not.
#[derive(Debug, Clone, Serialize)]
pub struct ModelStep {
    /// The name that the request gave.
    pub asked: Option<String>,
    /// The form in which that is a name of the model: `name`, `id`, `prefixed_id`, `short_name`; or `pattern`, or `default`.
    pub matched: Option<&'static str>,
    /// The name that the model list shows.
    pub name: Option<String>,
    /// ARGO's id.
    pub id: Option<String>,
    /// Whether the model is about to go.
    pub deprecated: bool,
    /// For a name that no model has: the names that look most like it.
    pub near: Vec<String>,
    /// The pattern that the name fits; for a name that fits none, all that there are.
    pub patterns: Vec<String>,
}

/// A rule that matches the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppliedRule {
    /// Where it stands in the table.
    pub place: String,
    /// What it matches.
    #[serde(rename = "match")]
    pub pattern: String,
    /// What it did to this request; nothing, perhaps.
    pub did: Vec<String>,
}

/// An image that serving fetches and puts in the place of its URL; the explanation leaves the URL there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// The part of the request.
    pub part: String,
    /// The host that it comes from.
    pub host: String,
}

/// A time limit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limit {
    /// What is limited.
    pub what: &'static str,
    /// For how long.
    pub seconds: f64,
    /// Who says so.
    pub set_by: String,
}

/// A header as it stands on the wire.
pub type HeaderLine = (String, String);

/// The request that goes upstream.
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
    /// The URLs that are tried, in this order, when that one cannot be connected to.
    pub else_urls: Vec<String>,
    /// Where connections go instead of the URL's host.
    pub connect_to: Option<String>,
    /// Whether it goes to the streaming endpoint.
    pub stream: bool,
    /// The headers in order.
    pub headers: Vec<HeaderLine>,
    /// The body, exactly.
    pub body: ShownBody,
    /// What became of each field of the client's body.
    pub fields: Vec<FieldChange>,
    /// The prompt's tokens, where the reply tells them.
    pub prompt_tokens: Option<u64>,
}

/// What the client gets.
#[derive(Debug, Clone, Serialize)]
pub struct ShownReply {
    /// The status.
    pub status: u16,
    /// The headers in order, without those that the connection itself adds.
    pub headers: Vec<HeaderLine>,
    /// The body, exactly, without its transfer coding.
    pub body: ShownBody,
    /// Whether the connection breaks after it, since the format has no place for an error.
    pub broken: bool,
}

/// A body, exactly: text where it is UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ShownBody {
    /// UTF-8.
    Text(String),
    /// Anything else.
    Bytes {
        /// In base64.
        base64: String,
    },
}
