//! `table.json`: the text of the table in use, for those who watch.

use super::view::View;
use crate::telemetry::bodies::masked;
use crate::wire::Failure;
use http::StatusCode;
use serde::Serialize;

/// The files of the table.
#[derive(Serialize)]
pub struct TableTexts<'v> {
    version: &'v str,
    loaded_at: u64,
    files: Vec<FileText<'v>>,
}

#[derive(Serialize)]
struct FileText<'v> {
    name: &'v str,
    text: String,
}

impl<'v> TableTexts<'v> {
    /// Returns the texts, with `***` in place of what looks like a key.
    ///
    /// # Errors
    /// 403 for those who may not watch.
    pub fn new(view: &'v View<'_>) -> Result<Self, Failure> {
        if !view.watches {
            let message = "The table is for callers with `watch: true` in callers.yaml, and on the admin listener. Below \
                           you can still see what becomes of a request of yours.";
            return Err(Failure::new(StatusCode::FORBIDDEN, message));
        }
        let live = view.live();
        let without_keys = |text: &str| text.split_inclusive('\n').map(|line| masked(line).into_owned()).collect();
        let files = live.table.texts().map(|(name, text)| FileText { name, text: without_keys(text) });
        Ok(TableTexts { version: live.version(), loaded_at: live.loaded_at(), files: files.collect() })
    }
}
