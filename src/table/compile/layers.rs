//! Rows of several files: those of an included file take path and method from the rows before them, even when they
//! are not served themselves.

use super::routes::Compiled;
use crate::yaml::{Source, file_of};

/// Rows after all files had their say.
pub struct Laid<'w> {
    /// Those that are served, in the order in which they are asked.
    pub served: Vec<Compiled<'w>>,
    /// Those that are off, each with what it keeps others from taking.
    pub off: Vec<Compiled<'w>>,
}

/// Lays rows over each other.
///
/// A row stands where the first row stood from which it takes something, or before the first row of another file that would
/// never let a request through to it; else after all others.
pub fn lay<'w>(rows: Vec<Compiled<'w>>, source: &mut Source<'_>) -> Laid<'w> {
    let mut list: Vec<Compiled<'w>> = Vec::with_capacity(rows.len());
    for row in rows {
        let (mut at, mut takes) = (None, false);
        for (index, earlier) in list.iter_mut().enumerate().filter(|(_, earlier)| file(earlier) != file(&row)) {
            let before = earlier.methods.len();
            if is_same_path(earlier, &row) {
                earlier.methods.retain(|method| !row.methods.contains(method));
            }
            takes |= earlier.methods.len() < before;
            if earlier.methods.len() < before || covers(earlier, &row) {
                at.get_or_insert(index);
            }
        }
        if row.only_off && !takes {
            let message = format!("{}: it takes nothing out", row.called);
            let help = "write path and method as they stand in a file that includes this one";
            source.warn(&row.path.path, message, Some(help.to_owned()));
        }
        list.insert(at.unwrap_or(list.len()), row);
    }
    list.retain(|row| !row.methods.is_empty());
    let (served, off) = list.into_iter().partition(|row| row.enabled);
    Laid { served, off }
}

/// The number of a row's file.
pub fn file(row: &Compiled<'_>) -> usize {
    file_of(&row.path.path).0
}

/// Names of parameters do not matter.
fn is_same_path(first: &Compiled<'_>, second: &Compiled<'_>) -> bool {
    match (&first.pattern, &second.pattern) {
        (Some(first), Some(second)) => first == second,
        _ => first.path.value == second.path.value,
    }
}

fn covers(first: &Compiled<'_>, second: &Compiled<'_>) -> bool {
    let shared = first.methods.iter().any(|method| second.methods.contains(method));
    match (&first.pattern, &second.pattern) {
        (Some(first), Some(second)) => shared && first.covers(second),
        _ => false,
    }
}
