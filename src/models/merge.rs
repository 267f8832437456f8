//! Merges all rules for one id.

use super::facts::Facts;
use super::rules::{Rule, Rules};
use std::sync::Arc;

impl Rules {
    /// Merges the group's facts with all rules that match an id and hold at an upstream, or at every one. A later rule overrides an
    /// earlier one.
    pub fn merged(group: &Facts, rules: &[Arc<Rule>], id: &str, upstream: Option<&str>) -> Self {
        let mut merged = Rules { facts: group.clone(), ..Rules::default() };
        for rule in rules.iter().filter(|rule| rule.is_for(id) && rule.is_at(upstream)) {
            merged.lay(&rule.says);
            merged.matched.push(rule.clone());
        }
        merged.settle();
        merged
    }

    /// Adds a later rule. The last statement about a parameter wins: a drop cancels earlier values, and a value cancels
    /// an earlier drop.
    fn lay(&mut self, over: &Rules) {
        for name in &over.drop {
            forget(&mut self.fixed, name);
            forget(&mut self.default, name);
            forget(&mut self.cap, name);
            forget(&mut self.floor, name);
            forget(&mut self.stream_above, name);
            if !self.drop.contains(name) {
                self.drop.push(name.clone());
            }
        }
        // A parameter has either a default or a fixed value, so a later one cancels an earlier one of the other kind.
        for (name, value) in &over.default {
            self.drop.retain(|dropped| dropped != name);
            forget(&mut self.fixed, name);
            put(&mut self.default, name, value);
        }
        for (name, value) in &over.fixed {
            self.drop.retain(|dropped| dropped != name);
            forget(&mut self.default, name);
            put(&mut self.fixed, name, value);
        }
        over.rename.iter().for_each(|(from, to)| put(&mut self.rename, from, to));
        over.cap.iter().for_each(|(name, cap)| put(&mut self.cap, name, cap));
        over.floor.iter().for_each(|(name, floor)| put(&mut self.floor, name, floor));
        over.stream_above.iter().for_each(|(name, cap)| put(&mut self.stream_above, name, cap));
        self.only_one_of.extend(over.only_one_of.iter().cloned());
        self.system_role = over.system_role.or(self.system_role);
        if let Some(filler) = &over.user_filler {
            self.user_filler = Some(filler.clone());
        }
        self.tokenizer = over.tokenizer.or(self.tokenizer);
        self.tools = over.tools.or(self.tools);
        self.streaming = over.streaming.or(self.streaming);
        self.structured = over.structured.or(self.structured);
        self.thinking = over.thinking.or(self.thinking);
        self.dimensions = over.dimensions.or(self.dimensions);
        self.can_shorten = over.can_shorten.or(self.can_shorten);
        self.max_input_tokens = over.max_input_tokens.or(self.max_input_tokens);
        self.most_images = over.most_images.or(self.most_images);
        self.custom_description = over.custom_description.or(self.custom_description);
        self.facts.lay(&over.facts);
    }

    /// Replaces each parameter's name by its upstream name, so that rules may use either.
    fn settle(&mut self) {
        if self.rename.is_empty() {
            return;
        }
        let renamed = |name: &str| renamed(&self.rename, name).to_owned();
        for list in [&mut self.fixed, &mut self.default] {
            *list = settled(list, renamed);
        }
        for list in [&mut self.cap, &mut self.floor, &mut self.stream_above] {
            *list = settled(list, renamed);
        }
        for names in &mut self.only_one_of {
            names.iter_mut().for_each(|name| *name = renamed(name));
        }
    }
}

/// Returns a parameter's name after all renames, applied in order.
pub(super) fn renamed<'n>(rename: &'n [(String, String)], name: &'n str) -> &'n str {
    rename.iter().fold(name, |name, (from, to)| if name == from { to } else { name })
}

fn settled<T: Clone>(list: &[(String, T)], renamed: impl Fn(&str) -> String) -> Vec<(String, T)> {
    let mut settled = Vec::with_capacity(list.len());
    list.iter().for_each(|(name, value)| put(&mut settled, &renamed(name), value));
    settled
}

fn forget<T>(list: &mut Vec<(String, T)>, name: &str) {
    list.retain(|(known, _)| known != name);
}

fn put<T: Clone>(list: &mut Vec<(String, T)>, name: &str, value: &T) {
    match list.iter_mut().find(|(known, _)| known == name) {
        Some((_, known)) => *known = value.clone(),
        None => list.push((name.to_owned(), value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{Json, RuleEffect};
    use crate::tokens::Tokenizer;
    use serde_json::value::RawValue;

    fn json(text: &str) -> Json {
        RawValue::from_string(text.to_owned()).unwrap().into()
    }

    fn rule(place: &str, says: Rules) -> Arc<Rule> {
        Arc::new(Rule { place: place.into(), matches: vec!["a*".into(), "b".into()], upstreams: Vec::new(), says })
    }

    fn merged(says: Vec<Rules>) -> Rules {
        let rules: Vec<_> = (1..).zip(says).map(|(number, says)| rule(&number.to_string(), says)).collect();
        Rules::merged(&Facts::default(), &rules, "a1", None)
    }

    fn set(name: &str, value: &str) -> Vec<(String, Json)> {
        vec![(name.into(), json(value))]
    }

    fn values(list: &[(String, Json)]) -> Vec<(&str, &str)> {
        list.iter().map(|(name, value)| (name.as_str(), value.get())).collect()
    }

    #[test]
    fn rules_match_ids() {
        let rule = rule("1", Rules::default());
        assert!(rule.is_for("a") && rule.is_for("ab") && rule.is_for("b") && !rule.is_for("bc"));
        assert!(Rules::merged(&Facts::default(), &[rule], "c", None).matched.is_empty());
    }

    #[test]
    fn what_is_said_last_of_a_parameter_counts() {
        let fixed = |value: &str| Rules { fixed: set("t", value), ..Rules::default() };
        let default = |value: &str| Rules { default: set("t", value), ..Rules::default() };
        let drop = || Rules { drop: vec!["t".into()], ..Rules::default() };

        let rules = merged(vec![fixed("1"), fixed("2")]);
        assert_eq!(values(&rules.fixed), [("t", "2")]);
        let rules = merged(vec![fixed("1"), drop()]);
        assert!(rules.fixed.is_empty() && rules.drop == ["t"]);
        let rules = merged(vec![drop(), default("1")]);
        assert!(rules.drop.is_empty() && values(&rules.default) == [("t", "1")]);
        let rules = merged(vec![fixed("1"), default("2")]);
        assert!(rules.fixed.is_empty() && values(&rules.default) == [("t", "2")]);
        let rules = merged(vec![default("1"), fixed("2")]);
        assert!(rules.default.is_empty() && values(&rules.fixed) == [("t", "2")]);
        let rename = |to: &str| Rules { rename: vec![("t".into(), to.into())], ..Rules::default() };
        assert_eq!(merged(vec![rename("x"), rename("y")]).rename, [("t".to_owned(), "y".to_owned())]);
    }

    #[test]
    fn rules_may_use_either_name_of_a_renamed_parameter() {
        let rename = Rules { rename: vec![("old".into(), "new".into())], ..Rules::default() };
        let one = Rules { default: set("old", "1"), only_one_of: vec![vec!["x".into(), "old".into()]], ..rename };
        let two = Rules { default: set("new", "2"), ..Rules::default() };
        let rules = merged(vec![one, two]);
        assert_eq!(values(&rules.default), [("new", "2")]);
        assert_eq!(rules.only_one_of, [["x", "new"]]);
        assert_eq!(rules.behind(RuleEffect::Defaulted("new", "2")).unwrap().place, "2");
        assert_eq!(rules.behind(RuleEffect::Excluded("new", "x")).unwrap().place, "1");
    }

    #[test]
    fn the_rule_behind_a_deed_is_the_last_that_says_so() {
        let says = |drop: &str| Rules { drop: vec![drop.into()], ..Rules::default() };
        let rules = merged(vec![says("x"), says("x"), says("y")]);
        assert_eq!(rules.behind(RuleEffect::Dropped("x")).unwrap().place, "2");
        assert!(rules.behind(RuleEffect::Counts(Tokenizer::O200k)).is_none());
    }
}
