//! One page of the list of models, as the client's vendor counts pages. Who asks for no size gets all on one.

use crate::models::Model;
use crate::plan::ClientVendor;
use crate::wire::{Failure, OwnedQuery};

/// The most models on a page, as both vendors document it.
const MOST: usize = 1000;

/// Some models of a list.
#[derive(Debug)]
pub struct ModelPage<'m> {
    /// The models.
    pub models: Vec<&'m Model>,
    /// The number of the first model of the next page, if there is one.
    pub next: Option<usize>,
}

impl<'m> ModelPage<'m> {
    /// Returns all models on one page.
    pub fn of_all(models: Vec<&'m Model>) -> Self {
        ModelPage { models, next: None }
    }

    /// Returns the page that a query asks for.
    ///
    /// # Errors
    /// 400 naming what the query has wrong.
    pub fn asked(all: Vec<&'m Model>, vendor: ClientVendor, query: &OwnedQuery) -> Result<Self, Failure> {
        let page = match vendor {
            ClientVendor::Openai => return Ok(ModelPage::of_all(all)),
            ClientVendor::Google => {
                let size = size(query, "pageSize")?;
                let token = query.get("pageToken").filter(|token| !token.is_empty());
                let first = token.map(|token| token.parse().ok().filter(|first| *first < all.len()));
                let first = first.map(|first| first.ok_or_else(|| wrong("pageToken", "it is no token of this list")));
                ModelPage::cut(&all, first.transpose()?.unwrap_or(0), size)
            }
            ClientVendor::Anthropic => {
                let size = size(query, "limit")?;
                let place = |name: &str| {
                    let id = query.get(name).filter(|id| !id.is_empty());
                    let found = id.map(|id| all.iter().position(|model| model.name == id));
                    found.map(|found| found.ok_or_else(|| wrong(name, "no model of the list has this id"))).transpose()
                };
                match (place("after_id")?, place("before_id")?) {
                    (None, Some(end)) => ModelPage::before(&all, end, size),
                    (after, _) => ModelPage::cut(&all, after.map_or(0, |after| after + 1), size),
                }
            }
        };
        Ok(page)
    }

    fn cut(all: &[&'m Model], first: usize, size: Option<usize>) -> Self {
        let end = size.map_or(all.len(), |size| first.saturating_add(size).min(all.len()));
        let models = all.get(first..end).unwrap_or_default().to_vec();
        ModelPage { models, next: (end < all.len()).then_some(end) }
    }

    /// Returns the page that ends before a model. What is before that page is its next one.
    fn before(all: &[&'m Model], end: usize, size: Option<usize>) -> Self {
        let first = size.map_or(0, |size| end.saturating_sub(size));
        ModelPage { models: all.get(first..end).unwrap_or_default().to_vec(), next: (first > 0).then_some(first) }
    }
}

fn size(query: &OwnedQuery, name: &str) -> Result<Option<usize>, Failure> {
    let Some(text) = query.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| *number > 0);
    let number: usize = number.ok_or_else(|| wrong(name, "it must be a whole number of at least 1"))?;
    Ok(Some(number.min(MOST)))
}

fn wrong(name: &str, why: &str) -> Failure {
    Failure::bad_field(name, format!("'{name}' of the query: {why}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Query;

    fn told(vendor: ClientVendor, query: &str) -> Result<(String, Option<usize>), String> {
        let models: Vec<Model> = ["a", "b", "c", "d", "e"]
            .map(|name| Model { name: name.to_owned(), ..Model::default() })
            .into_iter()
            .collect();
        let page = ModelPage::asked(models.iter().collect(), vendor, &Query(Some(query)).into());
        let page = page.map_err(|failure| failure.message)?;
        Ok((page.models.iter().map(|model| model.name.as_str()).collect(), page.next))
    }

    #[test]
    fn pages_are_as_long_as_the_query_says() {
        use ClientVendor::{Anthropic, Google, Openai};
        for (vendor, query, models, next) in [
            (Google, "", "abcde", None),
            (Google, "pageSize=2", "ab", Some(2)),
            (Google, "pageSize=2&pageToken=2", "cd", Some(4)),
            (Google, "pageSize=9&pageToken=4", "e", None),
            (Anthropic, "limit=2", "ab", Some(2)),
            (Anthropic, "limit=2&after_id=b", "cd", Some(4)),
            (Anthropic, "after_id=e", "", None),
            (Anthropic, "limit=2&before_id=d", "bc", Some(1)),
            (Anthropic, "before_id=c", "ab", None),
            (Openai, "limit=2&pageSize=1", "abcde", None),
        ] {
            assert_eq!(told(vendor, query), Ok((models.to_owned(), next)), "{vendor:?} {query}");
        }
        for (vendor, query, name) in [
            (Google, "pageSize=0", "pageSize"),
            (Google, "pageToken=9", "pageToken"),
            (Anthropic, "limit=x", "limit"),
            (Anthropic, "after_id=z", "after_id"),
        ] {
            assert!(told(vendor, query).unwrap_err().starts_with(&format!("'{name}'")), "{query}");
        }
    }
}
