//! `thinking` of a call, by what each generation of Claude takes.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::native::model::{Model, Thinking};
use crate::native::refusal::Refusal;

/// The smallest budget.
const LEAST: u64 = 1024;

/// What becomes of the wish to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thought {
    None,
    Asked,
    /// The model thinks without being asked to.
    OwnWill,
    /// The stream has no byte.
    Silence,
}

#[derive(Deserialize)]
struct Wish<'a> {
    #[serde(borrow, default)]
    r#type: Option<&'a RawValue>,
    #[serde(default)]
    budget_tokens: Option<u64>,
}

/// Returns what becomes of `thinking`.
pub(super) fn of(model: Model<'_>, wish: Option<&RawValue>, limit: u64, streams: bool) -> Result<Thought, Refusal> {
    let takes = model.thinking();
    let Some(wish) = wish.and_then(|raw| serde_json::from_str::<Wish<'_>>(raw.get()).ok()) else {
        return Ok(if model.thinks_by_itself() { Thought::OwnWill } else { Thought::None });
    };
    let silent = streams && model.is_silent_about_thinking();
    match (wish.r#type.map(RawValue::get), takes) {
        (Some(r#""disabled""#), _) => Ok(Thought::None),
        (Some(r#""enabled""#), Thinking::Budget | Thinking::Both) => budget(wish.budget_tokens, limit),
        (Some(r#""adaptive""#), Thinking::Both | Thinking::Adaptive | Thinking::AdaptiveOrNothing) => {
            match wish.budget_tokens {
                Some(_) => Err(Refusal::vendor("thinking.adaptive.budget_tokens: Extra inputs are not permitted")),
                None => Ok(Thought::Asked),
            }
        }
        (Some(r#""enabled""# | r#""adaptive""#), _) if silent => Ok(Thought::Silence),
        (Some(r#""enabled""#), Thinking::Adaptive | Thinking::AdaptiveOrNothing) => Err(Refusal::vendor(
            "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \
             \"output_config.effort\" to control thinking behavior.",
        )),
        (kind, _) => {
            let tag = kind.unwrap_or("''").replace('"', "'");
            let expected =
                if takes == Thinking::Budget { "'disabled', 'enabled'" } else { "'adaptive', 'disabled', 'enabled'" };
            Err(Refusal::vendor(format!(
                "thinking: Input tag {tag} found using 'type' does not match any of the expected tags: {expected}"
            )))
        }
    }
}

fn budget(budget: Option<u64>, limit: u64) -> Result<Thought, Refusal> {
    match budget {
        None => Err(Refusal::vendor("thinking.enabled.budget_tokens: Field required")),
        Some(..LEAST) => {
            Err(Refusal::vendor("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"))
        }
        Some(budget) if budget >= limit => Err(Refusal::vendor(
            "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at \
             https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size",
        )),
        Some(_) => Ok(Thought::Asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Family;

    fn thought(id: &str, wish: &str, streams: bool) -> Result<Thought, String> {
        let model = Model { id, family: Family::Anthropic };
        of(model, serde_json::from_str(wish).ok(), 2000, streams).map_err(|refusal| refusal.message.into_owned())
    }

    #[test]
    fn each_generation_takes_its_types() {
        let (enabled, adaptive) = (r#"{"type":"enabled","budget_tokens":1024}"#, r#"{"type":"adaptive"}"#);
        for (id, of_enabled, of_adaptive) in [
            ("claudehaiku45", true, false),
            ("claudeopus41", true, false),
            ("claudesonnet46", true, true),
            ("claudeopus48", false, true),
            ("claudesonnet5", false, true),
        ] {
            assert_eq!(thought(id, enabled, false) == Ok(Thought::Asked), of_enabled, "{id}");
            assert_eq!(thought(id, adaptive, false) == Ok(Thought::Asked), of_adaptive, "{id}");
            assert_eq!(thought(id, r#"{"type":"disabled"}"#, false), Ok(Thought::None), "{id}");
        }
        assert_eq!(thought("claudeopus5", "null", false), Ok(Thought::OwnWill));
    }

    #[test]
    fn streams_of_some_are_silent_about_the_wrong_type() {
        let (enabled, adaptive) = (r#"{"type":"enabled","budget_tokens":1024}"#, r#"{"type":"adaptive"}"#);
        assert_eq!(thought("claudesonnet5", enabled, true), Ok(Thought::Silence));
        assert_eq!(thought("claudeopus45", adaptive, true), Ok(Thought::Silence));
        assert!(thought("claudeopus47", enabled, true).is_err_and(|why| why.contains("thinking.type.adaptive")));
        assert!(thought("claudehaiku45", adaptive, true).is_err_and(|why| why.contains("Input tag 'adaptive'")));
    }

    #[test]
    fn budgets_have_bounds() {
        for (wish, part) in [
            (r#"{"type":"enabled"}"#, "Field required"),
            (r#"{"type":"enabled","budget_tokens":1023}"#, "greater than or equal to 1024"),
            (r#"{"type":"enabled","budget_tokens":2000}"#, "`max_tokens` must be greater"),
            (r#"{"type":"adaptive","budget_tokens":1024}"#, "Extra inputs are not permitted"),
            (r#"{"type":"other"}"#, "Input tag 'other'"),
        ] {
            assert!(thought("claudesonnet46", wish, false).is_err_and(|why| why.contains(part)), "{wish}");
        }
    }
}
