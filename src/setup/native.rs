//! Where ARGO's native endpoints would be, and how to ask for them.

use crate::config::{Config, base_of, parse_url};
use crate::table::{BUILT_IN, Table, Variables, no_files};
use crate::wire::HttpUrl;

/// The key of `config.yaml` that switches native upstreams on.
pub const KEY: &str = "argo_base_url";

/// Returns where native endpoints begin if they are beside `argo_url`, and the list of models of the first upstream that this
/// switches on in the table that is built in.
pub fn beside(config: &Config) -> Option<(HttpUrl, HttpUrl)> {
    let base = base_of(&config.argo_url)?;
    let (on, off) = (table(config, Some(&base))?, table(config, None)?);
    let is_new = |name: &str| !off.upstreams().any(|known| known.name == name);
    let list =
        on.upstreams().filter(|upstream| is_new(&upstream.name)).find_map(|upstream| upstream.listing.as_ref())?;
    Some((base, parse_url(&list.url).ok()?))
}

fn table(config: &Config, base: Option<&HttpUrl>) -> Option<Table> {
    let value = |name: &str| match name {
        KEY => base.map(HttpUrl::to_string),
        _ => config.variables().find(|(key, _)| *key == name).map(|(_, value)| value),
    };
    let variables = Variables { config: &value, environment: &|_| None, files: &no_files };
    Table::load("routes.yaml", BUILT_IN, &variables).ok().map(|(table, _)| table)
}
