//! The sample configuration that is built in.

/// Every key with its default and a comment: the base of each configuration, and what the setup writes from.
pub const SAMPLE: &str = include_str!("../../config.sample.yaml");
/// What [`SAMPLE`] is called in messages.
pub const SAMPLE_FILE: &str = "config.sample.yaml";
