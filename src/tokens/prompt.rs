//! Counts the tokens of a request, when the count is needed.

use super::counting::Counting;
use crate::json::{self, Fields, fields};
use bytes::Bytes;
use once_cell::sync::OnceCell;
use serde_json::value::RawValue;
use token_count::{TextCache, TextForm, Tokenizer, estimated};

/// The tokens of each message in OpenAI's format beside its text: delimiters and the role.
const PER_MESSAGE: u64 = 4;
/// The tokens that open the reply of the assistant.
const REPLY_OPENING: u64 = 3;
/// The largest list of parts that is cached as one text, in bytes. A larger list most likely has an image: finding its texts is
/// faster than hashing all of it.
const LARGEST_LIST: usize = 64 * 1024;

/// The texts of a request. They are counted at the first need, when the upstream has its call already.
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
    /// The text itself.
    Plain(Bytes),
}

impl Prompt {
    /// Returns a prompt without texts.
    pub fn new(counting: Counting, tokenizer: Tokenizer) -> Self {
        Prompt { texts: Vec::new(), overhead: 0, counting, tokenizer, count: OnceCell::new() }
    }

    /// Adds a message of a chat by its content: a JSON string or a list of parts, which lies within `body`.
    pub fn push_message(&mut self, body: &Bytes, content: &RawValue) {
        if self.overhead == 0 {
            self.overhead = REPLY_OPENING;
        }
        self.overhead += PER_MESSAGE;
        self.push_text(body, content);
    }

    /// Adds a text without a message around it: a prompt, an input of an embedding.
    pub fn push_text(&mut self, body: &Bytes, content: &RawValue) {
        if self.counting != Counting::None {
            self.texts.push(Counted::Json(within(body, content.get())));
        }
    }

    /// Adds JSON that models read as text: the definition of a tool, an earlier call.
    pub fn push_plain(&mut self, body: &Bytes, text: &str) {
        if self.counting != Counting::None {
            self.texts.push(Counted::Plain(within(body, text)));
        }
    }

    /// Adds tokens that are counted already.
    pub fn push_counted(&mut self, tokens: u64) {
        self.overhead += tokens;
    }

    /// Returns the number of bytes to count exactly.
    pub fn size(&self) -> usize {
        if self.counting != Counting::Exact {
            return 0;
        }
        self.texts.iter().map(|(Counted::Json(text) | Counted::Plain(text))| text.len()).sum()
    }

    /// Returns true if counting takes long: there are more bytes than `most` to count exactly.
    pub fn takes_long(&self, most: usize) -> bool {
        self.size() > most
    }

    /// Returns the number of tokens. They are counted at the first call.
    pub fn tokens(&self) -> u64 {
        *self.count.get_or_init(|| self.sum(self.counting))
    }

    /// Returns an estimate of the number of tokens, even if the route counts exactly.
    pub fn estimated(&self) -> u64 {
        self.sum(Counting::Estimate)
    }

    fn sum(&self, counting: Counting) -> u64 {
        let count = |text: &Counted| match text {
            Counted::Json(json) => self.count_json(json, counting),
            Counted::Plain(text) => self.count_plain(text, counting),
        };
        self.overhead + self.texts.iter().map(count).sum::<u64>()
    }

    fn count_plain(&self, text: &[u8], counting: Counting) -> u64 {
        let read = || std::str::from_utf8(text).unwrap_or_default();
        match counting {
            Counting::Exact => TextCache::count(self.tokenizer, TextForm::Plain, text, || self.tokenizer.count(read())),
            Counting::Estimate => estimated(text),
            Counting::None => 0,
        }
    }

    /// Counts one JSON value: a string, or the texts of a list of parts. Images and other parts have no text and count 0.
    fn count_json(&self, json: &[u8], counting: Counting) -> u64 {
        let read = || serde_json::from_slice::<&RawValue>(json).ok();
        if json.first() != Some(&b'[') {
            return self.count_text(json, read, counting);
        }
        let count = || {
            let parts = read().and_then(|list| fields::list_of(list).ok()).unwrap_or_default();
            parts.into_iter().map(|part| self.count_part(part, counting)).sum()
        };
        if counting == Counting::Exact && json.len() <= LARGEST_LIST {
            TextCache::count(self.tokenizer, TextForm::Json, json, count)
        } else {
            count()
        }
    }

    fn count_part(&self, part: &RawValue, counting: Counting) -> u64 {
        let text = Fields::of(part).and_then(|fields| fields.get("text"));
        text.map_or(0, |text| self.count_text(text.get().as_bytes(), || Some(text), counting))
    }

    /// Counts a JSON string. It is decoded only if the cache does not have it.
    fn count_text<'a>(&self, json: &[u8], read: impl FnOnce() -> Option<&'a RawValue>, counting: Counting) -> u64 {
        match counting {
            Counting::Exact => TextCache::count(self.tokenizer, TextForm::Json, json, || {
                read().and_then(json::text_of).map_or(0, |text| self.tokenizer.count(&text))
            }),
            // The bytes between the quotes: an escape counts about as much as the character it stands for.
            Counting::Estimate => {
                let inside = json.strip_prefix(b"\"").and_then(|json| json.strip_suffix(b"\""));
                inside.map_or(0, estimated)
            }
            Counting::None => 0,
        }
    }
}

/// Returns the bytes of a text. They are shared with the body if the text lies within it.
fn within(body: &Bytes, text: &str) -> Bytes {
    let bytes = text.as_bytes();
    if body.as_ptr_range().contains(&bytes.as_ptr()) { body.slice_ref(bytes) } else { Bytes::copy_from_slice(bytes) }
}
