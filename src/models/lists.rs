//! The lists of models that upstreams gave, by the URLs that gave them, as they are kept between two starts.

use super::listing::Listed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the kept form.
const VERSION: u32 = 1;
/// For how long a model that a list no longer has is remembered, in seconds. Lists forget one for a while, and it still answers.
const REMEMBERED: u64 = 30 * 24 * 60 * 60;
/// The most models that are remembered of one list.
const MOST_FORGOTTEN: usize = 1000;

/// The lists that were read last, by URL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelLists(BTreeMap<String, UpstreamList>);

/// One list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamList {
    /// When it was read, in Unix seconds.
    pub read_at: u64,
    /// Its models.
    pub models: Vec<Listed>,
    /// The models that it had before.
    #[serde(default)]
    pub forgotten: Vec<ForgottenModel>,
}

/// A model that a list no longer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgottenModel {
    /// The model.
    pub model: Listed,
    /// Since when, in Unix seconds.
    pub since: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptForm {
    version: u32,
    lists: BTreeMap<String, UpstreamList>,
}

impl ModelLists {
    /// Returns the list of a URL, if it was read.
    pub fn get(&self, url: &str) -> Option<&UpstreamList> {
        self.0.get(url)
    }

    /// Returns true if no list was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts a list that was read at `now` in the place of the one before. What it no longer has is remembered for a while.
    pub fn put(&mut self, url: &str, models: Vec<Listed>, now: u64) {
        let before = self.0.remove(url);
        let (had, forgotten) = before.map(|list| (list.models, list.forgotten)).unwrap_or_default();
        let had = had.into_iter().map(|model| ForgottenModel { model, since: now });
        let mut all: Vec<ForgottenModel> = Vec::new();
        for old in forgotten.into_iter().chain(had) {
            let is_there = models.iter().any(|model| model.id == old.model.id);
            let is_known = all.iter().any(|known| known.model.id == old.model.id);
            if !is_there && !is_known && now.saturating_sub(old.since) < REMEMBERED {
                all.push(old);
            }
        }
        all.truncate(MOST_FORGOTTEN);
        self.0.insert(url.to_owned(), UpstreamList { read_at: now, models, forgotten: all });
    }

    /// Returns true if others have the same models, whenever they were read.
    pub fn says_the_same(&self, other: &ModelLists) -> bool {
        let same = |(ours, theirs): (&UpstreamList, &UpstreamList)| {
            (&ours.models, &ours.forgotten) == (&theirs.models, &theirs.forgotten)
        };
        self.0.keys().eq(other.0.keys()) && self.0.values().zip(other.0.values()).all(same)
    }

    /// Drops the lists of other URLs.
    pub fn keep_only(&mut self, urls: &[&str]) {
        self.0.retain(|url, _| urls.contains(&url.as_str()));
    }

    /// Returns the text that is kept.
    ///
    /// # Errors
    /// None is known: texts and numbers can always be written.
    pub fn to_text(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&KeptForm { version: VERSION, lists: self.0.clone() }).map(|text| text + "\n")
    }

    /// Reads a kept text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_text(text: &str) -> Result<Self, String> {
        let kept: KeptForm = serde_json::from_str(text).map_err(|e| e.to_string())?;
        if kept.version != VERSION {
            return Err(format!("its version is {}, and this program reads {VERSION}", kept.version));
        }
        for list in kept.lists.values() {
            let forgotten = list.forgotten.iter().map(|forgotten| &forgotten.model);
            list.models.iter().chain(forgotten).try_for_each(Listed::check)?;
        }
        Ok(ModelLists(kept.lists))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(ids: &[&str]) -> Vec<Listed> {
        ids.iter().map(|id| Listed { name: id.to_uppercase(), id: (*id).to_owned() }).collect()
    }

    fn forgotten(lists: &ModelLists) -> Vec<(&str, u64)> {
        let list = lists.get("u").unwrap();
        list.forgotten.iter().map(|forgotten| (forgotten.model.id.as_str(), forgotten.since)).collect()
    }

    #[test]
    fn what_a_list_no_longer_has_is_remembered_for_a_while() {
        let mut lists = ModelLists::default();
        lists.put("u", models(&["a", "b"]), 10);
        lists.put("u", models(&["a"]), 20);
        assert_eq!(forgotten(&lists), [("b", 20)]);
        lists.put("u", models(&["c"]), 30);
        assert_eq!(forgotten(&lists), [("b", 20), ("a", 30)]);
        lists.put("u", models(&["b", "c"]), 40);
        assert_eq!(forgotten(&lists), [("a", 30)], "b is back");
        lists.put("u", models(&["b", "c"]), 30 + REMEMBERED);
        assert!(forgotten(&lists).is_empty());
    }

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else() {
        let mut lists = ModelLists::default();
        lists.put("u", models(&["a", "b"]), 10);
        lists.put("u", models(&["a"]), 20);
        lists.put("v", models(&["x"]), 30);
        assert_eq!(ModelLists::from_text(&lists.to_text().unwrap()).unwrap(), lists);
        lists.keep_only(&["v"]);
        assert!(lists.get("u").is_none() && lists.get("v").is_some());
        for (text, why) in [
            ("", "EOF"),
            (r#"{"version":2,"lists":{}}"#, "its version is 2"),
            (r#"{"version":1,"lists":{},"x":1}"#, "unknown field"),
            (r#"{"version":1,"lists":{"u":{"read_at":1,"models":[{"name":"A","id":"a b"}]}}}"#, "white space"),
        ] {
            let found = ModelLists::from_text(text).unwrap_err();
            assert!(found.contains(why), "{text}: {found}");
        }
    }
}
