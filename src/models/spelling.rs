//! Vendors' spellings of model names: another case or punctuation, a provider before the name, a date or `latest` after it.
//!
//! A spelling is taken only if exactly one model can be meant, so that nobody gets another model than the one they named.

use super::model::Model;
use std::collections::{HashMap, HashSet};

/// The longest name, in bytes, whose spelling is looked at.
const LONGEST: usize = 128;
/// The lengths of a date without and with dashes.
const DATES: [usize; 2] = ["20250929".len(), "2025-09-29".len()];

/// How a name that no model has differs from the name of the model that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// In case, punctuation, or the provider before it.
    Written,
    /// Also in the date of a snapshot after it.
    Dated,
    /// Also in `latest` after it.
    Latest,
}

/// The names of a group's models without what spellings differ in.
#[derive(Debug, Default, Clone)]
pub struct Spellings {
    /// Each plain name, and its model; `None` if it is the plain name of several models.
    whole: HashMap<String, Option<usize>>,
    /// The same for the names without their dates, dated or not.
    undated: HashMap<String, Option<usize>>,
    /// The prefixes of the table's own names, in lower case. They are part of a name and never a provider's.
    prefixes: HashSet<String>,
}

impl Spellings {
    /// Collects the spellings of models, by the names that clients may use for each. Those of models that only a list has are taken
    /// where the table's own leave room.
    pub fn new(list: &[Model]) -> Self {
        let mut spellings = Spellings::of(list, false);
        let listed = Spellings::of(list, true);
        spellings.prefixes.extend(listed.prefixes);
        listed.whole.into_iter().for_each(|(name, index)| _ = spellings.whole.entry(name).or_insert(index));
        listed.undated.into_iter().for_each(|(name, index)| _ = spellings.undated.entry(name).or_insert(index));
        spellings
    }

    fn of(list: &[Model], is_listed: bool) -> Self {
        let mut spellings = Spellings::default();
        for (index, model) in list.iter().enumerate().filter(|(_, model)| model.is_listed == is_listed) {
            spellings.prefixes.extend(model.name.split_once(':').map(|(prefix, _)| prefix.to_lowercase()));
            for name in model.forms().into_iter().flatten() {
                add(&mut spellings.whole, list, plain(&name), index);
                add(&mut spellings.undated, list, plain(undated(&name).unwrap_or(&name)), index);
            }
        }
        spellings
    }

    /// Returns the index of the only model that a name can mean, and in what the name differs.
    pub fn find(&self, asked: &str) -> Option<(usize, Spelling)> {
        if asked.len() > LONGEST {
            return None;
        }
        let asked = asked.trim();
        let written = self.bare(asked).find_map(|name| self.whole.get(&plain(name)));
        if let Some(found) = written {
            return found.map(|index| (index, Spelling::Written));
        }
        let (short, spelling) = shortened(asked)?;
        // Where the table has a dated name of the same model, another date may be another model.
        let found = self.bare(short).map(plain).find_map(|name| self.whole.get(&name).and(self.undated.get(&name)))?;
        found.map(|index| (index, spelling))
    }

    /// Returns a name, then what is left of it without the provider before it: `provider/name`, `provider:name`.
    fn bare<'a>(&self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let after = |name: &'a str, (provider, rest): (&'a str, &'a str)| {
            let own = self.prefixes.contains(&provider.to_lowercase());
            Some(rest).filter(|rest| !own && !provider.is_empty() && !rest.is_empty() && *rest != name)
        };
        let slash = name.rsplit_once('/').and_then(|parts| after(name, parts));
        let base = slash.unwrap_or(name);
        let colon = base.split_once(':').and_then(|parts| after(base, parts));
        std::iter::once(name).chain(slash).chain(colon)
    }
}

/// Notes the model of a plain name, or that it is the name of several models.
fn add(names: &mut HashMap<String, Option<usize>>, list: &[Model], name: String, index: usize) {
    let id = |index: usize| list.get(index).map(|model| &model.id);
    let known = names.entry(name).or_insert(Some(index));
    if known.is_some_and(|first| id(first) != id(index)) {
        *known = None;
    }
}

/// Returns a name without the provider before it and without a date or `latest` after it, in plain form: what to compare
/// when a similar name is looked for.
pub fn core(name: &str) -> String {
    let short = shortened(name).map_or(name, |(short, _)| short);
    plain(short.rsplit_once('/').map_or(short, |(_, rest)| rest))
}

/// Returns a name in lower case without punctuation. Between two digits a dot stays: 4.5 and 4-5 are the same, 45 is not.
pub fn plain(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut apart = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            apart = true;
            continue;
        }
        if apart && c.is_ascii_digit() && out.ends_with(|last: char| last.is_ascii_digit()) {
            out.push('.');
        }
        apart = false;
        out.extend(c.to_lowercase());
    }
    out
}

/// Returns a name without the date or the `latest` after it, and which of the two it was.
fn shortened(name: &str) -> Option<(&str, Spelling)> {
    if let Some(short) = undated(name) {
        return Some((short, Spelling::Dated));
    }
    let at = name.len().checked_sub("latest".len())?;
    let (before, last) = name.split_at_checked(at)?;
    let short = last.eq_ignore_ascii_case("latest").then(|| cut(before))??;
    Some((short, Spelling::Latest))
}

/// Returns a name without the date after it: `name-20250929`, `name-2025-09-29`. Four digits are no date: they name
/// snapshots that differ from the model, or versions.
fn undated(name: &str) -> Option<&str> {
    DATES.into_iter().find_map(|length| {
        let (before, date) = name.split_at_checked(name.len().checked_sub(length)?)?;
        is_date(date).then(|| cut(before)).flatten()
    })
}

/// Returns a name without the separator at its end; `None` if there is none, or nothing before it.
fn cut(name: &str) -> Option<&str> {
    name.strip_suffix(['-', ':', '@', '_']).filter(|name| !name.is_empty())
}

/// Returns true for `20250929` and `2025-09-29`.
fn is_date(text: &str) -> bool {
    let dashed = text.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 if text.len() == 10 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<u32>().ok());
    dashed
        && number(0..4).is_some_and(|year| (2000..2100).contains(&year))
        && number(4..6).is_some_and(|month| (1..=12).contains(&month))
        && number(6..8).is_some_and(|day| (1..=31).contains(&day))
}

#[cfg(test)]
mod tests;
