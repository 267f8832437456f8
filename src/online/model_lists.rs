//! Asks the upstreams for their lists of models. A list that is broken or strange counts as none.

use super::finding::Finding;
use super::url_check::{PendingCheck, UrlCheck};
use crate::models::listing::{self, Listed};
use crate::proxy::live::Live;
use crate::proxy::upstream::client::UpstreamClient;
use crate::table::Table;
use std::sync::Arc;

/// What became of one list.
pub struct ListAnswer {
    /// Its URL.
    pub url: String,
    /// Its models, or why it cannot be used.
    pub came: Result<Vec<Listed>, String>,
}

/// Asks for every list of the table at once, each once.
pub async fn ask(client: &Arc<UpstreamClient>, live: &Arc<Live>) -> Vec<ListAnswer> {
    let lists = live.table.model_lists();
    let pending: Vec<PendingCheck> = lists
        .iter()
        .filter_map(|(_, upstreams)| upstreams.first())
        .filter_map(|upstream| Some(PendingCheck::begin(client, live, upstream, upstream.listing.as_ref()?)))
        .collect();
    let mut answers = Vec::new();
    for check in pending {
        let asked = check.end().await;
        let came = models_of(&asked, &Finding::of(&asked), &live.table);
        answers.push(ListAnswer { url: asked.endpoint.url.to_string(), came });
    }
    answers
}

/// Returns the models that a URL lists.
///
/// # Errors
/// Why the list cannot be used.
pub fn models_of(asked: &UrlCheck, finding: &Finding, table: &Table) -> Result<Vec<Listed>, String> {
    let (Ok(answer), true) = (&asked.came, finding.works()) else { return Err(finding.to_string()) };
    let listed = listing::read(&answer.body)?;
    has_enough(&listed, &table.expected_ids(&asked.endpoint.url))?;
    Ok(listed)
}

/// Refuses a list that lacks more than half of what it should have: it is another service's, or a part.
fn has_enough(listed: &[Listed], expected: &[&str]) -> Result<(), String> {
    let is_there = |id: &&&str| listed.iter().any(|model| model.id.eq_ignore_ascii_case(id));
    let there = expected.iter().filter(is_there).count();
    if there * 2 >= expected.len() {
        return Ok(());
    }
    let all = expected.len();
    Err(format!("its list of models is strange: it has {there} of the table's {all} models that are not deprecated"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_what_a_list_should_have_is_enough() {
        let listed = ["a", "B", "x"].map(|id| Listed { name: id.to_owned(), id: id.to_owned() });
        for (expected, is_enough) in [
            (&[][..], true),
            (&["a", "b"], true),
            (&["a", "b", "c", "d"], true),
            (&["a", "b", "c", "d", "e"], false),
            (&["c"], false),
        ] {
            assert_eq!(has_enough(&listed, expected).is_ok(), is_enough, "{expected:?}");
        }
    }
}
