//! Loads a table: reads its files, merges them and compiles the result.

use super::include::{Files, SEE_SHIPPED, TableText};
use super::raw::Written;
use super::routing_table::Table;
use super::vars::Variables;
use super::{compile, merge};
use crate::diagnostics::Checked;
use crate::models::ModelLists;
use crate::transform::{REGISTRY, Registry};
use crate::yaml::node::Node;
use crate::yaml::value::expected;
use crate::yaml::{Source, way_to};

impl Table {
    /// Reads a table with all files that it includes.
    ///
    /// # Errors
    /// All problems found; at least one of them is an error.
    pub fn load(file: &str, text: &str, variables: &Variables<'_>) -> Checked<Self> {
        Table::load_with(&REGISTRY, file, text, variables)
    }

    /// Reads a table that may name the items of `registry`.
    ///
    /// # Errors
    /// The same as for [`Table::load`].
    pub fn load_with(registry: &Registry, file: &str, text: &str, variables: &Variables<'_>) -> Checked<Self> {
        Table::load_files(registry, &TableText::new(file, text), variables)
    }

    /// Reads a table with all files that belong to it.
    ///
    /// # Errors
    /// The same as for [`Table::load`].
    pub fn load_files(registry: &Registry, table: &TableText<'_>, variables: &Variables<'_>) -> Checked<Self> {
        let files = Files::gather(table, variables)?;
        let mut source = Source::of(&files.list);
        files.report(&mut source);
        let mut written: Option<Written<'_>> = None;
        for (number, file) in files.list.iter().enumerate() {
            let Node::Map(entries) = &file.parsed.root else {
                let reason = expected("a table: version, upstreams, models and routes", &file.parsed.root);
                source.error(&way_to(number), reason.message, Some(SEE_SHIPPED.to_owned()));
                continue;
            };
            let known = written.as_ref().map(Written::group_names).unwrap_or_default();
            let more = Written::read(Written::section(number, entries), &known, &mut source);
            written = Some(match written {
                Some(written) => merge::lay_over(written, more),
                None => more,
            });
        }
        // With an unreadable file, items that it may define would be reported as missing.
        let written = written.filter(|_| files.is_complete());
        let table = written.map(|written| {
            let (names, texts) = files.list.iter().map(|file| (file.name.clone(), file.text.clone())).unzip();
            let nothing = ModelLists::default();
            let lists = table.lists.unwrap_or(&nothing);
            let compiled = compile::compile(&written, lists, registry, &mut source, variables);
            Table { files: names, texts, local: files.local_name(), ..compiled }
        });
        source.finish(table)
    }
}
