//! The events of a stream, in order, and the items that they build.

use super::output::{self, NO_ARGUMENTS};
use super::speech::Speech;
use super::verdict;
use super::words::{EventKind, ItemKind, ResponseState};
use crate::chat::{Event, Sink, Text};
use crate::dialects::upstream::{ChatDialect, error};
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An item that has begun.
#[derive(Debug, Default)]
struct OpenItem {
    /// True if pieces of it were handed on, so that its complete form says nothing new.
    has_spoken: bool,
    /// The kind of event that its reasoning comes in.
    thinks_in: Option<EventKind>,
    /// The number of its call, if it is one.
    call: Option<usize>,
}

/// A streamed answer so far.
pub struct StreamedTurn {
    dialect: &'static dyn ChatDialect,
    speech: Speech,
    /// The items that have begun, by their `output_index`.
    items: BTreeMap<u64, OpenItem>,
    /// True once the last event has come.
    is_over: bool,
    /// True if an event could not be read.
    is_garbled: bool,
}

impl StreamedTurn {
    /// Creates one without any event.
    pub fn new(dialect: &'static dyn ChatDialect) -> Self {
        StreamedTurn {
            dialect,
            speech: Speech::new(dialect),
            items: BTreeMap::new(),
            is_over: false,
            is_garbled: false,
        }
    }

    /// Returns true if the answer is complete.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Returns true if an event could not be read, for instance since it was cut.
    pub fn is_garbled(&self) -> bool {
        self.is_garbled
    }

    /// Hands on what is held back when no further event will come, or returns the failure that it stands for.
    pub fn broken(&mut self, sink: &mut dyn Sink) -> Option<Failure> {
        self.speech.end(sink).err()
    }

    /// Takes the next event: its data and the name beside it.
    ///
    /// # Errors
    /// It is an error, the end of a response that failed, or unreadable.
    pub fn event(&mut self, data: &[u8], name: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        // A client that reads a lone surrogate fails where it writes the text.
        let text = std::str::from_utf8(data).map(|text| json::paired(Cow::Borrowed(text)));
        let fields = text.as_ref().ok().and_then(|text| Fields::parse(text).ok());
        let Some(fields) = fields else {
            self.is_garbled = true;
            return Err(no_event(self.dialect.name()));
        };
        let named = fields.get("type").and_then(json::text_of);
        let kind = match (&named, std::str::from_utf8(name)) {
            (Some(kind), _) => EventKind::of(kind),
            // A gateway's own error has no type.
            (None, _) if fields.get("error").is_some() => EventKind::Error,
            (None, name) => EventKind::of(name.unwrap_or_default()),
        };
        let index = number(&fields, "output_index");
        match kind {
            EventKind::TextDelta => {
                self.items.entry(index).or_default().has_spoken = true;
                self.speech.text(inside(&fields, "delta"), sink)
            }
            EventKind::RefusalDelta => {
                self.items.entry(index).or_default().has_spoken = true;
                self.speech.refusal(inside(&fields, "delta"), sink);
                Ok(())
            }
            EventKind::SummaryDelta => {
                self.thought(kind, (index, number(&fields, "summary_index")), inside(&fields, "delta"), sink);
                Ok(())
            }
            EventKind::ReasoningDelta => {
                self.thought(kind, (index, number(&fields, "content_index")), inside(&fields, "delta"), sink);
                Ok(())
            }
            EventKind::ArgumentsDelta => {
                self.arguments(index, inside(&fields, "delta"), sink);
                Ok(())
            }
            EventKind::ArgumentsDone => {
                self.rest_of_arguments(index, &fields, sink);
                Ok(())
            }
            EventKind::ItemAdded => self.added(index, &self.item_of(&fields)?, sink),
            EventKind::ItemDone => self.done(index, &self.item_of(&fields)?, sink),
            EventKind::End(state) => self.end(state, fields.get("response"), sink),
            EventKind::Error => Err(error::inside(self.dialect, data)),
            EventKind::Frame => Ok(()),
        }
    }

    fn item_of<'a>(&self, event: &Fields<'a>) -> Result<Fields<'a>, Failure> {
        event.get("item").and_then(Fields::of).ok_or_else(|| output::no_item(self.dialect.name()))
    }

    /// Takes a piece of reasoning. Of reasoning and its summary only what comes first is handed on: they say the same.
    fn thought(&mut self, kind: EventKind, part: (u64, u64), inside: &str, sink: &mut dyn Sink) {
        let item = self.items.entry(part.0).or_default();
        item.has_spoken = true;
        if *item.thinks_in.get_or_insert(kind) == kind {
            self.speech.reasoning(part, inside, sink);
        }
    }

    /// Takes a piece of a call's arguments. Of a call whose beginning did not come, the complete item will tell all.
    fn arguments(&mut self, index: u64, inside: &str, sink: &mut dyn Sink) {
        if let Some((item, call)) = self.items.get_mut(&index).and_then(|item| item.call.map(|call| (item, call)))
            && !inside.is_empty()
        {
            item.has_spoken = true;
            sink.event(Event::Arguments { call, piece: Text::Json(inside) });
        }
    }

    /// Takes all arguments of a call, which may have come in pieces. Returns false if no such call has begun.
    fn rest_of_arguments(&mut self, index: u64, holder: &Fields<'_>, sink: &mut dyn Sink) -> bool {
        let Some((item, call)) = self.items.get_mut(&index).and_then(|item| item.call.map(|call| (item, call))) else {
            return false;
        };
        if !std::mem::replace(&mut item.has_spoken, true) {
            sink.event(Event::Arguments { call, piece: Text::Plain(&output::arguments(holder)) });
        }
        true
    }

    fn added(&mut self, index: u64, item: &Fields<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
        let open = match output::kind_of(item) {
            ItemKind::FunctionCall => {
                let (id, name) = output::called(item, self.dialect.name())?;
                let call = self.speech.call(Event::CallStart { id, name }, sink);
                OpenItem { call: Some(call), ..OpenItem::default() }
            }
            ItemKind::Message | ItemKind::Reasoning | ItemKind::CustomCall | ItemKind::ClientRun | ItemKind::Record => {
                OpenItem::default()
            }
        };
        self.items.insert(index, open);
        Ok(())
    }

    /// Takes a complete item, and hands on what its pieces did not say.
    fn done(&mut self, index: u64, item: &Fields<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
        if self.rest_of_arguments(index, item, sink) {
            return Ok(());
        }
        if !std::mem::replace(&mut self.items.entry(index).or_default().has_spoken, true) {
            return output::item(index, item, &mut self.speech, sink);
        }
        if output::kind_of(item) == ItemKind::Reasoning {
            output::encrypted(item, sink);
        }
        Ok(())
    }

    /// Takes the last event.
    fn end(&mut self, state: ResponseState, response: Option<&RawValue>, sink: &mut dyn Sink) -> Result<(), Failure> {
        let raw = response.ok_or_else(|| no_event(self.dialect.name()))?;
        let response = Fields::of(raw).ok_or_else(|| no_event(self.dialect.name()))?;
        let state = verdict::of(self.dialect, &response, Some(state), raw.get().as_bytes())?;
        if self.items.is_empty() {
            output::items(output::list(&response).unwrap_or_default(), &mut self.speech, sink)?;
        }
        // A call that never said more has no arguments.
        for (item, call) in self.items.values_mut().filter_map(|item| item.call.map(|call| (item, call))) {
            if !std::mem::replace(&mut item.has_spoken, true) {
                sink.event(Event::Arguments { call, piece: Text::Plain(NO_ARGUMENTS) });
            }
        }
        self.speech.end(sink)?;
        self.is_over = true;
        verdict::tell(state, &response, &self.speech, sink)
    }
}

/// Returns the failure of an event that cannot be read.
fn no_event(upstream: &str) -> Failure {
    Failure::upstream(format!("{upstream} sent an event that is no JSON object."))
}

fn number(fields: &Fields<'_>, name: &str) -> u64 {
    fields.get(name).and_then(|number| number.get().parse().ok()).unwrap_or(0)
}

/// Returns the inside of a field's text; nothing if it has none.
fn inside<'a>(fields: &Fields<'a>, name: &str) -> &'a str {
    fields.get(name).and_then(json::inside_of).unwrap_or_default()
}
