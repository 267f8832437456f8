//! The settings of a transformer: the keys under `with` on a row of the table.

use crate::yaml::node::Node;
use crate::yaml::value::Read;
use crate::yaml::{At, Key, PathStep, Section, Source};

/// Why a transformer cannot be built.
#[derive(Debug)]
pub enum Unfit {
    /// It does not fit the upstream's dialect.
    Upstream(String),
    /// A setting is wrong, which is reported at its place.
    Setting,
}

impl Unfit {
    /// Why a transformer does not fit the upstream's dialect.
    pub fn new(why: &str) -> Self {
        Unfit::Upstream(why.to_owned())
    }
}

/// The `with` section of a row, for the transformer that the row names. The transformer reads the keys that its
/// registry entry describes; all other keys are refused.
pub struct RowSettings<'s, 'n, 'f> {
    section: Option<Section<'n>>,
    /// Where the row names its transformer.
    at: &'s [PathStep],
    /// The row's name in messages.
    called: &'s str,
    transformer: &'static str,
    /// The keys that the transformer describes.
    keys: &'static [Key],
    /// True if the row's `with` is not a mapping, which is already reported.
    is_refused: bool,
    source: &'s mut Source<'f>,
}

impl<'s, 'n, 'f> RowSettings<'s, 'n, 'f> {
    /// Creates the settings of a row that names `transformer` at `at`. `is_refused` is true if its `with` is not a
    /// mapping and this was reported.
    pub fn new(
        (transformer, keys): (&'static str, &'static [Key]),
        written: Option<&At<&'n Node>>,
        is_refused: bool,
        called: &'s str,
        at: &'s [PathStep],
        source: &'s mut Source<'f>,
    ) -> Self {
        let mut section = None;
        if let Some(At { value: Node::Map(entries), path }) = written {
            if keys.is_empty() {
                let message = format!("{called}.with: '{transformer}' has no settings");
                source.error(path, message, Some("remove it".to_owned()));
            } else {
                section = Some(Section::within(format!("{called}.with"), path.clone(), entries, keys));
            }
        }
        RowSettings { section, at, called, transformer, keys, is_refused, source }
    }

    /// Returns the value of `key`; `None` if the row does not have it, or if `read` refuses it, which is then reported.
    pub fn get<T>(&mut self, key: &str, read: impl Fn(&Node) -> Read<T>) -> Option<T> {
        self.section.as_mut()?.get(self.source, key, read)
    }

    /// Returns the text of `key`.
    pub fn text(&mut self, key: &str) -> Option<String> {
        self.section.as_mut()?.text(self.source, key).map(|found| found.value)
    }

    /// Reports a wrong value of `key`, with the reason and what to write instead.
    pub fn refuse(&mut self, key: &str, why: &str, remedy: &str) -> Unfit {
        let path = self.section.as_ref().and_then(|section| section.value_path(key));
        let message = format!("{}.with.{key}: {why}", self.called);
        self.source.error(path.as_deref().unwrap_or(self.at), message, Some(remedy.to_owned()));
        Unfit::Setting
    }

    /// Reports unknown keys and missing required keys.
    pub fn finish(self) {
        if let Some(section) = self.section {
            section.finish(self.source);
            return;
        }
        for key in self.keys.iter().filter(|key| key.required && !self.is_refused) {
            let message = format!("{}: '{}' needs '{}' under `with`", self.called, self.transformer, key.name);
            self.source.error(self.at, message, Some(format!("{}: {}", key.name, key.about)));
        }
    }
}
