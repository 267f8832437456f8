//! Tells answers from what comes in their place with a success status: errors, pages, notices.

use crate::chat::Text;
use crate::dialects::upstream::argo::notice::{self, Watch};
use crate::dialects::upstream::{ChatDialect, Vendor, error};
use crate::json::{Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;

use super::reading::given;

/// Returns the choices of a reply or a chunk whose text is `text`.
///
/// # Errors
/// The failure for an error in its place.
pub fn choices<'a>(dialect: &dyn ChatDialect, fields: &Fields<'a>, text: &str) -> Result<Vec<&'a RawValue>, Failure> {
    let list = fields.get("choices").and_then(|choices| fields::list_of(choices).ok());
    if given(fields, "error").is_some() {
        return Err(error::inside(dialect, text.as_bytes()));
    }
    list.ok_or_else(|| error::inside(dialect, text.as_bytes()))
}

/// Returns the failure for a whole text that is a notice.
///
/// # Errors
/// That failure.
pub fn whole_text(vendor: Vendor, inside: &str) -> Result<(), Failure> {
    let notice = (vendor == Vendor::Argo).then(|| notice::in_whole(inside)).flatten();
    notice.map_or(Ok(()), |notice| Err(notice.failure()))
}

/// Watches the texts of one streamed answer for a notice.
#[derive(Debug, Default)]
pub struct StreamScreen {
    watch: Option<Watch>,
}

impl StreamScreen {
    /// Creates the screen for a vendor's streams.
    pub fn new(vendor: Vendor) -> Self {
        StreamScreen { watch: vendor.watch() }
    }

    /// Returns true if texts need not be shown any more.
    pub fn is_over(&self) -> bool {
        self.watch.is_none()
    }

    /// Returns true if no text is held back.
    pub fn holds_nothing(&self) -> bool {
        self.watch.as_ref().is_none_or(Watch::holds_nothing)
    }

    /// Takes a text of the answer and passes on what is surely part of it.
    ///
    /// # Errors
    /// The failure of a notice.
    pub fn text(&mut self, text: Text<'_>, pass: &mut dyn FnMut(Text<'_>)) -> Result<(), Failure> {
        let Some(watch) = &mut self.watch else {
            pass(text);
            return Ok(());
        };
        let notice = watch.push(&text.decoded(), &mut |text| pass(Text::Plain(text)));
        if watch.is_over() {
            self.watch = None;
        }
        notice.map_or(Ok(()), |notice| Err(notice.failure()))
    }

    /// Takes the end of the text and passes on what was held back.
    ///
    /// # Errors
    /// The failure of a notice.
    pub fn end(&mut self, pass: &mut dyn FnMut(Text<'_>)) -> Result<(), Failure> {
        let notice = self.watch.take().and_then(|mut watch| watch.end(&mut |text| pass(Text::Plain(text))));
        notice.map_or(Ok(()), |notice| Err(notice.failure()))
    }
}
