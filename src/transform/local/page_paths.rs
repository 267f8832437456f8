//! Where the page for people is, as the table has it.

use crate::plan::{PageCall, Plan, Request};

/// Where the page is, as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePaths {
    /// What the paths of its files and data begin with, such as `/page`.
    pub prefix: String,
    /// Where people open it.
    pub home: String,
}

impl PagePaths {
    /// Returns where the page is. `rows` are the names of replies with the paths of their rows. The page is below a row of the
    /// reply `page` whose last parameter takes the rest of the path, and is opened at a row of the reply `home`.
    pub fn find<'r>(rows: impl Iterator<Item = (&'r str, &'r str)> + Clone, page: &str, home: &str) -> Option<Self> {
        let prefix = rows.clone().filter(|(name, _)| *name == page).find_map(|(_, path)| {
            let (prefix, last) = path.rsplit_once('/')?;
            (last.ends_with("*}") && !prefix.contains('{')).then_some(prefix)
        })?;
        let home = rows.clone().find(|(name, _)| *name == home).map_or(prefix, |(_, path)| path);
        Some(PagePaths { prefix: prefix.to_owned(), home: home.to_owned() })
    }

    /// Returns the plan of a request for a part of the page; an empty name is the page itself.
    pub fn call(&self, part: String, request: &Request) -> Plan {
        let (query, body) = (request.query.clone(), request.body.clone());
        Plan::Page(PageCall { part, prefix: self.prefix.clone(), query, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_below_a_row_that_takes_the_rest_of_a_path() {
        let find = |rows: &[(&str, &str)]| PagePaths::find(rows.iter().copied(), "page", "about");
        let paths = |prefix: &str, home: &str| Some(PagePaths { prefix: prefix.to_owned(), home: home.to_owned() });
        assert_eq!(find(&[("about", "/"), ("page", "/page/{part*}")]), paths("/page", "/"));
        assert_eq!(find(&[("page", "/a/b/{x*}")]), paths("/a/b", "/a/b"));
        for rows in [&[("about", "/")][..], &[("page", "/page")], &[("page", "/page/{part}")], &[("page", "/{a}/{b*}")]]
        {
            assert_eq!(find(rows), None, "{rows:?}");
        }
    }
}
