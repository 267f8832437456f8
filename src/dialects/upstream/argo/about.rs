//! ARGO's name, hint and media types, which its chat and its embeddings share.

use http::HeaderValue;

/// ARGO's name in messages.
pub const NAME: &str = "ARGO";
/// The description of the dialect `argo`.
pub const ABOUT_CHAT: &str = "ARGO's chat and streamchat";
/// The description of the dialect `argo_embedding`.
pub const ABOUT_EMBEDDING: &str = "ARGO's embed";
/// What to check when ARGO cannot be reached.
pub const HINT: &str = "Is this machine on the Argonne network or its VPN? ARGO can be reached only from there.";

/// Returns `Accept` of a call: `streamchat` answers raw text, all other endpoints JSON.
pub fn accept(stream: bool) -> HeaderValue {
    HeaderValue::from_static(if stream { "text/plain" } else { "application/json" })
}
