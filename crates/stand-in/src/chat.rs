//! Chat and streamchat: the same conversation, with two ways to send the answer.

use std::borrow::Cow;

use serde::Serialize;

use crate::decision::{Decision, decide};
use crate::offer::Offer;
use crate::prompts::{Case, Endpoint};
use crate::question::Question;
use crate::reply::Reply;
use crate::server::StandIn;
use crate::text;
use crate::tools;

/// Returns the answer to the body of a chat or streamchat call.
pub(crate) fn answer(stand_in: &StandIn, endpoint: Endpoint, body: &[u8]) -> Reply {
    let question = match Question::read(body) {
        Ok(question) => question,
        Err(violations) => return violations.reply(),
    };
    // The order of the checks is that of the gateway.
    let call = Call { endpoint, question };
    let question = &call.question;
    if !question.has_user_name() {
        return call.send(text::not_validated(&question.user));
    }
    if let Some(refusal) = stand_in.refuse_model(&question.model) {
        return refusal;
    }
    if question.in_conflict {
        return call.send(text::CONFLICT);
    }
    match (endpoint, question.tools) {
        (_, None) => call.answer(stand_in, None),
        (Endpoint::StreamChat, Some(_)) => call.send(text::NO_TOOLS_ON_STREAMS),
        (_, Some(tools)) => {
            let family = (stand_in.options.family)(&question.model);
            match Offer::read(family, tools, question.tool_choice) {
                Ok(offer) => call.answer(stand_in, Some(&offer)),
                Err(unfit) => unfit.reply(),
            }
        }
    }
}

/// A question, and the endpoint that decides how its answer is sent.
struct Call<'a> {
    endpoint: Endpoint,
    question: Question<'a>,
}

impl Call<'_> {
    /// Returns the answer to a valid question: a tool call if the client forces one, what the prompt asks for, or an echo.
    fn answer(&self, stand_in: &StandIn, offer: Option<&Offer<'_>>) -> Reply {
        let question = &self.question;
        let piece = stand_in.options.piece_size;
        match decide(&question.input, self.endpoint, offer, piece, &question.user) {
            Decision::Say(text, delivery) => self.send(text).delivered(delivery),
            Decision::Special(Case::CutCharacter, _) => Reply::stream(text::CUT_CHARACTER),
            Decision::Special(Case::Shape(shape), _) => tools::reply(shape, offer, question.turn),
            Decision::Special(Case::Script, _) => tools::scripted_reply(question.input.prompt(), offer, question.turn),
            Decision::Special(Case::Fault(fault), _) => fault.reply(),
            // No other prompt is for a legacy chat.
            Decision::Special(..) => self.send(""),
        }
    }

    /// Returns a text as the answer of this call: raw, or in JSON of two shapes, with offered tools and without.
    fn send<'t>(&self, text: impl Into<Cow<'t, str>>) -> Reply {
        let text = text.into();
        match (self.endpoint, self.question.tools) {
            (Endpoint::StreamChat, _) => Reply::stream(text.into_owned()),
            (_, None) => Reply::json(200, &Answer { response: &text }),
            (_, Some(_)) => tools::no_call(&text),
        }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    response: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use serde_json::{Value, json};

    fn call(endpoint: Endpoint, body: &Value) -> Reply {
        answer(&StandIn::new(Options::default()), endpoint, body.to_string().as_bytes())
    }

    fn chat(body: &Value) -> (u16, Value) {
        call(Endpoint::Chat, body).read()
    }

    fn ask(content: Value) -> Value {
        json!({"user": "jdoe", "model": "m", "messages": [{"role": "user", "content": content}], "seed": 1})
    }

    #[test]
    fn text_comes_back_whatever_form_it_had() {
        let said = json!({"response": "You said: a \"quoted\" 你"});
        let text = "a \"quoted\" 你";
        assert_eq!(chat(&ask(json!(text))), (200, said.clone()));
        assert_eq!(chat(&ask(json!([{"type": "text", "text": text}]))), (200, said.clone()));
        let by_prompt = json!({"user": "jdoe", "model": "m", "system": "s", "prompt": ["x", text], "messages": null});
        assert_eq!(chat(&by_prompt), (200, said));
        let streamed = call(Endpoint::StreamChat, &ask(json!(text)));
        assert_eq!(streamed.text(), "You said: a \"quoted\" 你");
    }

    #[test]
    fn hello_gets_a_greeting() {
        let (_, body) = chat(&ask(json!("Say hello")));
        assert!(body["response"].as_str().unwrap().starts_with("Hello!"));
    }

    #[test]
    fn both_ways_at_once_are_an_error_in_a_200() {
        for (key, value) in [("system", json!("s")), ("prompt", json!(["p"]))] {
            let mut body = ask(json!("hi"));
            body[key] = value;
            assert_eq!(chat(&body), (200, json!({"response": text::CONFLICT})));
            assert_eq!(call(Endpoint::StreamChat, &body).text(), text::CONFLICT);
        }
    }

    #[test]
    fn users_that_cannot_be_get_the_notice() {
        for user in ["", "j doe", "jdoe@anl.gov", "\t"] {
            let mut body = ask(json!("hi"));
            body["user"] = json!(user);
            let (status, answer) = chat(&body);
            assert_eq!(status, 200);
            let notice = answer["response"].as_str().unwrap();
            assert!(notice.contains("ACCESS DENIED"), "{notice}");
            assert_eq!(call(Endpoint::StreamChat, &body).text(), notice);
        }
    }

    #[test]
    fn a_tool_result_is_answered() {
        let messages = json!([
            {"role": "user", "content": "use the tool"},
            {"role": "assistant", "content": "", "tool_calls": []},
            {"role": "tool", "tool_call_id": "c", "content": "13"},
        ]);
        let (_, body) = chat(&json!({"user": "u", "model": "m", "messages": messages}));
        assert_eq!(body["response"], "The tool answered: 13");
    }

    #[test]
    fn streams_have_no_tools() {
        let mut body = ask(json!("hi"));
        body["tools"] = json!([{"type": "function", "function": {"name": "add"}}]);
        assert_eq!(call(Endpoint::StreamChat, &body).text(), text::NO_TOOLS_ON_STREAMS);
        body["tools"] = json!([]);
        assert_eq!(call(Endpoint::StreamChat, &body).text(), "You said: hi");
    }
}
