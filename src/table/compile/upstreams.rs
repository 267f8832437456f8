//! Upstreams: URLs that can be called, and a dialect that exists.

use super::super::written;
use super::{Named, Upstream};
use crate::dialect::{DIALECTS, Dialect};
use crate::table::{Endpoint, Variables};
use crate::yaml::expand::expand;
use crate::yaml::{At, Source, lookup};
use http::{HeaderValue, Uri};
use std::sync::Arc;

/// What the names of ARGO's own dialects begin with. ARGO answers a path without its final slash by a redirect.
const ARGO: &str = "argo";

/// Compiles all upstreams.
pub fn compile(
    written: Option<&[written::Upstream]>,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Named<Upstream> {
    let compile = |(number, row): (u64, &written::Upstream)| {
        (row.name.value.clone(), upstream(number, row, source, variables).map(Arc::new))
    };
    Some((1..).zip(written?).map(compile).collect())
}

fn upstream(
    number: u64,
    row: &written::Upstream,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Option<Upstream> {
    let name = &row.name.value;
    let dialect = row.dialect.as_ref().and_then(|written| dialect(name, written, source));
    let is_argo = row.dialect.as_ref().is_some_and(|dialect| dialect.value.starts_with(ARGO));
    let mut endpoint = |key: &str, url: &At<String>| {
        let endpoint = endpoint(&format!("upstreams.{name}.{key}"), url, source, variables)?;
        // A whole URL of config.yaml is warned about there.
        let own = !(url.value.starts_with("${") && url.value.ends_with('}'));
        if is_argo && own && !endpoint.url.ends_with('/') {
            let message =
                format!("upstreams.{name}.{key}: no final slash, and ARGO redirects such paths instead of answering");
            source.warn(&url.path, message, Some(format!("write {}/", url.value)));
        }
        Some(Arc::new(endpoint))
    };
    let whole = row.url.as_ref().and_then(|url| endpoint("url", url));
    let stream = row.stream_url.as_ref().map(|url| endpoint("stream_url", url));
    if let (Some(Dialect::Embedding(_)), Some(url)) = (dialect, &row.stream_url) {
        let message = format!("upstreams.{name}.stream_url: it does nothing here, since vectors are not streamed");
        source.warn(&url.path, message, Some("remove it".to_owned()));
    }
    let stream = match stream {
        Some(stream) => Some(stream?),
        None => None,
    };
    Some(Upstream { name: name.clone(), number, whole: whole?, stream, dialect: dialect? })
}

fn dialect(name: &str, written: &At<String>, source: &mut Source<'_>) -> Option<Dialect> {
    let known = DIALECTS.iter().map(|(name, dialect, _)| (*name, *dialect));
    match lookup(&written.value, "dialects", known) {
        Ok(dialect) => Some(dialect),
        Err(help) => {
            let message = format!("upstreams.{name}.dialect: no dialect is named '{}'", written.value);
            source.error(&written.path, message, Some(help));
            None
        }
    }
}

fn endpoint(
    setting: &str,
    written: &At<String>,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Option<Endpoint> {
    let value = |name: &str| (variables.config)(name).or_else(|| (variables.environment)(name));
    let expanded = match expand(&written.value, &value) {
        Ok(expanded) => expanded,
        Err(fault) => {
            let (message, help) = match fault.unset {
                Some(name) => (
                    format!("{} is neither a key of config.yaml nor set in the environment", fault.part),
                    Some(format!("set it, or give a default: ${{{name}:-default}}")),
                ),
                None => (fault.message, None),
            };
            source.error_in(&written.path, fault.part, format!("{setting}: {message}"), help);
            return None;
        }
    };
    let setting_of_value = expanded.from.unwrap_or(setting).to_owned();
    match parse(expanded.text.into_owned(), setting_of_value) {
        Ok(endpoint) => Some(endpoint),
        Err(message) => {
            let help = "write it whole: https://host/path/".to_owned();
            source.error(&written.path, format!("{setting}: {message}"), Some(help));
            None
        }
    }
}

fn parse(url: String, setting: String) -> Result<Endpoint, String> {
    let wrong = |why: &str| format!("{url:?} is no URL that can be called: {why}");
    if !url.contains("://") {
        return Err(wrong("it must begin with http:// or https://"));
    }
    let uri: Uri = url.parse().map_err(|e| wrong(&format!("{e}")))?;
    let tls = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(wrong("it must begin with http:// or https://")),
    };
    let authority = uri.authority().ok_or_else(|| wrong("it names no host"))?;
    if authority.as_str().contains('@') {
        return Err(wrong("it must not hold a user or password"));
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() {
        return Err(wrong("it names no host"));
    }
    if authority.port().is_some() && authority.port_u16().is_none_or(|port| port == 0) {
        return Err(wrong("its port must be from 1 to 65535"));
    }
    Ok(Endpoint {
        tls,
        port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
        authority: HeaderValue::from_str(authority.as_str()).map_err(|e| wrong(&e.to_string()))?,
        path: uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        setting,
        host,
        url,
    })
}
