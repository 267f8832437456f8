//! Which call a result belongs to. Both may have an id, or neither: then the name tells, and the order.

use super::parts::{self, GeminiPart};
use super::spelling::{elements, given, object};
use super::values::{PlaceOfPart, raw_text};
use crate::dialects::client::known_names::KnownNames;
use crate::dialects::client::spoken::SpokenPart;
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The calls of the model's last turn.
#[derive(Debug, Default)]
pub struct UnansweredCalls<'a> {
    open: Vec<UnansweredCall<'a>>,
    /// How many calls had no id so far.
    nameless: usize,
}

#[derive(Debug)]
struct UnansweredCall<'a> {
    /// The id that the client gave it.
    given: Option<Cow<'a, str>>,
    name: Cow<'a, str>,
    /// The id that the upstream gets.
    sent: Cow<'a, str>,
    is_answered: bool,
}

impl<'a> UnansweredCalls<'a> {
    /// Adds a call of the model's turn. Returns the id that the upstream gets: the client's, or one that no other call has.
    pub fn add(&mut self, id: Option<Cow<'a, str>>, name: Cow<'a, str>, names: &mut KnownNames) -> Cow<'a, str> {
        let sent = match &id {
            Some(id) => names.id(id.clone()),
            None => {
                self.nameless += 1;
                names.id(Cow::Owned(format!("call_without_id_{}", self.nameless)))
            }
        };
        self.open.push(UnansweredCall { given: id, name, sent: sent.clone(), is_answered: false });
        sent
    }

    /// Returns the id of the call that a result belongs to: by its id if both have one, else the first call of its name that
    /// has no result; `None` if there is none.
    pub fn answered(&mut self, id: Option<&str>, name: &str) -> Option<Cow<'a, str>> {
        let by_id = id.and_then(|id| self.open.iter().position(|call| call.given.as_deref() == Some(id)));
        let free = |call: &UnansweredCall<'_>| !call.is_answered && (call.given.is_none() || id.is_none());
        let by_name = || self.open.iter().position(|call| free(call) && (name.is_empty() || call.name == name));
        let call = by_id.or_else(by_name).and_then(|found| self.open.get_mut(found))?;
        call.is_answered = true;
        Some(call.sent.clone())
    }

    /// Takes the ids of the calls that have no result, and forgets all.
    pub fn close(&mut self) -> Vec<Cow<'a, str>> {
        self.open.drain(..).filter(|call| !call.is_answered).map(|call| call.sent).collect()
    }
}

/// Returns what a call returned, as a model reads it.
///
/// # Errors
/// 400 for a part that cannot be read.
pub fn said<'a>(place: PlaceOfPart, result: &Fields<'a>) -> Result<Vec<SpokenPart<'a>>, Failure> {
    let mut said: Vec<SpokenPart<'a>> =
        given(result, "response").map(|response| SpokenPart::Text(text_of(response))).into_iter().collect();
    for (number, raw) in given(result, "parts").map(elements).unwrap_or_default().into_iter().enumerate() {
        if let GeminiPart::Said(part) = parts::read(place.inner(number), raw)? {
            said.extend(part);
        }
    }
    Ok(said)
}

/// Returns a response as a text. The SDKs put what a function returned into an object with one name.
fn text_of(response: &RawValue) -> Cow<'_, RawValue> {
    let Some(fields) = Fields::of(response) else {
        let is_text = json::inside_of(response).is_some();
        return if is_text { Cow::Borrowed(response) } else { raw_text(response.get()) };
    };
    let mut all = fields.iter();
    match (all.next(), all.next()) {
        (Some(("result" | "output", value)), None) if json::inside_of(value).is_some() => Cow::Borrowed(value),
        _ => raw_text(response.get()),
    }
}

/// Returns the id and the name of a call or a result. An empty one is none.
pub fn id_and_name<'a>(of: &Fields<'a>) -> (Option<Cow<'a, str>>, Cow<'a, str>) {
    let text = |name| given(of, name).and_then(json::text_of).filter(|text| !text.is_empty());
    (text("id"), text("name").unwrap_or_default())
}

/// Returns the arguments of a call; `None` if they are no object.
pub fn arguments<'a>(call: &Fields<'a>) -> Option<&'a str> {
    match given(call, "args") {
        None => Some("{}"),
        Some(args) => object(call, "args").map(|_| args.get()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_belongs_to_the_call_that_it_names() {
        let (mut names, mut calls) = (KnownNames::default(), UnansweredCalls::default());
        assert_eq!(calls.add(Some("a".into()), "f".into(), &mut names), "a");
        assert_eq!(calls.add(None, "f".into(), &mut names), "call_without_id_1");
        assert_eq!(calls.add(None, "g".into(), &mut names), "call_without_id_2");
        assert_eq!(calls.answered(None, "g").as_deref(), Some("call_without_id_2"));
        assert_eq!(calls.answered(Some("a"), "").as_deref(), Some("a"));
        assert_eq!(calls.answered(Some("made up"), "f").as_deref(), Some("call_without_id_1"));
        assert_eq!(calls.answered(None, "f"), None);
        assert_eq!(calls.close(), Vec::<Cow<'_, str>>::new());
        assert_eq!(calls.add(None, "f".into(), &mut names), "call_without_id_3");
        assert_eq!(calls.answered(None, "").as_deref(), Some("call_without_id_3"));
    }

    #[test]
    fn what_a_function_returned_is_its_text() {
        let told = |response: &str| {
            let raw: &RawValue = serde_json::from_str(response).unwrap();
            text_of(raw).get().to_owned()
        };
        for (response, text) in [
            (r#"{"result":"sunny\n"}"#, r#""sunny\n""#),
            (r#"{"output":"x"}"#, "\"x\""),
            (r#"{"result":1}"#, r#""{\"result\":1}""#),
            (r#"{"error":"no"}"#, r#""{\"error\":\"no\"}""#),
            (r#"{"result":"a","more":2}"#, r#""{\"result\":\"a\",\"more\":2}""#),
            ("\"x\"", "\"x\""),
            ("[1]", "\"[1]\""),
            ("{}", "\"{}\""),
        ] {
            assert_eq!(told(response), text, "{response}");
        }
    }
}
