//! What is fuzzed: for each target its seeds, and what has to hold for every input.

pub mod answers;
pub mod argo;
pub mod files;
pub mod gemini;
mod golden;
pub mod heads;
pub mod json;
pub mod lists;
pub mod messages;
pub mod native;
#[path = "../../support/pipeline.rs"]
mod pipeline;
#[path = "../../support/reports.rs"]
mod reports;
pub mod requests;
pub mod responses;
mod seeds;
pub mod wire;

/// A target.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name for `scripts/fuzz.sh`.
    pub name: &'static str,
    /// How many inputs its test makes: about two seconds of an optimised build.
    pub usual: u64,
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words that its inputs are made of.
    pub words: &'static [&'static str],
    /// Panics if something does not hold for an input.
    pub run: fn(&[u8]),
}

/// All targets.
pub const ALL: [Target; 37] = [
    json::MEND,
    json::DOCUMENT_END,
    json::FIELDS,
    json::OVERLAY,
    json::CROWDED,
    json::CUT,
    json::STRINGS,
    json::DECIMAL,
    wire::SSE,
    wire::UTF8,
    wire::GUNZIP,
    wire::HTTP_URL,
    argo::PYTHON,
    argo::LEAKED_CALLS,
    argo::ERROR_BODY,
    answers::WHOLE,
    answers::STREAM,
    answers::EMBEDDINGS,
    answers::ERRORS,
    native::WHOLE,
    native::STREAM,
    requests::CHAT,
    requests::COMPLETIONS,
    requests::EMBEDDINGS,
    requests::PASSTHROUGH,
    gemini::REQUEST,
    gemini::STREAM,
    messages::REQUEST,
    messages::RELAY,
    responses::REQUEST,
    responses::REPLY,
    files::TABLE,
    files::CONFIG,
    files::CALLERS,
    files::DURATION,
    lists::LISTS,
    heads::HEADS,
];

/// Splits the first byte off an input: it decides how the rest is used.
fn knob(input: &[u8]) -> (u8, &[u8]) {
    input.split_first().map_or((0, input), |(knob, rest)| (*knob, rest))
}

/// Cuts bytes into pieces. The knob decides where, and how small they are.
fn pieces(knob: u8, mut rest: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut state = u32::from(knob) + 1;
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let size = 1 + (state >> 16) as usize % (1 << (knob % 8));
        let (piece, after) = rest.split_at(size.min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}
