//! Reads one setting of `config.yaml` from one YAML node, or reports what was expected.

#[cfg(test)]
mod tests;

use super::host::Host;
use super::listen::Listen;
use super::origins::OriginPattern;
use super::url::parse_url;
use crate::access::{Mode, PLACEHOLDER, Username};
use crate::telemetry::AccessLog;
use crate::wire::HttpUrl;
use crate::yaml::Node;
use crate::yaml::near::nearest;
use crate::yaml::value::{Read, Reason, expected, narrow, text, whole};

pub(super) fn port(node: &Node) -> Read<u16> {
    narrow(whole(node, 0..=65535)?)
}

pub(super) fn workers(node: &Node) -> Read<usize> {
    narrow(whole(node, 1..=1024)?)
}

pub(super) fn host(node: &Node) -> Read<Host> {
    Ok(Host::parse(text("an IP address or a host name", node)?)?)
}

/// Reads the path of a file or a directory. It may not be empty.
pub(super) fn path(node: &Node) -> Read<String> {
    match text("a path", node)? {
        "" => Err(expected("a path", node)),
        path => Ok(path.to_owned()),
    }
}

pub(super) fn listen(node: &Node) -> Read<Option<Listen>> {
    let port = match node {
        Node::Int(port) => port.to_string(),
        other => text("a port, host:port, unix:path or none", other)?.to_owned(),
    };
    Ok(Listen::parse(&port)?)
}

pub(super) fn access_log(node: &Node) -> Read<AccessLog> {
    let names = || AccessLog::NAMES.iter().map(|(name, ..)| *name);
    let what = || format!("one of {}", names().collect::<Vec<_>>().join(", "));
    let name = text(&what(), node)?;
    if name == "none" {
        let help = "write `verbose: false` instead: then only requests that fail have a line".to_owned();
        return Err(Reason { help: Some(help), ..expected(&what(), node) });
    }
    let known = AccessLog::NAMES.iter().find(|(known, ..)| *known == name);
    known.map(|(_, log, _)| *log).ok_or_else(|| Reason {
        help: nearest(name, names()).map(|near| format!("did you mean '{near}'?")),
        ..expected(&what(), node)
    })
}

pub(super) fn url(node: &Node) -> Read<HttpUrl> {
    Ok(parse_url(text("a URL", node)?)?)
}

/// Reads a URL that others begin with. A slash at its end makes no difference.
pub(super) fn base_url(node: &Node) -> Read<HttpUrl> {
    Ok(parse_url(text("a URL", node)?.trim_end_matches('/'))?)
}

/// Reads a username. The sample's placeholder and an empty value give `None`: not set yet.
pub(super) fn user(node: &Node) -> Read<Option<Username>> {
    match text("a username", node)? {
        "" | PLACEHOLDER => Ok(None),
        name => Ok(Some(Username::new(name)?)),
    }
}

pub(super) fn origin(node: &Node) -> Read<OriginPattern> {
    // An entry that was left empty must not open anything, and YAML cannot tell it from this word.
    if *node == Node::Null {
        let help = "the origin of local files and sandboxed pages is \"null\", in quotes".to_owned();
        return Err(Reason { help: Some(help), ..expected("an origin", node) });
    }
    Ok(OriginPattern::parse(text("an origin", node)?)?)
}

pub(super) fn mode(node: &Node) -> Read<Mode> {
    let names = || Mode::ALL.iter().map(|(name, ..)| *name);
    let what = format!("one of {}", names().collect::<Vec<_>>().join(", "));
    let name = text(&what, node)?;
    let found = Mode::ALL.iter().find(|(known, ..)| *known == name).map(|(_, mode, _)| *mode);
    found.ok_or_else(|| Reason {
        help: nearest(name, names()).map(|near| format!("did you mean '{near}'?")),
        ..expected(&what, node)
    })
}

pub(super) fn file(node: &Node) -> Read<String> {
    match text("a file", node)? {
        "" => Err(expected("a file", node)),
        name => Ok(name.to_owned()),
    }
}

/// Accepts a name without a port, `*.domain`, or `*`.
pub(super) fn host_name(node: &Node) -> Read<String> {
    const WHAT: &str = "a host name without a port, *.domain or *";
    let name = text(WHAT, node)?;
    let bare = name.strip_prefix("*.").unwrap_or(name);
    if name == "*" || Host::parse(bare).is_ok() { Ok(name.to_owned()) } else { Err(expected(WHAT, node)) }
}
