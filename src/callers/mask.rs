//! Hides possible keys in reports: people sometimes write a key where its hash belongs.

use crate::diagnostics::{Place, Problem};

/// Words of at least this many characters may be keys.
const LONG: usize = 24;

/// Returns the problem without any text that may be a key.
pub fn mask(mut problem: Problem) -> Problem {
    problem.message = covered(&problem.message);
    if let Place::Spot(spot) = &mut problem.place {
        spot.source = covered(&spot.source);
    }
    problem
}

/// Replaces each character of a long word by a star, so that everything else stays in its column.
fn covered(text: &str) -> String {
    let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '+' | '=');
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(|c| !is_of_word(c)) {
        let word = part.trim_end_matches(|c| !is_of_word(c));
        let rest = part.get(word.len()..).unwrap_or_default();
        let length = word.chars().count();
        if length < LONG {
            out.push_str(word);
        } else {
            out.extend(std::iter::repeat_n('*', length));
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_covered_and_columns_stay() {
        let key = format!("sk-argo-{}", "aB3_".repeat(11));
        let text = format!("  - {{ name: ann, key_sha256: \"{key}\", é: x }}");
        let masked = covered(&text);
        assert_eq!(masked.chars().count(), text.chars().count());
        assert!(masked.contains("name: ann, key_sha256: \"****") && masked.ends_with("*\", é: x }"), "{masked}");
        assert_eq!(covered("callers[0].limits.requests_per_minute"), "callers[0].limits.requests_per_minute");
        assert_eq!(covered(""), "");
    }
}
