//! Transformers: what a route does with a request and its reply. A table names one for each route.
//!
//! A transformer turns a request into a [`Plan`] and owns the reply. Adding one is a file here and a line in [`TRANSFORMERS`]
//! (or [`REPLIES`], for what is answered without an upstream).

pub mod argo_passthrough;
pub mod images;
pub mod local;
pub mod openai;
pub mod openai_chat_completions;
pub mod openai_completions;
pub mod openai_embeddings;
pub mod steps;
pub mod upstream_error;

use crate::access::{Caller, May};
use crate::chat::tokens::{Asked, Counting, Ledger, Prompt};
use crate::dialect::Dialect;
use crate::models::{Chosen, Did, Models, Rules};
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use images::FindImages;
use std::sync::Arc;
use std::time::Duration;
use steps::{Step, Steps};

/// Of a model's name as the client wrote it, so many characters are kept for the log.
const LONGEST_NAME: usize = 200;

/// Turns requests of one route into plans.
pub trait Transformer: Send + Sync {
    /// Decides what happens with a request.
    ///
    /// # Errors
    /// What the client did wrong; nothing has been sent.
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure>;

    /// What finds the images that are fetched before a request is opened; `None` where none ever are.
    fn images(&self) -> Option<FindImages> {
        None
    }
}

/// A request as a transformer sees it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The complete body; empty when there was none and the route has none of its own.
    pub body: Bytes,
    /// The values of the route's path parameters, decoded, in order.
    pub params: Vec<String>,
}

/// What a transformer may know besides the request.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Who sent the request.
    pub caller: &'a Caller,
    /// A random id, unique for this exchange.
    pub id: &'a str,
    /// Now, in Unix seconds.
    pub now: u64,
    /// The `Host` that the client called, for pages that explain themselves.
    pub host: &'a str,
    /// What the process serves, for whoever watches it.
    pub state: State<'a>,
    /// Where the tokens that were counted are noted.
    pub ledger: &'a Arc<Ledger>,
    /// Where what is decided gets written down, when somebody wants an explanation; `None` while serving.
    pub steps: Option<&'a Steps>,
}

impl Context<'_> {
    /// Writes down a step, which is made only when somebody wants it.
    pub fn note(&self, step: impl FnOnce() -> Step) {
        if let Some(steps) = self.steps {
            steps.push(step());
        }
    }

    /// Writes down what a model's rules did.
    pub fn note_rule(&self, rules: &Rules, did: Did<'_>) {
        self.note(|| Step::rule(rules, did));
    }

    /// [`Models::choose`], written down.
    ///
    /// # Errors
    /// Those of [`Models::choose`]; 404 `model_not_found` too for a model that the caller may not use.
    pub fn choose<'a>(&self, models: &'a Models, asked: Option<&'a str>) -> Result<Chosen<'a>, Failure> {
        let chosen = models.choose(asked);
        let listed = chosen.as_ref().ok().and_then(|chosen| chosen.model.listed());
        if listed.is_some() || asked.is_some() {
            let name = asked.filter(|asked| listed.is_none_or(|model| model.name != *asked));
            let name = name.map(|name| name.chars().take(LONGEST_NAME).collect::<String>().into());
            self.ledger.set_asked(Asked { number: listed.map(|model| model.number), name });
        }
        self.note(|| Step::model(models, asked, chosen.as_ref().ok()));
        if self.caller.may.models.is_none() {
            return chosen;
        }
        // The hints of other failures name models, perhaps some that the caller may not know of.
        match (chosen, asked) {
            (Ok(chosen), _) if self.caller.may.use_model(&chosen.model) => Ok(chosen),
            (Ok(chosen), _) => Err(May::no_model(chosen.asked)),
            (Err(_), Some(asked)) => Err(May::no_model(asked)),
            (Err(failure), None) => Err(failure),
        }
    }

    /// Writes down how a model is brought to answer in JSON; it need not be a rule that decided.
    pub fn note_structured(&self, rules: &Rules, did: Did<'_>) {
        self.note(|| Step::Structured(did.to_string()));
        self.note_rule(rules, did);
    }

    /// Writes down how tokens are counted for a model.
    pub fn note_counting(&self, counting: Counting, rules: &Rules) {
        self.note(|| Step::Counting { counting, tokenizer: rules.counts_with(), own: rules.tokenizer.is_some() });
        if let (Counting::Exact, Some(tokenizer)) = (counting, rules.tokenizer) {
            self.note_rule(rules, Did::Counts(tokenizer));
        }
    }
}

/// The state of what is served.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// A hash of the table's text.
    pub version: &'a str,
    /// When it was loaded, in Unix seconds.
    pub loaded_at: u64,
    /// Whether a newer file lies on the disk that cannot be used.
    pub is_behind: bool,
    /// Whether the process only waits for what is in flight.
    pub is_stopping: bool,
}

/// What happens with a request.
pub enum Plan {
    /// It is answered here.
    Answer(Answer),
    /// It needs one call upstream, which pingora makes.
    Call(Call, Box<dyn Reply>),
    /// It needs calls that the proxy makes itself.
    Driven(Driven),
}

/// Calls that pingora's one call for one request cannot serve: several, or one whole call for a client that waits for a stream.
pub struct Driven {
    /// The calls, each with the reply that makes its part of the client's; at least one.
    pub parts: Vec<(Call, Box<dyn Reply>)>,
    /// How many run at the same time.
    pub at_once: usize,
    /// Makes one reply of the parts.
    pub join: Box<dyn Join>,
}

/// Makes one reply of the parts of driven calls. The first part that fails fails all.
pub trait Join: Send + Sync {
    /// The content type of the stream that the client waits for; `None` when it waits for a whole reply. On a stream the
    /// bodies of the parts go out as they come.
    fn stream(&self) -> Option<&'static str>;

    /// The whole reply, from the successful answers of all parts in their order.
    fn whole(&mut self, parts: Vec<Answer>) -> Answer;

    /// What ends a stream whose parts are all complete.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// One part that is the reply: for a client that waits for a stream while the upstream answers whole.
pub struct Streamed(pub &'static str);

impl Join for Streamed {
    fn stream(&self) -> Option<&'static str> {
        Some(self.0)
    }

    fn whole(&mut self, mut parts: Vec<Answer>) -> Answer {
        parts.pop().unwrap_or_else(|| Answer::empty(StatusCode::NO_CONTENT))
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

/// One part that is the reply, for a client that waits for it whole.
pub struct Alone;

impl Join for Alone {
    fn stream(&self) -> Option<&'static str> {
        None
    }

    fn whole(&mut self, mut parts: Vec<Answer>) -> Answer {
        parts.pop().unwrap_or_else(|| Answer::empty(StatusCode::NO_CONTENT))
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

/// One call upstream.
#[derive(Debug, Clone)]
pub struct Call {
    /// Whether it goes to the upstream's streaming endpoint.
    pub stream: bool,
    /// The body, complete.
    pub body: Bytes,
    /// The time limit that the request's body asked for.
    pub timeout: Option<Duration>,
    /// ARGO's id of the model, for the log.
    pub model: String,
    /// What the prompt will be counted from, when somebody wants its size.
    pub prompt: Option<Arc<Prompt>>,
}

/// The head of an upstream's reply.
pub struct UpstreamHead<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Whether no body will follow.
    pub bodiless: bool,
}

/// How the client's reply begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A stream with this content type begins now; its status is 200.
    Stream(&'static str),
    /// Status, type and body of the upstream go through as they are.
    Pass,
    /// Head and body are decided when the upstream's body is known.
    Hold,
}

/// A complete reply of an upstream.
#[derive(Debug)]
pub struct Held {
    /// Its status.
    pub status: StatusCode,
    /// Those of its headers that say how to read the body, and what a failure tells of.
    pub headers: HeaderMap,
    /// Its body, decoded.
    pub body: Bytes,
}

/// Owns the reply to one call. `piece` and `end` are for streams, `answer` is for held replies.
pub trait Reply: Send + Sync {
    /// The upstream's head is here.
    fn head(&mut self, head: &UpstreamHead<'_>) -> Start;

    /// A piece of a stream, cut anywhere.
    ///
    /// # Errors
    /// When the stream cannot go on; what is in `out` still reaches the client, followed by [`Reply::fail`].
    fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure>;

    /// The stream ended as it should.
    ///
    /// # Errors
    /// As for `piece`.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure>;

    /// The upstream's reply was held and is complete.
    ///
    /// # Errors
    /// What the client is told instead of an answer.
    fn answer(&mut self, held: &Held) -> Result<Answer, Failure>;

    /// A stream broke after its head was out: says so in the client's own format.
    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>);
}

/// What a route's transformer is made from.
#[derive(Clone)]
pub struct Wiring {
    /// The dialect of the route's upstream.
    pub dialect: Dialect,
    /// The models that the route serves.
    pub models: Arc<Models>,
    /// How the route counts tokens.
    pub counting: Counting,
    /// The most answers that one request gets.
    pub most_choices: u64,
}

/// A transformer that a table can name.
pub struct Entry {
    /// Its name: in YAML, of its file, of the folder of its golden cases.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// What OpenAI's clients append to their base URL to reach such a route, so that the base URL can be told.
    pub client_suffix: Option<&'static str>,
    /// Makes it for one route; the error says why it does not fit the upstream's dialect.
    pub build: fn(Wiring) -> Result<Arc<dyn Transformer>, String>,
}

/// All transformers that call an upstream.
pub const TRANSFORMERS: &[Entry] =
    &[openai_chat_completions::ENTRY, openai_completions::ENTRY, openai_embeddings::ENTRY, argo_passthrough::ENTRY];

/// All replies that are made here.
pub const REPLIES: &[local::Entry] = &[
    local::model_list::ENTRY,
    local::model::ENTRY,
    local::health::ENTRY,
    local::livez::ENTRY,
    local::readyz::ENTRY,
    local::docs::ENTRY,
    local::about::ENTRY,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_explained() {
        let all: Vec<(&str, &str)> =
            TRANSFORMERS.iter().map(|e| (e.name, e.about)).chain(REPLIES.iter().map(|e| (e.name, e.about))).collect();
        for (index, (name, about)) in all.iter().enumerate() {
            assert!(!about.is_empty(), "{name}");
            assert!(all.iter().skip(index + 1).all(|(other, _)| other != name), "{name}");
        }
    }
}
