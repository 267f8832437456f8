//! Reads Python literals (`{'a': None, "b": [1, True]}`). ARGO quotes the errors of its vendors in this form.

use serde_json::{Map, Number, Value};

/// The maximum nesting. No vendor's error message is nested deeper.
const MAX_DEPTH: usize = 64;

/// Reads the literal at the start of `text`. Returns the literal and the text after it.
///
/// Takes dicts, lists, tuples (as lists), strings with either quote, numbers, `True`, `False` and `None`. A string may
/// contain raw line ends, because ARGO does not always escape them.
pub fn literal(text: &str) -> Option<(Value, &str)> {
    let mut reader = LiteralReader { rest: text };
    let value = reader.value(0)?;
    Some((value, reader.rest))
}

struct LiteralReader<'a> {
    rest: &'a str,
}

impl LiteralReader<'_> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip_space();
        match self.rest.as_bytes().first()? {
            b'{' => self.dict(depth),
            b'[' => self.list(depth, ']'),
            b'(' => self.list(depth, ')'),
            b'\'' | b'"' => self.string().map(Value::String),
            _ => self.word(),
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Value> {
        self.eat('{')?;
        let mut map = Map::new();
        loop {
            self.skip_space();
            if self.eat('}').is_some() {
                return Some(Value::Object(map));
            }
            let name = self.string()?;
            self.skip_space();
            self.eat(':')?;
            map.insert(name, self.value(depth + 1)?);
            self.skip_space();
            if self.eat(',').is_none() && !self.rest.starts_with('}') {
                return None;
            }
        }
    }

    fn list(&mut self, depth: usize, close: char) -> Option<Value> {
        self.rest = self.rest.get(1..)?;
        let mut items = Vec::new();
        loop {
            self.skip_space();
            if self.eat(close).is_some() {
                return Some(Value::Array(items));
            }
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if self.eat(',').is_none() && !self.rest.starts_with(close) {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        self.eat(quote)?;
        let mut text = String::new();
        loop {
            let c = self.take()?;
            if c == quote {
                return Some(text);
            }
            if c == '\\' { self.escape(&mut text)? } else { text.push(c) }
        }
    }

    fn escape(&mut self, text: &mut String) -> Option<()> {
        match self.take()? {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            '0' => text.push('\0'),
            '\n' => {}
            'x' => text.push(self.code_point(2)?),
            'u' => text.push(self.code_point(4)?),
            'U' => text.push(self.code_point(8)?),
            c @ ('\\' | '\'' | '"') => text.push(c),
            // Like Python, keep the backslash of an unknown escape.
            c => text.extend(['\\', c]),
        }
        Some(())
    }

    fn code_point(&mut self, digits: usize) -> Option<char> {
        let (number, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        Some(char::from_u32(u32::from_str_radix(number, 16).ok()?).unwrap_or('\u{FFFD}'))
    }

    fn word(&mut self) -> Option<Value> {
        let end =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-._".contains(c))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        let value = match word {
            "True" | "true" => Value::Bool(true),
            "False" | "false" => Value::Bool(false),
            "None" | "null" => Value::Null,
            _ => number(word)?,
        };
        self.rest = rest;
        Some(value)
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, what: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(what)?;
        Some(())
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = self.rest.get(c.len_utf8()..)?;
        Some(c)
    }
}

fn number(word: &str) -> Option<Value> {
    if let Ok(whole) = word.parse::<i64>() {
        return Some(Value::Number(whole.into()));
    }
    Number::from_f64(word.parse::<f64>().ok()?).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn reads_what_vendors_send() {
        let (value, rest) = literal(
            r#"{'error': {'message': "Unsupported value: 'temperature'", 'param': None, 'ok': [True, -1.5, ()], 'n': 'a\'b\u00e9'}} tail"#,
        )
        .unwrap();
        assert_eq!(
            value,
            json!({"error": {"message": "Unsupported value: 'temperature'", "param": null, "ok": [true, -1.5, []], "n": "a'bé"}})
        );
        assert_eq!(rest, " tail");
    }

    #[test]
    fn refuses_what_is_no_literal() {
        for text in ["", "{", "{'a'", "{'a': }", "hello", "['a' 'b']", "'open", "{1: 2}"] {
            assert_eq!(literal(text), None, "{text}");
        }
        assert_eq!(literal(&"[".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]{}()'\":,\\\\a-zA-Z0-9 \n.é-]{0,60}") {
            let _ = literal(&text);
        }
    }
}
