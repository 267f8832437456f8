//! Bodies as a log may show them: one line of bounded length, without long texts, data URLs, and what looks like a key.

use std::borrow::Cow;

/// The largest number of bytes of a body in a log.
pub const MOST: usize = 4096;
/// The largest number of bytes of one text in a body.
const MOST_TEXT: usize = 200;
/// The largest number of bytes of a body that are read.
const LOOK: usize = 1024 * 1024;
/// The length from which a run of letters and digits is no word.
const LONG_RUN: usize = 20;
/// The beginnings of known kinds of keys.
const KEYS: &[&str] = &[
    "sk-",
    "pk-",
    "sk_",
    "pk_",
    "rk_",
    "gsk_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xox",
    "xai-",
    "nvapi-",
    "pplx-",
    "tvly-",
    "AKIA",
    "eyJ",
    "hf_",
    "AIza",
];
/// Parts of the names of secrets.
const SECRETS: &[&str] = &["key", "secret", "password", "passwd", "authorization", "credential", "cookie"];

/// Returns a body for a log, in about `most` bytes at most. The number of bytes left out is written in their place.
pub fn shown(body: &[u8], most: usize) -> String {
    let looked = body.get(..LOOK).unwrap_or(body);
    let text = String::from_utf8_lossy(looked);
    let mut shown = Shown { out: String::new(), most: most.min(MOST), secret: false };
    let mut rest: &str = &text;
    while !shown.is_full() {
        let Some((before, after)) = rest.split_once('"') else {
            shown.run(rest, MOST);
            rest = "";
            break;
        };
        shown.run(before, MOST);
        let (inside, following) = literal(after);
        shown.literal(inside, following.trim_start().starts_with(':'));
        rest = following;
    }
    let left = rest.len() + (body.len() - looked.len());
    if left > 0 {
        shown.out.push_str(&format!("…(+{left} bytes)"));
    }
    shown.out
}

/// Splits a text at the quote that ends a literal. The literal begins where the text begins.
fn literal(text: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    match end.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?))) {
        Some(parts) => parts,
        None => (text, ""),
    }
}

struct Shown {
    out: String,
    most: usize,
    /// True if the last name was that of a secret.
    secret: bool,
}

impl Shown {
    fn is_full(&self) -> bool {
        self.out.len() >= self.most
    }

    fn literal(&mut self, inside: &str, is_name: bool) {
        self.out.push('"');
        if is_name {
            let lower = inside.to_ascii_lowercase();
            self.secret = SECRETS.iter().any(|word| lower.contains(word));
            self.run(inside, MOST_TEXT);
        } else if self.secret {
            self.out.push_str("***");
        } else if let Some((kind, data)) = inside.split_once(";base64,").filter(|(kind, _)| kind.starts_with("data:")) {
            self.run(kind, MOST_TEXT);
            self.out.push_str(&format!(";base64,…(+{} bytes)", data.len()));
        } else {
            self.run(inside, MOST_TEXT);
        }
        self.out.push('"');
    }

    /// Appends words up to `most` bytes. Words that look like keys become `***`.
    fn run(&mut self, text: &str, most: usize) {
        let end = self.out.len() + most;
        let mut rest = text;
        let mut bearer = false;
        while let Some((word, gap, after)) = next_word(rest) {
            let is_secret = !word.is_empty() && (bearer || is_key(word));
            let shown = if is_secret { "***" } else { word };
            if self.out.len() + shown.len() > end || self.is_full() {
                return self.out.push_str(&format!("…(+{} bytes)", rest.len()));
            }
            self.out.push_str(shown);
            gap.chars()
                .for_each(|c| if breaks_lines(c) { self.out.extend(c.escape_debug()) } else { self.out.push(c) });
            bearer = word.eq_ignore_ascii_case("bearer") || (bearer && word.is_empty());
            rest = after;
        }
    }
}

/// Returns the next word, the character after it, and the rest.
fn next_word(text: &str) -> Option<(&str, &str, &str)> {
    if text.is_empty() {
        return None;
    }
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '=' | '/' | '~');
    let end = text.find(|c| !part(c)).unwrap_or(text.len());
    let gap = text.get(end..)?.chars().next().map_or(0, char::len_utf8);
    Some((text.get(..end)?, text.get(end..end + gap)?, text.get(end + gap..)?))
}

fn breaks_lines(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Returns a path for a log, with `***` in the place of what looks like a key: people paste keys into URLs.
pub fn masked(path: &str) -> Cow<'_, str> {
    let has_key = |text: &str| text.split(is_between).any(is_key) || has_known_key(text);
    // Nothing of what was sent is shown where an encoding hides a key.
    let plain: Cow<'_, str> = match decoded(path) {
        Some(decoded) if has_key(&decoded) => decoded.into(),
        _ => path.into(),
    };
    if !has_key(&plain) {
        return plain;
    }
    let mut out = String::with_capacity(plain.len());
    for piece in plain.split_inclusive(is_between) {
        let word = piece.trim_end_matches(is_between);
        let shown = if is_key(word) || has_known_key(word) { "***" } else { word };
        out.extend([shown, piece.get(word.len()..).unwrap_or_default()]);
    }
    out.into()
}

fn is_between(c: char) -> bool {
    !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '~'))
}

/// Returns a text without percent-encoding; `None` if it has none.
fn decoded(text: &str) -> Option<String> {
    let (first, _) = text.split_once('%')?;
    let mut bytes = first.as_bytes().to_vec();
    for piece in text.get(first.len()..)?.split('%').skip(1) {
        let digits = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let rest = if digits.is_some() { piece.get(2..)? } else { piece };
        bytes.push(digits.unwrap_or(b'%'));
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns true if a text holds what begins like known keys. Other long words may be ids.
pub fn has_known_key(text: &str) -> bool {
    let begins_word = |at: usize| !text.get(..at).is_some_and(|before| before.ends_with(char::is_alphanumeric));
    let is_long = |at: usize| text.get(at..).is_some_and(|rest| rest.split(is_between).next().is_some_and(is_known));
    KEYS.iter().any(|key| text.match_indices(key).any(|(at, _)| begins_word(at) && is_long(at)))
}

fn is_known(word: &str) -> bool {
    word.len() >= 12 && KEYS.iter().any(|key| word.starts_with(key))
}

/// Returns true for a word that looks like a secret: it begins like known keys, or it is longer than any word.
pub fn is_key(word: &str) -> bool {
    is_known(word) || word.split(['-', '_', '.', '/', '~']).any(is_long_run)
}

/// Returns true for letters and digits mixed that are longer than any word.
fn is_long_run(run: &str) -> bool {
    run.len() >= LONG_RUN
        && (run.bytes().any(|byte| byte.is_ascii_digit()) || run.len() >= 3 * LONG_RUN)
        && run.bytes().any(|byte| byte.is_ascii_alphabetic())
        && run.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_long_or_secret_is_out_and_the_rest_stays() {
        let data = "QUJD".repeat(1000);
        let long = "word ".repeat(1000);
        let body = format!(
            r#"{{"model":"claude-3-5-sonnet-20241022","text":"a\nb \"c\"","api_key":"short","list":["{long}"],"url":"data:image/png;base64,{data}","say":"my key is sk-abcdefghijkl and Bearer abc, ok","id":"0123456789abcdef0123456789abcdef"}}"#
        );
        let shown = shown(body.as_bytes(), MOST);
        for there in [
            r#""model":"claude-3-5-sonnet-20241022","text":"a\nb \"c\"","api_key":"***","list":["word word"#,
            "…(+4800 bytes)\"]",
            r#""url":"data:image/png;base64,…(+4000 bytes)""#,
            r#""say":"my key is *** and Bearer ***, ok","id":"***"}"#,
        ] {
            assert!(shown.contains(there), "{there}: {shown}");
        }
    }

    #[test]
    fn a_path_shows_no_key_and_is_else_as_it_was() {
        let key = "sk-argo-AbCdEf-hIjKl_nOpQrStUvWxYz0123456789-AbCdEf";
        for (path, shown) in [
            ("/v1/chat/completions".to_owned(), "/v1/chat/completions"),
            ("/v1/models/claude-3-5-sonnet-20241022".to_owned(), "/v1/models/claude-3-5-sonnet-20241022"),
            (
                "/v1beta/models/gemini-2.5-flash:generateContent".to_owned(),
                "/v1beta/models/gemini-2.5-flash:generateContent",
            ),
            ("/task-0123456789/a%2Fb%zz%".to_owned(), "/task-0123456789/a%2Fb%zz%"),
            (format!("/v1/{key}/chat"), "/v1/***/chat"),
            (format!("/v1/key={key};x"), "/v1/key=***;x"),
            (format!("/Bearer%20{key}"), "/Bearer ***"),
            (format!("/{}", key.replace('-', "%2D")), "/***"),
            (format!("/v1/x-{key}"), "/v1/***"),
            ("/0123456789abcdef0123456789abcdef/é".to_owned(), "/***/é"),
        ] {
            assert_eq!(masked(&path), shown, "{path}");
        }
        assert!(has_known_key(key) && has_known_key(&format!("id:{key}")) && has_known_key(&format!("a-{key}")));
        for id in
            ["0123456789abcdef0123456789abcdef", "req_0123456789ABCDEFabcdefgh", "task-0123456789", "sk-short", "é"]
        {
            assert!(!has_known_key(id), "{id}");
        }
    }

    #[test]
    fn streams_and_texts_are_one_line_and_bounded() {
        assert_eq!(shown(b"data: {\"a\":1}\n\ndata: [DONE]\n\n", MOST), r#"data: {"a":1}\n\ndata: [DONE]\n\n"#);
        let numbers = format!("[{}]", "0.125,".repeat(100_000));
        let line = shown(numbers.as_bytes(), MOST);
        assert!(line.len() < MOST + 100 && line.ends_with(" bytes)"), "{line}");
        assert_eq!(shown(b"", MOST), "");
    }

    proptest! {
        #[test]
        fn nothing_breaks_the_line_or_the_bound(body in prop::collection::vec(any::<u8>(), 0..3000), most in 0usize..5000) {
            let line = shown(&body, most);
            prop_assert!(!line.chars().any(char::is_control));
            prop_assert!(line.len() <= most.min(MOST) + 2 * MOST_TEXT + 200, "{}", line.len());
        }

        #[test]
        fn no_key_gets_through_in_a_path(key in "sk-argo-[A-Za-z0-9_-]{43}", before in "[ -~]{0,40}", encoded in any::<u64>()) {
            let way = |(at, byte): (usize, u8)| match encoded >> (at % 64) & 1 {
                0 => char::from(byte).to_string(),
                _ => format!("%{byte:02x}"),
            };
            let path = format!("/{before}/{}", key.bytes().enumerate().map(way).collect::<String>());
            let shown = masked(&path);
            prop_assert!(!shown.contains(&key[8..16]) && shown.ends_with("/***"), "{shown}");
        }

        #[test]
        fn no_key_gets_through(key in "[a-z]{8}[0-9][A-Za-z0-9]{30,60}", before in "[ -!#-~]{0,300}") {
            let line = shown(format!("{{\"content\":\"{} {key}\"}}", before.replace('\\', "")).as_bytes(), MOST);
            prop_assert!(!line.contains(&key[..24]), "{line}");
        }
    }
}
