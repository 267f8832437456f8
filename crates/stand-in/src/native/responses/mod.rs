//! `/v1/responses`: OpenAI's shape, for its models alone. No answer of ARGO's is public, so that these are the vendor's.

mod input;
mod offered;
mod response;
mod stream;

use bytes::Bytes;
use serde_json::json;

use crate::caller::Caller;
use crate::fault::Fault;
use crate::options::Family;
use crate::prompts::Endpoint;
use crate::reply::Reply;
use crate::server::StandIn;
use crate::violation::Violations;

use self::response::Responses;
use super::answer::{Answer, Ask};
use super::body::NativeBody;
use super::chat::Chat;
use super::dialect::{self, Dialect};
use super::model::Model;
use super::refusal::{Mishap, Refusal};
use super::{sampling, structured, user};

/// Returns the answer to the body of a responses call.
pub(crate) fn answer(stand_in: &StandIn, caller: Caller<'_>, body: &[u8]) -> Reply {
    let read = match NativeBody::parse(body) {
        Ok(read) => read,
        Err(violations) => return violations.reply(),
    };
    let mut violations = Violations::default();
    let model = read.model(&mut violations);
    let said = input::read(read.input, &mut violations);
    if !violations.is_empty() {
        return violations.reply();
    }
    respond(stand_in, caller, &read, said, &model).unwrap_or_else(|refusal| Chat.refuse(&refusal))
}

fn respond(
    stand_in: &StandIn,
    caller: Caller<'_>,
    read: &NativeBody<'_>,
    said: input::Said<'_>,
    model: &str,
) -> Result<Reply, Refusal> {
    let user = user::of_bearer(caller)?;
    let model = Model::named(model, stand_in)?;
    if model.family != Family::OpenAI || model.is_embedding() {
        return Err(Refusal::argo(400, "BadRequestError", "Use a supported GPT model name."));
    }
    let streams = read.stream.unwrap_or(false);
    let (offer, declared) = offered::read(read, &said.tools)?;
    let dialect = Responses::new(read, declared);
    if let Some(notice) = user::denial(&user) {
        let answer = Ask::denied(notice, &user);
        return Ok(dialect::send(&dialect, model, &answer, stand_in.options.piece_size, streams));
    }
    sampling::of_openai(model, read)?;
    if let Some(orphan) = said.orphan {
        let message = format!("No tool call found for function call output with call_id {orphan}.");
        return Err(Refusal { param: Some("input".into()), ..Refusal::vendor(message) });
    }
    let ask = Ask {
        endpoint: Endpoint::Responses,
        input: said.input,
        turn: said.items,
        user,
        offer,
        limit: read.max_output_tokens,
        stops: Vec::new(),
        structured: structured::of_responses(read.text),
        thinks: dialect.asks_for_reasoning(),
    };
    Ok(dialect::reply(stand_in, &dialect, model, &ask, streams))
}

impl Dialect for Responses<'_> {
    fn whole(&self, model: Model<'_>, answer: &Answer) -> Vec<u8> {
        self.object(model, answer, self.items(answer)).to_string().into()
    }

    fn stream(&self, model: Model<'_>, answer: &Answer, piece: usize) -> Vec<Bytes> {
        stream::events(self, model, answer, piece)
    }

    fn refuse(&self, refusal: &Refusal) -> Reply {
        Chat.refuse(refusal)
    }

    fn mishap(&self, mishap: Mishap) -> Vec<u8> {
        Chat.mishap(mishap)
    }

    fn mishap_event(&self, mishap: Mishap) -> Bytes {
        let event = json!({"type": "error", "code": "server_error", "message": mishap.message(), "param": null});
        format!("event: error\ndata: {event}\n\n").into()
    }

    fn fault(&self, fault: Fault) -> Reply {
        Chat.fault(fault)
    }

    fn other(&self) -> &dyn Dialect {
        &Chat
    }
}
