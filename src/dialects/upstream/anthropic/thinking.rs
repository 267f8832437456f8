//! Thinking as the model takes it: by a budget of tokens, or by an effort at its own measure. A rule of the table says which.

use super::effort::{Effort, LEAST_BUDGET, MOST_BUDGET, word_for};
use super::params;
use crate::chat::tools::ToolChoice;
use crate::chat::{Conversation, Message, Role};
use crate::dialects::upstream::CallTerms;
use crate::json::{self, Fields, fields};
use crate::models::Thinking;
use crate::wire::Failure;
use serde_json::value::RawValue;

/// What a request says of thinking, and why.
#[derive(Debug, Default)]
pub struct ThinkingPlan<'a> {
    field: ThinkingField<'a>,
    effort: Option<&'static str>,
    /// What became of the client's parameters, for explanations.
    pub remarks: Vec<String>,
}

/// The field `thinking` of a request.
#[derive(Debug, Default)]
enum ThinkingField<'a> {
    /// There is none.
    #[default]
    Unsaid,
    /// As the client wrote it.
    Own(&'a RawValue),
    Off,
    /// With a budget, and with the fields of the client's own parameter.
    Budget(u64, Fields<'a>),
    Adaptive(Fields<'a>),
}

/// What the client wants.
enum Wish<'a> {
    Nothing,
    Off,
    /// In the client's own form, which says which type, or by an effort.
    On {
        own: Option<Fields<'a>>,
        effort: Option<&'static Effort>,
    },
}

/// Why there is no thinking in a request that wants it.
const FORCED: &str = "thinking was left out: the model has to call a tool, which it does only without";
const NO_HISTORY: &str =
    "thinking was left out: the last calls came without the thinking before them, which a budget requires";

impl<'a> ThinkingPlan<'a> {
    /// Decides what a request says of thinking.
    ///
    /// # Errors
    /// 400 for a `reasoning_effort` that is none.
    pub fn of(chat: &Conversation<'a>, call: CallTerms<'_>) -> Result<Self, Failure> {
        let (own, effort) = (params::given(chat, "thinking"), params::given(chat, "reasoning_effort"));
        let rule = match call.rules.thinking {
            Some(rule @ (Thinking::Budget | Thinking::Adaptive | Thinking::Either)) => rule,
            Some(Thinking::None) => {
                let names = [own.map(|_| "thinking"), effort.map(|_| "reasoning_effort")].into_iter().flatten();
                return Ok(ThinkingPlan::remarking(
                    names.map(|name| format!("'{name}' was left out: the model does not think")),
                ));
            }
            // The client knows better than the table. An effort has no form without it.
            None => {
                return Ok(ThinkingPlan {
                    field: own.map_or(ThinkingField::Unsaid, ThinkingField::Own),
                    ..ThinkingPlan::default()
                });
            }
        };
        let effort = effort.map(Effort::read).transpose()?;
        let Some(wish) = wish(own, effort) else {
            return Ok(ThinkingPlan {
                field: own.map_or(ThinkingField::Unsaid, ThinkingField::Own),
                ..ThinkingPlan::default()
            });
        };
        let mut plan = ThinkingPlan::wished(wish, rule, chat, call);
        plan.note_sampling(chat);
        Ok(plan)
    }

    fn remarking(remarks: impl IntoIterator<Item = String>) -> Self {
        ThinkingPlan { remarks: remarks.into_iter().collect(), ..ThinkingPlan::default() }
    }

    fn wished(wish: Wish<'a>, rule: Thinking, chat: &Conversation<'a>, call: CallTerms<'_>) -> Self {
        let is_forced = matches!(
            chat.tools.as_ref().and_then(|tools| tools.choice.as_ref()),
            Some(ToolChoice::Required | ToolChoice::Named(_))
        );
        // A model that decides for itself may think without being asked.
        let unasked = if is_forced && rule == Thinking::Adaptive { ThinkingField::Off } else { ThinkingField::Unsaid };
        let (own, effort) = match wish {
            Wish::Nothing => return ThinkingPlan { field: unasked, ..ThinkingPlan::default() },
            Wish::Off => return ThinkingPlan { field: ThinkingField::Off, ..ThinkingPlan::default() },
            Wish::On { .. } if is_forced => {
                return ThinkingPlan { field: unasked, ..ThinkingPlan::remarking([FORCED.to_owned()]) };
            }
            Wish::On { own, effort } => (own, effort),
        };
        let wants_budget = own.as_ref().is_some_and(|own| type_of(own) == "enabled");
        let is_budget = rule == Thinking::Budget || (rule == Thinking::Either && wants_budget);
        if is_budget {
            return ThinkingPlan::with_budget(own, effort, chat, call);
        }
        let given = own.as_ref().filter(|_| wants_budget).and_then(budget_of);
        let word = effort.map(|effort| effort.word(rule == Thinking::Adaptive)).or(given.map(word_for));
        let about = word.map_or_else(String::new, |word| format!(" at the effort '{word}'"));
        let remark = match (&own, wants_budget) {
            (Some(_), false) => None,
            (Some(_), true) => Some(format!("thinking of the type enabled became adaptive{about}")),
            (None, _) => Some(format!("'reasoning_effort' became adaptive thinking{about}")),
        };
        let field = ThinkingField::Adaptive(own.unwrap_or_default());
        ThinkingPlan { field, effort: word, remarks: remark.into_iter().collect() }
    }

    fn with_budget(
        own: Option<Fields<'a>>,
        effort: Option<&'static Effort>,
        chat: &Conversation<'a>,
        call: CallTerms<'_>,
    ) -> Self {
        if has_bare_calls(&chat.messages) {
            return ThinkingPlan::remarking([NO_HISTORY.to_owned()]);
        }
        let limit = params::limit(chat, call).unwrap_or(u64::MAX);
        let most = limit.saturating_sub(1);
        if most < LEAST_BUDGET {
            return ThinkingPlan::remarking([format!(
                "thinking was left out: it takes {LEAST_BUDGET} tokens or more, and the answer may have {limit}"
            )]);
        }
        let given = own.as_ref().and_then(budget_of);
        // A client that names a budget may spend all on it. Otherwise half of the answer is left for the text.
        let (wanted, room) = match (given, effort) {
            (Some(given), _) => (given, most),
            (None, Some(effort)) => (effort.budget, (limit / 2).max(LEAST_BUDGET)),
            (None, None) => (MOST_BUDGET, most),
        };
        let budget = wanted.clamp(LEAST_BUDGET, room.min(most));
        let remark = match &own {
            Some(own) if type_of(own) == "enabled" && given == Some(budget) => None,
            Some(own) => Some(format!("thinking of the type {} has a budget of {budget} tokens", type_of(own))),
            None => Some(format!("'reasoning_effort' became thinking with a budget of {budget} tokens")),
        };
        let field = ThinkingField::Budget(budget, own.unwrap_or_default());
        ThinkingPlan { field, effort: None, remarks: remark.into_iter().collect() }
    }

    fn is_on(&self) -> bool {
        matches!(self.field, ThinkingField::Budget(..) | ThinkingField::Adaptive(_))
    }

    /// Returns true if a parameter of sampling goes along: beside thinking only few values are taken.
    pub fn keeps(&self, name: &str, value: &RawValue) -> bool {
        let number = || value.get().parse::<f64>().unwrap_or(f64::NAN);
        match name {
            _ if !self.is_on() => true,
            "temperature" => number() == 1.0,
            "top_p" => number() >= 0.95,
            _ => false,
        }
    }

    fn note_sampling(&mut self, chat: &Conversation<'_>) {
        for name in params::SAME {
            if params::given(chat, name).is_some_and(|value| !self.keeps(name, value)) {
                self.remarks.push(format!("'{name}' was left out: the model thinks"));
            }
        }
    }

    /// Returns true if the client's own parameter says what the request is to say.
    pub fn is_as_given(&self, own: Option<&RawValue>) -> bool {
        let own = own.filter(|own| !json::is_null(own)).and_then(Fields::of);
        let kind = own.as_ref().map(type_of).unwrap_or_default();
        match &self.field {
            ThinkingField::Unsaid => own.is_none(),
            ThinkingField::Own(_) => true,
            ThinkingField::Off => kind == "disabled",
            ThinkingField::Budget(budget, own) => kind == "enabled" && budget_of(own) == Some(*budget),
            ThinkingField::Adaptive(own) => kind == "adaptive" && own.get("budget_tokens").is_none(),
        }
    }

    /// Returns the word for the effort, where one is to be said.
    pub fn effort(&self) -> Option<&'static str> {
        self.effort
    }

    /// Appends `thinking` and the effort.
    pub fn push(&self, out: &mut Vec<u8>) {
        self.push_thinking(out);
        if let Some(word) = self.effort {
            out.extend_from_slice(b",\"output_config\":{\"effort\":");
            json::push_string(out, word);
            out.push(b'}');
        }
    }

    /// Appends `thinking`.
    pub fn push_thinking(&self, out: &mut Vec<u8>) {
        match &self.field {
            ThinkingField::Unsaid => {}
            ThinkingField::Own(own) => {
                json::push_key(out, "thinking");
                out.extend_from_slice(own.get().as_bytes());
            }
            ThinkingField::Off => out.extend_from_slice(b",\"thinking\":{\"type\":\"disabled\"}"),
            ThinkingField::Budget(budget, own) => {
                out.extend_from_slice(b",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":");
                json::push_number(out, *budget);
                push_rest(out, own);
            }
            ThinkingField::Adaptive(own) => {
                out.extend_from_slice(b",\"thinking\":{\"type\":\"adaptive\"");
                push_rest(out, own);
            }
        }
    }
}

/// Appends what else the client's own parameter has.
fn push_rest(out: &mut Vec<u8>, own: &Fields<'_>) {
    for (name, value) in own.iter().filter(|(name, _)| !matches!(*name, "type" | "budget_tokens")) {
        json::push_key(out, name);
        out.extend_from_slice(value.get().as_bytes());
    }
    out.push(b'}');
}

/// Returns what the client wants; `None` if its own parameter has a type that is not known here.
fn wish<'a>(own: Option<&'a RawValue>, effort: Option<Option<&'static Effort>>) -> Option<Wish<'a>> {
    let Some(own) = own else {
        return Some(match effort {
            None => Wish::Nothing,
            Some(None) => Wish::Off,
            Some(effort) => Wish::On { own: None, effort },
        });
    };
    let own = Fields::of(own)?;
    let kind = type_of(&own);
    match kind.as_str() {
        "disabled" => Some(Wish::Off),
        "enabled" | "adaptive" => Some(Wish::On { own: Some(own), effort: effort.flatten() }),
        _ => None,
    }
}

fn type_of(own: &Fields<'_>) -> String {
    own.get("type").and_then(json::text_of).unwrap_or_default().into_owned()
}

fn budget_of(own: &Fields<'_>) -> Option<u64> {
    own.get("budget_tokens")?.get().parse().ok()
}

/// Returns true if the assistant's last message calls tools without the thinking that led to it, as all clients of other dialects
/// send it.
fn has_bare_calls(messages: &[Message<'_>]) -> bool {
    let last = messages.iter().rfind(|message| message.role == Role::Assistant);
    let thinks = |part: &&RawValue| {
        let kind =
            Fields::of(part).and_then(|part| part.get("type").and_then(json::text_of).map(|kind| kind.into_owned()));
        matches!(kind.as_deref(), Some("thinking" | "redacted_thinking"))
    };
    let has_thought =
        |message: &Message<'_>| fields::list_of(&message.content).is_ok_and(|parts| parts.iter().any(thinks));
    last.is_some_and(|message| !message.calls.is_empty() && message.reasoning.is_empty() && !has_thought(message))
}
