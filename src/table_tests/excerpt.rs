//! Texts as problems show them.

/// At most this many characters of a text are shown.
const SHOWN: usize = 300;

/// Returns the beginning of a text that is too long to show.
pub fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
