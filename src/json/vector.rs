//! Finds lists of numbers in one pass: the position and the length of each.

use super::decimal::Decimal;
use std::borrow::Cow;

/// A list of numbers in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vector<'a> {
    /// The list with its brackets. It is owned where the upstream wrote the numbers in another form.
    pub text: Cow<'a, str>,
    /// How many numbers the list has. For an empty list or a list of anything else, the number of commas plus one.
    pub length: usize,
    /// True if it is known to be a list of numbers, each of them surely within float32.
    is_sound: bool,
}

impl<'a> Vector<'a> {
    /// Creates a list whose content was not checked.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        let length = memchr::memchr_iter(b',', text.as_bytes()).count() + 1;
        Vector { text, length, is_sound: false }
    }

    /// Reads the list of numbers that begins at `at` of a text. Returns it and its end; `None` for anything else and for
    /// an empty list.
    pub fn at(text: &'a str, at: usize) -> Option<(Self, usize)> {
        let bytes = text.as_bytes();
        let mut is_sound = true;
        let (end, length) = numbers(bytes, after(bytes, at, b'[')?, |at| {
            let (length, may_be_beyond) = Decimal::length(bytes.get(at..)?)?;
            is_sound &= !may_be_beyond;
            Some(length)
        })?;
        Some((Vector { text: Cow::Borrowed(text.get(at..end)?), length, is_sound }, end))
    }

    /// Returns true if it is a list of numbers, each of them surely within float32. It is read, unless that is known already.
    pub fn surely_fits(&self) -> bool {
        self.is_sound || Vector::at(&self.text, 0).is_some_and(|(read, end)| read.is_sound && end == self.text.len())
    }

    /// Passes each number to `take`. Returns true if all numbers were passed and accepted. It stops early when `take`
    /// refuses a number (see [`Decimal::as_f32`]) or when the text is not a list of numbers.
    pub fn each(&self, mut take: impl FnMut(Decimal, &str) -> bool) -> bool {
        let text = self.text.as_bytes();
        let mut one = |at| {
            let (number, length) = Decimal::read(text.get(at..)?)?;
            take(number, self.text.get(at..at + length)?).then_some(length)
        };
        let end = after(text, 0, b'[').and_then(|at| numbers(text, at, &mut one));
        end.is_some_and(|(end, _)| end == text.len())
    }
}

/// Finds the lists in the list at the start of `text`, without reading what they hold. Returns them and the text after the outer list;
/// `None` for an empty list and for one that holds something else, or has strings or further lists within.
pub fn vectors(text: &str) -> Option<(Vec<Vector<'_>>, &str)> {
    let bytes = text.as_bytes();
    let mut lists = Vec::new();
    let mut at = blank(bytes, after(bytes, 0, b'[')?);
    loop {
        let inside = after(bytes, at, b'[')?;
        let end = inside + memchr::memchr3(b']', b'[', b'"', bytes.get(inside..)?)?;
        let after_list = after(bytes, end, b']')?;
        lists.push(Vector::new(text.get(at..after_list)?));
        at = blank(bytes, after_list);
        match bytes.get(at)? {
            b',' => at = blank(bytes, at + 1),
            b']' => return Some((lists, text.get(at + 1..)?)),
            _ => return None,
        }
    }
}

/// Reads numbers up to the closing bracket of their list. Returns the end of the list and the count of numbers. `one`
/// returns the length of the number at a position.
#[inline(always)]
fn numbers(text: &[u8], mut at: usize, mut one: impl FnMut(usize) -> Option<usize>) -> Option<(usize, usize)> {
    let mut count = 0;
    loop {
        at = blank(text, at);
        at += one(at)?;
        count += 1;
        at = blank(text, at);
        match text.get(at)? {
            b',' => at += 1,
            b']' => return Some((at + 1, count)),
            _ => return None,
        }
    }
}

fn after(text: &[u8], at: usize, wanted: u8) -> Option<usize> {
    (text.get(at) == Some(&wanted)).then_some(at + 1)
}

/// Returns the end of the white space that begins at `at`.
#[inline(always)]
fn blank(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    /// A reference implementation with serde_json.
    fn slowly(text: &str) -> Option<Vec<&str>> {
        let lists: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        let all_numbers = lists.iter().all(|list| {
            let is_number = |one: &&RawValue| one.get().starts_with(|c: char| c == '-' || c.is_ascii_digit());
            serde_json::from_str::<Vec<&RawValue>>(list.get())
                .is_ok_and(|list| !list.is_empty() && list.iter().all(is_number))
        });
        (all_numbers && !lists.is_empty()).then(|| lists.iter().map(|list| list.get()).collect())
    }

    fn agrees(text: &str) -> Result<(), TestCaseError> {
        let found = vectors(text).filter(|(_, rest)| rest.trim_matches([' ', '\n', '\r', '\t']).is_empty());
        let found = found.filter(|(lists, _)| lists.iter().all(|list| list.each(|_, _| true)));
        let lists = found.as_ref().map(|(lists, _)| lists.iter().map(|list| &*list.text).collect::<Vec<_>>());
        prop_assert_eq!(lists, slowly(text), "{}", text);
        for list in found.into_iter().flat_map(|(lists, _)| lists) {
            let (mut count, mut written) = (0, Vec::new());
            let all = list.each(|_, one| {
                count += 1;
                written.push(one.to_owned());
                true
            });
            prop_assert!(all);
            prop_assert_eq!(count, list.length);
            let (read, end) = Vector::at(&list.text, 0).unwrap();
            prop_assert_eq!((&read.text, read.length, end), (&list.text, list.length, list.text.len()));
            let all_fit = written.iter().all(|one| one.parse::<f32>().unwrap().is_finite());
            prop_assert!(all_fit || !list.surely_fits(), "{}", text);
            prop_assert_eq!(read.surely_fits(), list.surely_fits());
            let inside = &list.text[1..list.text.len() - 1];
            prop_assert_eq!(written, inside.split(',').map(|one| one.trim().to_owned()).collect::<Vec<_>>());
        }
        Ok(())
    }

    #[test]
    fn only_lists_of_numbers_are_found() {
        for text in [
            "[[1]]",
            "[ [1 , -2.5e3]\n,\t[0]\r] ",
            "[]",
            "[[]]",
            "[[1],[]]",
            "[1]",
            "[[1,]]",
            "[[1]",
            "[[1],]",
            "[[01]]",
            "[[1 2]]",
            "[[\"1\"]]",
            "[[null]]",
            "[[[1]]]",
            "[[1e999]]",
            "[[-]]",
            "[[1]]]",
            "[[1]],",
            "[[1\u{a0}]]",
            "",
            "[",
            "[[",
            "x",
        ] {
            agrees(text).unwrap();
        }
        agrees(&"[".repeat(100_000)).unwrap();
    }

    #[test]
    fn what_is_no_list_of_numbers_is_not_gone_through() {
        for text in ["[1,x]", "[]", "1", "[1] ", "[1][2]", "[\"1\"]", "[1,[2]]"] {
            let list = Vector::new(text);
            assert!(!list.each(|_, _| true) && !list.surely_fits(), "{text}");
        }
        assert!(!Vector::new("[1,2]").each(|_, one| one != "2"));
    }

    proptest! {
        #[test]
        fn lists_agree(text in "\\[ ?\\[(-?[0-9]{1,18}(\\.[0-9]{1,19})?(e-[0-9])?[ ,]?,?\\]?,?\\[?){0,6}\\] ?\\]") {
            agrees(&text)?;
        }

        #[test]
        fn lists_of_floats_agree(lists in prop::collection::vec(prop::collection::vec(any::<f64>(), 1..20), 1..4)) {
            agrees(&serde_json::to_string(&lists).unwrap())?;
            agrees(&serde_json::to_string_pretty(&lists).unwrap())?;
        }
    }
}
