//! The reply to a request for vectors, from one call or joined from several.

use super::openai::vectors::{VectorForm, VectorPlace};
use crate::dialects::upstream::{EmbeddingDialect, VectorAnswer, error};
use crate::json::Vector;
use crate::plan::{Held, Join, Reply};
use crate::tokens::{Counting, Ledger, Prompt};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a client dialect writes a list of vectors.
pub trait VectorList: Send + Sync {
    /// Opens the reply up to the first vector.
    fn open(&self, out: &mut Vec<u8>);

    /// Opens the element of a vector with this number.
    fn open_element(&self, out: &mut Vec<u8>, index: u64);

    /// Closes the reply. `tokens` are those of all inputs, if they were counted.
    fn close(&self, out: &mut Vec<u8>, model: &str, tokens: Option<u64>);
}

/// The parts of the reply around the vectors.
pub struct ListFrame {
    /// How the client's dialect writes it.
    pub list: &'static dyn VectorList,
    /// The model as the client named it.
    pub model: Arc<str>,
    /// How tokens are counted.
    pub counting: Counting,
    /// What the tokens are counted from.
    pub prompt: Arc<Prompt>,
    /// Where the counts are recorded.
    pub ledger: Arc<Ledger>,
    /// What the upstream counted.
    pub reported: Arc<ReportedTokens>,
}

/// The upstream's own count of the inputs, over all calls of a request.
#[derive(Debug, Default)]
pub struct ReportedTokens {
    sum: AtomicU64,
    calls: AtomicU64,
    /// How many calls came back without a count.
    missing: AtomicU64,
}

impl ReportedTokens {
    fn add(&self, tokens: Option<u64>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match tokens {
            Some(tokens) => self.sum.fetch_add(tokens, Ordering::Relaxed),
            None => self.missing.fetch_add(1, Ordering::Relaxed),
        };
    }

    /// Returns the sum if every call was counted.
    fn sum(&self) -> Option<u64> {
        let is_complete = self.calls.load(Ordering::Relaxed) > 0 && self.missing.load(Ordering::Relaxed) == 0;
        is_complete.then(|| self.sum.load(Ordering::Relaxed))
    }
}

impl ListFrame {
    fn close(&self, out: &mut Vec<u8>) {
        let counts_here = self.counting != Counting::None;
        let tokens = self.reported.sum().or_else(|| counts_here.then(|| self.prompt.tokens()));
        tokens.into_iter().for_each(|tokens| self.ledger.set_prompt(tokens));
        self.list.close(out, &self.model, tokens);
    }
}

/// The inputs of one call.
pub struct Batch {
    /// How the client's dialect writes their vectors.
    pub list: &'static dyn VectorList,
    /// The dialect of the upstream.
    pub dialect: &'static dyn EmbeddingDialect,
    /// The model as the client named it, for messages.
    pub model: Arc<str>,
    /// The length of the model's vectors, if it is known.
    pub dimensions: Option<u32>,
    /// The index of the batch's first input in the request.
    pub first: usize,
    /// The number of inputs.
    pub inputs: usize,
    /// How their vectors are written.
    pub form: VectorForm,
    /// Where the upstream's count is added.
    pub reported: Arc<ReportedTokens>,
}

impl Batch {
    /// Appends the elements of the list, with commas between them.
    fn push(&self, out: &mut Vec<u8>, vectors: &[Vector<'_>]) -> Result<(), Failure> {
        if vectors.len() != self.inputs {
            let name = self.dialect.name();
            let message = format!("{name} answered {} vectors for {} inputs.", vectors.len(), self.inputs);
            return Err(Failure::upstream(message));
        }
        for (index, vector) in vectors.iter().enumerate() {
            let open: &[u8] = if index == 0 { b"" } else { b"," };
            out.extend_from_slice(open);
            self.list.open_element(out, (self.first + index) as u64);
            self.check_length(vector)?;
            let place = VectorPlace { upstream: self.dialect.name(), input: self.first + index };
            self.form.push(out, vector, &place)?;
            out.push(b'}');
        }
        Ok(())
    }

    /// Refuses a vector of a wrong length, because it would spoil the client's stored vectors.
    fn check_length(&self, vector: &Vector<'_>) -> Result<(), Failure> {
        let Some(wanted) = self.dimensions else { return Ok(()) };
        let numbers = vector.length;
        if numbers == wanted as usize {
            return Ok(());
        }
        let name = self.dialect.name();
        let message = format!("{name} answered a vector of {numbers} numbers; {} has {wanted}.", self.model);
        Err(Failure::upstream(message))
    }
}

/// The reply to one call: the whole reply, or its part of the list if there are several calls.
pub struct VectorReply {
    /// The inputs of the call.
    pub batch: Batch,
    /// The parts around the vectors; `None` if there are several calls.
    pub frame: Option<ListFrame>,
}

impl Reply for VectorReply {
    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        if held.status != StatusCode::OK {
            return Err(error::failure(self.batch.dialect, held));
        }
        let dialect = self.batch.dialect;
        let VectorAnswer { vectors, tokens } = dialect.read(&held.body)?;
        self.batch.reported.add(tokens);
        let mut out = Vec::with_capacity(held.body.len() + 64 * vectors.len() + 256);
        if let Some(frame) = &self.frame {
            frame.list.open(&mut out);
        }
        self.batch.push(&mut out, &vectors)?;
        if let Some(frame) = &self.frame {
            frame.close(&mut out);
        }
        Ok(Answer::json(StatusCode::OK, out))
    }
}

/// Joins the parts of the list.
pub struct Joined(pub ListFrame);

impl Join for Joined {
    fn stream(&self) -> Option<&'static str> {
        None
    }

    fn whole(&mut self, parts: Vec<Answer>) -> Answer {
        let size = parts.iter().map(|part| part.body.len() + 1).sum::<usize>();
        let mut out = Vec::with_capacity(size + 256);
        self.0.list.open(&mut out);
        for (number, part) in parts.into_iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&part.body);
        }
        self.0.close(&mut out);
        Answer::json(StatusCode::OK, out)
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}
