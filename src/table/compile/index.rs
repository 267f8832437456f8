//! Builds the index of rows by path, and reports rows that repeat another row or can never match.

use super::action::Action;
use super::routes::Compiled;
use crate::models::ModelDifferences;
use crate::table::{Route, Table, Upstream};
use crate::transform::local::{Audience, Catalog};
use crate::yaml::Source;
use http::Method;
use std::collections::HashMap;
use std::sync::Arc;

/// Reports rows that an earlier row hides.
pub fn report(rows: &[Compiled<'_>], source: &mut Source<'_>) {
    let mut taken: HashMap<(&str, &Method), &Compiled<'_>> = HashMap::new();
    let mut with_patterns: Vec<&Compiled<'_>> = Vec::new();
    for row in rows {
        let mut lost = Vec::new();
        for method in &row.methods {
            if let Some(first) = taken.get(&(row.path.value.as_str(), method)) {
                let line = source.line_seen_from(&first.path.path, &row.path.path);
                let message = format!("{}: {method} is already taken by {} in {line}", row.called, first.called);
                source.error(&row.path.path, message, Some("keep one of the two".to_owned()));
                continue;
            }
            taken.insert((&row.path.value, method), row);
            let hides = |first: &&Compiled<'_>| first.methods.contains(method) && covers(first, row);
            lost.extend(with_patterns.iter().copied().find(hides).map(|first| (method, first)));
        }
        if let Some((_, first)) = lost.first() {
            let line = source.line_seen_from(&first.path.path, &row.path.path);
            let methods: Vec<&str> = lost.iter().map(|(method, _)| method.as_str()).collect();
            let what = if lost.len() == row.methods.len() { "it".to_owned() } else { methods.join(", ") };
            let message =
                format!("{}: {what} can never match, since '{}' of {line} goes before", row.called, first.path.value);
            source.warn(&row.path.path, message, Some("put the narrower path first".to_owned()));
        }
        // Paths without parameters are looked up before patterns, so neither kind hides the other.
        with_patterns.extend(row.pattern.is_some().then_some(row));
    }
}

/// Returns true if the first row takes every path of the second row.
fn covers(first: &Compiled<'_>, second: &Compiled<'_>) -> bool {
    first.pattern.as_ref().zip(second.pattern.as_ref()).is_some_and(|(first, second)| first.covers(second))
}

/// Builds the table from the valid rows.
pub fn build(
    rows: Vec<Compiled<'_>>,
    catalog: Arc<Catalog>,
    upstreams: Vec<Arc<Upstream>>,
    source: &Source<'_>,
) -> Table {
    let mut table = Table {
        routes: Vec::new(),
        exact: HashMap::new(),
        patterns: Vec::new(),
        catalog,
        upstreams,
        trials: Vec::new(),
        files: Vec::new(),
        texts: Vec::new(),
        local: None,
        refresh: None,
        differences: ModelDifferences::default(),
    };
    for row in rows {
        let (number, pattern) = (table.routes.len(), row.pattern.clone());
        let Some(route) = route(row, number, &table.catalog, source) else { continue };
        match pattern {
            Some(pattern) => table.patterns.push((pattern, number)),
            None => table.exact.entry(route.path.clone()).or_default().push(number),
        }
        table.routes.push(Arc::new(route));
    }
    table
}

/// Builds a route from a row; `None` when its action is wrong.
fn route(row: Compiled<'_>, number: usize, catalog: &Arc<Catalog>, source: &Source<'_>) -> Option<Route> {
    let about = row.about().to_owned();
    let audience = if let Some(Action::Reply(entry)) = &row.action { entry.audience } else { Audience::Callers };
    let mut client = None;
    let (upstreams, models, transformer, does) = match row.action? {
        Action::Call(entry, upstreams, models, transformer) => {
            client = Some(entry.client);
            (upstreams, Some(models), transformer, entry.name)
        }
        Action::Fixed((does, _, transformer)) => (Vec::new(), None, transformer, does),
        Action::Reply(entry) => (Vec::new(), None, (entry.build)(catalog), entry.name),
    };
    Some(Route {
        number,
        path: row.path.value.clone(),
        methods: row.methods,
        upstreams,
        models,
        transformer,
        client,
        does,
        request: row.request,
        options: row.options,
        audience,
        about,
        place: source.called(row.called, &row.path.path),
        from: source.file_and_line(&row.path.path),
    })
}
