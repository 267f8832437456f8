//! What the model says, handed on as events in the same way from a whole answer and from a stream: notices of the
//! vendor are told from text, parts of the reasoning are kept apart, calls are numbered.

use crate::chat::{Event, Sink, Text};
use crate::dialects::upstream::ChatDialect;
use crate::dialects::upstream::openai::screen::{self, StreamScreen};
use crate::wire::Failure;

/// What stands between two parts of the reasoning.
const BETWEEN_PARTS: &str = "\n\n";

/// Where a part of the reasoning stands: the item and the part's place in it.
pub type PartPlace = (u64, u64);

/// Hands on what the model says.
pub struct Speech {
    dialect: &'static dyn ChatDialect,
    /// Tells notices from text that comes in pieces.
    screen: StreamScreen,
    /// True if text has come.
    has_text: bool,
    /// The part of the reasoning that came last.
    part: Option<PartPlace>,
    calls: usize,
}

impl Speech {
    /// Creates one for an answer that has said nothing yet.
    pub fn new(dialect: &'static dyn ChatDialect) -> Self {
        Speech { dialect, screen: StreamScreen::new(dialect.vendor()), has_text: false, part: None, calls: 0 }
    }

    /// Returns the upstream's name in messages.
    pub fn upstream(&self) -> &'static str {
        self.dialect.name()
    }

    /// Returns how many calls have begun.
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// Hands on text that is complete. `inside` is the inside of a JSON string here and below.
    ///
    /// # Errors
    /// The failure that a notice stands for.
    pub fn whole_text(&mut self, inside: &str, sink: &mut dyn Sink) -> Result<(), Failure> {
        if self.has_text || inside.is_empty() {
            return self.text(inside, sink);
        }
        // A notice comes alone, so what follows a first text that is none is an answer.
        self.has_text = true;
        self.screen = StreamScreen::default();
        screen::whole_text(self.dialect.vendor(), inside)?;
        sink.event(Event::Text(Text::Json(inside)));
        Ok(())
    }

    /// Hands on a piece of text.
    ///
    /// # Errors
    /// The failure that a notice stands for.
    pub fn text(&mut self, inside: &str, sink: &mut dyn Sink) -> Result<(), Failure> {
        if inside.is_empty() {
            return Ok(());
        }
        self.has_text = true;
        self.screen.text(Text::Json(inside), &mut |text| sink.event(Event::Text(text)))
    }

    /// Hands on a piece of a refusal.
    pub fn refusal(&mut self, inside: &str, sink: &mut dyn Sink) {
        if !inside.is_empty() {
            sink.event(Event::Refusal(Text::Json(inside)));
        }
    }

    /// Hands on a piece of a part of the reasoning.
    pub fn reasoning(&mut self, part: PartPlace, inside: &str, sink: &mut dyn Sink) {
        if inside.is_empty() {
            return;
        }
        if self.part.replace(part).is_some_and(|last| last != part) {
            sink.event(Event::Reasoning(Text::Plain(BETWEEN_PARTS)));
        }
        sink.event(Event::Reasoning(Text::Json(inside)));
    }

    /// Hands on the beginning of a call or a complete one. Returns its number.
    pub fn call(&mut self, event: Event<'_>, sink: &mut dyn Sink) -> usize {
        sink.event(event);
        self.calls += 1;
        self.calls - 1
    }

    /// Hands on what is held back, at the end of the answer.
    ///
    /// # Errors
    /// The failure that a notice stands for.
    pub fn end(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        self.screen.end(&mut |text| sink.event(Event::Text(text)))
    }
}
