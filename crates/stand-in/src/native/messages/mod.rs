//! `/v1/messages` and `/v1/messages/count_tokens`: Anthropic's shape, for Claude alone.

mod checks;
mod history;
mod stream;
mod thinking;
mod whole;

use bytes::Bytes;
use serde_json::json;

use crate::caller::Caller;
use crate::fault::{Fault, INTERNAL};
use crate::offer::Offer;
use crate::options::Family;
use crate::paths::{BASE_PATH, COMPLETIONS_PATH, MESSAGES_PATH};
use crate::prompts::{self, Case, Endpoint};
use crate::python;
use crate::reply::Reply;
use crate::server::StandIn;

use self::thinking::Thought;
use super::answer::{Answer, Ask, tokens};
use super::body::{self, NativeBody};
use super::chat::Chat;
use super::dialect::{self, Dialect};
use super::json::dumps;
use super::model::Model;
use super::refusal::{By, Mishap, Refusal};
use super::user;

/// Returns the answer to the body of a messages call.
pub(crate) fn answer(stand_in: &StandIn, caller: Caller<'_>, body: &[u8]) -> Reply {
    body::with_messages(&Messages, body, |read, model| respond(stand_in, caller, body, read, model))
}

/// Returns the number of tokens of a messages call.
pub(crate) fn count(stand_in: &StandIn, caller: Caller<'_>, body: &[u8]) -> Reply {
    body::with_messages(&Messages, body, |read, model| {
        let user = user::of_bearer_or_key(caller)?;
        let model = claude(stand_in, model)?;
        if let Some(notice) = user::denial(&user) {
            return Ok(dialect::send(&Messages, model, &Ask::denied(notice, &user), 1, false));
        }
        let turn = read.turn();
        let input = turn.input();
        if let Some((Case::Fault(fault), _)) = prompts::find(input.prompt(), Endpoint::Messages) {
            return Ok(Messages.fault(fault));
        }
        Ok(Reply::json(200, &json!({"input_tokens": tokens(&input.text) + 4 * turn.messages as u64})))
    })
}

fn respond(
    stand_in: &StandIn,
    caller: Caller<'_>,
    body: &[u8],
    read: &NativeBody<'_>,
    model: &str,
) -> Result<Reply, Refusal> {
    let user = user::of_bearer_or_key(caller)?;
    let model = claude(stand_in, model)?;
    let streams = read.stream.unwrap_or(false);
    if let Some(notice) = user::denial(&user) {
        let answer = Ask::denied(notice, &user);
        return Ok(dialect::send(&Messages, model, &answer, stand_in.options.piece_size, streams));
    }
    let limit = checks::all(model, read)?;
    history::is_sound(body)?;
    let thought = thinking::of(model, read.thinking, limit, streams)?;
    if !streams && limit > model.whole_limit() {
        return Err(Refusal::streaming_required());
    }
    if thought == Thought::Silence {
        return Ok(Reply::events(Vec::new()));
    }
    let offer = read.offered().map(|tools| Offer::read(Family::Anthropic, tools, read.tool_choice)).transpose()?;
    if thought == Thought::Asked && offer.as_ref().is_some_and(Offer::forces_a_call) {
        return Err(Refusal::vendor("Thinking may not be enabled when tool_choice forces tool use."));
    }
    let turn = read.turn();
    let ask = Ask {
        endpoint: Endpoint::Messages,
        input: turn.input(),
        turn: turn.messages,
        user,
        offer,
        limit: Some(limit),
        stops: read.stops(),
        structured: None,
        thinks: thought != Thought::None,
    };
    Ok(dialect::reply(stand_in, &Messages, model, &ask, streams))
}

/// Returns the model, if it is a Claude.
fn claude<'a>(stand_in: &'a StandIn, model: &'a str) -> Result<Model<'a>, Refusal> {
    let model = Model::named(model, stand_in)?;
    if model.family == Family::Anthropic {
        return Ok(model);
    }
    let id = model.id;
    let here = MESSAGES_PATH.strip_prefix(BASE_PATH).unwrap_or(MESSAGES_PATH);
    let message =
        format!("Model '{id}' is not supported on the {here} endpoint. For this model, please use {COMPLETIONS_PATH}");
    Err(Refusal::argo(400, "BadRequestError", message))
}

/// Anthropic's shape.
struct Messages;

impl Dialect for Messages {
    fn whole(&self, model: Model<'_>, answer: &Answer) -> Vec<u8> {
        whole::body(model, answer).to_string().into()
    }

    fn stream(&self, model: Model<'_>, answer: &Answer, piece: usize) -> Vec<Bytes> {
        stream::events(model, answer, piece)
    }

    fn refuse(&self, refusal: &Refusal) -> Reply {
        let (status, message) = (refusal.status, &refusal.message);
        let message = match refusal.by {
            By::Argo(_) => message.to_string(),
            By::Vendor => {
                let request = "req_vrtx_000000000000000000000000";
                let vendors = json!({"type": "error", "error": {"type": kind(status), "message": message}, "request_id": request});
                format!("Error code: {status} - {}", python::repr(&vendors))
            }
            By::Host => {
                let hosts = json!({"error": {"code": status, "message": message, "status": refusal.code}});
                format!("Error code: {status} - {}", python::repr(&hosts))
            }
        };
        Reply::json(status, &json!({"type": "error", "error": {"type": kind(status), "message": message}}))
    }

    fn mishap(&self, mishap: Mishap) -> Vec<u8> {
        error(mishap).to_string().into()
    }

    fn mishap_event(&self, mishap: Mishap) -> Bytes {
        format!("event: error\ndata: {}\n\n", dumps(&error(mishap))).into()
    }

    fn fault(&self, fault: Fault) -> Reply {
        match fault {
            Fault::VendorRefused => self.refuse(&Refusal::vendor("`temperature` is deprecated for this model.")),
            Fault::TooLong => self.refuse(&Refusal::vendor("prompt is too long: 208310 tokens > 200000 maximum")),
            Fault::Internal => self.refuse(&Refusal::argo(500, "TypeError", INTERNAL)),
            Fault::TooMany => {
                let message = "Too many requests. Please try again later.";
                self.refuse(&Refusal::argo(429, "RateLimitError", message)).with("Retry-After", "7".to_owned())
            }
            // Those are no business of the endpoint: the framework or the nginx in front sends them.
            Fault::NoResponse
            | Fault::Unprocessable
            | Fault::BadGateway
            | Fault::Hang
            | Fault::NoEndpoint
            | Fault::Overloaded
            | Fault::NoRoom => fault.reply(),
        }
    }

    fn other(&self) -> &dyn Dialect {
        &Chat
    }
}

/// Returns the failure of a call that the options want to fail.
pub(crate) fn failed() -> Reply {
    Messages.fault(Fault::Internal)
}

fn error(mishap: Mishap) -> serde_json::Value {
    json!({"type": "error", "error": {"type": "api_error", "message": mishap.message()}})
}

/// Returns Anthropic's kind of an error with this status.
fn kind(status: u16) -> &'static str {
    match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        429 => "rate_limit_error",
        _ => "api_error",
    }
}
