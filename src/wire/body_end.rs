//! Finds where a JSON document ends while it still arrives, so that a chunked request body can be read up to its last
//! byte and no further (pingora must read the terminal chunk itself).

/// Scans a document piece by piece. It knows strings and nesting, not grammar: what is wrong with the document is for
/// the parser to say.
#[derive(Debug, Default)]
pub struct BodyEnd {
    depth: usize,
    in_string: bool,
    escaped: bool,
    begun: bool,
    ended: bool,
}

impl BodyEnd {
    /// Takes the next piece; returns whether an object or array that began the document is now closed.
    ///
    /// A document that is a bare string, number or literal never counts as ended here: it ends with the body.
    pub fn push(&mut self, piece: &[u8]) -> bool {
        for &byte in piece {
            if self.ended {
                break;
            }
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
        self.begun |= !byte.is_ascii_whitespace();
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
    }
}
