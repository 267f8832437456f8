//! Adds a row to `callers.yaml` and leaves every other byte unchanged.

use super::list::Callers;
use crate::access::{Hash, Username};
use crate::yaml::node::{Node, parse};

/// The maximum length of a name, in bytes.
const LONGEST: usize = 64;

/// Refuses names that could be misread in logs, metrics and patterns.
///
/// # Errors
/// A sentence about what is wrong with the name.
pub fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@');
    if name.bytes().all(plain) && (1..=LONGEST).contains(&name.len()) {
        return Ok(());
    }
    Err(format!("expected a name of letters, digits and . _ - @, at most {LONGEST} of them"))
}

/// Returns the text with one more row. `None` starts a new file.
///
/// # Errors
/// The name exists already, the text has mistakes, or no row can be appended to the list in its form.
pub fn add(text: Option<&str>, name: &str, hash: &Hash, user: Option<&Username>) -> Result<String, String> {
    check_name(name)?;
    let before = match text {
        None => Callers::default(),
        Some(text) => Callers::read("", text).map_err(|_| "it has mistakes; see: argo-openai-proxy check")?.0,
    };
    if before.rows.iter().any(|row| row.name == name) {
        return Err(format!("'{name}' is there already; take another name, or take that row out first"));
    }
    let mut out = text.unwrap_or_default().to_owned();
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    if !out.lines().any(|line| line.starts_with("callers:")) {
        out.push_str("callers:\n");
    }
    let indent = " ".repeat(dash_column(&out).unwrap_or(2));
    out.push_str(&format!("{indent}- name: {}\n", scalar(name)));
    if let Some(user) = user {
        out.push_str(&format!("{indent}  user: {}\n", scalar(user.as_str())));
    }
    out.push_str(&format!("{indent}  key_sha256: \"{hash}\"\n"));
    // A YAML list has many forms, so read the result back and accept it only if it holds exactly the wanted rows.
    let names = |callers: &Callers| callers.rows.iter().map(|row| (row.name.clone(), row.hash)).collect::<Vec<_>>();
    let mut wanted = names(&before);
    wanted.push((name.to_owned(), *hash));
    match Callers::read("", &out) {
        Ok((after, _)) if names(&after) == wanted => Ok(out),
        _ => Err("its list is not written in lines that begin with `-`; write it so".to_owned()),
    }
}

/// Returns the indentation of the list's rows.
fn dash_column(text: &str) -> Option<usize> {
    let rows = text.lines().skip_while(|line| !line.starts_with("callers:")).skip(1);
    rows.map(|line| (line.len() - line.trim_start_matches(' ').len(), line.trim_start()))
        .find(|(_, line)| *line == "-" || line.starts_with("- "))
        .map(|(column, _)| column)
}

/// Returns a name as YAML, quoted where YAML would read it as something other than text.
fn scalar(name: &str) -> String {
    match parse(name) {
        Ok(Node::Text(text)) if text == name => name.to_owned(),
        _ => format!("\"{name}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add_ann(text: Option<&str>) -> Result<String, String> {
        add(text, "ann", &Hash::of(b"key"), None)
    }

    fn row(indent: &str) -> String {
        format!("{indent}- name: ann\n{indent}  key_sha256: \"{}\"\n", Hash::of(b"key"))
    }

    #[test]
    fn everything_else_stays_byte_for_byte() {
        let hash = Hash::of(b"other");
        let one = format!("- {{ name: bob, key_sha256: \"{hash}\" }}");
        for (text, indent) in [
            (format!("# mine\r\ncallers: # all\n  {one} # first\n"), "  "),
            (format!("callers:\n{one}\n\n# the end\n"), ""),
            (
                format!("callers:\n    - name: bob\n      routes:\n        - /v1/*\n      key_sha256: \"{hash}\"\n"),
                "    ",
            ),
        ] {
            assert_eq!(add_ann(Some(&text)).unwrap(), format!("{text}{}", row(indent)));
        }
        let cut = format!("callers:\n  {one}");
        assert_eq!(add_ann(Some(&cut)).unwrap(), format!("{cut}\n{}", row("  ")));
        assert_eq!(add_ann(Some("# none yet\n")).unwrap(), format!("# none yet\ncallers:\n{}", row("  ")));
        assert_eq!(add_ann(None).unwrap(), format!("callers:\n{}", row("  ")));
    }

    #[test]
    fn names_that_yaml_takes_for_something_else_are_quoted() {
        for name in ["1234", "null", "true", "1e5", "ann", "0x1f", "-", "@lab", "a.b@c"] {
            let user = Username::new("1234").unwrap();
            let text = add(None, name, &Hash::of(b"key"), Some(&user)).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(Callers::read("", &text).unwrap().0.rows[0].name, name, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_added_to_is_refused() {
        let with_ann = add_ann(None).unwrap();
        for (text, why) in [
            (with_ann.as_str(), "there already"),
            ("callers: []\n", "lines that begin with"),
            ("callers: [\n", "mistakes"),
            ("collars: 1\n", "mistakes"),
        ] {
            assert!(add_ann(Some(text)).unwrap_err().contains(why), "{text}");
        }
        for name in ["", "a b", "a*", "é", "a\n", &"a".repeat(65)] {
            assert!(add(None, name, &Hash::of(b"key"), None).is_err(), "{name}");
        }
    }
}
