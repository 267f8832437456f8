//! Replaces ranges of a text and leaves every other byte unchanged.

use bytes::Bytes;
use std::ops::Range;

/// Returns the text with each range replaced. The ranges are in order and do not overlap. A range that does not fit is
/// ignored.
pub fn splice(text: &[u8], pieces: &[(Range<usize>, Bytes)]) -> Bytes {
    let more: usize = pieces.iter().map(|(_, piece)| piece.len()).sum();
    let mut out = Vec::with_capacity(text.len() + more);
    let mut kept = 0;
    for (at, piece) in pieces {
        let Some(before) = text.get(kept..at.start).filter(|_| at.start <= at.end && at.end <= text.len()) else {
            continue;
        };
        out.extend_from_slice(before);
        out.extend_from_slice(piece);
        kept = at.end;
    }
    out.extend_from_slice(text.get(kept..).unwrap_or_default());
    Bytes::from(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_does_not_fit_is_left_out() {
        let piece = |range: Range<usize>| (range, Bytes::from_static(b"-"));
        let backwards = Range { start: 2, end: 1 };
        assert_eq!(splice(b"abcd", &[piece(1..2), piece(0..3), piece(3..9), piece(backwards)]), "a-cd");
        assert_eq!(splice(b"", &[piece(0..0)]), "-");
    }

    proptest! {
        #[test]
        fn every_other_byte_stays(parts in prop::collection::vec((any::<Vec<u8>>(), any::<Vec<u8>>(), any::<Vec<u8>>()), 0..6), rest in any::<Vec<u8>>()) {
            let (mut text, mut expected, mut pieces) = (Vec::new(), Vec::new(), Vec::new());
            for (kept, old, new) in parts {
                text.extend_from_slice(&kept);
                let start = text.len();
                text.extend_from_slice(&old);
                pieces.push((start..text.len(), Bytes::from(new.clone())));
                expected.extend(kept.into_iter().chain(new));
            }
            text.extend_from_slice(&rest);
            expected.extend_from_slice(&rest);
            prop_assert_eq!(splice(&text, &pieces), expected);
        }
    }
}
