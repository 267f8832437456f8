//! The usual chunk of a stream: like the one before it, but for one text and some padding. It is recognized by its bytes, so nothing
//! of it has to be read again.

/// The chunk before, cut at what may differ in the next one.
#[derive(Debug)]
pub struct ChunkPattern {
    /// What stands before the text.
    before: Box<[u8]>,
    /// What stands between the text and the padding; after the text, where there is no padding.
    between: Box<[u8]>,
    /// What stands after the padding, if there is any.
    after: Option<Box<[u8]>>,
}

impl ChunkPattern {
    /// Makes the pattern of a chunk. `text` and `padding` are slices of `data`.
    pub fn new(data: &str, text: &str, padding: Option<&str>) -> Option<Self> {
        let (text_at, text_end) = place(data, text)?;
        let padding = padding.and_then(|padding| place(data, padding));
        let bytes = data.as_bytes();
        // Padding before the text would have to be looked for there.
        let (between, after) = match padding {
            Some((start, end)) if start >= text_end => (bytes.get(text_end..start)?, Some(bytes.get(end..)?)),
            Some(_) => return None,
            None => (bytes.get(text_end..)?, None),
        };
        Some(ChunkPattern {
            before: bytes.get(..text_at)?.into(),
            between: between.into(),
            after: after.map(Into::into),
        })
    }

    /// Returns the text of a chunk that differs only where it may.
    pub fn text_of<'a>(&self, data: &'a str) -> Option<&'a str> {
        let rest = data.as_bytes().strip_prefix(&*self.before)?;
        let length = string_length(rest)?;
        let tail = rest.get(length..)?.strip_prefix(&*self.between)?;
        match &self.after {
            None if !tail.is_empty() => return None,
            None => {}
            Some(after) => {
                let padding = tail.len().checked_sub(after.len())?;
                let (padding, end) = tail.split_at_checked(padding)?;
                if end != &**after || !padding.iter().all(u8::is_ascii_alphanumeric) {
                    return None;
                }
            }
        }
        let start = self.before.len();
        data.get(start..start + length).filter(|text| !text.is_empty())
    }
}

/// Returns where a slice of a text begins and ends in it.
fn place(text: &str, part: &str) -> Option<(usize, usize)> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let end = start + part.len();
    (text.get(start..end)? == part).then_some((start, end))
}

/// Returns the length of the inside of a string; `None` for what has to be read with care.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        match (text.get(at)?, text.get(at + 1)) {
            (b'"', _) => break,
            (_, Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => at += 2,
            // Code units may be halves of a pair.
            (_, _) => return None,
        }
    }
    let inside = text.get(..at)?;
    (!inside.iter().any(|byte| *byte < 0x20)).then_some(at)
}
