//! The texts of answers.

use std::borrow::Cow;
use std::fmt::Display;

/// The name of a text that is no echo of the question.
#[derive(Clone, Copy)]
pub(crate) enum Say {
    Greeting,
    /// As many words as the number of the prompt.
    Lorem,
    /// Enough text for one piece more than the number of the prompt.
    Long,
    MultiByte,
    Nothing,
    FencedJson,
    Denied,
    Conflict,
}

/// The answer to `messages` together with `system` or `prompt`: an error with status 200, as captured from the gateway.
pub(crate) const CONFLICT: &str = "You passed a messages field along with a system and or prompt field. Please only \
     pass messages with any system and user prompts included, or only pass system and prompt alone.";

/// The answer of streamchat to tools. The gateway answers with a text, whose exact words are not public.
pub(crate) const NO_TOOLS_ON_STREAMS: &str =
    "Tools are not supported by the streamchat endpoint. Please use the chat endpoint for tool calls.";

/// An answer that ends between the two bytes of its last character.
pub(crate) const CUT_CHARACTER: &[u8] = b"An answer that ends inside caf\xC3";

const FENCED_JSON: &str = "```json\n{\"city\": \"Chicago\", \"days\": 2}\n```";
const GREETING: &str = "Hello! Nice to meet you. How can I help you today?";
const MULTI_BYTE: &str = "Grüße aus Chicago: naïve café, Ωμέγα, привет. 你好，世界！こんにちは、元気ですか。\
     👋🌍🎉 Zażółć gęślą jaźń. 𝄞𝛑𝕏 family: 👩‍👩‍👧‍👦, flag: 🇺🇸. €100 — “done”…";
const WORDS: &[&str] = &[
    "lorem",
    "ipsum",
    "dolor",
    "sit",
    "amet",
    "consectetur",
    "adipiscing",
    "elit",
    "sed",
    "do",
    "eiusmod",
    "tempor",
    "incididunt",
    "ut",
    "labore",
    "et",
    "dolore",
    "magna",
    "aliqua",
];
/// Bounds the memory of one answer.
const MOST_WORDS: usize = 1_000_000;
const MOST_BYTES: usize = 16 << 20;

impl Say {
    /// Returns the text. `number` is the number of the prompt, `piece` the number of bytes in a streamed piece.
    pub(crate) fn text(self, number: usize, piece: usize, user: &str) -> Cow<'static, str> {
        match self {
            Self::Greeting => GREETING.into(),
            Self::MultiByte => MULTI_BYTE.into(),
            Self::Nothing => "".into(),
            Self::FencedJson => FENCED_JSON.into(),
            Self::Conflict => CONFLICT.into(),
            Self::Denied => not_authorized(user).into(),
            Self::Lorem => lorem(number).into(),
            Self::Long => long(number, piece).into(),
        }
    }
}

/// Returns the notice for a known user without access, as captured from the gateway.
pub(crate) fn not_authorized(user: &str) -> String {
    notice(format_args!(
        "The username '{user}' is not authorized to use the Argo Gateway API. Your ANL account was found but you \
         do not appear in the authorized users list for your division."
    ))
}

/// Returns the notice for an impossible user name.
pub(crate) fn not_validated(user: &str) -> String {
    notice(format_args!("The username '{user}' could not be validated."))
}

/// Returns the notice of the native endpoints for a user whom nobody knows, as captured from the gateway.
pub(crate) fn not_known(user: &str) -> String {
    notice(format_args!(
        "The username '{user}' could not be validated as an authorized Argo Gateway API user. Please ensure you are \
         providing a valid ANL domain user name in your API configuration."
    ))
}

fn notice(reason: impl Display) -> String {
    format!(
        "\n\n⚠️ **IMPORTANT AUTHENTICATION NOTICE FROM ARGO** ⚠️\n\n🚫 **ACCESS DENIED** 🚫\n\n{reason}\n\n ** END NOTICE FROM ARGO **\n\n"
    )
}

fn lorem(words: usize) -> String {
    let words = words.min(MOST_WORDS);
    let mut text = String::with_capacity(words * 7);
    for word in WORDS.iter().cycle().take(words) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

fn long(pieces: usize, piece: usize) -> String {
    let least = pieces.saturating_add(1).saturating_mul(piece).min(MOST_BYTES);
    // A word with its space has at least three bytes.
    lorem((least / 3).max(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lorem_has_as_many_words_as_asked() {
        assert_eq!(lorem(200).split(' ').count(), 200);
        assert_eq!(lorem(0), "");
        assert_eq!(lorem(usize::MAX).split(' ').count(), MOST_WORDS);
    }

    #[test]
    fn long_text_outlasts_the_pieces() {
        assert!(long(3, 16).len() > 4 * 16);
        assert!(long(40, 1000).len() > 41 * 1000);
    }

    #[test]
    fn multi_byte_text_has_every_length() {
        for length in 1..=4 {
            assert!(MULTI_BYTE.chars().any(|c| c.len_utf8() == length), "{length}");
        }
    }

    #[test]
    fn the_cut_character_is_only_incomplete() {
        let text = CUT_CHARACTER.to_vec();
        let error = std::str::from_utf8(&text).unwrap_err();
        assert_eq!(error.error_len(), None);
        assert_eq!(error.valid_up_to(), text.len() - 1);
    }
}
