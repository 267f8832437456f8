//! Measures the word at a position, so that a report underlines exactly this word.

use super::node::Node;

/// Returns the column and length, in characters, of the word at `column` (from 1) of `line`. `node` is the parsed word.
///
/// With `part`, it measures that part of the word, if the line contains it as parsed.
pub fn word(line: &str, column: usize, node: Option<&Node>, part: Option<&str>) -> (usize, usize) {
    let start = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let rest = line.get(start..).unwrap_or_default();
    let whole = extent(rest, node);
    if let Some(part) = part.filter(|part| !part.is_empty())
        && let Some(at) = rest.get(..whole).and_then(|word| word.find(part))
    {
        let before = rest.get(..at).unwrap_or_default().chars().count();
        return (column + before, part.chars().count());
    }
    (column, rest.get(..whole).unwrap_or_default().chars().count().max(1))
}

/// Returns the length in bytes of the word that `rest` begins with.
fn extent(rest: &str, node: Option<&Node>) -> usize {
    let trimmed = rest.trim_end().len();
    match rest.chars().next() {
        Some('"') => quoted(rest, '"').unwrap_or(trimmed),
        Some('\'') => quoted(rest, '\'').unwrap_or(trimmed),
        Some(opening @ ('[' | '{' | '|' | '>')) => opening.len_utf8(),
        _ => match node {
            Some(Node::Text(text)) if !text.is_empty() && rest.starts_with(text.as_str()) => text.len(),
            Some(Node::List(_)) if rest.starts_with('-') => 1,
            _ => plain(rest),
        },
    }
}

/// Returns the length of a quoted scalar with its quotes; `None` when it ends in a later line.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '"' {
            chars.next();
        } else if c == quote {
            if quote == '\'' && chars.next_if(|(_, next)| *next == '\'').is_some() {
                continue;
            }
            return Some(at + 1);
        }
    }
    None
}

/// Returns the length of a plain scalar. It ends before YAML punctuation or a comment.
fn plain(rest: &str) -> usize {
    let ends = |at: usize, c: char| {
        let after = rest.get(at + c.len_utf8()..).unwrap_or_default();
        match c {
            ',' | ']' | '}' => true,
            ':' => after.is_empty() || after.starts_with([' ', ',', ']', '}']),
            ' ' => after.trim_start().starts_with('#'),
            _ => false,
        }
    };
    let end = rest.char_indices().find(|(at, c)| ends(*at, *c)).map_or(rest.len(), |(at, _)| at);
    rest.get(..end).unwrap_or_default().trim_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn underlined(line: &str, column: usize, text: Option<&str>, part: Option<&str>) -> String {
        let node = text.map(|text| Node::Text(text.to_owned()));
        let (column, length) = word(line, column, node.as_ref(), part);
        line.chars().skip(column - 1).take(length).collect()
    }

    #[test]
    fn the_very_word_is_underlined() {
        for (line, column, text, expected) in [
            ("port: 70000 # many", 7, None, "70000"),
            ("port: 70000", 1, Some("port"), "port"),
            ("a: { url: x, b: y }", 11, Some("x"), "x"),
            ("a: { n: 12, b: y }", 9, None, "12"),
            ("a: { n: 12 }", 9, None, "12"),
            ("path: /m/{id*}", 7, Some("/m/{id*}"), "/m/{id*}"),
            ("a: \"x \\\" y\" # z", 4, Some("x \" y"), "\"x \\\" y\""),
            ("a: 'it''s' # z", 4, Some("it's"), "'it''s'"),
            ("a: \"begins", 4, None, "\"begins"),
            ("a: [1, 2]", 4, None, "["),
            ("é: ü", 4, Some("ü"), "ü"),
            ("a: b", 9, None, ""),
        ] {
            assert_eq!(underlined(line, column, text, None), expected, "{line}");
        }
    }

    #[test]
    fn a_part_is_found_in_its_word() {
        assert_eq!(underlined("u: \"a${B}c\" # ${B}", 4, Some("a${B}c"), Some("${B}")), "${B}");
        assert_eq!(word("u: \"a${B}c\"", 4, None, Some("${B}")), (6, 4));
        assert_eq!(word("u: abc # zz", 4, None, Some("zz")), (4, 3), "a part that is not there is the whole word");
    }
}
