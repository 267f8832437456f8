//! Displays problems: for people in the style of a compiler, for editors as JSON.

use super::{Place, Problem, Severity};
use serde_json::{Value, json};
use std::fmt::Write;

/// The maximum of characters to display from a source line, around the word with the problem.
const SHOWN: usize = 140;
/// How many of these characters stand before a word that is far to the right.
const BEFORE: usize = 60;

const RED: &str = "\u{1b}[1;31m";
const YELLOW: &str = "\u{1b}[1;33m";
const BLUE: &str = "\u{1b}[1;34m";
const CYAN: &str = "\u{1b}[1;36m";
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// Returns true if a report on stderr may have colours: only on a terminal, and not when `NO_COLOR` forbids it.
pub fn colours(is_terminal: bool, env: &dyn Fn(&str) -> Option<String>) -> bool {
    is_terminal && env("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Returns all problems with their source lines, and a last line that counts them. Empty when there are no problems.
pub fn text(problems: &[Problem], colours: bool) -> String {
    let mut out = String::new();
    for problem in problems {
        let paint = |colour: &str, text: &str| if colours { format!("{colour}{text}{PLAIN}") } else { text.to_owned() };
        one(&mut out, problem, &paint);
    }
    if !problems.is_empty() {
        out.push_str(&count(problems));
        out.push('\n');
    }
    out
}

type Paint<'a> = &'a dyn Fn(&str, &str) -> String;

/// Appends one problem and an empty line.
fn one(out: &mut String, problem: &Problem, paint: Paint<'_>) {
    let colour = match problem.severity {
        Severity::Error => RED,
        Severity::Warning => YELLOW,
    };
    let title = paint(colour, &problem.severity.to_string());
    let mut lines = format!("{title}{}\n", paint(BOLD, &format!(": {}", printable(&problem.message))));
    let Place::Spot(spot) = &problem.place else {
        let _ = writeln!(lines, " {} {}", paint(BLUE, "-->"), printable(&problem.place.to_string()));
        help(&mut lines, problem, paint);
        out.push_str(&lines);
        return;
    };
    let number = spot.line.to_string();
    let gutter = " ".repeat(number.len());
    let (source, column) = window(&spot.source, spot.column);
    let room = source.chars().count().saturating_sub(column - 1).max(1);
    let marks = "^".repeat(spot.length.clamp(1, room));
    let bar = paint(BLUE, "|");
    let place = printable(&problem.place.to_string());
    let _ = writeln!(lines, "{gutter}{} {place}", paint(BLUE, "-->"));
    let _ = writeln!(lines, "{gutter} {bar}");
    let _ = writeln!(lines, "{}", format!("{} {bar} {source}", paint(BLUE, &number)).trim_end());
    let _ = writeln!(lines, "{gutter} {bar} {}{}", " ".repeat(column - 1), paint(colour, &marks));
    help(&mut lines, problem, paint);
    out.push_str(&lines);
}

fn help(out: &mut String, problem: &Problem, paint: Paint<'_>) {
    if let Some(help) = &problem.help {
        let _ = writeln!(out, "{}: {}", paint(CYAN, "help"), printable(help));
    }
    out.push('\n');
}

/// Returns the part of a line around a column, and the column within that part, from 1.
fn window(line: &str, column: usize) -> (String, usize) {
    let column = column.max(1);
    let skipped = if column > SHOWN - BEFORE / 2 { column - 1 - BEFORE } else { 0 };
    let shown = line.chars().skip(skipped).take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    (shown, column - skipped)
}

/// Replaces control characters, which would otherwise act on the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// Returns the counts, such as `2 errors, 1 warning`.
pub fn count(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let counted = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        more => Some(format!("{more} {what}s")),
    };
    let parts = [counted(errors, "error"), counted(problems.len() - errors, "warning")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Returns one JSON array. Line, column and length are null where the place is not a word; file is null where it is not
/// in a file.
pub fn json(problems: &[Problem]) -> String {
    let rows = problems.iter().map(|problem| {
        let spot = problem.spot();
        let message = match problem.file() {
            Some(_) => problem.message.clone(),
            None => format!("{}: {}", problem.place, problem.message),
        };
        json!({
            "file": problem.file(),
            "line": spot.map(|spot| spot.line),
            "column": spot.map(|spot| spot.column),
            "length": spot.map(|spot| spot.length),
            "severity": problem.severity.to_string(),
            "message": message,
            "help": problem.help,
        })
    });
    format!("{:#}\n", Value::Array(rows.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Spot;

    fn problem(source: &str, column: usize, length: usize) -> Problem {
        let spot = Spot { file: "t.yaml".into(), line: 12, column, length, source: source.into() };
        Problem::new(Place::Spot(Box::new(spot)), "it is wrong", Some("mend it".into()))
    }

    #[test]
    fn the_word_is_underlined() {
        let shown = text(&[problem("\ta: bad # é", 5, 3)], false);
        let expected = "\
error: it is wrong
  --> t.yaml:12:5
   |
12 |  a: bad # é
   |     ^^^
help: mend it

1 error
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn colours_come_only_when_they_may() {
        let env = |value: &'static str| move |name: &str| (name == "NO_COLOR").then(|| value.to_owned());
        assert!(colours(true, &|_| None) && colours(true, &env("")));
        assert!(!colours(true, &env("1")) && !colours(false, &|_| None));
        assert!(text(&[problem("a", 1, 1)], true).contains("\u{1b}["));
    }

    #[test]
    fn a_hostile_line_is_cut_and_cleaned() {
        let line = format!("{}bad\u{1b}[2J{}", "x".repeat(5000), "y".repeat(5000));
        let shown = text(&[problem(&line, 5001, 3)], false);
        assert!(!shown.contains('\u{1b}') && shown.lines().all(|line| line.chars().count() < 160), "{shown}");
        assert!(shown.contains("xbad"));
        let far = text(&[problem("a", 900, 7)], false);
        assert!(far.contains('^'));
    }

    #[test]
    fn what_is_no_word_of_a_file_has_its_place_too() {
        let flag = Problem::warning(Place::Variable("PORT".into()), "odd", None);
        assert_eq!(
            text(std::slice::from_ref(&flag), false),
            "warning: odd\n --> environment variable PORT\n\n1 warning\n"
        );
        let row: Value = serde_json::from_str(&json(&[flag, problem("a: b", 4, 1)])).unwrap();
        assert_eq!(row[0]["file"], Value::Null);
        assert_eq!(row[0]["message"], "environment variable PORT: odd");
        let expected = json!({"file": "t.yaml", "line": 12, "column": 4, "length": 1, "severity": "error",
            "message": "it is wrong", "help": "mend it"});
        assert_eq!(row[1], expected);
    }
}
