//! `~` and `${ENV}` inside the strings of a configuration file.

use std::borrow::Cow;

/// Looks up an environment variable.
pub type Env<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Replaces a leading `~` or `~/` by the home directory, `${NAME}` and `${NAME:-default}` (used when the variable is
/// unset or empty) by the variable, and `$${` by a literal `${`. Replaced text is not looked at again.
///
/// Borrowed when there was nothing to replace.
///
/// # Errors
/// A variable that is not set and has no default, or a `${` that is not closed or names nothing: the message for the
/// person who wrote it.
pub fn expand<'t>(text: &'t str, env: Env<'_>) -> Result<Cow<'t, str>, String> {
    let in_home = text == "~" || text.starts_with("~/");
    if !in_home && !text.contains("${") {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    if in_home && let Some(below) = text.strip_prefix('~') {
        out.push_str(&env("HOME").ok_or("`~` stands for $HOME, which is not set")?);
        rest = below;
    }
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(literal) = before.strip_suffix('$') {
            out.push_str(literal);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(before);
        let (inside, behind) = after.split_once('}').ok_or("`${` without `}` (write `$${` for a literal `${`)")?;
        out.push_str(&lookup(inside, env)?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

fn lookup(inside: &str, env: Env<'_>) -> Result<String, String> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    if !is_name(name) {
        return Err(format!(
            "`${{{inside}}}` does not name a variable (write `${{NAME}}`, `${{NAME:-default}}`, or `$${{` for a literal `${{`)"
        ));
    }
    match (env(name), default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!("environment variable {name} is not set")),
    }
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
            assert_eq!(expand(text, &env).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn untouched_text_is_borrowed() {
        assert!(matches!(expand("a$b", &env), Ok(Cow::Borrowed("a$b"))));
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
            let message = expand(text, &env).unwrap_err();
            assert!(message.contains(expected), "{text}: {message}");
        }
        let nowhere = |_: &str| None;
        assert!(expand("~/x", &nowhere).unwrap_err().contains("$HOME"));
    }
}
