//! Paths with parameters: `{name}` takes one segment, a final `{name*}` takes the rest, slashes included. A word may follow, as in
//! `{name}:count`.

use percent_encoding::percent_decode_str;

/// A path with at least one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// What stands before the first parameter, with its slash. Most paths differ there, so that they are passed over by one comparison.
    start: String,
    /// All of it, the start included.
    segments: Vec<Segment>,
    /// How many of them the start has.
    literals: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// One segment that ends with this word.
    One(String),
    /// The rest of the path, which ends with this word.
    Rest(String),
}

impl Segment {
    /// Returns true if whatever this takes ends with a word, and has something before it.
    fn ends_with(&self, word: &str) -> bool {
        match self {
            Segment::Literal(text) => text.len() > word.len() && text.ends_with(word),
            Segment::One(own) | Segment::Rest(own) => own.ends_with(word),
        }
    }
}

impl Pattern {
    /// Reads a path; `None` when it has no parameters.
    ///
    /// # Errors
    /// A sentence about what is wrong with the path.
    pub fn parse(path: &str) -> Result<Option<Self>, String> {
        if !path.starts_with('/') {
            return Err(format!("path '{path}' must begin with a slash"));
        }
        if path.contains(['?', '#', ' ']) {
            return Err(format!("path '{path}' must not hold a query, a fragment or a space"));
        }
        if path.contains("//") {
            return Err(format!("path '{path}' must not hold an empty segment; requests are looked up without"));
        }
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let mut segments = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            segments.push(match parameter(part) {
                Some((_, word)) if word.contains(['{', '}']) || !word.is_empty() && !word.starts_with(':') => {
                    return Err(format!("only a word that begins with a colon may follow a parameter of '{path}'"));
                }
                Some((name, word)) if name.ends_with('*') && index + 1 == parts.len() => Segment::Rest(word.to_owned()),
                Some((name, _)) if name.ends_with('*') => {
                    return Err(format!("'{{{name}}}' may only stand at the end of '{path}'"));
                }
                Some(("", _)) => return Err(format!("a parameter of '{path}' has no name")),
                Some((_, word)) => Segment::One(word.to_owned()),
                None if part.contains(['{', '}']) => {
                    return Err(format!("a parameter must begin a segment of '{path}'"));
                }
                None => Segment::Literal((*part).to_owned()),
            });
        }
        let literals = segments.iter().take_while(|segment| matches!(segment, Segment::Literal(_))).count();
        let start: String = parts.iter().take(literals).flat_map(|part| ["/", part]).chain(["/"]).collect();
        Ok((literals < segments.len()).then_some(Pattern { start, segments, literals }))
    }

    /// Returns true if this pattern takes every path that `other` takes.
    pub fn covers(&self, other: &Pattern) -> bool {
        let mut theirs = other.segments.iter();
        for ours in &self.segments {
            match (ours, theirs.next()) {
                (Segment::Rest(word), Some(_)) => {
                    return other.segments.last().is_some_and(|last| last.ends_with(word));
                }
                (Segment::One(word), Some(theirs @ (Segment::One(_) | Segment::Literal(_))))
                    if theirs.ends_with(word) => {}
                (Segment::Literal(ours), Some(Segment::Literal(theirs))) if ours == theirs => {}
                _ => return false,
            }
        }
        theirs.next().is_none()
    }

    /// Returns the parameters' values in a path, percent-decoded; `None` when the path does not fit.
    pub fn values(&self, path: &str) -> Option<Vec<String>> {
        let mut rest = path.strip_prefix(self.start.as_str())?;
        let mut values = Vec::new();
        for (index, segment) in self.segments.iter().enumerate().skip(self.literals) {
            let last = index + 1 == self.segments.len();
            if let Segment::Rest(word) = segment {
                values.push(value(rest, word)?);
                return Some(values);
            }
            let (part, after) = match rest.split_once('/') {
                Some((part, after)) if !last => (part, after),
                None if last => (rest, ""),
                _ => return None,
            };
            match segment {
                Segment::Literal(literal) if literal == part => {}
                Segment::One(word) => values.push(value(part, word)?),
                Segment::Literal(_) | Segment::Rest(_) => return None,
            }
            rest = after;
        }
        Some(values)
    }
}

/// Returns the names of a path's parameters, in order, without the final star.
pub fn names(path: &str) -> impl Iterator<Item = &str> + Clone {
    path.split('/').filter_map(parameter).map(|(name, _)| name.strip_suffix('*').unwrap_or(name))
}

/// Returns the text between the braces that a segment begins with, and the text after them.
fn parameter(segment: &str) -> Option<(&str, &str)> {
    segment.strip_prefix('{')?.split_once('}')
}

/// Returns the value of a parameter before this word, decoded. Clients write some colons as `%3A`.
fn value(part: &str, word: &str) -> Option<String> {
    // Bytes that are not UTF-8 become U+FFFD.
    let mut decoded = percent_decode_str(part).decode_utf8_lossy().into_owned();
    let length = decoded.strip_suffix(word)?.len();
    decoded.truncate(length);
    (!decoded.is_empty()).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pattern: &str, path: &str) -> Option<Vec<String>> {
        Pattern::parse(pattern).unwrap().unwrap().values(path)
    }

    #[test]
    fn parameters_take_what_they_should() {
        let one = |value: &str| Some(vec![value.to_owned()]);
        assert_eq!(values("/m/{id}", "/m/a%3Ab"), one("a:b"));
        assert_eq!(values("/m/{id}", "/m/a/b"), None);
        assert_eq!(values("/m/{id}", "/m/"), None);
        assert_eq!(values("/m/{id*}", "/m/a/b:c"), one("a/b:c"));
        assert_eq!(values("/m/{id*}", "/m/a%2Fb"), one("a/b"));
        assert_eq!(values("/m/{id*}", "/m/"), None);
        assert_eq!(values("/m/{id*}", "/x/a"), None);
        assert_eq!(values("/{a}/x/{b}", "/1/x/2"), Some(vec!["1".into(), "2".into()]));
        assert_eq!(values("/{a}/x", "/100%"), None);
        assert_eq!(values("/{a}", "/100%"), one("100%"));
        assert_eq!(values("/m/{id}:count", "/m/a:b:count"), one("a:b"));
        assert_eq!(values("/m/{id}:count", "/m/a%3Ab%3Acount"), one("a:b"));
        assert_eq!(values("/m/{id*}:count", "/m/a/b:count"), one("a/b"));
        for path in ["/m/:count", "/m/a", "/m/a:counts", "/m/a:count/b"] {
            assert_eq!(values("/m/{id}:count", path), None, "{path}");
        }
    }

    #[test]
    fn a_pattern_covers_what_is_narrower() {
        let covers = |first: &str, second: &str| {
            Pattern::parse(first).unwrap().unwrap().covers(&Pattern::parse(second).unwrap().unwrap())
        };
        for (first, second, expected) in [
            ("/{a}", "/{b}", true),
            ("/{a*}", "/{b}/c", true),
            ("/{a*}", "/{b*}", true),
            ("/{a}", "/{b*}", false),
            ("/{a}/x", "/{a}/{b}", false),
            ("/{a}/{b}", "/{a}/x", true),
            ("/m/{a*}", "/n/{a}", false),
            ("/{a}", "/{a}/{b}", false),
            ("/{a}/{b}", "/{a}", false),
            ("/{a}", "/{a}:x", true),
            ("/{a}:x", "/{a}", false),
            ("/{a}:x/{c}", "/b:x/{c}", true),
            ("/{a}:x/{c}", "/b:y/{c}", false),
            ("/{a*}:x", "/{a}/{b}:x", true),
            ("/{a*}:x", "/{a}:x/b", false),
        ] {
            assert_eq!(covers(first, second), expected, "{first} {second}");
        }
    }

    #[test]
    fn parameters_have_names() {
        assert_eq!(names("/a/{b}/c/{d*}").collect::<Vec<_>>(), ["b", "d"]);
        assert_eq!(names("/a").count(), 0);
    }

    #[test]
    fn mistakes_are_told() {
        for path in ["x", "/{a*}/b", "/a{b}", "/{}", "/{a}b", "/{a}:{b}", "/{a", "/a?b", "/a b", "/a//b"] {
            assert!(Pattern::parse(path).is_err(), "{path}");
        }
        assert_eq!(Pattern::parse("/a/b"), Ok(None));
    }
}
