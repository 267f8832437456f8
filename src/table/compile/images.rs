//! Compiles how a row fetches images. Settings that the row leaves out get their defaults.

use super::action::Action;
use crate::table::raw;
use crate::table::{DeniedPlace, ImageHost, Images};
use crate::yaml::{At, Source};

/// Compiles `images` of a row.
pub fn compile(row: &raw::Route<'_>, source: &mut Source<'_>) -> Images {
    let usual = Images::default();
    let Some(written) = &row.options.images else { return usual };
    let mut places = Places { called: &row.called, source };
    let allowed = places.parse("allow_hosts", &written.allow_hosts, ImageHost::parse, HOST);
    let denied = places.parse("deny", &written.deny, DeniedPlace::parse, PLACE);
    Images {
        fetch: written.fetch.unwrap_or(usual.fetch),
        allowed,
        denied,
        max_bytes: written.max_bytes.unwrap_or(usual.max_bytes),
        most: written.most.unwrap_or(usual.most),
        timeout: written.timeout.unwrap_or(usual.timeout),
    }
}

const HOST: (&str, &str) =
    ("no host", "write a name, *.domain or an address, such as figures.lab.gov, *.lab.gov, 10.1.2.3:8080 or [fd00::1]");
const PLACE: (&str, &str) = (
    "no host and no network",
    "write a name, *.domain, an address or a network, such as db.lab.gov, *.lab.gov, 141.142.1.2 or 141.142.0.0/16",
);

/// Reads the lists of places that a row has.
struct Places<'a, 'f> {
    called: &'a str,
    source: &'a mut Source<'f>,
}

impl Places<'_, '_> {
    /// Returns the places of one list. `(none, help)` is what a wrong one is, and what to write.
    fn parse<T>(
        &mut self,
        key: &str,
        written: &[At<String>],
        parse: impl Fn(&str) -> Option<T>,
        (none, help): (&str, &str),
    ) -> Vec<T> {
        let mut places = Vec::with_capacity(written.len());
        for place in written {
            match parse(place.value.trim()) {
                Some(parsed) => places.push(parsed),
                None => {
                    let message = format!("{}.images.{key}: '{}' is {none}", self.called, place.value);
                    self.source.error(&place.path, message, Some(help.to_owned()));
                }
            }
        }
        places
    }
}

/// Reports `images` on a row that never fetches images.
pub fn useless(row: &raw::Route<'_>, action: Option<&Action>, source: &mut Source<'_>) {
    if let Some(Action::Call(entry, _, _, transformer)) = action
        && let Some((_, path)) = row.call_keys.iter().find(|(key, _)| *key == "images")
        && transformer.images().is_none()
    {
        let message = format!("{}: 'images' does nothing here: {} fetches none", row.called, entry.name);
        source.error(path, message, Some("remove it".to_owned()));
    }
}
