//! Paths with parameters: `{name}` takes one segment, a final `{name*}` takes the rest, slashes included.

/// A path with at least one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    One,
    Rest,
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
                Some(name) if name.ends_with('*') && index + 1 == parts.len() => Segment::Rest,
                Some(name) if name.ends_with('*') => {
                    return Err(format!("'{{{name}}}' may only stand at the end of '{path}'"));
                }
                Some("") => return Err(format!("a parameter of '{path}' has no name")),
                Some(_) => Segment::One,
                None if part.contains(['{', '}']) => {
                    return Err(format!("a parameter must be a whole segment of '{path}'"));
                }
                None => Segment::Literal((*part).to_owned()),
            });
        }
        let has_parameters = segments.iter().any(|segment| !matches!(segment, Segment::Literal(_)));
        Ok(has_parameters.then_some(Pattern { segments }))
    }

    /// Returns true if this pattern takes every path that `other` takes.
    pub fn covers(&self, other: &Pattern) -> bool {
        let mut theirs = other.segments.iter();
        for ours in &self.segments {
            match (ours, theirs.next()) {
                (Segment::Rest, Some(_)) => return true,
                (Segment::One, Some(Segment::One)) => {}
                (Segment::One, Some(Segment::Literal(literal))) if !literal.is_empty() => {}
                (Segment::Literal(ours), Some(Segment::Literal(theirs))) if ours == theirs => {}
                _ => return false,
            }
        }
        theirs.next().is_none()
    }

    /// Returns the parameters' values in a path, percent-decoded; `None` when the path does not fit.
    pub fn values(&self, path: &str) -> Option<Vec<String>> {
        let mut rest = path.strip_prefix('/')?;
        let mut values = Vec::new();
        for (index, segment) in self.segments.iter().enumerate() {
            let last = index + 1 == self.segments.len();
            if matches!(segment, Segment::Rest) {
                values.push(decode(rest));
                return (!rest.is_empty()).then_some(values);
            }
            let (part, after) = match rest.split_once('/') {
                Some((part, after)) if !last => (part, after),
                None if last => (rest, ""),
                _ => return None,
            };
            match segment {
                Segment::Literal(literal) if literal == part => {}
                Segment::One if !part.is_empty() => values.push(decode(part)),
                _ => return None,
            }
            rest = after;
        }
        Some(values)
    }
}

/// Returns the names of a path's parameters, in order, without the final star.
pub fn names(path: &str) -> impl Iterator<Item = &str> + Clone {
    path.split('/').filter_map(parameter).map(|name| name.strip_suffix('*').unwrap_or(name))
}

/// Returns the text between the braces of a segment.
fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Decodes `%XX`. Other text stays as it is, and bytes that are not UTF-8 become U+FFFD.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(byte));
        rest = after.get(if escaped.is_some() { 2 } else { 0 }..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
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
        for path in ["x", "/{a*}/b", "/a{b}", "/{}", "/a?b", "/a b", "/a//b"] {
            assert!(Pattern::parse(path).is_err(), "{path}");
        }
        assert_eq!(Pattern::parse("/a/b"), Ok(None));
    }
}
