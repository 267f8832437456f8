//! A stand-in for ARGO: an HTTP server that answers as the gateway does, for demos, examples, load tests and tests.
//!
//! The server has the legacy calls, the native endpoints, the models listing and the health page under ARGO's own paths, all
//! below [`BASE_PATH`]: a client of the native ones needs only [`base_url()`]. Each answer depends on the request alone, so that
//! a test can expect it. The last user message is echoed, unless it is one of the [documented prompts](prompts()), which show how
//! ARGO fails, cuts, compresses, thinks or calls tools. What follows from no prompt follows from the model and the parameters:
//! each family refuses what ARGO's does, so that [`Options::family`] has to know the ids.
//!
//! ```text
//! http           reads the request, waits, writes the reply in pieces    the only file that does I/O; head: response heads
//! ├ server       the options, and what all calls share                   options
//! ├ paths        method and path → route, or the refusal ARGO gives
//! └ call         route, caller and body → reply
//!   ├ request    borrowed view of a body                                 messages, content: of a conversation; violation: 422
//!   ├ prompts    the table of documented prompts
//!   ├ decision   what to answer, for legacy and native calls             text: the texts of answers
//!   ├ chat       chat and streamchat                                     question: what was asked
//!   │ └ tools    tool calls                                              offer, choice, function, script, unfit: in; arguments, python: out
//!   ├ embed      embeddings                                              vectors: the numbers; defect: what can be wrong with them
//!   ├ native     the native endpoints, in their vendors' shapes          caller: whom the head of a request names
//!   ├ listing    models and health
//!   ├ fault      errors
//!   └ reply      what is sent, before it is bytes on a socket
//! ```
//!
//! ```no_run
//! use argo_stand_in::{Options, StandIn};
//! let mut service = pingora::services::listening::Service::new("stand-in".into(), StandIn::new(Options::default()));
//! service.add_tcp("127.0.0.1:8080");
//! ```

mod arguments;
mod call;
mod caller;
mod chat;
mod choice;
mod content;
mod decision;
mod defect;
mod embed;
mod fault;
mod function;
mod head;
mod http;
mod listing;
mod messages;
mod native;
mod offer;
mod options;
mod paths;
mod prompts;
mod python;
mod question;
mod reply;
mod request;
mod script;
mod server;
mod text;
mod tools;
mod unfit;
mod vectors;
mod violation;

pub use options::{Family, ListedModel, Options};
pub use paths::{
    BASE_PATH, CHAT_PATH, COMPLETIONS_PATH, COUNT_TOKENS_PATH, EMBED_PATH, EMBEDDINGS_PATH, HEALTH_PATH, MESSAGES_PATH,
    MODELS_PATH, NATIVE_MODELS_PATH, OPENAPI_PATH, RESPONSES_PATH, STREAM_CHAT_PATH, base_url,
};
pub use prompts::{Endpoint, Form, Prompt, help, prompts};
pub use server::StandIn;
