//! Compiles upstreams: valid URLs, a known dialect, and usable connection settings.

use super::named_items::NamedItems;
use super::{bearer, credential, endpoints, headers, tls};
use crate::dialects::upstream::{Dialect, DialectRow, UpstreamDialect};
use crate::models::ServedModels;
use crate::table::raw;
use crate::table::{Endpoints, Tls, Tolerance, Upstream, Variables};
use crate::yaml::{Source, lookup};
use std::cell::Cell;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// The upstreams of a table.
pub struct KnownUpstreams<'w> {
    /// Those that are on, and those whose rows are wrong.
    pub named: NamedItems<Upstream>,
    /// Those that are off, each with what it needs to be on.
    pub off: Vec<(&'w str, &'w str)>,
}

/// Compiles all upstreams. `beside` are those that stand beside others in a row.
pub fn compile<'w>(
    written: Option<&'w [raw::Upstream]>,
    dialects: &[DialectRow],
    beside: &HashSet<&str>,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> KnownUpstreams<'w> {
    let numbers = Cell::new(0);
    let mut off = Vec::new();
    let mut list = Vec::new();
    for row in written.unwrap_or_default() {
        if let Some(needs) = row.needs.as_ref().filter(|needs| needs.value.trim().is_empty()) {
            let message = format!("upstreams.{}.needs: it names nothing", row.name.value);
            let help = "name a key of config.yaml or a variable of the environment, or remove it";
            source.error(&needs.path, message, Some(help.to_owned()));
        }
        match missing(row, variables) {
            Some(name) => off.push((row.name.value.as_str(), name)),
            None => {
                let compiled = upstream(row, dialects, &numbers, source, variables).map(Arc::new);
                useless_breaker(row, beside, source);
                list.push((row.name.value.clone(), compiled));
            }
        }
    }
    KnownUpstreams { named: written.map(|_| list), off }
}

/// Returns what an upstream needs to be on, if that is not there.
fn missing<'w>(row: &'w raw::Upstream, variables: &Variables<'_>) -> Option<&'w str> {
    let needs = row.needs.as_ref()?.value.as_str();
    if needs.trim().is_empty() {
        return None;
    }
    (!variables.has(needs)).then_some(needs)
}

/// Compiles one upstream. `numbers` counts the URLs of the whole table.
fn upstream(
    row: &raw::Upstream,
    dialects: &[DialectRow],
    numbers: &Cell<usize>,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Option<Upstream> {
    let name = &row.name.value;
    let dialect = dialect(row, dialects, source);
    let place = endpoints::connect_to(row, source, variables);
    let common = endpoints::Common {
        dialect: dialect.map(|dialect| dialect.facts() as &dyn UpstreamDialect),
        connect_to: place.as_ref().map(|(_, place)| place),
        numbers,
    };
    let (whole, stream) = endpoints::both(row, common, source, variables);
    let listing = row.models_url.as_ref().map(|url| endpoints::listing(row, url, common, source, variables));
    if let (Some(Dialect::Embedding(_)), Some(url)) = (dialect, &row.stream_url) {
        let message = format!("upstreams.{name}.stream_url: it does nothing here, since vectors are not streamed");
        source.warn(&url.path, message, Some("remove it".to_owned()));
    }
    let all = || whole.iter().chain(stream.iter().flatten()).flat_map(Endpoints::iter).chain(listing.iter().flatten());
    let tls = tls::compile(row, all().next().is_none() || all().any(|endpoint| endpoint.tls), source, variables);
    let tolerance = tolerance(row);
    let headers = headers::compile(row, source, variables);
    let bearer = bearer::compile(row, source, variables);
    let credential = credential::compile(row, source);
    // Return only after every key is compiled, so that one run reports all mistakes of the row.
    let (stream, listing) = (where_right(stream)?, where_right(listing)?);
    let tls = tls?;
    Some(Upstream {
        name: name.clone(),
        group: group(row, place.as_ref().map(|(place, _)| place.as_str()), &tls),
        whole: whole?,
        stream,
        listing,
        dialect: dialect?,
        serves: served(row),
        credential: credential?,
        connect_to: place.map(|(place, _)| place),
        headers: headers?.into_iter().chain(bearer?).collect(),
        timeouts: row.timeouts,
        tolerance,
        tls,
    })
}

fn served(row: &raw::Upstream) -> ServedModels {
    let Some(ids) = &row.serves else { return ServedModels::default() };
    ServedModels::matching(ids.value.iter().map(|id| id.value.as_str()))
}

/// Returns the value of a key that need not be there; `None` when it is there and wrong.
fn where_right<T>(compiled: Option<Option<T>>) -> Option<Option<T>> {
    match compiled {
        Some(value) => value.map(Some),
        None => Some(None),
    }
}

/// Reports a breaker that can send calls nowhere else: to no other URL, and to no other upstream of a row.
fn useless_breaker(row: &raw::Upstream, beside: &HashSet<&str>, source: &mut Source<'_>) {
    let Some(breaker) = &row.breaker else { return };
    let has_choice = |urls: &Option<raw::Urls>| urls.as_ref().is_some_and(|urls| urls.value.len() > 1);
    if has_choice(&row.url) || has_choice(&row.stream_url) || beside.contains(row.name.value.as_str()) {
        return;
    }
    let message =
        format!("upstreams.{}.breaker: it does nothing, since there is no other URL to go to", row.name.value);
    source.warn(&breaker.path, message, Some("name several URLs, or remove it".to_owned()));
}

fn tolerance(row: &raw::Upstream) -> Tolerance {
    let Some(breaker) = &row.breaker else { return Tolerance::default() };
    let usual = Tolerance::default();
    Tolerance {
        failures: breaker.failures.unwrap_or(usual.failures),
        open_for: breaker.open_for.unwrap_or(usual.open_for),
    }
}

fn dialect(row: &raw::Upstream, dialects: &[DialectRow], source: &mut Source<'_>) -> Option<Dialect> {
    let (name, written) = (&row.name.value, row.dialect.as_ref()?);
    let known = dialects.iter().map(|dialect| (dialect.name, dialect.of));
    match lookup(&written.value, "dialects", known) {
        Ok(of) => Some(of(row.vendor.unwrap_or_default())),
        Err(help) => {
            let message = format!("upstreams.{name}.dialect: no dialect is named '{}'", written.value);
            source.error(&written.path, message, Some(help));
            None
        }
    }
}

/// Hashes the settings whose connections must not be shared, across reloads too. Pingora itself separates connections
/// by address, host name and scheme. The highest bit stays free for connections that are never shared.
fn group(row: &raw::Upstream, connect_to: Option<&str>, tls: &Tls) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&row.name.value, connect_to, tls.verify, &tls.authorities).hash(&mut hasher);
    tls.identity.as_ref().map(|identity| (&identity.chain, &identity.key)).hash(&mut hasher);
    row.timeouts.is_watched().hash(&mut hasher);
    hasher.finish() >> 1
}
