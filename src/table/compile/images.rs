//! Compiles how a row fetches images. Settings that the row leaves out get their defaults.

use super::action::Action;
use crate::table::raw;
use crate::table::{AllowedHost, Images};
use crate::yaml::Source;

/// Compiles `images` of a row.
pub fn compile(row: &raw::Route<'_>, source: &mut Source<'_>) -> Images {
    let usual = Images::default();
    let Some(written) = &row.options.images else { return usual };
    let mut allowed = Vec::with_capacity(written.allow_hosts.len());
    for host in &written.allow_hosts {
        match AllowedHost::parse(host.value.trim()) {
            Some(host) => allowed.push(host),
            None => {
                let message = format!("{}.images.allow_hosts: '{}' is no host", row.called, host.value);
                let help = "write a name, *.domain or an address, such as figures.lab.gov, *.lab.gov, 10.1.2.3:8080 or [fd00::1]";
                source.error(&host.path, message, Some(help.to_owned()));
            }
        }
    }
    Images {
        fetch: written.fetch.unwrap_or(usual.fetch),
        allowed,
        max_bytes: written.max_bytes.unwrap_or(usual.max_bytes),
        most: written.most.unwrap_or(usual.most),
        timeout: written.timeout.unwrap_or(usual.timeout),
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
