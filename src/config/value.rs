//! Turns one YAML node into one setting of `config.yaml`, or says what was expected in its place.

#[cfg(test)]
mod tests;

use super::host::Host;
use super::origins::OriginPattern;
use super::url::HttpUrl;
use super::username::{PLACEHOLDER, Username};
use crate::yaml::Node;
use crate::yaml::value::{Read, expected, narrow, text, whole};

pub(super) fn port(node: &Node) -> Read<u16> {
    narrow(whole(node, 0..=65535)?)
}

pub(super) fn workers(node: &Node) -> Read<usize> {
    narrow(whole(node, 1..=1024)?)
}

pub(super) fn host(node: &Node) -> Read<Host> {
    Ok(Host::parse(text("an IP address or a host name", node)?)?)
}

/// A file or a directory; an empty text is none.
pub(super) fn path(node: &Node) -> Read<String> {
    match text("a path", node)? {
        "" => Err(expected("a path", node)),
        path => Ok(path.to_owned()),
    }
}

pub(super) fn url(node: &Node) -> Read<HttpUrl> {
    Ok(HttpUrl::parse(text("a URL", node)?)?)
}

/// `None` for the sample's placeholder and for nothing: not set yet.
pub(super) fn user(node: &Node) -> Read<Option<Username>> {
    match text("a username", node)? {
        "" | PLACEHOLDER => Ok(None),
        name => Ok(Some(Username::new(name)?)),
    }
}

pub(super) fn origin(node: &Node) -> Read<OriginPattern> {
    Ok(OriginPattern::parse(text("an origin", node)?)?)
}
