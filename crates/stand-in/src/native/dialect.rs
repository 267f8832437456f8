//! What each native endpoint gives a shape of its own, and how a reply is put together from it.

use bytes::Bytes;

use crate::fault::Fault;
use crate::prompts::Hidden;
use crate::reply::{Media, Reply};
use crate::server::StandIn;

use super::answer::{Answer, Ask, Outcome};
use super::model::Model;
use super::refusal::{Mishap, Refusal};

/// The shape of an endpoint's replies.
pub(crate) trait Dialect {
    /// The body of a whole answer.
    fn whole(&self, model: Model<'_>, answer: &Answer) -> Vec<u8>;

    /// The events of a streamed answer. A piece of text has `piece` bytes.
    fn stream(&self, model: Model<'_>, answer: &Answer, piece: usize) -> Vec<Bytes>;

    /// An error, with its own status.
    fn refuse(&self, refusal: &Refusal) -> Reply;

    /// The body of a success that hides an error.
    fn mishap(&self, mishap: Mishap) -> Vec<u8>;

    /// The event of a stream that ends with an error.
    fn mishap_event(&self, mishap: Mishap) -> Bytes;

    /// A fault that a prompt asks for.
    fn fault(&self, fault: Fault) -> Reply;

    /// The shape that an answer has by mistake.
    fn other(&self) -> &dyn Dialect;
}

/// Returns the reply to a question.
pub(crate) fn reply(
    stand_in: &StandIn,
    dialect: &dyn Dialect,
    model: Model<'_>,
    ask: &Ask<'_>,
    streams: bool,
) -> Reply {
    let piece = stand_in.options.piece_size.max(1);
    match ask.outcome(piece) {
        Outcome::Answer(answer, delivery) => send(dialect, model, &answer, piece, streams).delivered(delivery),
        Outcome::Fault(fault) => dialect.fault(fault),
        Outcome::Hidden(Hidden::Mishap(mishap), _) if streams => Reply::events(vec![dialect.mishap_event(mishap)]),
        Outcome::Hidden(Hidden::Mishap(mishap), _) => Reply::json_bytes(200, dialect.mishap(mishap)),
        Outcome::Hidden(Hidden::Nothing, _) if streams => Reply::events(Vec::new()),
        Outcome::Hidden(Hidden::Nothing, _) => Reply::whole(200, Media::Json, Bytes::new()),
        Outcome::Hidden(Hidden::OtherShape, _) => {
            let answer = ask.echo();
            send(dialect.other(), model, &answer, piece, streams)
        }
        Outcome::Hidden(Hidden::Late, _) if !streams => Reply::json_bytes(200, dialect.mishap(Mishap::Overloaded)),
        Outcome::Hidden(Hidden::Late, events) => {
            let mut all = dialect.stream(model, &ask.lengthy(events, piece), piece);
            all.truncate(events);
            all.push(dialect.mishap_event(Mishap::Overloaded));
            Reply::events(all)
        }
    }
}

/// Returns an answer in the shape of an endpoint.
pub(crate) fn send(dialect: &dyn Dialect, model: Model<'_>, answer: &Answer, piece: usize, streams: bool) -> Reply {
    if streams {
        Reply::events(dialect.stream(model, answer, piece))
    } else {
        Reply::json_bytes(200, dialect.whole(model, answer))
    }
}
