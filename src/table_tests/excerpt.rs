//! Shortens texts for problems.

/// The most characters of a text to show.
const SHOWN: usize = 300;

/// Returns a text, or the beginning of a text that is too long to show.
pub fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
