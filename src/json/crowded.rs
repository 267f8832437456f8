//! Finds lists and objects with more entries than are read, so that a refusal can name them.

use super::fields::MOST_ENTRIES;

/// Deeper values are not looked at. Nothing that is read lies so deep.
const DEPTH: usize = 64;
/// Longer names are cut.
const LONGEST_NAME: usize = 64;

/// A list or an object with too many entries.
#[derive(Debug, PartialEq, Eq)]
pub struct CrowdedValue {
    /// Its place, as in `messages[3].content`; empty for the whole text.
    pub place: String,
    pub is_list: bool,
}

/// An open list or object.
struct Level<'a> {
    is_list: bool,
    /// How many entries are complete.
    entries: usize,
    /// The name of the entry that is being read, as it was written.
    name: &'a [u8],
    /// True if the next string is a name.
    expects_name: bool,
}

/// Returns the first list or object with more than [`MOST_ENTRIES`] entries. The text need not be JSON: the parser finds mistakes.
pub fn find(text: &[u8]) -> Option<CrowdedValue> {
    find_above(MOST_ENTRIES, text)
}

/// Like [`find`], for more than `most` entries.
pub fn find_above(most: usize, text: &[u8]) -> Option<CrowdedValue> {
    // Such a value has a comma after each entry but the last. A short text, or a long one of prose, has fewer.
    let may_be = text.len() > 2 * most && memchr::memchr_iter(b',', text).count() >= most;
    if may_be { scan(most, text) } else { None }
}

fn scan(most: usize, text: &[u8]) -> Option<CrowdedValue> {
    let mut levels: Vec<Level<'_>> = Vec::new();
    // How many levels are open below those that are looked at.
    let mut deeper = 0_usize;
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => {
                let (inside, after) = string(rest);
                rest = after;
                if let Some(level) = levels.last_mut().filter(|level| level.expects_name && deeper == 0) {
                    (level.name, level.expects_name) = (inside, false);
                }
            }
            b'{' | b'[' if levels.len() >= DEPTH => deeper += 1,
            b'{' | b'[' => {
                let is_list = byte == b'[';
                levels.push(Level { is_list, entries: 0, name: b"", expects_name: !is_list });
            }
            b'}' | b']' if deeper > 0 => deeper -= 1,
            b'}' | b']' => drop(levels.pop()),
            b',' if deeper == 0 => {
                if let Some(level) = levels.last_mut() {
                    level.entries += 1;
                    level.expects_name = !level.is_list;
                    if level.entries >= most {
                        let is_list = level.is_list;
                        return Some(CrowdedValue { place: place(&levels), is_list });
                    }
                }
            }
            _ => {}
        }
    }
    None
}

/// Returns the inside of a string whose quote is read, and what follows it.
fn string(text: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    loop {
        let tail = text.get(at..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', tail) {
            Some(found) if tail.get(found) == Some(&b'\\') => at += found + 2,
            Some(found) => {
                let (inside, after) = text.split_at_checked(at + found).unwrap_or((text, b""));
                return (inside, after.get(1..).unwrap_or_default());
            }
            None => return (text, b""),
        }
    }
}

/// Returns the place of the last level, by what those around it are reading.
fn place(levels: &[Level<'_>]) -> String {
    let mut place = String::new();
    let around = levels.split_last().map_or(&[][..], |(_, around)| around);
    for level in around {
        if level.is_list {
            place.push_str(&format!("[{}]", level.entries));
            continue;
        }
        if !place.is_empty() {
            place.push('.');
        }
        place.extend(String::from_utf8_lossy(level.name).chars().take(LONGEST_NAME));
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(String, bool)> {
        find(text.as_bytes()).map(|found| (found.place, found.is_list))
    }

    fn list(entries: usize) -> String {
        format!("[{}0]", "0,".repeat(entries - 1))
    }

    #[test]
    fn the_place_of_what_is_too_long_is_found() {
        let (enough, more) = (list(MOST_ENTRIES), list(MOST_ENTRIES + 1));
        let object = format!("{{{}\"a\":1}}", "\"a\":1,".repeat(MOST_ENTRIES));
        for (text, place) in [
            (more.clone(), ("", true)),
            (object.clone(), ("", false)),
            (format!("{{\"messages\": {more}}}"), ("messages", true)),
            (
                format!("{{\"x,\": [{enough}], \"messages\":[{{}}, {{\"content\": [1, {object}]}}]}}"),
                ("messages[1].content[1]", false),
            ),
            (format!("{{\"a\\\"{{\": {{\"b\": \"{{[,\\\\\", \"c\": {more}}}}}"), ("a\\\"{.c", true)),
        ] {
            assert_eq!(found(&text), Some((place.0.to_owned(), place.1)), "{}", &text[..60]);
        }
    }

    #[test]
    fn what_is_short_enough_or_no_json_is_left_to_the_parser() {
        let enough = list(MOST_ENTRIES);
        let deep = "[".repeat(2 * MOST_ENTRIES + 1);
        let commas = ",".repeat(3 * MOST_ENTRIES);
        for text in [
            format!("[{enough}, {enough}]"),
            format!("{deep}{commas}"),
            format!("\"{commas}\""),
            format!("\"{commas}\\"),
            commas.clone(),
            "]".repeat(3 * MOST_ENTRIES),
        ] {
            assert_eq!(found(&text), None, "{}", &text[..60]);
        }
    }
}
