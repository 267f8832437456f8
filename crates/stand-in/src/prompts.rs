//! The documented prompts: last user messages that make the stand-in do something special.

use std::fmt;

use crate::defect::Defect;
use crate::fault::Fault;
use crate::native::Mishap;
use crate::reply::Delivery;
use crate::script;
use crate::text::Say;
use crate::tools::Shape;

/// An endpoint for which a prompt can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The legacy `resource/chat`.
    Chat,
    /// The legacy `resource/streamchat`.
    StreamChat,
    /// The legacy `resource/embed`.
    Embed,
    /// The native `chat/completions`, whole and streamed.
    Completions,
    /// The native `messages`, whole and streamed.
    Messages,
    /// The native `responses`, whole and streamed.
    Responses,
    /// The native `embeddings`.
    Embeddings,
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
    /// The word, a tool's name and its arguments in JSON, as often as there are calls, and nothing else.
    Script,
}

/// One documented prompt. It is displayed as `lorem N`, `say hello …`, `call NAME {…}` or `hang`.
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
    /// The calls that the prompt spells out.
    Script,
    /// A text that is delivered in a special way. The function takes the number of the prompt.
    Deliver(fn(usize) -> Delivery, Say),
    /// A stream that ends cleanly, but inside a character.
    CutCharacter,
    /// Vectors that do not fit the request.
    Defect(Defect),
    /// The notice for a user without access, in place of an answer.
    Denied,
    /// An answer that ends in a special way.
    Ending(Ending),
    /// An answer whose prompt has as many cached tokens as the number of the prompt.
    Cached,
    /// An answer with as many tokens of reasoning as the number of the prompt.
    Reasons,
    /// A success that is none.
    Hidden(Hidden),
}

/// A special end of an answer.
#[derive(Clone, Copy)]
pub(crate) enum Ending {
    /// Reasoning takes all tokens.
    Length,
    Refused,
    Filtered,
    Failed,
}

/// What a status of 200 hides.
#[derive(Clone, Copy)]
pub(crate) enum Hidden {
    /// An error in place of an answer.
    Mishap(Mishap),
    /// No byte at all.
    Nothing,
    /// An answer in the shape of another vendor.
    OtherShape,
    /// An error after as many events as the number of the prompt.
    Late,
}

use Endpoint::{Chat, Completions, Embed, Embeddings, Messages, Responses, StreamChat};
use Form::{Exact, Number, Prefix, Script};

const ALL: &[Endpoint] = &[Chat, StreamChat, Embed, Completions, Messages, Responses, Embeddings];
const TALK: &[Endpoint] = &[Chat, StreamChat, Completions, Messages, Responses];
const LEGACY: &[Endpoint] = &[Chat, StreamChat];
const NATIVE: &[Endpoint] = &[Completions, Messages, Responses];
const CALLS: &[Endpoint] = &[Chat, Completions, Messages, Responses];
const VECTORS: &[Endpoint] = &[Embed, Embeddings];

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
    prompt!("access denied", Exact, LEGACY, Case::Say(Say::Denied), "Status 200 whose text is ARGO's access-denied notice."),
    prompt!("error in 200", Exact, LEGACY, Case::Say(Say::Conflict), "Status 200 whose text is an error message."),
    prompt!("use the tool", Prefix, CALLS, Case::Shape(Shape::FirstTool), "Calls the first offered tool, in the vendor's shape."),
    prompt!("use all tools", Prefix, CALLS, Case::Shape(Shape::AllTools), "Calls each offered tool once, in one answer."),
    prompt!("call", Script, CALLS, Case::Script, "Calls the tool whose name is NAME or ends so; an object or, for its `input`, a string. Repeatable."),
    prompt!("leaked tool call", Exact, &[Chat], Case::Shape(Shape::Leaked), "A tool call as Python text inside the content, `tool_calls` empty."),
    prompt!("python dict", Exact, &[Chat], Case::Shape(Shape::PythonDict), "The whole response is a string that holds a Python dict."),
    prompt!("blocks", Exact, &[Chat], Case::Shape(Shape::Blocks), "The content is an array of Anthropic blocks."),
    prompt!("no response", Exact, &[Chat, Embed, Completions, Messages, Responses, Embeddings], Case::Fault(Fault::NoResponse), "Status 200 with `{}`."),
    prompt!("error 400", Exact, ALL, Case::Fault(Fault::VendorRefused), "The vendor's refusal as Python text inside JSON."),
    prompt!("error 422", Exact, ALL, Case::Fault(Fault::Unprocessable), "A validation error with `detail`."),
    prompt!("error 429", Exact, ALL, Case::Fault(Fault::TooMany), "Too many requests, with Retry-After: 7."),
    prompt!("error 500", Exact, ALL, Case::Fault(Fault::Internal), "An internal error as JSON."),
    prompt!("error 502", Exact, ALL, Case::Fault(Fault::BadGateway), "The HTML page of the nginx in front."),
    prompt!("error 503", Exact, ALL, Case::Fault(Fault::Overloaded), "The gateway is overloaded, with Retry-After: 1."),
    prompt!("hang", Exact, ALL, Case::Fault(Fault::Hang), "No answer until the client leaves."),
    prompt!("cut", Number(3), TALK, Case::Deliver(Delivery::Cut, Say::Long), "The connection closes after N pieces or events (3), before the end; half way in a whole answer."),
    prompt!("cut character", Exact, &[StreamChat], Case::CutCharacter, "The stream ends cleanly inside a character."),
    prompt!("gzip", Exact, TALK, Case::Deliver(|_| Delivery::Gzip, Say::Long), "The answer is gzipped, whatever was asked for."),
    prompt!("slow", Number(500), TALK, Case::Deliver(Delivery::slow, Say::MultiByte), "N milliseconds (500) between pieces or events; a whole answer comes after N."),
    prompt!("missing vector", Exact, VECTORS, Case::Defect(Defect::MissingVector), "One vector fewer than strings."),
    prompt!("short vector", Exact, VECTORS, Case::Defect(Defect::ShortVector), "Vectors of half the length."),
    prompt!("access denied", Exact, NATIVE, Case::Denied, "Status 200 whose answer is ARGO's access-denied notice, without usage."),
    prompt!("error in 200", Exact, NATIVE, Case::Hidden(Hidden::Mishap(Mishap::Internal)), "Status 200 whose body, or only event, is an error."),
    prompt!("429 in 200", Exact, NATIVE, Case::Hidden(Hidden::Mishap(Mishap::Exhausted)), "The same with a vendor's 429, `RESOURCE_EXHAUSTED`."),
    prompt!("overloaded in 200", Exact, NATIVE, Case::Hidden(Hidden::Mishap(Mishap::Overloaded)), "The same with a vendor's 529."),
    prompt!("token failure", Exact, NATIVE, Case::Hidden(Hidden::Mishap(Mishap::NoToken)), "The same where ARGO itself got no token from Google."),
    prompt!("late error", Number(5), NATIVE, Case::Hidden(Hidden::Late), "An error after N events (5) of a stream; in place of a whole answer."),
    prompt!("empty body", Exact, NATIVE, Case::Hidden(Hidden::Nothing), "Status 200 without a byte."),
    prompt!("length", Exact, NATIVE, Case::Ending(Ending::Length), "Reasoning takes all tokens of the limit (64): no text."),
    prompt!("refuse", Prefix, NATIVE, Case::Ending(Ending::Refused), "The model refuses, as its vendor says so."),
    prompt!("cached", Number(64), NATIVE, Case::Cached, "Usage with N cached tokens (64)."),
    prompt!("no endpoint", Exact, &[Completions, Messages, Responses, Embeddings], Case::Fault(Fault::NoEndpoint), "Status 404, as if the gateway had no such path."),
    prompt!("filtered", Exact, &[Completions, Responses], Case::Ending(Ending::Filtered), "The content filter ends the answer."),
    prompt!("think", Number(64), &[Completions, Responses], Case::Reasons, "Usage with N tokens of reasoning (64); a reasoning item in Responses."),
    prompt!("no room", Exact, &[Completions], Case::Fault(Fault::NoRoom), "The internal error of a model whose hidden reasoning took all tokens."),
    prompt!("too long", Exact, &[Completions, Responses], Case::Fault(Fault::TooLong), "The vendor's refusal of a prompt that exceeds its context."),
    prompt!("other shape", Exact, &[Messages], Case::Hidden(Hidden::OtherShape), "An answer of chat/completions in place of a message."),
    prompt!("failed", Exact, &[Responses], Case::Ending(Ending::Failed), "A response of status `failed`."),
];

/// Returns the documented prompts, in the order of the help.
pub fn prompts() -> &'static [Prompt] {
    PROMPTS
}

/// Returns the prompts as tables for a terminal: one for each set of endpoints, with one line a prompt.
pub fn help() -> String {
    use fmt::Write;
    let mut lines = String::new();
    let mut told: Vec<&[Endpoint]> = Vec::new();
    for on in PROMPTS.iter().map(|prompt| prompt.on) {
        if told.contains(&on) {
            continue;
        }
        told.push(on);
        let names: Vec<&str> = on.iter().map(|on| on.name()).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{}:", names.join(", "));
        for prompt in PROMPTS.iter().filter(|prompt| prompt.on == on) {
            let shown = prompt.to_string();
            let _ = writeln!(lines, "  {shown:18} {}", prompt.doc.replace('`', ""));
        }
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
        if self.form == Script {
            return script::read(text).map(|calls| calls.len());
        }
        let (start, rest) = text.split_at_checked(self.text.len())?;
        if !start.eq_ignore_ascii_case(self.text) {
            return None;
        }
        match self.form {
            Exact => rest.trim_matches(['.', '!', '?']).is_empty().then_some(0),
            Prefix => (!rest.starts_with(char::is_alphanumeric)).then_some(0),
            Number(default) if rest.is_empty() => Some(default),
            Number(_) => rest.strip_prefix(' ')?.trim().parse().ok(),
            Script => None,
        }
    }
}

impl Endpoint {
    fn name(self) -> &'static str {
        match self {
            Chat => "chat",
            StreamChat => "streamchat",
            Embed => "embed",
            Completions => "chat/completions",
            Messages => "messages",
            Responses => "responses",
            Embeddings => "embeddings",
        }
    }
}

impl fmt::Display for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = match self.form {
            Exact => "",
            Prefix => " …",
            Number(_) => " N",
            Script => " NAME {…}",
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
                let text = if prompt.form == Script { "call name {}" } else { prompt.text };
                let first = PROMPTS.iter().find(|other| other.on.contains(on) && other.number(text).is_some());
                assert_eq!(first.map(|first| first.text), Some(prompt.text));
            }
            assert!(prompt.doc.ends_with('.'), "{prompt}");
        }
        assert_eq!(help().lines().filter(|line| line.starts_with("  ")).count(), PROMPTS.len());
    }
}
