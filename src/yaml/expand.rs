//! Expands `~` and `${ENV}` in the strings of a configuration file.

use std::borrow::Cow;

/// Looks up a variable.
pub type Env<'e> = &'e dyn Fn(&str) -> Option<String>;

/// A text whose variables are replaced.
#[derive(Debug, PartialEq, Eq)]
pub struct Expanded<'t> {
    /// The result; borrowed when there was nothing to replace.
    pub text: Cow<'t, str>,
    /// The first variable in the text. A message about the text should name it.
    pub from: Option<&'t str>,
}

/// The reason why a text cannot be expanded.
#[derive(Debug, PartialEq, Eq)]
pub struct ExpandFault<'t> {
    /// The faulty part, as written.
    pub part: &'t str,
    /// The variable without a value or default; `None` when something else is wrong.
    pub unset: Option<&'t str>,
    /// A message for the author of the text.
    pub message: String,
}

/// Replaces a leading `~` or `~/` by the home directory, `${NAME}` and `${NAME:-default}` (used when the variable is
/// unset or empty) by the variable, and `$${` by a literal `${`. The inserted text is not expanded again.
///
/// # Errors
/// A variable that is not set and has no default, or a `${` that is not closed or names nothing.
pub fn expand<'t>(text: &'t str, env: Env<'_>) -> Result<Expanded<'t>, ExpandFault<'t>> {
    let in_home = text == "~" || text.starts_with("~/");
    if !in_home && !text.contains("${") {
        return Ok(Expanded { text: Cow::Borrowed(text), from: None });
    }
    let mut out = String::with_capacity(text.len());
    let mut from = None;
    let mut rest = text;
    if in_home && let Some(below) = text.strip_prefix('~') {
        let home = env("HOME");
        out.push_str(&home.ok_or_else(|| ExpandFault::new("~", "`~` stands for $HOME, which is not set"))?);
        rest = below;
    }
    while let Some(at) = rest.find("${") {
        let (before, opened) = rest.split_at(at);
        if let Some(literal) = before.strip_suffix('$') {
            out.push_str(literal);
            out.push_str("${");
            rest = opened.get(2..).unwrap_or_default();
            continue;
        }
        out.push_str(before);
        let end = opened
            .find('}')
            .ok_or_else(|| ExpandFault::new(opened, "`${` without `}` (write `$${` for a literal `${`)"))?;
        let (part, behind) = opened.split_at(end + 1);
        let (name, value) = lookup(part, env)?;
        out.push_str(&value);
        from.get_or_insert(name);
        rest = behind;
    }
    out.push_str(rest);
    Ok(Expanded { text: Cow::Owned(out), from })
}

impl<'t> ExpandFault<'t> {
    fn new(part: &'t str, message: impl Into<String>) -> Self {
        ExpandFault { part, unset: None, message: message.into() }
    }
}

/// Returns the name and value of `${NAME}` or `${NAME:-default}`.
fn lookup<'t>(part: &'t str, env: Env<'_>) -> Result<(&'t str, String), ExpandFault<'t>> {
    let inside = part.strip_prefix("${").and_then(|part| part.strip_suffix('}')).unwrap_or_default();
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    if !is_name(name) {
        let remedy = "write `${NAME}`, `${NAME:-default}`, or `$${` for a literal `${`";
        return Err(ExpandFault::new(part, format!("`{part}` does not name a variable ({remedy})")));
    }
    let value = match (env(name), default) {
        (Some(value), None) => value,
        (Some(value), Some(_)) if !value.is_empty() => value,
        (_, Some(default)) => default.to_owned(),
        (None, None) => {
            let message = format!("environment variable {name} is not set");
            return Err(ExpandFault { unset: Some(name), ..ExpandFault::new(part, message) });
        }
    };
    Ok((name, value))
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        match name {
            "HOME" => Some("/home/jdoe".to_owned()),
            "PORT" => Some("8080".to_owned()),
            "EMPTY" => Some(String::new()),
            "TRICKY" => Some("${PORT}".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn replaces_what_it_promises() {
        for (text, expected) in [
            ("plain $5 ~ text", "plain $5 ~ text"),
            ("~", "/home/jdoe"),
            ("~/x/~", "/home/jdoe/x/~"),
            ("~other/x", "~other/x"),
            ("${PORT}", "8080"),
            ("a${PORT}b${PORT}", "a8080b8080"),
            ("${NONE:-7}", "7"),
            ("${EMPTY:-7}", "7"),
            ("${PORT:-7}", "8080"),
            ("${NONE:-}", ""),
            ("${NONE:-a:-b}", "a:-b"),
            ("${EMPTY}", ""),
            ("$${PORT}", "${PORT}"),
            ("x$${PORT} ${PORT}", "x${PORT} 8080"),
            ("${TRICKY}", "${PORT}"),
            ("~/${PORT}", "/home/jdoe/8080"),
        ] {
            assert_eq!(expand(text, &env).map(|done| done.text.into_owned()), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn untouched_text_is_borrowed() {
        assert_eq!(expand("a$b", &env), Ok(Expanded { text: Cow::Borrowed("a$b"), from: None }));
        assert!(matches!(expand("a$b", &env).unwrap().text, Cow::Borrowed(_)));
    }

    #[test]
    fn the_first_variable_is_remembered() {
        assert_eq!(expand("x${PORT}${EMPTY}", &env).unwrap().from, Some("PORT"));
        let fault = expand("x${PORT}${NONE}", &env).unwrap_err();
        assert_eq!((fault.part, fault.unset), ("${NONE}", Some("NONE")));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            ("${NONE}", "environment variable NONE is not set"),
            ("${PORT", "without `}`"),
            ("${}", "does not name a variable"),
            ("${1A}", "does not name a variable"),
            ("${a b}", "does not name a variable"),
        ] {
            let message = expand(text, &env).unwrap_err().message;
            assert!(message.contains(expected), "{text}: {message}");
        }
        let nowhere = |_: &str| None;
        assert!(expand("~/x", &nowhere).unwrap_err().message.contains("$HOME"));
    }
}
