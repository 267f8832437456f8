//! Finds the end of a JSON document while it arrives. A chunked request body can then be read up to its last byte and
//! no further, because pingora must read the terminal chunk itself.

use super::mend::is_of_mark;

/// Scans a document piece by piece. It knows strings and nesting but not the grammar; the parser finds mistakes later.
#[derive(Debug, Default)]
pub struct BodyEnd {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
    ended: bool,
}

impl BodyEnd {
    /// Scans the next piece. Returns true if the object or array that began the document is now closed.
    ///
    /// A document that is a bare string, number or literal never counts as ended here: it ends with the body.
    pub fn push(&mut self, piece: &[u8]) -> bool {
        let mut rest = piece;
        while !self.ended {
            if self.in_string && !self.escaped {
                // Most of a body is the inside of strings, so skip it with a fast search.
                let plain = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                rest = rest.get(plain..).unwrap_or_default();
            }
            let Some((&byte, after)) = rest.split_first() else { break };
            rest = after;
            if self.in_string {
                self.inside_string(byte);
            } else {
                self.outside_string(byte);
            }
        }
        self.ended
    }

    fn inside_string(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
    }

    fn outside_string(&mut self, byte: u8) {
        match byte {
            b'"' if self.depth > 0 => self.in_string = true,
            b'{' | b'[' if self.depth > 0 || !self.begun => self.depth += 1,
            b'}' | b']' if self.depth > 0 => {
                self.depth -= 1;
                self.ended = self.depth == 0;
            }
            _ => {}
        }
        // A byte order mark may come before the document.
        self.begun |= !byte.is_ascii_whitespace() && !is_of_mark(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn brackets_in_strings_do_not_count() {
        assert!(!BodyEnd::default().push(br#"{"a":"}]\"}""#));
        assert!(BodyEnd::default().push(br#" {"a":"}]\"}"} "#));
    }

    #[test]
    fn a_byte_order_mark_is_not_the_document() {
        let mut end = BodyEnd::default();
        assert!(!end.push(b"\xEF\xBB") && !end.push(b"\xBF {\"a\":1") && end.push(b"}"));
    }

    #[test]
    fn scalars_end_with_the_body() {
        for body in ["null", "\"{}\"", "12", "x{}"] {
            assert!(!BodyEnd::default().push(body.as_bytes()), "{body}");
        }
    }

    proptest! {
        #[test]
        fn ends_with_the_last_byte_and_no_earlier(text in any::<String>(), cut in 0usize..200) {
            let body = serde_json::json!({ "a": [text, { "b": null }] }).to_string().into_bytes();
            let (head, last) = body.split_at(body.len() - 1);
            let (one, two) = head.split_at(cut.min(head.len()));
            let mut end = BodyEnd::default();
            prop_assert!(!end.push(one));
            prop_assert!(!end.push(two));
            prop_assert!(end.push(last));
        }

        #[test]
        fn any_cut_of_any_bytes_ends_as_byte_by_byte(text in "[{}\\[\\]\"\\\\a ,\u{e9}]{0,60}", size in 1usize..9) {
            let body = text.as_bytes();
            let mut end = BodyEnd::default();
            let ends: Vec<bool> = body.chunks(size).map(|piece| end.push(piece)).collect();
            prop_assert_eq!(ends, body.chunks(size).scan(slow(), |slow, piece| Some(slow(piece))).collect::<Vec<_>>());
        }
    }

    /// A reference scanner: it goes byte by byte and counts in another way.
    fn slow() -> impl FnMut(&[u8]) -> bool {
        let (mut open, mut quoted, mut escaped, mut ended, mut bare) = (Vec::new(), false, false, false, false);
        move |piece| {
            for &byte in piece {
                match byte {
                    _ if ended => {}
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' if !open.is_empty() => quoted = !quoted,
                    b'{' | b'[' if !quoted && !bare => open.push(byte),
                    b'}' | b']' if !quoted && !open.is_empty() => {
                        open.pop();
                        ended = open.is_empty();
                    }
                    b' ' => {}
                    _ => bare |= open.is_empty(),
                }
            }
            ended
        }
    }
}
