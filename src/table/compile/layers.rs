//! Merges the rows of several files. Rows of an included file take over path and method from earlier rows, even when
//! they are disabled themselves.

use super::routes::Compiled;
use crate::yaml::{Source, file_of};

/// The rows after all files are merged.
pub struct Laid<'w> {
    /// The enabled rows, in the order in which they are tried.
    pub served: Vec<Compiled<'w>>,
    /// The disabled rows, each with the methods that it takes away from earlier rows.
    pub off: Vec<Compiled<'w>>,
}

/// Merges the rows of all files into one list.
///
/// A row is placed before the first row of another file that loses a method to it, or that would hide it. A row without
/// such a predecessor comes last.
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

/// Returns the number of a row's file.
pub fn file(row: &Compiled<'_>) -> usize {
    file_of(&row.path.path).0
}

/// Returns true if both paths are the same. Names of parameters do not matter.
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
