//! The ways of counting.

/// How a route counts tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counting {
    /// Exact, with the tokenizer.
    #[default]
    Exact,
    /// Estimated by character class: cheap, linear, and never a reason for `finish_reason: length`.
    Estimate,
    /// Not at all: replies carry no usage.
    None,
}
