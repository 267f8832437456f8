//! Finds the values of JSON texts without decoding them. What it takes is what serde_json takes as raw values; what it does not
//! take is left to serde_json, which says what is wrong with it. Prompts and images are long strings, and their ends are
//! found many bytes at a time here.

use super::fields::{Fields, Name};
use super::raw::Raw;
use std::borrow::Cow;

/// So many bytes of a string are looked at together.
const BLOCK: usize = 32;

/// A text that is one value.
pub fn value(text: &str) -> Option<Raw<'_>> {
    whole(text, Scanner::value)
}

/// A text that is an object: its fields.
pub fn object(text: &str) -> Option<Fields<'_>> {
    whole(text, Scanner::fields)
}

/// A text that is a list: its values.
pub fn list(text: &str) -> Option<Vec<Raw<'_>>> {
    whole(text, |scanner| {
        let mut list = Vec::new();
        scanner.list(|scanner| {
            list.push(scanner.value()?);
            Some(())
        })?;
        Some(list)
    })
}

/// Reads all of a text.
pub fn whole<'a, T>(text: &'a str, read: impl FnOnce(&mut Scanner<'a>) -> Option<T>) -> Option<T> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_white();
    let found = read(&mut scanner)?;
    scanner.skip_white();
    (scanner.at == text.len()).then_some(found)
}

/// A place in a text.
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn skip_white(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// An object's fields.
    pub fn fields(&mut self) -> Option<Fields<'a>> {
        self.object(|scanner, name, fields| {
            fields.push(name, scanner.value()?);
            Some(())
        })
    }

    /// An object whose values are read by `read`, which may keep them.
    pub fn object(
        &mut self,
        mut read: impl FnMut(&mut Self, Name<'a>, &mut Fields<'a>) -> Option<()>,
    ) -> Option<Fields<'a>> {
        self.take(b'{')?;
        let mut fields = Fields::default();
        self.skip_white();
        if self.take(b'}').is_some() {
            return Some(fields);
        }
        loop {
            let name = self.name()?;
            read(self, name, &mut fields)?;
            self.skip_white();
            if self.take(b',').is_none() {
                self.take(b'}')?;
                return Some(fields);
            }
            self.skip_white();
        }
    }

    /// A list whose values are read by `read`.
    pub fn list(&mut self, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b'[')?;
        self.skip_white();
        if self.take(b']').is_some() {
            return Some(());
        }
        loop {
            read(self)?;
            self.skip_white();
            if self.take(b',').is_none() {
                return self.take(b']');
            }
            self.skip_white();
        }
    }

    /// A value of any kind, however deep.
    pub fn value(&mut self) -> Option<Raw<'a>> {
        let start = self.at;
        // For each value that is open, whether it is an object.
        let mut open: Vec<bool> = Vec::new();
        loop {
            match self.peek()? {
                b'"' => self.string()?,
                b'{' | b'[' => {
                    if self.opens(&mut open)? {
                        continue;
                    }
                }
                b'-' | b'0'..=b'9' => self.number()?,
                _ => self.word()?,
            }
            if self.closes(&mut open)? {
                return self.text.get(start..self.at).map(Raw::found);
            }
        }
    }

    /// Begins an object or a list; whether a value of it follows.
    fn opens(&mut self, open: &mut Vec<bool>) -> Option<bool> {
        let is_object = self.peek()? == b'{';
        self.at += 1;
        self.skip_white();
        if self.take(if is_object { b'}' } else { b']' }).is_some() {
            return Some(false);
        }
        if is_object {
            self.quoted_name()?;
        }
        open.push(is_object);
        Some(true)
    }

    /// After a value: ends what ends here; whether nothing is open any more.
    fn closes(&mut self, open: &mut Vec<bool>) -> Option<bool> {
        while let Some(&is_object) = open.last() {
            self.skip_white();
            if self.take(b',').is_some() {
                self.skip_white();
                if is_object {
                    self.quoted_name()?;
                }
                return Some(false);
            }
            self.take(if is_object { b'}' } else { b']' })?;
            open.pop();
        }
        Some(true)
    }

    /// A field's name as it is written, its colon, and the white space around that.
    fn quoted_name(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.string()?;
        let quoted = self.text.get(start..self.at)?;
        self.skip_white();
        self.take(b':')?;
        self.skip_white();
        Some(quoted)
    }

    /// The same, read.
    fn name(&mut self) -> Option<Name<'a>> {
        let quoted = self.quoted_name()?;
        let inside = quoted.strip_prefix('"')?.strip_suffix('"')?;
        match memchr::memchr(b'\\', inside.as_bytes()) {
            None => Some(Cow::Borrowed(inside)),
            Some(_) => serde_json::from_str(quoted).ok().map(Cow::Owned),
        }
    }

    fn string(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            self.skip_plain();
            match self.peek()? {
                b'"' => return self.take(b'"'),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    /// Goes on to the next byte that is not simply itself in a string.
    fn skip_plain(&mut self) {
        let bytes = self.text.as_bytes();
        let rest = |at: usize| bytes.get(at..).unwrap_or_default();
        while rest(self.at).first_chunk::<BLOCK>().is_some_and(is_plain) {
            self.at += BLOCK;
        }
        self.at += rest(self.at).iter().take_while(|&&byte| !is_special(byte)).count();
    }

    fn escape(&mut self) -> Option<()> {
        self.take(b'\\')?;
        let kind = self.peek()?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<()> {
        let _ = self.take(b'-');
        if self.take(b'0').is_none() {
            self.digits()?;
        }
        if self.take(b'.').is_some() {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// At least one digit.
    fn digits(&mut self) -> Option<()> {
        let before = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        (self.at > before).then_some(())
    }

    fn word(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let word = ["true", "false", "null"].into_iter().find(|word| rest.starts_with(word))?;
        self.at += word.len();
        Some(())
    }
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Without branches, so that compilers make vectors of it.
fn is_plain(block: &[u8; BLOCK]) -> bool {
    !block.iter().fold(false, |found, &byte| found | is_special(byte))
}

#[cfg(test)]
mod tests;
