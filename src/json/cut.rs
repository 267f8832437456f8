//! Cuts long texts into pieces of a bounded size, never inside a character or an escape.

/// Cuts a plain text into pieces of at most `most` bytes (or one character) each.
pub fn plain(text: &str, most: usize) -> impl Iterator<Item = &str> {
    pieces(text, move |rest| {
        let mut end = most.min(rest.len());
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        end.max(rest.chars().next().map_or(0, char::len_utf8))
    })
}

/// Cuts the inside of a JSON string into pieces of at most about `most` bytes each. The two escapes of a surrogate pair
/// stay together.
pub fn json(inside: &str, most: usize) -> impl Iterator<Item = &str> {
    pieces(inside, move |rest| {
        if rest.len() <= most {
            return rest.len();
        }
        let mut safe = 0;
        while safe < most {
            let tail = rest.get(safe..).unwrap_or_default();
            match memchr::memchr(b'\\', tail.as_bytes().get(..most - safe).unwrap_or(tail.as_bytes())) {
                Some(0) => safe += escape(tail),
                Some(at) => safe += at,
                None => {
                    safe = most.min(rest.len());
                    while !rest.is_char_boundary(safe) {
                        safe -= 1;
                    }
                    return safe.max(1);
                }
            }
        }
        safe.min(rest.len())
    })
}

/// Returns the length of the escape that a text begins with.
fn escape(tail: &str) -> usize {
    let is_high = |escape: &str| {
        let digits = escape.get(2..4).unwrap_or_default().to_ascii_lowercase();
        matches!(digits.as_str(), "d8" | "d9" | "da" | "db")
    };
    match tail.as_bytes().get(1) {
        Some(b'u') if is_high(tail) && tail.get(6..8) == Some("\\u") => 12,
        Some(b'u') => 6,
        _ => 2,
    }
}

fn pieces(text: &str, end: impl Fn(&str) -> usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at_checked(end(rest)).unwrap_or((rest, ""));
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_of_json_are_json_and_nothing_is_lost(text in "[aé\u{2028}😀\\n\"\\\\]{0,60}", most in 1usize..20) {
            let escaped = serde_json::to_string(&text).unwrap().replace('😀', "\\ud83d\\ude00");
            let inside = &escaped[1..escaped.len() - 1];
            let pieces: Vec<&str> = json(inside, most).collect();
            prop_assert_eq!(pieces.concat(), inside);
            let read: String = pieces.iter().map(|p| serde_json::from_str::<String>(&format!("\"{p}\"")).unwrap()).collect();
            prop_assert_eq!(read, text);
        }

        #[test]
        fn plain_pieces_are_bounded(text in "[aé😀]{0,60}", most in 4usize..20) {
            let pieces: Vec<&str> = plain(&text, most).collect();
            prop_assert_eq!(pieces.concat(), text.as_str());
            prop_assert!(pieces.iter().all(|piece| piece.len() <= most && !piece.is_empty()));
        }
    }
}
