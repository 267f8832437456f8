//! The whole configuration as YAML that can be copied: each key, its value, and where the value was set.

use super::{Config, KEYS, NamedPath};
use crate::access::Quota;
use crate::diagnostics::Place;
use crate::yaml::{Key, Kind, quote};
use std::collections::BTreeMap;

/// The column where the origins of values start. Longer lines push it to the right.
const COLUMN: usize = 48;

/// A value written in YAML.
enum Written {
    /// On the line of its key.
    Line(String),
    /// One item per line.
    Items(Vec<String>),
}

impl Config {
    /// Returns every key with its value, and the place where the value was set, as YAML that can be copied. The keys
    /// are in the order of the schema. A key without a value becomes a comment.
    pub fn effective(&self) -> String {
        let values = values(self);
        let mut out = String::new();
        for key in KEYS {
            match key.kind {
                Kind::Map(keys) => section(key, keys, &values, self, &mut out),
                _ => entry(key, "", &values, self, &mut out),
            }
        }
        out
    }
}

fn section(section: &Key, keys: &[Key], values: &BTreeMap<String, Written>, config: &Config, out: &mut String) {
    let prefix = format!("{}.", section.name);
    if !values.keys().any(|name| name.starts_with(&prefix)) {
        return out.push_str(&format!("# {}: not set\n", section.name));
    }
    out.push_str(&format!("{}:\n", section.name));
    for key in keys {
        entry(key, &prefix, values, config, out);
    }
}

/// Writes one key. `prefix` is the section of the key, with a dot.
fn entry(key: &Key, prefix: &str, values: &BTreeMap<String, Written>, config: &Config, out: &mut String) {
    let name = format!("{prefix}{}", key.name);
    let indent = if prefix.is_empty() { "" } else { "  " };
    let (line, items) = match values.get(&name) {
        None => return out.push_str(&format!("{indent}# {}: not set\n", key.name)),
        Some(Written::Line(value)) => (format!("{indent}{}: {}", key.name, scalar(key, value)), &[][..]),
        Some(Written::Items(items)) if items.is_empty() => (format!("{indent}{}: []", key.name), &items[..]),
        Some(Written::Items(items)) => (format!("{indent}{}:", key.name), &items[..]),
    };
    let origin = config.places.get(&name).map_or_else(|| "default".to_owned(), origin);
    let ignored = config.ignored_host.as_ref().filter(|_| name == "host");
    let ignored = ignored.map(|found| format!(" (HOST is no address and not used: {found:?})")).unwrap_or_default();
    out.push_str(&format!("{line:COLUMN$} # {origin}{ignored}\n"));
    for item in items {
        out.push_str(&format!("{indent}  - {}\n", quote(item)));
    }
}

/// Returns where a value was set, on one line.
fn origin(place: &Place) -> String {
    let text = match place {
        Place::Spot(spot) => format!("{}:{}", spot.file, spot.line),
        other => other.to_string(),
    };
    text.escape_debug().to_string()
}

/// Returns a value in the notation of its kind.
fn scalar(key: &Key, value: &str) -> String {
    match key.kind {
        Kind::Text | Kind::Address => quote(value),
        Kind::Size => size(value),
        _ => value.to_owned(),
    }
}

/// Returns a number of bytes in the largest unit that divides it.
fn size(bytes: &str) -> String {
    let count: u64 = bytes.parse().unwrap_or_default();
    let unit =
        [("MiB", 1 << 20), ("KiB", 1 << 10)].into_iter().find(|(_, unit)| count > 0 && count.is_multiple_of(*unit));
    unit.map_or_else(|| bytes.to_owned(), |(name, unit)| format!("{}{name}", count / unit))
}

/// Returns all values that are set, indexed by `key` or `section.key`.
fn values(config: &Config) -> BTreeMap<String, Written> {
    let number = |limit: Option<Quota>| limit.map(|limit| limit.to_string());
    let path = |named: Option<&NamedPath>| named.map(|named| named.as_str().to_owned());
    let (listeners, limits) = (&config.listeners, &config.limits);
    let tls = listeners.tls.as_ref();
    let more = [
        ("socket", path(listeners.socket.as_ref())),
        ("run_dir", path(listeners.run_dir.as_ref())),
        ("log_file", path(config.log_file.as_ref())),
        ("seal_file", path(config.seal_file.as_ref())),
        ("tls.certificate", path(tls.map(|tls| &tls.certificate))),
        ("tls.key", path(tls.map(|tls| &tls.key))),
        ("max_memory", config.max_memory.map(|most| most.to_string())),
        ("limits.requests_per_minute", number(limits.requests_per_minute)),
        ("limits.tokens_per_minute", number(limits.tokens_per_minute)),
        ("limits.concurrent", number(limits.concurrent)),
        ("limits.wait", Some(config.limits_wait.as_secs_f64().to_string())),
    ];
    let set = more.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let lines = config.variables().chain(set).map(|(name, value)| (name, Written::Line(value)));
    let lists = [
        ("hosts", Written::Items(config.hosts.names().map(str::to_owned).collect())),
        ("cors.origins", Written::Items(config.cors_origins.texts().collect())),
    ];
    lines.chain(lists).map(|(name, value)| (name.to_owned(), value)).collect()
}
