//! Families of models: how a model that an upstream lists, and that no name of a group has, gets its names.

use super::glob::fits_in_any_case;

/// The ids of a family, and how its models are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameFamily {
    /// The ids; `*` stands for any text, in any case.
    pub ids: String,
    /// How the models are named: the first name is listed, the others work and are hidden.
    pub names: Vec<NameTemplate>,
}

impl NameFamily {
    /// Returns true if the family has this id.
    pub fn has(&self, id: &str) -> bool {
        fits_in_any_case(&self.ids, id)
    }

    /// Returns the names of a model, each once; `None` if its first name cannot be made.
    pub fn names_of(&self, shown: &str) -> Option<Vec<String>> {
        let (first, others) = self.names.split_first()?;
        let mut names = vec![first.name_of(shown)?];
        for name in others.iter().filter_map(|template| template.name_of(shown)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Some(names)
    }
}

/// A name with a place for what a list calls the model: in lower case, with dashes for spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTemplate(Vec<NamePart>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum NamePart {
    Text(String),
    /// All of the name.
    Whole,
    /// One word of it, from 1. Words stand between dashes.
    Word(usize),
    /// The words behind those that are named, each after a dash.
    Rest,
}

impl NameTemplate {
    /// Reads a template such as `lab:*`, or `lab:{2}-{1}{rest}` for other orders of the words.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("has white space in it");
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['*', '{', '}']) {
            let (before, marked) = rest.split_at(at);
            if !before.is_empty() {
                parts.push(NamePart::Text(before.to_owned()));
            }
            let (part, length) = part(marked).ok_or("has braces around something else than 1 to 9 or rest")?;
            parts.push(part);
            rest = marked.get(length..).unwrap_or_default();
        }
        if !rest.is_empty() {
            parts.push(NamePart::Text(rest.to_owned()));
        }
        let count = |is: fn(&NamePart) -> bool| parts.iter().filter(|part| is(part)).count();
        let whole = count(|part| *part == NamePart::Whole);
        let words = count(|part| matches!(part, NamePart::Word(_)));
        match (whole, words) {
            (0, 0) => Err("has no place for what the list calls the model"),
            (1, 0) if !parts.contains(&NamePart::Rest) => Ok(NameTemplate(parts)),
            (0, _) => Ok(NameTemplate(parts)),
            (1, _) => Err("has a star beside braces"),
            _ => Err("has several stars"),
        }
    }

    /// Returns the name of a model that a list calls `shown`; `None` if it has too few words.
    pub fn name_of(&self, shown: &str) -> Option<String> {
        let lower = shown.to_lowercase();
        let dashed = lower.split_whitespace().collect::<Vec<_>>().join("-");
        // A list of names that have the prefix already.
        let prefix = if let Some(NamePart::Text(text)) = self.0.first() { text.to_lowercase() } else { String::new() };
        let whole = dashed.strip_prefix(&prefix).filter(|short| !short.is_empty()).unwrap_or(&dashed);
        let words: Vec<&str> = whole.split('-').filter(|word| !word.is_empty()).collect();
        let last = self.0.iter().map(|part| if let NamePart::Word(number) = part { *number } else { 0 }).max()?;
        let mut name = String::new();
        for part in &self.0 {
            match part {
                NamePart::Text(text) => name.push_str(text),
                NamePart::Whole => name.push_str(whole),
                NamePart::Word(number) => name.push_str(words.get(number.checked_sub(1)?)?),
                NamePart::Rest => words.iter().skip(last).for_each(|word| name.extend(["-", *word])),
            }
        }
        Some(name)
    }
}

/// Returns the part that a text begins with, and its length.
fn part(text: &str) -> Option<(NamePart, usize)> {
    if text.starts_with('*') {
        return Some((NamePart::Whole, 1));
    }
    let (inside, _) = text.strip_prefix('{')?.split_once('}')?;
    let part = match inside {
        "rest" => NamePart::Rest,
        number => NamePart::Word(number.parse().ok().filter(|number| (1..=9).contains(number))?),
    };
    Some((part, inside.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_lower_case_with_dashes() {
        for (template, shown, name) in [
            ("lab:*", "Big 4.1-mini", Some("lab:big-4.1-mini")),
            ("lab:*", "Big  5.6 Sol", Some("lab:big-5.6-sol")),
            ("lab:*", "lab:big", Some("lab:big")),
            ("lab:big-*", "o9", Some("lab:big-o9")),
            ("lab:{1}-{3}-{2}{rest}", "One Two 4.6", Some("lab:one-4.6-two")),
            ("lab:{1}-{3}-{2}{rest}", "One Two 3.5 v2 x", Some("lab:one-3.5-two-v2-x")),
            ("lab:{1}-{3}-{2}{rest}", "One Two", None),
            ("{2}", "one two", Some("two")),
        ] {
            assert_eq!(NameTemplate::parse(template).unwrap().name_of(shown).as_deref(), name, "{template} {shown}");
        }
    }

    #[test]
    fn what_is_no_template_says_why() {
        for (text, why) in [
            ("lab:x", "no place"),
            ("lab:{rest}", "no place"),
            ("*-*", "several stars"),
            ("*{1}", "star beside"),
            ("*{rest}", "star beside"),
            ("{0}", "braces"),
            ("{10}", "braces"),
            ("{x}", "braces"),
            ("{1", "braces"),
            ("1}", "braces"),
            ("a b*", "white space"),
            ("", "no place"),
        ] {
            let found = NameTemplate::parse(text).unwrap_err();
            assert!(found.contains(why), "{text}: {found}");
        }
    }

    #[test]
    fn a_model_has_each_name_once() {
        let templates = ["lab:*", "lab:{1}{rest}", "lab:{2}-{1}"].map(|text| NameTemplate::parse(text).unwrap());
        let family = NameFamily { ids: "big*".to_owned(), names: templates.to_vec() };
        assert!(family.has("BIG9") && !family.has("small"));
        assert_eq!(family.names_of("Big Nine").unwrap(), ["lab:big-nine", "lab:nine-big"]);
        assert_eq!(family.names_of("Big").unwrap(), ["lab:big"]);
    }
}
