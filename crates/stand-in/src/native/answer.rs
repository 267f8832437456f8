//! Answers of models, before an endpoint gives them its shape: text, calls, thinking, the reason why they end, the tokens.
//!
//! Token counts are plain: four bytes are one token. They are the same for each vendor, so that a test can expect them.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::decision::{Decision, decide};
use crate::fault::Fault;
use crate::messages::{Author, Input};
use crate::offer::Offer;
use crate::prompts::{Case, Ending, Endpoint, Hidden};
use crate::reply::Delivery;
use crate::text::{self, Say};
use crate::tools::{self, Shape, ToolCall};

use super::pieces;

/// What the model thinks. It is the same for each question.
pub(crate) const THOUGHT: &str = "The user wants an answer. I will give one, and keep it short.";

/// A question to a native endpoint.
pub(crate) struct Ask<'a> {
    pub endpoint: Endpoint,
    pub input: Input<'a>,
    /// The number of messages.
    pub turn: usize,
    pub user: Cow<'a, str>,
    pub offer: Option<Offer<'a>>,
    /// The most tokens of the answer.
    pub limit: Option<u64>,
    /// The texts that end the answer.
    pub stops: Vec<Cow<'a, str>>,
    /// The answer that a format asks for, in place of an echo.
    pub structured: Option<String>,
    pub thinks: bool,
}

/// What becomes of a question.
pub(crate) enum Outcome {
    Answer(Answer, Delivery),
    Fault(Fault),
    Hidden(Hidden, usize),
}

pub(crate) struct Answer {
    pub text: String,
    pub calls: Vec<ToolCall>,
    pub thinks: bool,
    pub finish: Finish,
    pub usage: Usage,
    /// The number that ids of the answer and its parts are made of.
    pub id: u64,
}

/// Why an answer ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    Complete,
    Calls,
    Length,
    Stopped(String),
    Refused,
    Filtered,
    Failed,
    /// ARGO does not let this user in. The text is its notice.
    Denied(String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub input: u64,
    pub cached: u64,
    /// All tokens of the answer, with those of its reasoning.
    pub output: u64,
    pub reasoning: u64,
}

impl Ask<'_> {
    /// Returns what becomes of the question. `piece` is the number of bytes in a streamed piece.
    pub(crate) fn outcome(&self, piece: usize) -> Outcome {
        let decision = decide(&self.input, self.endpoint, self.offer.as_ref(), piece, &self.user);
        let (text, delivery) = match decision {
            Decision::Say(text, delivery) => (text, delivery),
            Decision::Special(case, number) => return self.special(case, number),
        };
        let text = match (&self.structured, self.input.by, text.starts_with("You said: ")) {
            (Some(structured), Author::User, true) => structured.clone(),
            _ => text.into_owned(),
        };
        Outcome::Answer(self.said(text), delivery)
    }

    /// Returns ARGO's notice as the answer.
    pub(crate) fn denied(notice: String, user: &str) -> Answer {
        let finish = Finish::Denied(user.to_owned());
        Answer { text: notice, calls: Vec::new(), thinks: false, finish, usage: Usage::default(), id: 0 }
    }

    /// Returns an answer to any prompt, as if it were text like any other.
    pub(crate) fn echo(&self) -> Answer {
        self.said(format!("You said: {}", self.input.text))
    }

    /// Returns an answer that outlasts a number of pieces, whatever limits it.
    pub(crate) fn lengthy(&self, pieces: usize, piece: usize) -> Answer {
        let text = Say::Long.text(pieces, piece, &self.user).into_owned();
        Answer { text, calls: Vec::new(), thinks: false, finish: Finish::Complete, usage: self.asked(), id: self.id() }
    }

    fn special(&self, case: Case, number: usize) -> Outcome {
        let answer = match case {
            Case::Shape(Shape::AllTools) => self.called(usize::MAX),
            Case::Shape(_) => self.called(1),
            Case::Script => self.scripted(),
            Case::Denied => Self::denied(text::not_authorized(&self.user), &self.user),
            Case::Ending(ending) => self.ended(ending),
            Case::Cached => {
                let mut answer = self.said("Most of this prompt was cached.".to_owned());
                answer.usage.cached = number as u64;
                answer.usage.input += number as u64;
                answer
            }
            Case::Reasons => {
                let mut answer = self.said("After some thought, this is the answer.".to_owned());
                answer.usage.reasoning = number as u64;
                answer.usage.output += number as u64;
                answer.thinks = true;
                answer
            }
            Case::Fault(fault) => return Outcome::Fault(fault),
            Case::Hidden(hidden) => return Outcome::Hidden(hidden, number),
            // Those are for other endpoints, or a text that was decided before.
            Case::Say(_) | Case::Deliver(..) | Case::CutCharacter | Case::Defect(_) => self.said(String::new()),
        };
        Outcome::Answer(answer, Delivery::Clean)
    }

    fn said(&self, mut text: String) -> Answer {
        let mut finish = Finish::Complete;
        let stop = self.stops.iter().filter(|stop| !stop.is_empty());
        if let Some((at, stop)) = stop.filter_map(|stop| Some((text.find(&**stop)?, stop))).min_by_key(|(at, _)| *at) {
            text.truncate(at);
            finish = Finish::Stopped(stop.to_string());
        }
        if let Some(limit) = self.limit.filter(|limit| *limit < tokens(&text)) {
            text.truncate(pieces::floor(&text, usize::try_from(limit).unwrap_or(usize::MAX).saturating_mul(4)));
            finish = Finish::Length;
        }
        let reasoning = if self.thinks { tokens(THOUGHT) } else { 0 };
        let usage = Usage { output: tokens(&text) + reasoning, reasoning, ..self.asked() };
        Answer { text, calls: Vec::new(), thinks: self.thinks, finish, usage, id: self.id() }
    }

    fn scripted(&self) -> Answer {
        let calls = self.offer.as_ref().map(|offer| tools::scripted(self.input.prompt(), offer, self.turn));
        self.calling(calls.unwrap_or_default())
    }

    fn called(&self, most: usize) -> Answer {
        self.calling(tools::calls(self.offer.as_ref(), most, self.turn))
    }

    fn calling(&self, calls: Vec<ToolCall>) -> Answer {
        if calls.is_empty() {
            return self.said("There is no tool to use.".to_owned());
        }
        let mut answer = self.said(String::new());
        answer.usage.output += calls.iter().map(|call| tokens(&call.arguments.to_string())).sum::<u64>();
        Answer { calls, finish: Finish::Calls, ..answer }
    }

    fn ended(&self, ending: Ending) -> Answer {
        let said = |text: &str, finish| Answer { finish, ..self.said(text.to_owned()) };
        match ending {
            Ending::Length => {
                let budget = self.limit.unwrap_or(64);
                let usage = Usage { output: budget, reasoning: budget, ..self.asked() };
                Answer { usage, ..said("", Finish::Length) }
            }
            Ending::Refused => said("I cannot help with that.", Finish::Refused),
            Ending::Filtered => said("", Finish::Filtered),
            Ending::Failed => said("", Finish::Failed),
        }
    }

    fn id(&self) -> u64 {
        let mut id = DefaultHasher::new();
        (&self.input.text, self.turn).hash(&mut id);
        id.finish()
    }

    fn asked(&self) -> Usage {
        Usage { input: tokens(&self.input.text) + 4 * self.turn as u64, ..Usage::default() }
    }
}

/// Returns the number of tokens of a text: one for each four bytes.
pub(crate) fn tokens(text: &str) -> u64 {
    text.len().div_ceil(4) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(text: &str) -> Ask<'_> {
        Ask {
            endpoint: Endpoint::Completions,
            input: Input::of_user(text.into()),
            turn: 1,
            user: "jdoe".into(),
            offer: None,
            limit: None,
            stops: Vec::new(),
            structured: None,
            thinks: false,
        }
    }

    fn answer(ask: &Ask<'_>) -> Answer {
        match ask.outcome(16) {
            Outcome::Answer(answer, _) => answer,
            Outcome::Fault(_) | Outcome::Hidden(..) => panic!("no answer"),
        }
    }

    #[test]
    fn tokens_follow_the_text() {
        let answer = answer(&ask("a question"));
        assert_eq!((answer.text.as_str(), &answer.finish), ("You said: a question", &Finish::Complete));
        assert_eq!(answer.usage, Usage { input: 3 + 4, output: 5, ..Usage::default() });
    }

    #[test]
    fn limits_and_stops_end_an_answer() {
        let limited = answer(&Ask { limit: Some(2), ..ask("äöü") });
        assert_eq!((limited.text.as_str(), limited.finish, limited.usage.output), ("You said", Finish::Length, 2));
        let stopped = answer(&Ask { stops: vec!["b".into(), "a".into()], ..ask("ab") });
        assert_eq!((stopped.text.as_str(), stopped.finish), ("You s", Finish::Stopped("a".to_owned())));
    }

    #[test]
    fn a_format_replaces_only_an_echo() {
        let structured = |text| answer(&Ask { structured: Some("{}".to_owned()), ..ask(text) }).text;
        assert_eq!(structured("anything"), "{}");
        assert!(structured("say hello").starts_with("Hello!"));
    }

    #[test]
    fn reasoning_can_take_the_whole_budget() {
        let answer = answer(&Ask { limit: Some(30), ..ask("length") });
        assert_eq!((answer.text.as_str(), answer.finish), ("", Finish::Length));
        assert_eq!((answer.usage.output, answer.usage.reasoning), (30, 30));
    }
}
