//! The thinking of a response: a summary, and what its vendor signed, sealed.

use super::{ResponseEncoder, Spoken};
use crate::chat::Text;
use crate::chat::event::push_text;
use crate::dialects::client::responses::items::{self, OpenReasoning};

impl ResponseEncoder {
    pub(super) fn reasoning(&mut self, text: Text<'_>) {
        self.frame.meter.push(text);
        self.open_reasoning();
        let Spoken::Reasoning(OpenReasoning { place, inside }) = &mut self.spoken else { return };
        let (place, is_new) = (place.clone(), inside.is_none());
        let kept = inside.get_or_insert_default();
        let begun = kept.len();
        push_text(kept, text);
        let piece = kept.get(begun..).unwrap_or_default().to_vec();
        if is_new {
            self.event("response.reasoning_summary_part.added", &place, |out| {
                out.extend_from_slice(b",\"summary_index\":0,\"part\":");
                items::push_summary(out, b"");
            });
        }
        self.event("response.reasoning_summary_text.delta", &place, |out| {
            out.extend_from_slice(b",\"summary_index\":0,\"delta\":");
            items::push_quoted(out, &piece);
        });
    }

    pub(super) fn open_reasoning(&mut self) {
        if matches!(self.spoken, Spoken::Reasoning(_)) {
            return;
        }
        self.end_spoken("completed");
        self.end_calls(|_| true);
        let place = self.begin_item("rs_", |out, place| items::push_reasoning(out, place, None, None));
        self.spoken = Spoken::Reasoning(OpenReasoning { place, inside: None });
    }

    /// Completes thinking that its vendor signed, or that only its vendor reads: the next turn can give it back.
    pub(super) fn sealed(&mut self, block: impl FnOnce(Option<&[u8]>) -> Vec<u8>) {
        self.open_reasoning();
        if let Spoken::Reasoning(open) = std::mem::replace(&mut self.spoken, Spoken::Nothing) {
            let sealed = self.sealer.seal(&self.frame, || block(open.inside.as_deref()));
            self.end_reasoning(open, sealed.as_deref());
        }
    }

    pub(super) fn end_reasoning(&mut self, open: OpenReasoning, sealed: Option<&str>) {
        let OpenReasoning { place, inside } = open;
        if let Some(inside) = &inside {
            self.event("response.reasoning_summary_text.done", &place, |out| {
                out.extend_from_slice(b",\"summary_index\":0,\"text\":");
                items::push_quoted(out, inside);
            });
            self.event("response.reasoning_summary_part.done", &place, |out| {
                out.extend_from_slice(b",\"summary_index\":0,\"part\":");
                items::push_summary(out, inside);
            });
        }
        let mut item = Vec::new();
        items::push_reasoning(&mut item, &place, inside.as_deref(), sealed);
        self.end_item(&place, item);
    }
}
