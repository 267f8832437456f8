//! Takes the lists of numbers out of a JSON text, in one pass. What is left of an answer with vectors is short, and any
//! parser reads it quickly.

use super::vector::Vector;
use serde_json::value::RawValue;

/// A JSON text in two parts: its lists of numbers, and the rest.
#[derive(Debug)]
pub struct NumberLists<'a> {
    lists: Vec<Vector<'a>>,
    rest: String,
}

impl<'a> NumberLists<'a> {
    /// Takes every list of numbers out of a text. The text need not be JSON: whoever parses the rest finds mistakes.
    pub fn take_from(text: &'a str) -> Self {
        let mut taken = NumberLists { lists: Vec::new(), rest: String::new() };
        let (mut at, mut kept) = (0, 0);
        while let Some(found) = next(text, at) {
            at = found + 1;
            if text.as_bytes().get(found) == Some(&b'"') {
                at = end_of_string(text, at);
            } else if let Some((list, end)) = Vector::at(text, found) {
                taken.rest.push_str(text.get(kept..found).unwrap_or_default());
                taken.rest.push_str(&format!("[{}]", taken.lists.len()));
                taken.lists.push(list);
                (at, kept) = (end, end);
            }
        }
        taken.rest.push_str(text.get(kept..).unwrap_or_default());
        taken
    }

    /// Returns the text with the number of a list in place of the list. No other list of numbers is in it.
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// Returns the list that stood in place of a value of the rest; `None` if the value is no list of numbers.
    pub fn get(&self, value: &RawValue) -> Option<&Vector<'a>> {
        let number = value.get().strip_prefix('[')?.strip_suffix(']')?;
        self.lists.get(number.parse::<usize>().ok()?)
    }
}

/// Returns where the next string or list begins.
fn next(text: &str, at: usize) -> Option<usize> {
    Some(at + memchr::memchr2(b'"', b'[', text.as_bytes().get(at..)?)?)
}

/// Returns what follows a string whose quote is read.
fn end_of_string(text: &str, mut at: usize) -> usize {
    while let Some(found) = text.as_bytes().get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if text.as_bytes().get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Fields;
    use proptest::prelude::*;
    use serde_json::Value;

    fn taken(text: &str) -> (String, Vec<String>) {
        let taken = NumberLists::take_from(text);
        (taken.rest, taken.lists.into_iter().map(|list| list.text.into_owned()).collect())
    }

    fn owned(lists: &[&str]) -> Vec<String> {
        lists.iter().map(|list| (*list).to_owned()).collect()
    }

    #[test]
    fn only_lists_of_numbers_outside_of_strings_are_taken() {
        for (text, rest, lists) in [
            ("{\"a\":[1,2],\"b\":[ 3 ]}", "{\"a\":[0],\"b\":[1]}", &["[1,2]", "[ 3 ]"][..]),
            ("[\"[1]\",\"\\\"[2]\\\\\",[3]]", "[\"[1]\",\"\\\"[2]\\\\\",[0]]", &["[3]"]),
            ("[[],[[4]],[5,null],[6,]]", "[[],[[0]],[5,null],[6,]]", &["[4]"]),
            ("[1", "[1", &[]),
            ("\"[1]", "\"[1]", &[]),
            ("\"[1]\\", "\"[1]\\", &[]),
            ("", "", &[]),
        ] {
            assert_eq!(taken(text), (rest.to_owned(), owned(lists)), "{text}");
        }
    }

    #[test]
    fn a_value_of_the_rest_has_its_list() {
        let taken = NumberLists::take_from(r#"{"a":[7,8],"b":[9],"c":["0"],"d":"[0]","e":[]}"#);
        let fields = Fields::parse(taken.rest()).unwrap();
        let list = |name: &str| taken.get(fields.get(name).unwrap()).map(|list| list.text.to_string());
        assert_eq!((list("a").as_deref(), list("b").as_deref()), (Some("[7,8]"), Some("[9]")));
        assert!(["c", "d", "e"].into_iter().all(|name| list(name).is_none()));
    }

    /// Puts the lists back.
    fn restored(value: Value, lists: &[String]) -> Value {
        match value {
            Value::Array(one) if one.len() == 1 && one[0].is_u64() => {
                serde_json::from_str(&lists[usize::try_from(one[0].as_u64().unwrap()).unwrap()]).unwrap()
            }
            Value::Array(all) => all.into_iter().map(|one| restored(one, lists)).collect(),
            Value::Object(all) => all.into_iter().map(|(name, one)| (name, restored(one, lists))).collect(),
            other => other,
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_what_is_no_json_stays_none(text in "[\\[\\]{}\",:\\\\12 ]{0,24}") {
            let (rest, lists) = taken(&text);
            let read = serde_json::from_str::<Value>(&rest).map(|value| restored(value, &lists));
            prop_assert_eq!(read.ok(), serde_json::from_str::<Value>(&text).ok());
        }
    }
}
