//! `images` of a row of `routes`, as written.

use crate::yaml::duration::duration;
use crate::yaml::value::{boolean, narrow, plain, size, whole};
use crate::yaml::{At, Section, Source};
use std::time::Duration;

/// The image settings that the row has.
pub struct Images {
    pub fetch: Option<bool>,
    pub allow_hosts: Vec<At<String>>,
    pub deny: Vec<At<String>>,
    pub max_bytes: Option<usize>,
    pub most: Option<usize>,
    pub timeout: Option<Duration>,
}

impl Images {
    /// Reads `images` of a row.
    pub fn read(row: &mut Section<'_>, source: &mut Source<'_>) -> Option<Self> {
        let mut keys = row.section(source, "images")?;
        let images = Images {
            fetch: keys.get(source, "fetch", boolean),
            allow_hosts: keys.list(source, "allow_hosts", plain).unwrap_or_default(),
            deny: keys.list(source, "deny", plain).unwrap_or_default(),
            max_bytes: keys.get(source, "max_bytes", size),
            most: keys.get(source, "most", |node| narrow(whole(node, 1..=50)?)),
            timeout: keys.get(source, "timeout", duration),
        };
        keys.finish(source);
        Some(images)
    }
}
