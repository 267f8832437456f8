//! The result of asking one URL, in words, and whether it is a problem.

use super::url_check::UrlCheck;
use crate::diagnostics::Problem;
use crate::proxy::upstream::probe::{ProbeFailure, ProbeStage};
use crate::proxy::upstream::resolver::NAME_TIMEOUT;
use crate::proxy::upstream::tls_failure::reason;
use crate::setup::Reachability;
use crate::setup::why::{connect_failure, unanswered};
use pingora::protocols::l4::socket::SocketAddr;
use std::fmt;

/// How far a call to a URL would get.
pub struct Finding {
    reachability: Reachability,
    /// The target of a redirect.
    location: Option<String>,
    is_list: bool,
    /// True if no connection could be made.
    unconnected: bool,
}

impl Finding {
    /// Returns the finding for a URL that was asked.
    pub fn of(asked: &UrlCheck) -> Self {
        let (reachability, location, unconnected) = match &asked.came {
            Ok(answer) => (Reachability::Answers(answer.status.as_u16()), answer.location.clone(), false),
            Err(Some(why)) => {
                let unconnected = matches!(why.stage, ProbeStage::Resolving | ProbeStage::Connecting(_, false));
                (reachability(why), None, unconnected)
            }
            Err(None) => (Reachability::Broken("the question itself failed".to_owned()), None, false),
        };
        Finding { reachability, location, is_list: asked.is_list, unconnected }
    }

    /// Returns true if a call would arrive, or if the list of models is there.
    pub fn works(&self) -> bool {
        self.reachability.works() && (!self.is_list || matches!(self.reachability, Reachability::Answers(200..=299)))
    }

    /// Returns the problem, placed where the table names the URL. Some refusals are only warnings, since a GET may be refused where a
    /// call is not.
    pub fn problem(&self, asked: &UrlCheck) -> Option<Problem> {
        if self.works() {
            return None;
        }
        let endpoint = &asked.endpoint;
        let way = asked.upstream.connect_to.as_ref().map(|way| format!(" by way of {way}")).unwrap_or_default();
        let message = format!("{}: {}{way}: {self}", endpoint.setting, endpoint.url);
        let place = endpoint.place.clone();
        Some(match self.reachability {
            Reachability::Answers(status @ 400..=499) if !self.is_list && !matches!(status, 401 | 403 | 404) => {
                Problem::warning(place, message, None)
            }
            _ => Problem::new(place, message, self.help(asked)),
        })
    }

    fn help(&self, asked: &UrlCheck) -> Option<String> {
        let (name, url) = (&asked.upstream.name, &asked.endpoint.url);
        match &self.reachability {
            Reachability::Answers(300..=399) if !url.ends_with('/') && !url.contains('?') => {
                Some(format!("write {url}/, with its final slash: ARGO redirects paths without it"))
            }
            Reachability::Answers(300..=399) => {
                Some("write the URL that it leads to: calls follow no redirect".to_owned())
            }
            Reachability::Tls(why) if why.contains("UnknownIssuer") => Some(format!(
                "name its authority in upstreams.{name}.tls.ca or in SSL_CERT_FILE, or install the package ca-certificates"
            )),
            _ if self.unconnected && asked.upstream.connect_to.is_some() => {
                Some(format!("is the tunnel up? The way is set by upstreams.{name}.connect_to"))
            }
            other => other.hint(&asked.endpoint.host).map(str::to_owned),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.reachability, &self.location) {
            (Reachability::Answers(status @ 300..=399), Some(location)) => {
                write!(f, "redirects ({status}) to {location}")
            }
            (Reachability::Answers(405), _) if self.is_list => f.write_str("reached, but lists nothing (405)"),
            (other, _) => other.fmt(f),
        }
    }
}

fn reachability(why: &ProbeFailure) -> Reachability {
    let ProbeFailure { stage, error, limit } = why;
    match stage {
        ProbeStage::Resolving if *error.etype() == NAME_TIMEOUT => {
            Reachability::UnknownHost(format!("no answer within {} s", limit.as_secs_f64()))
        }
        ProbeStage::Resolving => {
            let why = reason(error);
            // The prefix repeats what the message says already.
            Reachability::UnknownHost(why.trim_start_matches("failed to lookup address information: ").to_owned())
        }
        ProbeStage::Connecting(SocketAddr::Inet(address), stood) => connect_failure(error, *address, *limit, *stood),
        ProbeStage::Connecting(SocketAddr::Unix(_), true) => Reachability::Tls(reason(error)),
        ProbeStage::Connecting(SocketAddr::Unix(socket), false) => {
            Reachability::NoSocket(socket.as_pathname().unwrap_or("".as_ref()).to_owned(), reason(error))
        }
        ProbeStage::Silent => Reachability::Silent(*limit),
        ProbeStage::Asked => unanswered(error),
    }
}
