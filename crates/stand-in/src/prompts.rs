//! The documented prompts: last user messages that make the stand-in do something special.

use std::fmt;

use crate::defect::Defect;
use crate::fault::Fault;
use crate::reply::Delivery;
use crate::text::Say;
use crate::tools::Shape;

/// An endpoint for which a prompt can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Chat,
    StreamChat,
    Embed,
}

/// The part of the message that has to be the prompt. Letter case never matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The whole message, without closing punctuation.
    Exact,
    /// The beginning of the message.
    Prefix,
    /// The whole message, with or without a number after it. This is the number for a message without one.
    Number(usize),
}

/// One documented prompt. It is displayed as `lorem N`, `say hello …` or `hang`.
pub struct Prompt {
    pub text: &'static str,
    pub form: Form,
    /// The endpoints for which the prompt works. For others it is text like any other.
    pub on: &'static [Endpoint],
    /// The effect, in one line.
    pub doc: &'static str,
    pub(crate) case: Case,
}

/// The effect of a prompt.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    /// A text of its own.
    Say(Say),
    /// No usable answer.
    Fault(Fault),
    /// A whole answer of a special shape.
    Shape(Shape),
    /// A text that is delivered in a special way. The function takes the number of the prompt.
    Deliver(fn(usize) -> Delivery, Say),
    /// A stream that ends cleanly, but inside a character.
    CutCharacter,
    /// Vectors that do not fit the request.
    Defect(Defect),
}

use Endpoint::{Chat, Embed, StreamChat};
use Form::{Exact, Number, Prefix};

const TALK: &[Endpoint] = &[Chat, StreamChat];
const ALL: &[Endpoint] = &[Chat, StreamChat, Embed];

macro_rules! prompt {
    ($text:literal, $form:expr, $on:expr, $case:expr, $doc:literal) => {
        Prompt { text: $text, form: $form, on: $on, doc: $doc, case: $case }
    };
}

#[rustfmt::skip]
static PROMPTS: &[Prompt] = &[
    prompt!("say hello", Prefix, TALK, Case::Say(Say::Greeting), "A greeting."),
    prompt!("lorem", Number(100), TALK, Case::Say(Say::Lorem), "N words of filler text (100)."),
    prompt!("emoji", Exact, TALK, Case::Say(Say::MultiByte), "Text of 1-, 2-, 3- and 4-byte characters."),
    prompt!("empty", Exact, TALK, Case::Say(Say::Nothing), "An empty answer; a stream of no bytes."),
    prompt!("json", Exact, TALK, Case::Say(Say::FencedJson), "JSON in a code fence."),
    prompt!("access denied", Exact, TALK, Case::Say(Say::Denied), "Status 200 whose text is ARGO's access-denied notice."),
    prompt!("error in 200", Exact, TALK, Case::Say(Say::Conflict), "Status 200 whose text is an error message."),
    prompt!("use the tool", Prefix, &[Chat], Case::Shape(Shape::FirstTool), "Calls the first offered tool, in the vendor's shape."),
    prompt!("use all tools", Prefix, &[Chat], Case::Shape(Shape::AllTools), "Calls each offered tool once, in one answer."),
    prompt!("leaked tool call", Exact, &[Chat], Case::Shape(Shape::Leaked), "A tool call as Python text inside the content, `tool_calls` empty."),
    prompt!("python dict", Exact, &[Chat], Case::Shape(Shape::PythonDict), "The whole response is a string that holds a Python dict."),
    prompt!("blocks", Exact, &[Chat], Case::Shape(Shape::Blocks), "The content is an array of Anthropic blocks."),
    prompt!("no response", Exact, &[Chat, Embed], Case::Fault(Fault::NoResponse), "Status 200 with `{}`."),
    prompt!("error 400", Exact, ALL, Case::Fault(Fault::VendorRefused), "The vendor's refusal as Python text inside JSON."),
    prompt!("error 422", Exact, ALL, Case::Fault(Fault::Unprocessable), "A validation error with `detail`."),
    prompt!("error 429", Exact, ALL, Case::Fault(Fault::TooMany), "Too many requests, with Retry-After: 7."),
    prompt!("error 500", Exact, ALL, Case::Fault(Fault::Internal), "An internal error as JSON."),
    prompt!("error 502", Exact, ALL, Case::Fault(Fault::BadGateway), "The HTML page of the nginx in front."),
    prompt!("hang", Exact, ALL, Case::Fault(Fault::Hang), "No answer until the client leaves."),
    prompt!("cut", Number(3), TALK, Case::Deliver(Delivery::Cut, Say::Long), "The connection closes after N pieces (3), before the end; half way in a whole answer."),
    prompt!("cut character", Exact, &[StreamChat], Case::CutCharacter, "The stream ends cleanly inside a character."),
    prompt!("gzip", Exact, TALK, Case::Deliver(|_| Delivery::Gzip, Say::Long), "The answer is gzipped, whatever was asked for."),
    prompt!("slow", Number(500), TALK, Case::Deliver(Delivery::slow, Say::MultiByte), "N milliseconds (500) between pieces; a whole answer comes after N."),
    prompt!("missing vector", Exact, &[Embed], Case::Defect(Defect::MissingVector), "One vector fewer than strings."),
    prompt!("short vector", Exact, &[Embed], Case::Defect(Defect::ShortVector), "Vectors of half the length."),
];

/// Returns the documented prompts, in the order of the help.
pub fn prompts() -> &'static [Prompt] {
    PROMPTS
}

/// Returns the prompts as a table for a terminal: one line a prompt, with its endpoints.
pub fn help() -> String {
    use fmt::Write;
    let mut lines = String::new();
    for prompt in PROMPTS {
        let on: Vec<&str> = prompt.on.iter().map(|on| on.name()).collect();
        let shown = prompt.to_string();
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "  {shown:18} {:24} {}", on.join(", "), prompt.doc.replace('`', ""));
    }
    lines
}

/// Returns the case of the prompt that `text` is, and its number (0 for a prompt without a number).
pub(crate) fn find(text: &str, on: Endpoint) -> Option<(Case, usize)> {
    let text = text.trim();
    PROMPTS.iter().filter(|prompt| prompt.on.contains(&on)).find_map(|prompt| Some((prompt.case, prompt.number(text)?)))
}

impl Prompt {
    fn number(&self, text: &str) -> Option<usize> {
        let (start, rest) = text.split_at_checked(self.text.len())?;
        if !start.eq_ignore_ascii_case(self.text) {
            return None;
        }
        match self.form {
            Exact => rest.trim_matches(['.', '!', '?']).is_empty().then_some(0),
            Prefix => (!rest.starts_with(char::is_alphanumeric)).then_some(0),
            Number(default) if rest.is_empty() => Some(default),
            Number(_) => rest.strip_prefix(' ')?.trim().parse().ok(),
        }
    }
}

impl Endpoint {
    fn name(self) -> &'static str {
        match self {
            Chat => "chat",
            StreamChat => "streamchat",
            Embed => "embed",
        }
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = match self.form {
            Exact => "",
            Prefix => " …",
            Number(_) => " N",
        };
        write!(f, "{}{tail}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<usize> {
        find(text, StreamChat).map(|(_, number)| number)
    }

    #[test]
    fn forms_match_as_documented() {
        assert_eq!(number(" LOREM 20 "), Some(20));
        assert_eq!(number("lorem"), Some(100));
        assert_eq!(number("lorem ipsum"), None);
        assert_eq!(number("lorem20"), None);
        assert_eq!(number("Say hello, please"), Some(0));
        assert_eq!(number("say hellos"), None);
        assert_eq!(number("Hang."), Some(0));
        assert_eq!(number("hang on"), None);
        assert_eq!(number("日本語"), None);
        assert_eq!(number(""), None);
    }

    #[test]
    fn a_prompt_works_only_where_it_says() {
        assert!(find("cut character", Chat).is_none());
        assert!(find("cut character", StreamChat).is_some());
        assert!(find("lorem", Embed).is_none());
    }

    #[test]
    fn no_prompt_hides_another() {
        for prompt in PROMPTS {
            for on in prompt.on {
                let first = PROMPTS.iter().find(|other| other.on.contains(on) && other.number(prompt.text).is_some());
                assert_eq!(first.map(|first| first.text), Some(prompt.text));
            }
            assert!(prompt.doc.ends_with('.'), "{prompt}");
        }
        assert_eq!(help().lines().count(), PROMPTS.len());
    }
}
