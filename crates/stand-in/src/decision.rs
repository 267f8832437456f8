//! What to answer, before an endpoint gives it its shape: one decision for the legacy and the native endpoints.

use std::borrow::Cow;

use crate::messages::{Author, Input};
use crate::offer::Offer;
use crate::prompts::{self, Case, Endpoint};
use crate::reply::Delivery;
use crate::tools::Shape;

/// What a question gets.
pub(crate) enum Decision<'a> {
    /// A text, and the way to deliver it.
    Say(Cow<'a, str>, Delivery),
    /// What the prompt asks for, with its number.
    Special(Case, usize),
}

/// Decides: a tool call if the client forces one, the result of a tool, what the prompt asks for, or an echo.
pub(crate) fn decide<'a>(
    input: &'a Input<'_>,
    endpoint: Endpoint,
    offer: Option<&Offer<'_>>,
    piece: usize,
    user: &str,
) -> Decision<'a> {
    if offer.is_some_and(Offer::forces_a_call) {
        return Decision::Special(Case::Shape(Shape::FirstTool), 0);
    }
    if input.by == Author::Tool {
        return Decision::Say(format!("The tool answered: {input}").into(), Delivery::Clean);
    }
    match prompts::find(input.prompt(), endpoint) {
        Some((Case::Say(say), number)) => Decision::Say(say.text(number, piece, user), Delivery::Clean),
        Some((Case::Deliver(how, say), number)) => Decision::Say(say.text(number, piece, user), how(number)),
        Some((case, number)) => Decision::Special(case, number),
        None => Decision::Say(format!("You said: {input}").into(), Delivery::Clean),
    }
}
