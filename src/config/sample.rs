//! The embedded sample configuration.

/// Every key with its default and a comment. It is the base of each configuration and the setup's template.
pub const SAMPLE: &str = include_str!("../../config.sample.yaml");
/// The name of [`SAMPLE`] in messages.
pub const SAMPLE_FILE: &str = "config.sample.yaml";
