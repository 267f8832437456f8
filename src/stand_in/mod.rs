//! A stand-in for ARGO: an HTTP server that answers as the gateway does, for demos, examples, load tests and tests.
//!
//! It serves the legacy calls, the models listing and the health page under ARGO's own paths. Each answer is a
//! function of the request alone, so a test can say what it will be: the last user message is echoed, unless it is
//! one of the [documented prompts](prompts()), which show how ARGO fails, cuts, compresses or calls tools.
//!
//! ```text
//! http           reads the request, waits, writes the reply in pieces    the only file that does I/O; head: response heads
//! ├ paths        method and path → route, or the refusal ARGO gives
//! └ call         route and body → reply
//!   ├ request    borrowed view of a body                                 messages, content: of a conversation; violation: 422
//!   ├ prompts    the table of documented prompts
//!   ├ chat       chat and streamchat                                     question: what was asked; text: what is said
//!   │ └ tools    tool calls                                              offer, choice: what came; arguments, python: what goes
//!   ├ embed      embeddings
//!   ├ listing    models and health
//!   ├ fault      errors
//!   └ reply      what is sent, before it is bytes on a socket
//! ```
//!
//! ```no_run
//! use argo_openai_proxy::stand_in::{Options, StandIn};
//! let mut service = pingora::services::listening::Service::new("stand-in".into(), StandIn::new(Options::default()));
//! service.add_tcp("127.0.0.1:8080");
//! ```

mod arguments;
mod call;
mod chat;
mod choice;
mod content;
mod embed;
mod fault;
mod head;
mod http;
mod listing;
mod messages;
mod offer;
mod options;
mod paths;
mod prompts;
mod python;
mod question;
mod reply;
mod request;
mod text;
mod tools;
mod violation;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

pub use options::{Family, ListedModel, Options};
pub use paths::{CHAT_PATH, EMBED_PATH, HEALTH_PATH, MODELS_PATH, NATIVE_MODELS_PATH, STREAM_CHAT_PATH};
pub use prompts::{Endpoint, Form, Prompt, help, prompts};

/// The server. Hand it to a pingora listening service.
pub struct StandIn {
    options: Options,
    /// The ids that a call may name; empty: any.
    known: HashSet<Box<str>>,
    vectors: embed::Vectors,
    calls: AtomicU64,
}

impl StandIn {
    pub fn new(options: Options) -> Self {
        let known = options.models.iter().map(|model| model.internal_id.as_str().into()).collect();
        Self { options, known, vectors: embed::Vectors::default(), calls: AtomicU64::new(0) }
    }

    /// Whether this call is one of the share that fails. Failures are spread evenly: 0.25 is each fourth call.
    fn fails(&self) -> bool {
        let rate = self.options.failure_rate;
        if rate.is_nan() || rate <= 0.0 {
            return false;
        }
        let before = self.calls.fetch_add(1, Ordering::Relaxed) as f64;
        ((before + 1.0) * rate).floor() > (before * rate).floor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(rate: f64, calls: usize) -> Vec<bool> {
        let stand_in = StandIn::new(Options { failure_rate: rate, ..Options::default() });
        (0..calls).map(|_| stand_in.fails()).collect()
    }

    #[test]
    fn failures_are_an_even_share() {
        assert_eq!(failures(0.5, 4), [false, true, false, true]);
        assert_eq!(failures(1.0, 3), [true; 3]);
        assert_eq!(failures(0.0, 3), [false; 3]);
        assert_eq!(failures(f64::NAN, 3), [false; 3]);
        let share = failures(0.1, 1000).into_iter().filter(|f| *f).count();
        assert!((99..=101).contains(&share), "{share}");
    }
}
