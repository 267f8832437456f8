//! The question of a chat or streamchat call: the parts of the body that decide the answer.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::caller::is_user_name;
use crate::content;
use crate::messages::{Input, Messages};
use crate::request::Body;
use crate::violation::{Place, Violation, Violations};

/// The question of a valid call.
pub(crate) struct Question<'a> {
    pub user: Cow<'a, str>,
    pub model: Cow<'a, str>,
    /// The offered tools, if there is at least one.
    pub tools: Option<&'a RawValue>,
    pub tool_choice: Option<&'a RawValue>,
    pub input: Input<'a>,
    /// The number of messages, which differs from call to call of a conversation.
    pub turn: usize,
    /// True if the call has both `messages` and `system` or `prompt`.
    pub in_conflict: bool,
}

impl<'a> Question<'a> {
    pub(crate) fn read(body: &'a [u8]) -> Result<Self, Violations> {
        let body = Body::parse(body)?;
        let mut violations = Violations::default();
        let question = Self {
            user: body.user(&mut violations),
            model: body.model(&mut violations),
            tools: body.offered(&mut violations),
            tool_choice: body.tool_choice,
            input: input(&body, &mut violations),
            turn: match body.messages {
                Messages::List(turn) => turn.messages,
                Messages::NotAList | Messages::Absent => 0,
            },
            in_conflict: matches!(body.messages, Messages::List(_)) && (body.system.is_some() || body.prompt.is_some()),
        };
        if violations.is_empty() { Ok(question) } else { Err(violations) }
    }

    pub(crate) fn has_user_name(&self) -> bool {
        is_user_name(&self.user)
    }
}

fn input<'a>(body: &Body<'a>, violations: &mut Violations) -> Input<'a> {
    if body.system.is_some_and(|system| content::string(system).is_none()) {
        violations.add(Violation::not_a_string(&[Place::Name("system")]));
    }
    let prompt = body.prompts(violations).pop();
    match body.messages {
        Messages::List(turn) => turn.input(),
        Messages::NotAList => {
            violations.add(Violation::not_a_list("messages"));
            Input::of_user(Cow::Borrowed(""))
        }
        Messages::Absent => {
            if body.prompt.is_none() {
                violations.add(Violation::missing("messages"));
            }
            Input::of_user(prompt.unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Author;
    use serde_json::{Value, json};

    #[test]
    fn incomplete_calls_are_refused() {
        let body = json!({"system": 7}).to_string();
        let Err(violations) = Question::read(body.as_bytes()) else {
            panic!("accepted {body}");
        };
        let (status, body) = violations.reply().read();
        assert_eq!(status, 422);
        let details: Vec<Value> = serde_json::from_value(body["detail"].clone()).unwrap();
        let wrong: Vec<&str> = details.iter().filter_map(|d| d["loc"][1].as_str()).collect();
        assert_eq!(wrong, ["user", "model", "system", "messages"]);
    }

    #[test]
    fn either_way_of_asking_will_do() {
        for (conversation, expected) in [
            (json!({"messages": [{"role": "user", "content": "a"}], "system": null}), "a"),
            (json!({"prompt": ["a", "b"], "system": "s", "messages": null}), "b"),
            (json!({"messages": []}), ""),
        ] {
            let mut body = json!({"user": "ac.jdoe", "model": "m"});
            body.as_object_mut().unwrap().extend(conversation.as_object().unwrap().clone());
            let body = body.to_string();
            let question = Question::read(body.as_bytes()).unwrap_or_else(|v| panic!("{v:?}"));
            assert!(question.input.by == Author::User && question.input.text == expected, "{body}");
            assert!(question.has_user_name() && !question.in_conflict);
        }
    }
}
