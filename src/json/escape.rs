//! Writes and reads JSON strings without a value tree.
//!
//! The output is also safe inside one SSE `data:` line. Clients that split with `str.splitlines` (httpx) treat U+0085,
//! U+2028, U+2029 and 0x1c–0x1e as line ends, so these are always escaped.

use serde_json::value::RawValue;
use std::borrow::Cow;

/// The classes of bytes, by what each needs before it may stand in a JSON string.
const PLAIN: u8 = 0;
const ESCAPE: u8 = 1;
const MAYBE_LINE_END: u8 = 2;

const CLASS: [u8; 256] = {
    let mut class = [PLAIN; 256];
    let mut byte = 0;
    while byte < 0x20 {
        class[byte] = ESCAPE;
        byte += 1;
    }
    class[b'"' as usize] = ESCAPE;
    class[b'\\' as usize] = ESCAPE;
    class[0xC2] = MAYBE_LINE_END; // U+0085 is C2 85
    class[0xE2] = MAYBE_LINE_END; // U+2028 and U+2029 are E2 80 A8 and E2 80 A9
    class
};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends `text` as the inside of a JSON string, without the quotes.
pub fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    if is_plain(bytes) {
        out.extend_from_slice(bytes);
        return;
    }
    let mut kept = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let class = CLASS[byte as usize];
        // Plain bytes are copied in one stretch, just before the next escape.
        if class == PLAIN {
            at += 1;
            continue;
        }
        let width = match class {
            ESCAPE => 1,
            _ => match line_end(bytes.get(at..).unwrap_or_default()) {
                Some(width) => width,
                None => {
                    at += 1;
                    continue;
                }
            },
        };
        out.extend_from_slice(bytes.get(kept..at).unwrap_or_default());
        push_escape(out, bytes.get(at..at + width).unwrap_or_default());
        at += width;
        kept = at;
    }
    out.extend_from_slice(bytes.get(kept..).unwrap_or_default());
}

/// Returns true if no byte needs a closer look, which holds for most texts. The code has no branches, so that many
/// bytes are checked at once.
fn is_plain(bytes: &[u8]) -> bool {
    let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\' || byte == 0xC2 || byte == 0xE2;
    let (blocks, rest) = bytes.as_chunks::<64>();
    let class_of_rest = rest.iter().fold(PLAIN, |class, &byte| class | CLASS[byte as usize]);
    class_of_rest == PLAIN && blocks.iter().all(|block| !block.iter().fold(false, |found, &byte| found | special(byte)))
}

/// Returns the width of the Unicode line end that starts here; `None` if there is none.
fn line_end(rest: &[u8]) -> Option<usize> {
    match rest {
        [0xC2, 0x85, ..] => Some(2),
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => Some(3),
        _ => None,
    }
}

fn push_escape(out: &mut Vec<u8>, what: &[u8]) {
    match what {
        [b'"'] => out.extend_from_slice(b"\\\""),
        [b'\\'] => out.extend_from_slice(b"\\\\"),
        [b'\n'] => out.extend_from_slice(b"\\n"),
        [b'\r'] => out.extend_from_slice(b"\\r"),
        [b'\t'] => out.extend_from_slice(b"\\t"),
        [0xC2, 0x85] => out.extend_from_slice(b"\\u0085"),
        [0xE2, 0x80, 0xA8] => out.extend_from_slice(b"\\u2028"),
        [0xE2, 0x80, 0xA9] => out.extend_from_slice(b"\\u2029"),
        [byte] => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[(byte >> 4) as usize]);
            out.push(HEX[(byte & 15) as usize]);
        }
        _ => {}
    }
}

/// Appends the inside of a JSON string that is escaped already. Escapes characters that clients treat as line ends.
pub fn push_inside(out: &mut Vec<u8>, inside: &str) {
    let bytes = inside.as_bytes();
    let mut kept = 0;
    for at in memchr::memchr2_iter(0xC2, 0xE2, bytes) {
        if let Some(width) = line_end(bytes.get(at..).unwrap_or_default()) {
            out.extend_from_slice(bytes.get(kept..at).unwrap_or_default());
            push_escape(out, bytes.get(at..at + width).unwrap_or_default());
            kept = at + width;
        }
    }
    out.extend_from_slice(bytes.get(kept..).unwrap_or_default());
}

/// Appends a JSON value in one line. The breaks between its tokens become spaces.
pub fn push_line(out: &mut Vec<u8>, value: &str) {
    let begun = out.len();
    push_inside(out, value);
    let line = out.get_mut(begun..).unwrap_or_default();
    line.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
}

/// Appends `text` as a JSON string with its quotes.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text);
    out.push(b'"');
}

/// Appends `"key":`, with a comma before it unless it follows the opening brace.
pub fn push_key(out: &mut Vec<u8>, key: &str) {
    if !matches!(out.last(), None | Some(b'{')) {
        out.push(b',');
    }
    push_string(out, key);
    out.push(b':');
}

/// Appends a whole number.
pub fn push_number(out: &mut Vec<u8>, number: u64) {
    use std::io::Write;
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{number}");
}

/// Returns the text of a raw JSON string; `None` when the value is not a string.
///
/// The text is borrowed when nothing in it is escaped. A lone surrogate (`"\ud800"`, which no UTF-8 text can hold)
/// becomes U+FFFD. Use this function to inspect text, not to pass it on.
pub fn text_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inside = inside_of(raw)?;
    if memchr::memchr(b'\\', inside.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inside));
    }
    match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => Some(Cow::Owned(text)),
        Err(_) => Some(Cow::Owned(lossy(inside))),
    }
}

/// Returns the inside of a raw JSON string, still escaped; `None` when the value is not a string.
pub fn inside_of(raw: &RawValue) -> Option<&str> {
    raw.get().strip_prefix('"')?.strip_suffix('"')
}

/// Unescapes a string that serde_json refuses. The only cause is a lone surrogate.
fn lossy(inside: &str) -> String {
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        let (plain, escape) = rest.split_at(at);
        text.push_str(plain);
        let width = if escape.starts_with("\\u") { 6 } else { 2 };
        let pair = escape.get(..12).filter(|_| width == 6);
        let (one, after) = match escape.split_at_checked(width) {
            Some(cut) => cut,
            None => break,
        };
        let decode = |part: &str| serde_json::from_str::<String>(&format!("\"{part}\"")).ok();
        // Half of a surrogate pair does not decode alone, so try both halves together before giving up.
        match (decode(one), pair.and_then(decode)) {
            (Some(decoded), _) => {
                text.push_str(&decoded);
                rest = after;
            }
            (None, Some(decoded)) => {
                text.push_str(&decoded);
                rest = escape.get(12..).unwrap_or_default();
            }
            (None, None) => {
                text.push('\u{FFFD}');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// Returns true if a raw value is JSON's `null`.
pub fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

/// Returns the kind of a raw value for error messages.
pub fn kind_of(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        push_string(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn line_ends_of_every_client_are_escaped() {
        let text = "a\u{85}b\u{2028}c\u{2029}d\u{1c}e\u{1d}f\u{1e}g\u{b}h\u{c}i\r\nj";
        let json = escaped(text);
        assert!(!json.chars().any(|c| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') || c < ' '));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn neighbours_of_line_ends_stay_as_they_are() {
        assert_eq!(escaped("é\u{2026} \u{202a}\u{84}\u{86}"), "\"é\u{2026} \u{202a}\u{84}\u{86}\"");
    }

    #[test]
    fn lone_surrogates_do_not_lose_the_rest() {
        let raw: &RawValue = serde_json::from_str(r#""a\ud800b\n\ud83d\ude00c""#).unwrap();
        assert_eq!(text_of(raw).unwrap(), "a\u{FFFD}b\n😀c");
    }

    proptest! {
        #[test]
        fn any_text_survives(text in any::<String>()) {
            prop_assert_eq!(serde_json::from_str::<String>(&escaped(&text)).unwrap(), text);
        }

        #[test]
        fn any_raw_string_is_read(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let raw: &RawValue = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(text_of(raw).unwrap(), text);
        }
    }
}
