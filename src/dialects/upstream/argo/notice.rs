//! Notices that ARGO sends instead of an answer, with status 200: the access-denied banner and the refusal of mixed
//! forms.

use crate::wire::Failure;
use crate::wire::failure::CALLED_USER;
use http::StatusCode;
use memchr::memmem::Finder;
use once_cell::sync::Lazy;

/// The banner's opening. It is searched only near the start, because an answer may mention it later.
const BANNER: &str = "IMPORTANT AUTHENTICATION NOTICE FROM ARGO";
/// Finds [`BANNER`].
static IN_TEXT: Lazy<Finder<'static>> = Lazy::new(|| Finder::new(BANNER));
/// The words that make the banner a refusal.
const DENIED: &str = "ACCESS DENIED";
/// The beginning of a refusal of `messages` together with `system`/`prompt`.
const MIXED_FORMS: &str = "You passed a messages field along with a system and or prompt field";
/// The banner must begin within this many bytes of the text.
const NEAR_START: usize = 256;
/// `ACCESS DENIED` must follow within this many bytes of the banner's opening.
const SOON_AFTER: usize = 128;
/// How much of a notice an error message quotes, in bytes.
const QUOTED: usize = 1_000;

/// A text that is not an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    kind: NoticeKind,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoticeKind {
    Denied,
    MixedForms,
}

impl Notice {
    /// Returns the notice whose text says that access is denied. The caller knows from elsewhere that it does.
    pub fn denied(text: &str) -> Self {
        Notice { kind: NoticeKind::Denied, text: cut(text, QUOTED).to_owned() }
    }

    /// Returns the failure that the notice stands for.
    pub fn failure(&self) -> Failure {
        let text: Vec<&str> = self.text.split_whitespace().collect();
        let text = text.join(" ");
        match self.kind {
            NoticeKind::Denied => {
                Failure::new(StatusCode::FORBIDDEN, format!("ARGO denies access to {CALLED_USER}. It says: {text}"))
                    .with_code("argo_access_denied")
                    .with_own_words(format!("ARGO denies access to {CALLED_USER}"))
                    .about_user()
            }
            NoticeKind::MixedForms => Failure::new(StatusCode::BAD_REQUEST, text).with_param("messages"),
        }
    }
}

/// Returns the notice if a whole answer is one. `inside` is the inside of the answer's JSON string.
pub fn in_whole(inside: &str) -> Option<Notice> {
    let kind = kind_of(inside)?;
    let shown = cut(inside, QUOTED);
    let plain = serde_json::from_str::<String>(&format!("\"{shown}\"")).unwrap_or_else(|_| shown.to_owned());
    Some(Notice { kind, text: plain })
}

fn kind_of(text: &str) -> Option<NoticeKind> {
    if text.starts_with(MIXED_FORMS) {
        return Some(NoticeKind::MixedForms);
    }
    let at = IN_TEXT.find(cut(text, NEAR_START + BANNER.len()).as_bytes())?;
    let after = text.get(at + BANNER.len()..)?;
    cut(after, SOON_AFTER + DENIED.len()).contains(DENIED).then_some(NoticeKind::Denied)
}

/// Returns at most the first `most` bytes, cut between characters and never inside a JSON escape.
fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let short = text.get(..end).unwrap_or_default();
    if short.len() == text.len() {
        return short;
    }
    short.rfind('\\').filter(|at| short.len() - at < 6).and_then(|at| short.get(..at)).unwrap_or(short)
}

/// Watches the start of a stream. Text is held back only as long as it could still become a notice.
#[derive(Debug, Default)]
pub struct Watch {
    passed: bool,
    seen: usize,
    held: String,
}

impl Watch {
    /// Takes the next text and passes what is surely part of an answer. Returns the notice as soon as it is certain.
    pub fn push(&mut self, text: &str, pass: &mut dyn FnMut(&str)) -> Option<Notice> {
        if self.passed {
            pass(text);
            return None;
        }
        self.held.push_str(text);
        if self.seen == 0 && (self.held.starts_with(MIXED_FORMS) || MIXED_FORMS.starts_with(&self.held)) {
            return if self.held.len() < QUOTED { None } else { self.notice() };
        }
        if let Some(at) = IN_TEXT.find(self.held.as_bytes()).filter(|at| self.seen + at <= NEAR_START) {
            let after = self.held.len() - at - BANNER.len();
            if kind_of(&self.held) == Some(NoticeKind::Denied) {
                // The rest of the notice explains who is denied and why. No answer will follow, so wait for the rest.
                return if self.held.len() < QUOTED { None } else { self.notice() };
            }
            if after > SOON_AFTER + DENIED.len() {
                self.release(pass);
            }
            return None;
        }
        let keep = if self.seen + self.held.len() > NEAR_START + BANNER.len() { 0 } else { self.suspicious() };
        // Before the banner are only white space, stars and signs, and those belong to it.
        let is_word = |text: &str| self.seen > 0 || text.len() >= NEAR_START || text.contains(char::is_alphanumeric);
        let sure = self.held.get(..self.held.len() - keep).filter(|sure| is_word(sure)).map_or(0, str::len);
        let held = self.held.split_off(sure);
        if !self.held.is_empty() {
            pass(&self.held);
        }
        self.seen += self.held.len();
        self.held = held;
        self.passed = self.held.is_empty() && self.seen > NEAR_START + BANNER.len();
        None
    }

    /// Takes the regular end of the stream. Returns the held text as a notice if it is one, else passes it as an
    /// answer.
    pub fn end(&mut self, pass: &mut dyn FnMut(&str)) -> Option<Notice> {
        let notice = self.notice();
        if notice.is_none() {
            self.release(pass);
        }
        notice
    }

    /// Returns true if no text is held back.
    pub fn holds_nothing(&self) -> bool {
        self.held.is_empty()
    }

    /// Returns true if no notice can begin any more, so that further text need not be shown.
    pub fn is_over(&self) -> bool {
        self.passed
    }

    fn notice(&self) -> Option<Notice> {
        Some(Notice { kind: kind_of(&self.held)?, text: cut(&self.held, QUOTED).to_owned() })
    }

    /// Returns the length of the longest end of the held text that could begin the banner.
    fn suspicious(&self) -> usize {
        let tail = self.held.as_bytes();
        (1..=tail.len().min(BANNER.len()))
            .rev()
            .find(|&len| tail.ends_with(BANNER.as_bytes().get(..len).unwrap_or_default()))
            .unwrap_or(0)
    }

    /// Passes all held text and stops watching.
    fn release(&mut self, pass: &mut dyn FnMut(&str)) {
        self.passed = true;
        if !self.held.is_empty() {
            pass(&self.held);
            self.held.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn as_json(text: &str) -> String {
        let mut out = Vec::new();
        json::push_escaped(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    const CAPTURED: &str = "\n\n⚠️ **IMPORTANT AUTHENTICATION NOTICE FROM ARGO** ⚠️\n\n🚫 **ACCESS DENIED** 🚫\n\nThe username 'svcuser' could not be validated as an authorized Argo Gateway API user.";
    /// The same as some records give it: without signs and stars.
    const PLAIN: &str = "\n\n IMPORTANT AUTHENTICATION NOTICE FROM ARGO \n\n ACCESS DENIED \n\nThe username 'svcuser' is not authorized to use the Argo Gateway API.";

    fn watch(text: &str, size: usize) -> (String, Option<Notice>) {
        let mut watch = Watch::default();
        let mut passed = String::new();
        let chars: Vec<char> = text.chars().collect();
        for piece in chars.chunks(size) {
            let piece: String = piece.iter().collect();
            if let Some(notice) = watch.push(&piece, &mut |t| passed.push_str(t)) {
                return (passed, Some(notice));
            }
        }
        let notice = watch.end(&mut |t| passed.push_str(t));
        (passed, notice)
    }

    #[test]
    fn the_captured_banner_is_a_denial() {
        for banner in [CAPTURED, PLAIN, CAPTURED.trim_start()] {
            let failure = in_whole(&as_json(banner)).unwrap().failure();
            assert_eq!(failure.status, StatusCode::FORBIDDEN);
            assert!(failure.message.contains("The username 'svcuser'"), "{}", failure.message);
            for size in 1..banner.len() {
                let (passed, notice) = watch(banner, size);
                assert_eq!(notice.unwrap().failure().status, StatusCode::FORBIDDEN, "{size}");
                assert_eq!(passed, "", "{size}");
            }
        }
    }

    #[test]
    fn signs_before_an_answer_come_with_its_first_word() {
        for text in ["⚠️ **Beware**", "⚠️ ", "**", "🚫🚫🚫", "- I", "「はい」"] {
            for size in [1, 2, 7] {
                assert_eq!(watch(text, size), (text.to_owned(), None), "{text} {size}");
            }
        }
    }

    #[test]
    fn mixed_forms_are_a_bad_request() {
        let text = "You passed a messages field along with a system and or prompt field. Please only pass messages";
        assert_eq!(in_whole(text).unwrap().failure().status, StatusCode::BAD_REQUEST);
    }

    #[test]
    fn answers_that_mention_the_banner_are_answers() {
        let late = format!("{}{CAPTURED}", "x".repeat(400));
        let quoting = format!("It starts with '{BANNER}' and then says something else. {}", "y".repeat(300));
        let start = "IMPORTANT AUTHENTICATION NOTICE FROM a friend";
        for text in [late.as_str(), &quoting, start, "I", "", "IMPORTANT"] {
            assert_eq!(in_whole(text), None, "{text}");
            for size in [1, 2, 7, 50, 1000] {
                assert_eq!(watch(text, size), (text.to_owned(), None), "{text} {size}");
            }
        }
    }

    #[test]
    fn a_good_answer_is_not_delayed() {
        let mut watch = Watch::default();
        let mut passed = Vec::new();
        for piece in ["Hello", " IM", "PORT", "ant"] {
            watch.push(piece, &mut |t| passed.push(t.to_owned()));
        }
        assert_eq!(passed, ["Hello", " ", "IMPORTant"]);
    }
}
