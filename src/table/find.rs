//! Finds the row that takes a request, and the reasons why other rows do not.

use super::route::Route;
use super::routing_table::Table;
use http::Method;
use std::borrow::Cow;
use std::sync::Arc;

/// The maximum of similar rows or paths to list.
const NEAR_ROWS: usize = 3;

/// The reason why a row did not take a request.
pub enum SkipReason {
    /// Its path fits, but it does not take the method.
    Method,
    /// It fits, but this other row is tried first.
    Shadowed(Arc<Route>),
    /// Its path differs but looks like the request's.
    Path,
}

/// The result of looking up a method and a path.
pub enum Matched {
    /// The route that takes the request, and the values of its path parameters.
    Route(Arc<Route>, Vec<String>),
    /// The methods of the path; the request's method is not among them.
    OtherMethods(Vec<Method>),
    /// No route has this path. [`Table::hint`] says what to do.
    Nothing,
}

impl Table {
    /// Finds the route of a request. A route for GET takes HEAD too. Empty segments and a slash at the end are ignored.
    pub fn find(&self, method: &Method, path: &str) -> Matched {
        let path = &*joined(path);
        let wanted = wanted(method);
        let mut others: Vec<Method> = Vec::new();
        for (index, values) in self.fitting(path) {
            let Some(route) = self.routes.get(index) else { continue };
            if route.methods.contains(wanted) {
                return Matched::Route(route.clone(), values);
            }
            others.extend(route.methods.iter().filter(|m| !others.contains(m)).cloned().collect::<Vec<_>>());
        }
        if others.is_empty() { Matched::Nothing } else { Matched::OtherMethods(others) }
    }

    /// Returns true if a row takes this method on this path.
    pub(super) fn takes(&self, method: &Method, path: &str) -> bool {
        let wanted = wanted(method);
        self.fitting(path).any(|(index, _)| self.routes.get(index).is_some_and(|route| route.methods.contains(wanted)))
    }

    /// Returns the rows with a fitting or similar path that [`Table::find`] does not choose, each with the reason.
    pub fn passed_over(&self, method: &Method, path: &str) -> Vec<(Arc<Route>, SkipReason)> {
        let path = &*joined(path);
        let wanted = wanted(method);
        let (mut taken, mut rows, mut seen) = (None, Vec::new(), Vec::new());
        for (index, _) in self.fitting(path) {
            let Some(route) = self.routes.get(index) else { continue };
            seen.push(index);
            match &taken {
                _ if !route.methods.contains(wanted) => rows.push((route.clone(), SkipReason::Method)),
                Some(by) => rows.push((route.clone(), SkipReason::Shadowed(Arc::clone(by)))),
                None => taken = Some(route.clone()),
            }
        }
        for index in self.alike(path).into_iter().filter(|index| !seen.contains(index)).take(NEAR_ROWS) {
            rows.extend(self.routes.get(index).map(|route| (route.clone(), SkipReason::Path)));
        }
        rows
    }

    /// Returns the rows whose path fits, in the order in which they are tried: exact paths, then patterns.
    fn fitting<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (usize, Vec<String>)> + 'a {
        let exact = self.exact.get(path).into_iter().flatten().map(|&index| (index, Vec::new()));
        exact.chain(self.patterns.iter().filter_map(|(pattern, index)| Some((*index, pattern.values(path)?))))
    }

    /// Returns the most similar paths.
    pub(super) fn near(&self, path: &str) -> Vec<String> {
        let mut paths: Vec<&str> =
            self.alike(path).into_iter().filter_map(|index| Some(self.routes.get(index)?.path.as_str())).collect();
        paths.dedup();
        paths.into_iter().take(NEAR_ROWS).map(str::to_owned).collect()
    }

    /// Returns the rows with a similar path, the most similar first.
    fn alike(&self, path: &str) -> Vec<usize> {
        let asked: String = path.chars().take(200).collect();
        let mut scored: Vec<(f64, usize)> = self
            .routes
            .iter()
            .enumerate()
            .map(|(index, route)| {
                let tail = if route.path.ends_with(&asked) && asked.len() > 1 { 1.0 } else { 0.0 };
                (strsim::jaro_winkler(&route.path, &asked).max(tail), index)
            })
            .filter(|(score, _)| *score >= 0.9)
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        scored.into_iter().map(|(_, index)| index).collect()
    }
}

/// Returns a path without empty segments and without a slash at its end: clients join base URLs and paths carelessly.
pub(super) fn joined(path: &str) -> Cow<'_, str> {
    let path = if path.as_bytes().windows(2).any(|pair| pair == b"//") {
        let parts = path.split('/').filter(|part| !part.is_empty());
        Cow::Owned(parts.flat_map(|part| ["/", part]).collect::<String>())
    } else {
        Cow::Borrowed(path)
    };
    match path {
        Cow::Borrowed(path) => Cow::Borrowed(path.strip_suffix('/').filter(|short| !short.is_empty()).unwrap_or(path)),
        Cow::Owned(path) if path.is_empty() => Cow::Borrowed("/"),
        path => path,
    }
}

/// Returns the method that a row needs for a request with this method: GET for HEAD.
pub(super) fn wanted(method: &Method) -> &Method {
    if method == Method::HEAD { &Method::GET } else { method }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Variables, no_files};

    fn table() -> Table {
        let text = "
version: 1
upstreams: {}
models: {}
routes:
  - { path: /a/list, reply: health }
  - { path: /a/list, method: POST, reply: about }
  - { path: '/a/{one}', reply: docs }
  - { path: '/{rest*}', reply: model_list }
  - { path: /elsewhere, reply: health }
";
        let variables = Variables { config: &|_| None, environment: &|_| None, files: &no_files };
        Table::load("t.yaml", text, &variables).unwrap_or_else(|problems| panic!("{problems:?}")).0
    }

    fn passed(method: Method, path: &str) -> Vec<String> {
        let told = table().passed_over(&method, path).into_iter().map(|(route, why)| match why {
            SkipReason::Method => format!("{} method", route.does),
            SkipReason::Path => format!("{} path", route.does),
            SkipReason::Shadowed(by) => format!("{} shadowed by {}", route.does, by.does),
        });
        told.collect()
    }

    #[test]
    fn rows_that_were_passed_over_say_why() {
        let by_health = ["about method", "docs shadowed by health", "model_list shadowed by health"];
        assert_eq!(passed(Method::GET, "/a/list/"), by_health);
        assert_eq!(passed(Method::HEAD, "/a/list"), by_health);
        let by_about = ["health method", "docs method", "model_list method"];
        assert_eq!(passed(Method::POST, "/a/list"), by_about);
        let near = passed(Method::GET, "/a/liszt");
        assert_eq!(near, ["model_list shadowed by docs", "health path", "about path"]);
    }

    #[test]
    fn finding_and_passing_over_agree() {
        let table = table();
        for method in [Method::GET, Method::POST, Method::HEAD, Method::PUT] {
            for path in ["/a/list", "/a/x", "/x/y/z", "/elsewhere", "/"] {
                let taken = match table.find(&method, path) {
                    Matched::Route(route, _) => Some(route.place.clone()),
                    _ => None,
                };
                for (route, why) in table.passed_over(&method, path) {
                    assert_ne!(Some(&route.place), taken.as_ref(), "{method} {path}");
                    if let SkipReason::Shadowed(by) = why {
                        assert_eq!(Some(&by.place), taken.as_ref(), "{method} {path}");
                    }
                }
            }
        }
    }
}
