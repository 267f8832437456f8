//! What an id says about a model: its vendor's name for it, the generation of Claude it is of, which parameters it refuses.

use std::borrow::Cow;

use crate::options::Family;
use crate::server::StandIn;

use super::refusal::Refusal;

/// A model of a call.
#[derive(Clone, Copy)]
pub(crate) struct Model<'a> {
    /// ARGO's id.
    pub id: &'a str,
    pub family: Family,
}

/// How a generation of Claude takes `thinking`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thinking {
    /// Only `enabled` with a budget.
    Budget,
    /// `enabled` and `adaptive`.
    Both,
    /// Only `adaptive`. The other is refused.
    Adaptive,
    /// Only `adaptive`. The other gets an empty stream.
    AdaptiveOrNothing,
}

/// How OpenAI's names of embedding models begin.
const EMBEDDING: &str = "text-embedding-";

/// Returns the id of an embedding model by its id or by OpenAI's name.
pub(crate) fn embedding_id(name: &str) -> Cow<'_, str> {
    let Some(theirs) = name.strip_prefix(EMBEDDING) else { return Cow::Borrowed(name) };
    let generation = if theirs.starts_with(|c: char| c.is_ascii_digit()) { "v" } else { "" };
    Cow::Owned(format!("{generation}{}", theirs.replace('-', "")))
}

/// Returns OpenAI's name for an embedding model.
pub(crate) fn embedding_name(id: &str) -> String {
    let numbered = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let parts = match id.strip_prefix('v').filter(|rest| numbered(rest)) {
        Some(rest) => rest.split_at_checked(1),
        None => id.split_at_checked(3).filter(|(head, tail)| *head == "ada" && numbered(tail)),
    };
    parts.map_or_else(|| id.to_owned(), |(head, tail)| format!("{EMBEDDING}{head}-{tail}"))
}

impl Model<'_> {
    /// Returns the name that answers have in `model`: the vendor's, with a date for all but newer Claude, or ARGO's own id for
    /// Gemini. The dates of ARGO's models differ; here each vendor has one.
    pub(crate) fn answers_as(self) -> String {
        match (self.family, self.claude()) {
            (Family::Anthropic, Some((tier, major, minor))) => {
                let minor = if minor == 0 { String::new() } else { format!("-{minor}") };
                let date = if self.thinking() == Thinking::Budget { "-20251001" } else { "" };
                format!("claude-{tier}-{major}{minor}{date}")
            }
            (Family::OpenAI, _) => {
                openai_name(self.id).map_or_else(|| self.id.to_owned(), |name| format!("{name}-2025-08-07"))
            }
            (Family::Anthropic | Family::Google, _) => self.id.to_owned(),
        }
    }

    /// Returns true for the family that refuses `top_p`, and each `temperature` but 1.
    pub(crate) fn is_fifth_gpt(self) -> bool {
        self.family == Family::OpenAI && self.id.strip_prefix("gpt").is_some_and(|version| version.starts_with('5'))
    }

    pub(crate) fn is_embedding(self) -> bool {
        embedding_name(self.id).starts_with(EMBEDDING)
    }

    /// Returns true for the models that honour only one name of the token limit.
    pub(crate) fn is_o_series(self) -> bool {
        self.id.starts_with("gpto")
    }

    /// Returns true for the Gemini whose reasoning needs room in the token limit.
    pub(crate) fn needs_room(self) -> bool {
        self.id.starts_with("gemini35")
    }

    pub(crate) fn thinking(self) -> Thinking {
        match self.version() {
            None | Some((4, 6)) => Thinking::Both,
            Some((..4, _) | (4, ..6)) => Thinking::Budget,
            Some((4, _)) => Thinking::Adaptive,
            Some(_) => Thinking::AdaptiveOrNothing,
        }
    }

    /// Returns true for the models that think although nobody asks them to.
    pub(crate) fn thinks_by_itself(self) -> bool {
        self.claude().is_some_and(|(tier, major, _)| tier == "opus" && major >= 5)
    }

    /// Returns true if a stream with the wrong type of thinking is empty, where other models refuse it.
    pub(crate) fn is_silent_about_thinking(self) -> bool {
        match self.thinking() {
            Thinking::AdaptiveOrNothing => true,
            Thinking::Budget => self.claude().is_some_and(|(tier, ..)| tier != "haiku"),
            Thinking::Both | Thinking::Adaptive => false,
        }
    }

    /// Returns true for the generations without `temperature` and `top_p`.
    pub(crate) fn refuses_sampling(self) -> bool {
        self.version().is_some_and(|version| version >= (4, 7))
    }

    /// Returns true for the generations that take one of `temperature` and `top_p`, but not both.
    pub(crate) fn takes_one_of_sampling(self) -> bool {
        self.version().is_some_and(|version| ((4, 5)..(4, 7)).contains(&version))
    }

    /// Returns the largest token limit of a whole call, by the guard in the vendor's library.
    pub(crate) fn whole_limit(self) -> u64 {
        match self.claude() {
            Some(("opus", 4, 0 | 1)) => 8192,
            _ => 21_333,
        }
    }

    fn version(self) -> Option<(u32, u32)> {
        self.claude().map(|(_, major, minor)| (major, minor))
    }
}

impl<'a> Model<'a> {
    /// Returns the model of a call by its name.
    pub(crate) fn named(name: &'a str, stand_in: &'a StandIn) -> Result<Self, Refusal> {
        let unknown = || Refusal::argo(400, "BadRequestError", stand_in.unknown(name));
        let id = stand_in.id_of(name).ok_or_else(unknown)?;
        Ok(Model { id, family: (stand_in.options.family)(id) })
    }

    /// Returns the tier and the version of a Claude, as `("opus", 4, 7)`.
    fn claude(self) -> Option<(&'a str, u32, u32)> {
        let rest = self.id.strip_prefix("claude")?;
        let (tier, digits) = rest.split_at(rest.find(|c: char| c.is_ascii_digit())?);
        let mut digits = digits.chars().map_while(|c| c.to_digit(10));
        Some((tier, digits.next()?, digits.next().unwrap_or(0)))
    }
}

/// Returns OpenAI's name for an id: that of version 5.4 in its smallest size is `gpt-5.4-nano`.
fn openai_name(id: &str) -> Option<String> {
    let rest = id.strip_prefix("gpt")?;
    if rest.starts_with('o') {
        return Some(dashed(rest, 2));
    }
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    let (version, tail) = rest.split_at_checked(digits)?;
    let version = match version.split_at_checked(1)? {
        (major, "") => major.to_owned(),
        (major, minor) => format!("{major}.{minor}"),
    };
    Some(match tail {
        "" => format!("gpt-{version}"),
        "o" => format!("gpt-{version}o"),
        _ => format!("gpt-{version}-{tail}"),
    })
}

fn dashed(text: &str, at: usize) -> String {
    match text.split_at_checked(at) {
        Some((head, tail)) if !tail.is_empty() => format!("{head}-{tail}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str) -> Model<'_> {
        let family = match id {
            id if id.starts_with("claude") => Family::Anthropic,
            id if id.starts_with("gemini") => Family::Google,
            _ => Family::OpenAI,
        };
        Model { id, family }
    }

    #[test]
    fn answers_have_the_vendors_name() {
        for (id, name) in [
            ("gpt5mini", "gpt-5-mini-2025-08-07"),
            ("gpt54nano", "gpt-5.4-nano-2025-08-07"),
            ("gpt4o", "gpt-4o-2025-08-07"),
            ("gpto3mini", "o3-mini-2025-08-07"),
            ("claudehaiku45", "claude-haiku-4-5-20251001"),
            ("claudeopus47", "claude-opus-4-7"),
            ("claudesonnet5", "claude-sonnet-5"),
            ("gemini25pro", "gemini25pro"),
            ("m", "m"),
        ] {
            assert_eq!(model(id).answers_as(), name);
        }
    }

    #[test]
    fn embedding_models_have_two_names() {
        for (id, name) in [
            ("v3small", "text-embedding-3-small"),
            ("ada002", "text-embedding-ada-002"),
            ("brand9", "brand9"),
            ("m", "m"),
        ] {
            assert_eq!((embedding_id(name).as_ref(), embedding_name(id).as_str()), (id, name));
        }
        assert_eq!(embedding_id("v3large"), "v3large");
        assert!(model("v3large").is_embedding() && !model("gpt4o").is_embedding() && !model("m").is_embedding());
    }

    #[test]
    fn generations_of_claude_think_their_own_way() {
        for (id, thinking, silent) in [
            ("claudeopus41", Thinking::Budget, true),
            ("claudesonnet45", Thinking::Budget, true),
            ("claudehaiku45", Thinking::Budget, false),
            ("claudesonnet46", Thinking::Both, false),
            ("claudeopus47", Thinking::Adaptive, false),
            ("claudesonnet5", Thinking::AdaptiveOrNothing, true),
        ] {
            assert_eq!((model(id).thinking(), model(id).is_silent_about_thinking()), (thinking, silent), "{id}");
        }
        assert!(model("claudeopus5").thinks_by_itself() && !model("claudesonnet5").thinks_by_itself());
        assert_eq!([model("claudeopus41").whole_limit(), model("claudeopus45").whole_limit()], [8192, 21_333]);
    }

    #[test]
    fn each_family_refuses_its_own_parameters() {
        assert!(model("gpt5mini").is_fifth_gpt() && model("gpt55").is_fifth_gpt() && !model("gpt4o").is_fifth_gpt());
        assert!(model("claudeopus47").refuses_sampling() && !model("claudeopus47").takes_one_of_sampling());
        assert!(model("claudehaiku45").takes_one_of_sampling() && !model("claudeopus41").takes_one_of_sampling());
        assert!(model("gemini35flash").needs_room() && !model("gemini25pro").needs_room());
    }
}
