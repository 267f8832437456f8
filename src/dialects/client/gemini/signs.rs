//! What shows that a request comes from one of Google's clients.

use crate::dialects::client::signs::ClientSigns;
use http::HeaderName;

/// Headers that only Google's clients send.
static HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("x-goog-api-key"), HeaderName::from_static("x-goog-api-client")];
/// The name in a query whose value is a key.
const KEY: &str = "key";
/// Versions that only Google's API has; it has `v1`, too.
const VERSIONS: [&str; 2] = ["v1beta", "v1alpha"];
/// What stands behind the last colon of a path. The vendor has more of them, which are not served.
const METHODS: [&str; 5] =
    ["generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"];

/// Returns true if a request comes from such a client.
pub fn speaks(signs: &ClientSigns<'_>) -> bool {
    HEADERS.iter().any(|name| signs.headers.contains_key(name))
        || signs.query.get(KEY).is_some()
        || signs.path.split('/').any(|part| VERSIONS.contains(&part))
        || signs.path.rsplit_once(':').is_some_and(|(_, method)| METHODS.contains(&method))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Query;
    use http::{HeaderMap, HeaderValue};

    #[test]
    fn head_query_and_path_show_it() {
        for (header, path, query, expected) in [
            (Some("x-goog-api-key"), "/v1/models", None, true),
            (Some("x-goog-api-client"), "/v1/models", None, true),
            (None, "/v1/models", Some("key=x"), true),
            (None, "/v1/models", Some("monkey=x"), false),
            (None, "/v1beta/models", None, true),
            (None, "/v1/models/a:b:generateContent", None, true),
            (None, "/v1/models/a:b", None, false),
            (Some("authorization"), "/v1/chat/completions", None, false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(name) = header {
                headers.insert(HeaderName::from_static(name), HeaderValue::from_static("x"));
            }
            assert_eq!(speaks(&ClientSigns { headers: &headers, path, query: Query(query) }), expected, "{path}");
        }
    }
}
