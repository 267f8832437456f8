//! Ids of tool calls that the vendor takes: of letters, digits, `_` and `-`, and none twice in a conversation.

use crate::dialects::upstream::anthropic_form::clean_id;
use std::collections::{HashMap, HashSet, VecDeque};

/// The ids of one conversation. Equal ids of different calls become different ones, and results follow their calls in order.
#[derive(Debug, Default)]
pub struct CallIds<'a> {
    taken: HashSet<String>,
    /// How often an id was wanted.
    wanted: HashMap<String, u64>,
    /// For each id as the client wrote it, the calls that have no result yet.
    open: HashMap<&'a str, VecDeque<String>>,
}

impl<'a> CallIds<'a> {
    /// Returns the id of the next call.
    pub fn of_call(&mut self, id: &'a str) -> String {
        let clean = clean_id(id);
        let base = if clean.is_empty() { "call" } else { clean.as_ref() };
        let mut own = base.to_owned();
        while !self.taken.insert(own.clone()) {
            let number = self.wanted.entry(base.to_owned()).or_insert(1);
            *number += 1;
            own = format!("{base}_{number}");
        }
        self.open.entry(id).or_default().push_back(own.clone());
        own
    }

    /// Returns the id that a result names. A result without its call keeps its id, and the vendor says what is wrong.
    pub fn of_result(&mut self, id: &str) -> String {
        let call = self.open.get_mut(id).and_then(VecDeque::pop_front);
        call.unwrap_or_else(|| clean_id(id).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_fits_stays_and_others_are_made_to_fit() {
        let mut ids = CallIds::default();
        assert_eq!(ids.of_call("toolu_01-a"), "toolu_01-a");
        assert_eq!(ids.of_call("functions.f:0"), "functions_f_0");
        assert_eq!(ids.of_call(""), "call");
        assert_eq!(ids.of_result("functions.f:0"), "functions_f_0");
        assert_eq!(ids.of_result("never called!"), "never_called_");
    }

    #[test]
    fn ids_that_would_become_one_stay_apart() {
        let mut ids = CallIds::default();
        let made: Vec<String> = ["a.b", "a_b", "a:b", "a_b_2", "a.b"].iter().map(|id| ids.of_call(id)).collect();
        assert_eq!(made, ["a_b", "a_b_2", "a_b_3", "a_b_2_2", "a_b_4"]);
        let results: Vec<String> = ["a:b", "a.b", "a_b", "a.b", "a_b_2"].iter().map(|id| ids.of_result(id)).collect();
        assert_eq!(results, ["a_b_3", "a_b", "a_b_2", "a_b_4", "a_b_2_2"]);
    }

    /// With a count from the first number for each id these are about 10^10 steps.
    #[test]
    fn very_many_calls_with_one_id_are_told_apart() {
        const MANY: usize = 150_000;
        let mut ids = CallIds::default();
        let made: HashSet<String> = (0..MANY).map(|_| ids.of_call("c")).collect();
        assert_eq!(made.len(), MANY);
    }
}
