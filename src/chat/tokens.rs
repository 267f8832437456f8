//! Token counts: exact with the tokenizers of OpenAI's models, or estimated by character class.
//!
//! Tables are built into the binary and loaded at first use (about 40 ms); exact counting costs about 20 ns a byte.

use crate::chat::Text;
use crate::wire::json;
use bytes::Bytes;
use once_cell::sync::OnceCell;
use serde_json::value::RawValue;

/// The tokens that OpenAI's format spends on each message, beside its text: delimiters and the role.
const PER_MESSAGE: u64 = 4;
/// The tokens that open the assistant's reply.
const REPLY_OPENING: u64 = 3;

/// How much text is kept before it is counted, in bytes: it bounds the memory of a stream whose usage is wanted, and the
/// time of one count to about a millisecond.
const KEPT: usize = 64 * 1024;

/// Which table counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokenizer {
    /// GPT-4o and later.
    O200k,
    /// GPT-3.5, GPT-4 and the embedding models.
    Cl100k,
}

/// How a route counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counting {
    /// With the tokenizer.
    #[default]
    Exact,
    /// By character class: cheap, linear, and never a reason for `finish_reason: length`.
    Estimate,
    /// Not at all; replies carry no usage.
    None,
}

impl Tokenizer {
    /// Its name in a table.
    pub fn name(self) -> &'static str {
        match self {
            Tokenizer::O200k => "o200k",
            Tokenizer::Cl100k => "cl100k",
        }
    }

    /// The number of tokens of `text`. Special-token text such as `<|endoftext|>` counts as the text that it is.
    pub fn count(self, text: &str) -> u64 {
        self.table().count(text) as u64
    }

    /// Whether `text` has more than `most` tokens; of a longer text only the beginning is read.
    pub fn exceeds(self, text: &str, most: usize) -> bool {
        // No token is shorter than a byte.
        let table = self.table();
        text.len() > most && table.count_till_limit(&table.normalize(text), most).is_none()
    }

    /// Whether an id stands for a piece of text.
    pub fn knows(self, id: u32) -> bool {
        usize::try_from(id).is_ok_and(|id| id < self.table().bpe.num_tokens())
    }

    /// The text of token ids; `None` for an id outside the table or bytes that are no text.
    pub fn decode(self, ids: &[u32]) -> Option<String> {
        ids.iter().all(|&id| self.knows(id)).then(|| self.table().decode(ids))?
    }

    fn table(self) -> &'static bpe_openai::Tokenizer {
        match self {
            Tokenizer::O200k => bpe_openai::o200k_base(),
            Tokenizer::Cl100k => bpe_openai::cl100k_base(),
        }
    }
}

/// An estimate of the number of tokens: letters by the word, everything else by its class.
///
/// English prose comes within about a tenth of the real count, code and other scripts within about a third.
#[derive(Debug, Default, Clone, Copy)]
pub struct Estimate {
    quarters: u64,
}

impl Estimate {
    /// Adds a piece of UTF-8 text (pieces may cut words; the error is a fraction of a token).
    pub fn push(&mut self, text: &[u8]) {
        let mut quarters = 0u64;
        for &byte in text {
            quarters += match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b' ' => 0,
                b'0'..=b'9' => 1,
                0x80..=0xBF => 0,
                0xC0..=0xDF => 2,
                0xE0..=0xFF => 3,
                _ => 2,
            };
        }
        self.quarters += quarters + (text.len() as u64 * 13) / 16;
    }

    /// The tokens so far.
    pub fn tokens(self) -> u64 {
        self.quarters.div_ceil(4)
    }
}

/// The texts of a request, kept until somebody wants their count: by then the upstream has been called already.
#[derive(Debug)]
pub struct Prompt {
    texts: Vec<Counted>,
    overhead: u64,
    counting: Counting,
    tokenizer: Tokenizer,
    count: OnceCell<u64>,
}

/// A text to count.
#[derive(Debug)]
enum Counted {
    /// A JSON string, or a list of parts.
    Json(Bytes),
    /// As it is.
    Plain(Bytes),
}

impl Prompt {
    /// A prompt without texts yet.
    pub fn new(counting: Counting, tokenizer: Tokenizer) -> Self {
        Prompt { texts: Vec::new(), overhead: 0, counting, tokenizer, count: OnceCell::new() }
    }

    /// Adds a message of a chat: its content, a JSON string or list of parts that lies within `body`.
    pub fn push_message(&mut self, body: &Bytes, content: &RawValue) {
        if self.overhead == 0 {
            self.overhead = REPLY_OPENING;
        }
        self.overhead += PER_MESSAGE;
        self.push_text(body, content);
    }

    /// Adds a text that is counted alone: a prompt, an input of an embedding.
    pub fn push_text(&mut self, body: &Bytes, content: &RawValue) {
        if self.counting != Counting::None {
            self.texts.push(Counted::Json(within(body, content.get())));
        }
    }

    /// Adds text that models read as it stands: the definition of a tool, an earlier call.
    pub fn push_plain(&mut self, body: &Bytes, text: &str) {
        if self.counting != Counting::None {
            self.texts.push(Counted::Plain(within(body, text)));
        }
    }

    /// Adds what is counted already.
    pub fn push_counted(&mut self, tokens: u64) {
        self.overhead += tokens;
    }

    /// How much there is to count, in bytes.
    pub fn size(&self) -> usize {
        if self.counting != Counting::Exact {
            return 0;
        }
        self.texts.iter().map(|(Counted::Json(text) | Counted::Plain(text))| text.len()).sum()
    }

    /// The number of tokens, counted at the first call.
    pub fn tokens(&self) -> u64 {
        *self.count.get_or_init(|| self.sum(self.counting))
    }

    /// The number of tokens by character class, whatever counts otherwise.
    pub fn estimated(&self) -> u64 {
        self.sum(Counting::Estimate)
    }

    fn sum(&self, counting: Counting) -> u64 {
        let count = |text: &Counted| match text {
            Counted::Json(json) => self.count_json(json, counting),
            Counted::Plain(text) => self.count_plain(std::str::from_utf8(text).unwrap_or_default(), counting),
        };
        self.overhead + self.texts.iter().map(count).sum::<u64>()
    }

    fn count_plain(&self, text: &str, counting: Counting) -> u64 {
        match counting {
            Counting::Exact => self.tokenizer.count(text),
            Counting::Estimate => estimated(text),
            Counting::None => 0,
        }
    }

    /// Counts one JSON value: a string, or the texts of a list of parts. Images and other parts are not text and count 0.
    fn count_json(&self, json: &[u8], counting: Counting) -> u64 {
        match serde_json::from_slice::<&RawValue>(json) {
            Ok(raw) if raw.get().starts_with('[') => crate::wire::fields::list_of(raw)
                .unwrap_or_default()
                .into_iter()
                .map(|part| self.count_part(part, counting))
                .sum(),
            Ok(raw) => self.count_text(raw, counting),
            Err(_) => 0,
        }
    }

    fn count_part(&self, part: &RawValue, counting: Counting) -> u64 {
        match serde_json::from_str::<crate::wire::Fields<'_>>(part.get()) {
            Ok(fields) => fields.get("text").map_or(0, |text| self.count_text(text, counting)),
            Err(_) => 0,
        }
    }

    fn count_text(&self, raw: &RawValue, counting: Counting) -> u64 {
        match counting {
            Counting::Exact => json::text_of(raw).map_or(0, |text| self.tokenizer.count(&text)),
            Counting::Estimate => estimated(json::inside_of(raw).unwrap_or_default()),
            Counting::None => 0,
        }
    }
}

fn estimated(text: &str) -> u64 {
    let mut estimate = Estimate::default();
    estimate.push(text.as_bytes());
    estimate.tokens()
}

/// The bytes of a text, shared with the body where it lies within it.
fn within(body: &Bytes, text: &str) -> Bytes {
    let bytes = text.as_bytes();
    match body.as_ptr_range().contains(&bytes.as_ptr()) {
        true => body.slice_ref(bytes),
        false => Bytes::copy_from_slice(bytes),
    }
}

/// Counts an answer while it passes.
#[derive(Debug, Clone)]
pub enum Meter {
    /// Nobody asked.
    Off,
    /// By character class.
    Estimate(Estimate),
    /// Text is kept until it can be counted: counts of pieces that cut words do not add up to the count of the whole.
    Exact {
        /// What counts.
        tokenizer: Tokenizer,
        /// The tokens of what is not kept any more.
        counted: u64,
        /// The text that is not counted yet.
        kept: String,
    },
}

impl Meter {
    /// A meter of the given kind.
    pub fn new(counting: Counting, tokenizer: Tokenizer) -> Self {
        match counting {
            Counting::Exact => Meter::Exact { tokenizer, counted: 0, kept: String::new() },
            Counting::Estimate => Meter::Estimate(Estimate::default()),
            Counting::None => Meter::Off,
        }
    }

    /// Adds a piece of the answer.
    pub fn push(&mut self, text: Text<'_>) {
        match (self, text) {
            (Meter::Off, _) => {}
            (Meter::Estimate(estimate), Text::Plain(text) | Text::Json(text)) => estimate.push(text.as_bytes()),
            (Meter::Exact { tokenizer, counted, kept }, text) => {
                match text {
                    Text::Json(inside) if inside.contains('\\') => kept.push_str(&unescaped(inside)),
                    Text::Plain(text) | Text::Json(text) => kept.push_str(text),
                }
                if kept.len() > KEPT {
                    let rest = kept.split_off(seam(kept));
                    *counted += tokenizer.count(kept);
                    *kept = rest;
                }
            }
        }
    }

    /// Adds a tool call.
    pub fn push_call(&mut self, name: &str, arguments: &str) {
        self.push(Text::Plain(name));
        self.push(Text::Plain(arguments));
    }

    /// The tokens in all; `None` when off.
    pub fn tokens(&self) -> Option<u64> {
        match self {
            Meter::Off => None,
            Meter::Estimate(estimate) => Some(estimate.tokens()),
            Meter::Exact { tokenizer, counted, kept } => Some(counted + tokenizer.count(kept)),
        }
    }
}

/// Where a text can be cut without changing its count: before the last space between two letters, at which every
/// tokenizer begins anew. A long text without any is cut at its end, which may cost a token.
fn seam(text: &str) -> usize {
    let bytes = text.as_bytes();
    let between = |window: &[u8]| matches!(window, [a, b' ', b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic());
    bytes.windows(3).rposition(between).map_or(text.len(), |at| at + 1)
}

fn unescaped(inside: &str) -> String {
    let quoted = format!("\"{inside}\"");
    serde_json::from_str::<&RawValue>(&quoted)
        .ok()
        .and_then(|raw| json::text_of(raw).map(|t| t.into_owned()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(counting: Counting, messages: &[&str]) -> u64 {
        let mut prompt = Prompt::new(counting, Tokenizer::O200k);
        for message in messages {
            let body = Bytes::copy_from_slice(message.as_bytes());
            let raw: &RawValue = serde_json::from_slice(&body).unwrap();
            prompt.push_message(&body, raw);
        }
        prompt.tokens()
    }

    #[test]
    fn known_counts() {
        assert_eq!(Tokenizer::O200k.count("hello world"), 2);
        assert_eq!(Tokenizer::Cl100k.count("tiktoken is great!"), 6);
        assert!(Tokenizer::Cl100k.count("a <|endoftext|> b") > 3);
    }

    #[test]
    fn token_ids_become_text_again() {
        assert_eq!(Tokenizer::Cl100k.decode(&[83, 1609, 5963, 374, 2294, 0]).as_deref(), Some("tiktoken is great!"));
        for unknown in [100_256, u32::MAX] {
            assert!(!Tokenizer::Cl100k.knows(unknown));
            assert_eq!(Tokenizer::Cl100k.decode(&[83, unknown]), None);
        }
        // The first byte of a longer character.
        assert_eq!(Tokenizer::Cl100k.decode(&[159]), None);
    }

    #[test]
    fn a_limit_is_met_exactly() {
        let words = "word ".repeat(5_000);
        for tokenizer in [Tokenizer::O200k, Tokenizer::Cl100k] {
            let text = words.trim_end();
            assert_eq!(tokenizer.count(text), 5_000);
            assert!(!tokenizer.exceeds(text, 5_000) && tokenizer.exceeds(text, 4_999));
            // One piece that no rule cuts, of unknown words.
            let piece = "xqzj".repeat(1_000);
            let tokens = usize::try_from(tokenizer.count(&piece)).unwrap();
            assert!(!tokenizer.exceeds(&piece, tokens) && tokenizer.exceeds(&piece, tokens - 1));
        }
    }

    #[test]
    fn messages_cost_their_frame_and_parts_their_text() {
        assert_eq!(prompt(Counting::Exact, &["\"hello world\""]), 3 + 4 + 2);
        assert_eq!(
            prompt(
                Counting::Exact,
                &[r#"[{"type":"text","text":"hello world"},{"type":"image_url","image_url":{"url":"data:,"}}]"#]
            ),
            9
        );
        assert_eq!(prompt(Counting::None, &["\"hello world\""]), 7);
    }

    #[test]
    fn estimates_stay_near() {
        let english =
            "The quick brown fox jumps over the lazy dog, and then it goes home to sleep for a while. ".repeat(20);
        let exact = Tokenizer::O200k.count(&english) as f64;
        let mut estimate = Estimate::default();
        estimate.push(english.as_bytes());
        let ratio = estimate.tokens() as f64 / exact;
        assert!((0.75..1.3).contains(&ratio), "{ratio}");
    }

    #[test]
    fn pieces_count_as_the_whole() {
        let mut meter = Meter::new(Counting::Exact, Tokenizer::O200k);
        for piece in ["hel", "lo wo", "rld"] {
            meter.push(Text::Plain(piece));
        }
        assert_eq!(meter.tokens(), Some(2));
        let long = "The quick brown fox, it's 12,345 times — naïve 日本語 \n\n  jumps ".repeat(5_000);
        let mut meter = Meter::new(Counting::Exact, Tokenizer::O200k);
        let mut rest = long.as_str();
        while !rest.is_empty() {
            let at = rest.char_indices().map(|(at, _)| at).nth(777).unwrap_or(rest.len());
            let (piece, after) = rest.split_at(at);
            meter.push(Text::Plain(piece));
            assert!(matches!(&meter, Meter::Exact { kept, .. } if kept.len() <= KEPT + 4_000));
            rest = after;
        }
        assert_eq!(meter.tokens(), Some(Tokenizer::O200k.count(&long)));
        let mut meter = Meter::new(Counting::Exact, Tokenizer::O200k);
        meter.push(Text::Json("hello\\u0020world"));
        assert_eq!(meter.tokens(), Some(2));
    }
}
