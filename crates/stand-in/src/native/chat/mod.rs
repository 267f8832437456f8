//! `/v1/chat/completions`: OpenAI's shape for models of each vendor, with what Azure and ARGO add to it.

mod checks;
mod history;
mod stream;
mod whole;

use bytes::Bytes;
use serde_json::json;

use crate::caller::Caller;
use crate::fault::{self, Fault};
use crate::offer::Offer;
use crate::options::Family;
use crate::prompts::Endpoint;
use crate::reply::Reply;
use crate::server::StandIn;

use super::answer::{Answer, Ask, Finish};
use super::body::{self, NativeBody};
use super::dialect::{self, Dialect};
use super::json::dumps;
use super::model::Model;
use super::refusal::{By, Mishap, Refusal};
use super::{structured, user};

/// Returns the answer to the body of a chat call.
pub(crate) fn answer(stand_in: &StandIn, caller: Caller<'_>, body: &[u8]) -> Reply {
    body::with_messages(&Chat, body, |read, model| respond(stand_in, caller, body, read, model))
}

fn respond(
    stand_in: &StandIn,
    caller: Caller<'_>,
    body: &[u8],
    read: &NativeBody<'_>,
    model: &str,
) -> Result<Reply, Refusal> {
    let user = user::of_bearer_or_body(caller, read)?;
    let streams = read.stream.unwrap_or(false);
    let model = Model::named(model, stand_in)?;
    if let Some(notice) = user::denial(&user) {
        let answer = Ask::denied(notice, &user);
        return Ok(dialect::send(&Chat, model, &answer, stand_in.options.piece_size, streams));
    }
    let turn = read.turn();
    checks::all(model, read, &turn)?;
    if turn.has_calls {
        history::is_complete(body)?;
    }
    let offered = read.offered().map(|tools| Offer::read(Family::OpenAI, tools, read.tool_choice)).transpose()?;
    let ask = Ask {
        endpoint: Endpoint::Completions,
        input: turn.input(),
        turn: turn.messages,
        user,
        offer: offered,
        limit: checks::limit(model, read),
        stops: read.stops(),
        structured: structured::of_chat(read.response_format),
        thinks: false,
    };
    Ok(dialect::reply(stand_in, &Chat, model, &ask, streams))
}

/// OpenAI's shape.
pub(crate) struct Chat;

impl Dialect for Chat {
    fn whole(&self, model: Model<'_>, answer: &Answer) -> Vec<u8> {
        whole::body(model, answer)
    }

    fn stream(&self, model: Model<'_>, answer: &Answer, piece: usize) -> Vec<Bytes> {
        stream::events(model, answer, piece)
    }

    fn refuse(&self, refusal: &Refusal) -> Reply {
        match refusal.by {
            By::Argo(class) => fault::error(refusal.status, &refusal.message, class, "internal_error"),
            By::Vendor | By::Host => fault::vendor_refused_as(&refusal.message, refusal.param.as_deref(), refusal.code),
        }
    }

    fn mishap(&self, mishap: Mishap) -> Vec<u8> {
        error(mishap).to_string().into()
    }

    fn mishap_event(&self, mishap: Mishap) -> Bytes {
        format!("data: {}\n\n", dumps(&error(mishap))).into()
    }

    fn fault(&self, fault: Fault) -> Reply {
        fault.reply()
    }

    fn other(&self) -> &dyn Dialect {
        self
    }
}

fn error(mishap: Mishap) -> serde_json::Value {
    json!({"error": {"message": mishap.message(), "type": "APIError", "code": "internal_error"}})
}

/// Returns the reason of an answer's end in OpenAI's words.
fn finish_reason(finish: &Finish) -> &'static str {
    match finish {
        Finish::Complete | Finish::Stopped(_) | Finish::Refused | Finish::Failed | Finish::Denied(_) => "stop",
        Finish::Calls => "tool_calls",
        Finish::Length => "length",
        Finish::Filtered => "content_filter",
    }
}

/// Returns true for the vendors whose answers have only what OpenAI's shape needs. Of Claude on this endpoint no answer is public.
fn is_plain(model: Model<'_>) -> bool {
    match model.family {
        Family::OpenAI => false,
        Family::Anthropic | Family::Google => true,
    }
}

/// Returns the id of an answer.
fn id(model: Model<'_>, answer: &Answer) -> String {
    let prefix = if is_plain(model) { "" } else { "chatcmpl-" };
    format!("{prefix}{:024x}", answer.id)
}

/// Returns the name that an answer has in `model`.
fn name(model: Model<'_>, answer: &Answer) -> String {
    match answer.finish {
        Finish::Denied(_) => model.id.to_owned(),
        _ => model.answers_as(),
    }
}
