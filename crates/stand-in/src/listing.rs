//! The models listing and the health page.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::options::ListedModel;
use crate::reply::Reply;

#[derive(Serialize)]
struct Listing<'a> {
    object: &'a str,
    data: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    object: &'a str,
    /// The time of the listing, in seconds since 1970. It is the same in all rows.
    created: u64,
    owned_by: &'a str,
    internal_id: &'a str,
}

/// Returns the models listing.
pub(crate) fn models(models: &[ListedModel]) -> Reply {
    let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let data = models
        .iter()
        .map(|model| Row {
            id: &model.id,
            object: "model",
            created,
            owned_by: &model.owned_by,
            internal_id: &model.internal_id,
        })
        .collect();
    let object = "list";
    Reply::json(200, &Listing { object, data })
}

/// Returns the health page. The text of the gateway's page is not public, but its status 200 is.
pub(crate) fn health() -> Reply {
    Reply::json_bytes(200, &br#"{"status":"ok"}"#[..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_both_names() {
        let model = |id: &str, internal_id: &str| ListedModel {
            id: id.into(),
            internal_id: internal_id.into(),
            owned_by: "anthropic".into(),
        };
        let (status, body) = models(&[model("Alpha One", "alpha1"), model("Beta", "beta")]).read();
        assert_eq!(status, 200);
        assert_eq!(body["object"], "list");
        assert_eq!(body["data"][0]["id"], "Alpha One");
        assert_eq!(body["data"][1]["internal_id"], "beta");
        assert_eq!(body["data"][0]["owned_by"], "anthropic");
        assert_eq!(body["data"][0]["created"], body["data"][1]["created"]);
    }
}
