//! Patterns in which `*` stands for any text: for the ids that rules match, and for model names that no list has.

/// The longest name, in bytes, that a pattern matches.
const LONGEST: usize = 128;

/// Returns true if a text matches a pattern. `*` stands for any text, including the empty one.
pub fn fits(pattern: &str, text: &str) -> bool {
    matches(pattern, text, |pattern, text| pattern == text)
}

/// Like [`fits`], for patterns and texts in any case. Only ASCII letters have two cases here.
pub fn fits_in_any_case(pattern: &str, text: &str) -> bool {
    matches(pattern, text, <[u8]>::eq_ignore_ascii_case)
}

fn matches(pattern: &str, text: &str, same: fn(&[u8], &[u8]) -> bool) -> bool {
    let (pattern, mut rest) = (pattern.as_bytes(), text.as_bytes());
    let mut parts = pattern.split(|byte| *byte == b'*');
    let before = parts.next().unwrap_or_default();
    let Some(after) = parts.next_back() else { return same(pattern, rest) };
    match rest.split_at_checked(before.len()) {
        Some((start, tail)) if same(before, start) => rest = tail,
        _ => return false,
    }
    match rest.len().checked_sub(after.len()).and_then(|at| rest.split_at_checked(at)) {
        Some((head, end)) if same(after, end) => rest = head,
        _ => return false,
    }
    // The first place is always the best one: it leaves the most for what follows.
    for part in parts.filter(|part| !part.is_empty()) {
        match rest.windows(part.len()).position(|there| same(part, there)) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

/// A pattern of names. The text that its star matches becomes part of the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    /// The pattern as written in the table.
    pub pattern: String,
    /// Its file and line.
    pub from: String,
    before: String,
    after: String,
    id: Id,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Id {
    /// One id for every name.
    Fixed(String),
    /// The star's text between a prefix and a suffix.
    Around(String, String),
}

impl NamePattern {
    /// Reads a pattern with one star, and an id with at most one.
    ///
    /// # Errors
    /// What is wrong with the name or with the id, and what to write.
    pub fn parse(pattern: &str, id: &str) -> Result<Self, Mistake> {
        let (before, after) = pattern.split_once('*').ok_or(Mistake::NoStar)?;
        if after.contains('*') {
            return Err(Mistake::Stars);
        }
        let id = match id.split_once('*') {
            None => Id::Fixed(id.to_owned()),
            Some((_, after)) if after.contains('*') => return Err(Mistake::IdStars),
            Some((before, after)) => Id::Around(before.to_owned(), after.to_owned()),
        };
        Ok(NamePattern {
            pattern: pattern.to_owned(),
            from: String::new(),
            before: before.to_owned(),
            after: after.to_owned(),
            id,
        })
    }

    /// Returns the id for a name, or `None` if the name does not match. The star stands for one or more visible ASCII
    /// characters other than quotes. Case matters only in the star's text. A name has at most 128 bytes.
    pub fn id_for(&self, name: &str) -> Option<String> {
        if name.len() > LONGEST {
            return None;
        }
        let (before, rest) = name.split_at_checked(self.before.len())?;
        let (star, after) = rest.split_at_checked(rest.len().checked_sub(self.after.len())?)?;
        let around = before.eq_ignore_ascii_case(&self.before) && after.eq_ignore_ascii_case(&self.after);
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\');
        if !around || star.is_empty() || !star.bytes().all(plain) {
            return None;
        }
        Some(match &self.id {
            Id::Fixed(id) => id.clone(),
            Id::Around(before, after) => [before, star, after].concat(),
        })
    }

    /// Returns the id, with a star in the place of the name's text.
    pub fn id(&self) -> String {
        match &self.id {
            Id::Fixed(id) => id.clone(),
            Id::Around(before, after) => format!("{before}*{after}"),
        }
    }

    /// Returns the id if all names get the same one.
    pub fn fixed_id(&self) -> Option<&str> {
        match &self.id {
            Id::Fixed(id) => Some(id),
            Id::Around(..) => None,
        }
    }

    /// Returns true if it matches every name that `other` matches.
    pub fn covers(&self, other: &NamePattern) -> bool {
        let (before, after) = (self.before.to_ascii_lowercase(), self.after.to_ascii_lowercase());
        other.before.to_ascii_lowercase().starts_with(&before) && other.after.to_ascii_lowercase().ends_with(&after)
    }
}

/// Why a name and its id are not a valid pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The id has a star and the name has none.
    NoStar,
    /// The name has several stars.
    Stars,
    /// The id has several stars.
    IdStars,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn globs_match_anywhere() {
        for (pattern, text, does) in [
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "abc", true),
            ("*", "", true),
            ("*b*", "abc", true),
            ("a*b", "abc", false),
            ("a*b*c", "axbxbxc", true),
            ("a*bc*c", "abc", false),
            ("ab*ba", "aba", false),
            ("***", "abc", true),
            ("abc", "abc", true),
            ("ab", "abc", false),
            ("a*é*c", "xéc", false),
            ("*é*", "xéc", true),
        ] {
            assert_eq!(fits(pattern, text), does, "{pattern} {text}");
        }
    }

    #[test]
    fn case_matters_only_where_it_is_asked_for() {
        for (pattern, text, does) in [
            ("gpt35", "GPT35", true),
            ("GPT*", "gpt35", true),
            ("*-Mini-*", "o4-mini-2025", true),
            ("a*B*c", "AxbXC", true),
            ("gpt35", "gpt3", false),
            ("é*", "É1", false),
        ] {
            assert_eq!(fits_in_any_case(pattern, text), does, "{pattern} {text}");
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn what_the_star_stands_for_goes_into_the_id() {
        for (pattern, id, name, made) in [
            ("lab:*", "*", "lab:big-1", Some("big-1")),
            ("lab:*", "*", "LAB:Big-1", Some("Big-1")),
            ("lab:*-test", "*", "lab:big-1-TEST", Some("big-1")),
            ("lab:*-test", "x-*-y", "lab:a-test", Some("x-a-y")),
            ("lab:a*", "one", "lab:a-2026", Some("one")),
            ("*", "*", "any", Some("any")),
            ("lab:*", "*", "lab:", None),
            ("lab:*-test", "*", "lab:-test", None),
            ("ab*ba", "*", "aba", None),
            ("lab:*", "*", "other", None),
            ("lab:*", "*", "lab:a b", None),
            ("lab:*", "*", "lab:a\"b", None),
            ("lab:*", "*", "lab:a\\b", None),
            ("lab:*", "*", "lab:é", None),
            ("é*", "*", "e", None),
        ] {
            let pattern = NamePattern::parse(pattern, id).unwrap();
            assert_eq!(pattern.id_for(name).as_deref(), made, "{pattern:?} {name}");
        }
        let any = NamePattern::parse("*", "*").unwrap();
        assert!(any.id_for(&"a".repeat(LONGEST)).is_some());
        assert!(any.id_for(&"a".repeat(LONGEST + 1)).is_none());
    }

    #[test]
    fn what_makes_no_pattern_is_told() {
        for (pattern, id, mistake) in
            [("a", "b*", Mistake::NoStar), ("a**", "b", Mistake::Stars), ("a*", "*b*", Mistake::IdStars)]
        {
            assert_eq!(NamePattern::parse(pattern, id), Err(mistake));
        }
    }

    #[test]
    fn a_wider_pattern_covers_a_narrower_one() {
        let covers = |wide: &str, narrow: &str| {
            NamePattern::parse(wide, "*").unwrap().covers(&NamePattern::parse(narrow, "*").unwrap())
        };
        assert!(covers("lab:*", "LAB:x*y") && covers("*", "lab:*") && covers("lab:*", "lab:*"));
        assert!(!covers("lab:x*", "lab:*") && !covers("lab:*-test", "lab:*"));
    }

    proptest! {
        #[test]
        fn in_any_case_means_that_case_changes_nothing(pattern in "[abAB*]{0,6}", text in "[abAB]{0,9}", any in any::<String>()) {
            let lower = |text: &str| text.to_ascii_lowercase();
            for text in [text, any] {
                prop_assert_eq!(fits_in_any_case(&pattern, &text), fits(&lower(&pattern), &lower(&text)));
                prop_assert!(!fits(&pattern, &text) || fits_in_any_case(&pattern, &text));
            }
        }

        #[test]
        fn a_pattern_fits_what_its_stars_are_filled_with(parts in proptest::collection::vec("[ab]{0,2}", 1..5), fill in "[abc]{0,3}") {
            prop_assert!(fits(&parts.join("*"), &parts.join(&fill)) || parts.len() == 1);
        }

        #[test]
        fn whatever_is_asked_the_id_holds_the_star_and_nothing_else(
            before in "[a-z:]{0,4}", after in "[a-z:]{0,4}", star in "[!#-&(-\\[\\]-_a-~]{1,9}", any in any::<String>(),
        ) {
            let pattern = NamePattern::parse(&format!("{before}*{after}"), "<*>").unwrap();
            prop_assert_eq!(pattern.id_for(&format!("{before}{star}{after}")), Some(format!("<{star}>")));
            if let Some(id) = pattern.id_for(&any) {
                let inside = &id[1..id.len() - 1];
                prop_assert!(any.contains(inside) && inside.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }

        #[test]
        fn a_covered_pattern_takes_nothing_more(
            wide in "[ab]{0,2}\\*[ab]{0,2}", narrow in "[ab]{0,2}\\*[ab]{0,2}", name in "[ab]{0,7}",
        ) {
            let (wide, narrow) = (NamePattern::parse(&wide, "*").unwrap(), NamePattern::parse(&narrow, "*").unwrap());
            if wide.covers(&narrow) && narrow.id_for(&name).is_some() {
                prop_assert!(wide.id_for(&name).is_some());
            }
        }
    }
}
