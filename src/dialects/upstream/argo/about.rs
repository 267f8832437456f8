//! ARGO's name, hint and media types, which its chat and its embeddings share.

use http::HeaderValue;

/// ARGO's name in messages.
pub const NAME: &str = "ARGO";
/// The description of the dialect `argo`.
pub const ABOUT_CHAT: &str = "ARGO's chat and streamchat";
/// The description of the dialect `argo_embedding`.
pub const ABOUT_EMBEDDING: &str = "ARGO's embed";
/// What to check when ARGO cannot be reached.
const HINT: &str = "Is this machine on the Argonne network or its VPN? ARGO can be reached only from there.";

/// The domain of the hosts that only its own network reaches.
const DOMAIN: &str = "anl.gov";

/// Returns true if a host is ARGO's own. Another one that speaks as ARGO does is a tunnel, a test, or some other program.
pub fn is_own_host(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.strip_suffix(DOMAIN).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Returns what to check when this host cannot be reached.
pub fn hint(host: &str) -> Option<&'static str> {
    is_own_host(host).then_some(HINT)
}

/// Returns `Accept` of a call: `streamchat` answers raw text, all other endpoints JSON.
pub fn accept(stream: bool) -> HeaderValue {
    HeaderValue::from_static(if stream { "text/plain" } else { "application/json" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_is_asked_for_where_only_it_reaches_the_host() {
        for host in ["apps.inside.anl.gov", "APPS-dev.inside.anl.gov.", "anl.gov"] {
            assert!(is_own_host(host) && hint(host).is_some_and(|hint| hint.contains("VPN")), "{host}");
        }
        for host in ["127.0.0.1", "localhost", "notanl.gov", "anl.gov.example.org", "::1", ""] {
            assert!(!is_own_host(host) && hint(host).is_none(), "{host}");
        }
    }
}
