//! ARGO's name, its hint and the media types that it answers with: the same for its chat and its embeddings.

use http::HeaderValue;

/// ARGO in messages.
pub const NAME: &str = "ARGO";
/// The dialect `argo` for people.
pub const ABOUT_CHAT: &str = "ARGO's chat and streamchat";
/// The dialect `argo_embedding` for people.
pub const ABOUT_EMBEDDING: &str = "ARGO's embed";
/// What to look at when ARGO cannot be reached.
pub const HINT: &str = "Is this machine on the Argonne network or its VPN? ARGO can be reached only from there.";

/// `Accept` of a call: `streamchat` answers raw text, everything else is JSON.
pub fn accept(stream: bool) -> HeaderValue {
    HeaderValue::from_static(if stream { "text/plain" } else { "application/json" })
}
