//! Mends JSON that strict readers cannot pass on: a byte order mark before it, and halves of surrogate pairs in it.
//!
//! A text that was cut inside an emoji has an escape without its partner (`"\ud83d"`). JavaScript and Python write and
//! read such escapes, but no UTF-8 text can hold them, so whoever passes the text on fails. U+FFFD takes their place, as
//! JavaScript's `toWellFormed` does.

use bytes::Bytes;
use memchr::memmem::Finder;
use once_cell::sync::Lazy;
use std::borrow::Cow;

/// U+FEFF in UTF-8. Windows' editors and shells begin files with it.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// U+FFFD as an escape. It is as long as what it replaces, so nothing moves.
const REPLACEMENT: &[u8] = br"\ufffd";

/// What every escaped code unit begins with.
static ESCAPE: Lazy<Finder<'static>> = Lazy::new(|| Finder::new(br"\u"));

/// Returns a body without its byte order mark and without lone surrogates. A body without both is not copied.
pub fn mended(body: Bytes) -> Bytes {
    let body = if body.starts_with(BYTE_ORDER_MARK) { body.slice(BYTE_ORDER_MARK.len()..) } else { body };
    without_lone(&body).map_or(body, Bytes::from)
}

/// Returns a JSON text without lone surrogates. A text without any is not copied.
pub fn paired(text: Cow<'_, str>) -> Cow<'_, str> {
    let mended = without_lone(text.as_bytes()).and_then(|mended| String::from_utf8(mended).ok());
    mended.map_or(text, Cow::Owned)
}

/// Returns true for a byte that belongs to a byte order mark.
pub fn is_of_mark(byte: u8) -> bool {
    BYTE_ORDER_MARK.contains(&byte)
}

/// Returns the text with each lone surrogate replaced; `None` if there is none.
fn without_lone(text: &[u8]) -> Option<Vec<u8>> {
    let mut lone = lone(text).peekable();
    lone.peek()?;
    let mut out = text.to_vec();
    for at in lone {
        if let Some(escape) = out.get_mut(at..at + REPLACEMENT.len()) {
            escape.copy_from_slice(REPLACEMENT);
        }
    }
    Some(out)
}

/// Returns where the escapes of lone surrogates begin.
fn lone(text: &[u8]) -> impl Iterator<Item = usize> {
    // Where the last pair ends. Its second half is found as well.
    let mut paired = 0;
    ESCAPE.find_iter(text).filter(move |&at| match unit(text, at) {
        Some(0xD800..=0xDFFF) if at < paired || !is_escape(text, at) => false,
        Some(0xD800..=0xDBFF) if matches!(unit(text, at + 6), Some(0xDC00..=0xDFFF)) => {
            paired = at + 12;
            false
        }
        Some(0xD800..=0xDFFF) => true,
        _ => false,
    })
}

/// Returns the code unit of the escape at a position.
fn unit(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix(br"\u")?;
    digits.iter().try_fold(0, |unit, digit| Some(16 * unit + char::from(*digit).to_digit(16)?))
}

/// Returns true if the backslash at a position is not itself escaped.
fn is_escape(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_alone_is_replaced_and_the_rest_stays() {
        for (text, expected) in [
            (r#""cut \ud83d""#, r#""cut \ufffd""#),
            (r#""\uDE00 y""#, r#""\ufffd y""#),
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\uD83D\uDE00\uDE00""#, r#""\uD83D\uDE00\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\\ude00""#, r#""\ufffd\\ude00""#),
            (r#""\\ud83d\ude00""#, r#""\\ud83d\ufffd""#),
            (r#""\\ud83d\\\ud83d\\\\ud83d""#, r#""\\ud83d\\\ufffd\\\\ud83d""#),
            (r#""\ud83d\n\ude00""#, r#""\ufffd\n\ufffd""#),
            (r#"{"\ud800":"\u00e9\ud7ff\ue000"}"#, r#"{"\ufffd":"\u00e9\ud7ff\ue000"}"#),
            (r#""\ud83""#, r#""\ud83""#),
            (r#""\ud83x\u""#, r#""\ud83x\u""#),
            ("", ""),
        ] {
            assert_eq!(paired(Cow::Borrowed(text)), expected);
            assert_eq!(mended(Bytes::from(text)), expected);
        }
    }

    #[test]
    fn a_mark_is_taken_off_once_and_only_before_the_body() {
        for (body, expected) in
            [("\u{feff}{}", "{}"), ("\u{feff}", ""), ("\u{feff}\u{feff}{}", "\u{feff}{}"), (" \u{feff}", " \u{feff}")]
        {
            assert_eq!(mended(Bytes::from(body)), expected);
        }
        assert_eq!(mended(Bytes::from("\u{feff}\"\\ud800\"")), "\"\\ufffd\"");
    }

    #[test]
    fn a_sound_body_is_not_copied() {
        let body = Bytes::from(r#"{"a":"\u00e9 \ud83d\ude00 \\ud83d"}"#);
        assert_eq!(mended(body.clone()).as_ptr(), body.as_ptr());
    }

    /// Reads the inside of a JSON string into UTF-16, which can hold halves of pairs.
    fn units(inside: &str) -> Vec<u16> {
        let (mut units, mut rest) = (Vec::new(), inside);
        while let Some(next) = rest.chars().next() {
            let escape = if next == '\\' { rest[1..].chars().next() } else { None };
            let width = match escape {
                Some('u') => {
                    units.push(u16::from_str_radix(&rest[2..6], 16).unwrap());
                    6
                }
                Some(other) => {
                    units.push(other as u16);
                    2
                }
                None => {
                    units.extend(next.to_string().encode_utf16());
                    next.len_utf8()
                }
            };
            rest = &rest[width..];
        }
        units
    }

    proptest! {
        #[test]
        fn texts_read_as_utf_16_does(pieces in prop::collection::vec(
            prop_oneof![
                Just(r"\ud83d".to_owned()), Just(r"\uDE00".to_owned()), Just(r"\ud83d\ude00".to_owned()),
                Just(r"\\".to_owned()), Just(r"\\ud83d".to_owned()), Just(r"\/".to_owned()), Just("u".to_owned()),
                Just(r"\u00e9".to_owned()), "[a-f0-9 é😀]{0,8}",
            ],
            0..12,
        )) {
            let inside = pieces.concat();
            let expected = String::from_utf16_lossy(&units(&inside));
            let text = format!("\"{inside}\"");
            prop_assert_eq!(serde_json::from_str::<String>(&paired(Cow::Borrowed(&text))).unwrap(), expected);
            prop_assert_eq!(paired(Cow::Borrowed(&text)).len(), text.len());
        }

        #[test]
        fn any_bytes_are_survived(body in prop::collection::vec(prop::sample::select(br"\udD8cC0 ".to_vec()), 0..40)) {
            let mended = mended(Bytes::from(body.clone()));
            prop_assert_eq!(mended.len(), body.len());
            prop_assert_eq!(super::mended(mended.clone()), mended);
        }
    }
}
