//! Joins several answers, each from its own call, as the candidates of one reply.

use super::encoder::OF_ALL;
use super::frames::{CandidateFrame, EMPTY_PART, OPEN, StreamForm};
use crate::dialects::client::frame::{ReplyFrame, Tally};
use crate::plan::Join;
use crate::wire::Answer;
use http::StatusCode;
use std::sync::Arc;

/// Joins candidates to one reply.
pub struct CandidatesJoin {
    frame: ReplyFrame,
    tally: Arc<Tally>,
    /// How the client gets the pieces; `None` for a whole reply.
    form: Option<StreamForm>,
}

impl CandidatesJoin {
    /// Creates the join of replies that share `frame` and add their tokens to `tally`.
    pub fn new(frame: ReplyFrame, tally: Arc<Tally>, form: Option<StreamForm>) -> Self {
        CandidatesJoin { frame, tally, form }
    }
}

impl Join for CandidatesJoin {
    fn stream(&self) -> Option<&'static str> {
        self.form.map(StreamForm::content_type)
    }

    fn whole(&mut self, parts: Vec<Answer>) -> Answer {
        let mut out = OF_ALL.to_vec();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&part.body);
        }
        CandidateFrame::of(&self.frame).push_close(&mut out, self.frame.usage_of_all(&self.tally));
        Answer::json(StatusCode::OK, out)
    }

    /// Appends the piece that tells the tokens of all answers.
    fn end(&mut self, out: &mut Vec<u8>) {
        let Some(form) = self.form else { return };
        form.open(&self.frame.ledger(), out);
        out.extend_from_slice(OPEN);
        out.extend_from_slice(EMPTY_PART);
        out.extend_from_slice(b"],\"role\":\"model\"},\"index\":0}");
        CandidateFrame::of(&self.frame).push_close(out, self.frame.usage_of_all(&self.tally));
        form.close(out);
        form.end(&self.frame.ledger(), out);
    }
}
