//! `routes` and `models`: what is served, for people and as JSON.

use super::args::ListArgs;
use super::output::{CommandEnd, print};
use super::preview::load_or_defaults;
use crate::config::Overrides;
use crate::table::{Endpoints, Upstream};
use serde_json::{Map, Value, json};

/// Prints the routes.
pub fn routes(args: &ListArgs) -> Result<(), CommandEnd> {
    let loaded = load_or_defaults(&args.files, &Overrides::default())?;
    let rows: Vec<Value> = loaded
        .table
        .routes()
        .map(|route| {
            let methods: Vec<&str> = route.methods.iter().map(http::Method::as_str).collect();
            let upstream = route.upstreams.first();
            json!({
                "method": methods.join("|"),
                "path": route.path,
                "does": route.does,
                "about": route.about,
                "from": route.from,
                "url": upstream.map(|upstream| &*upstream.whole.first().url),
                "stream_url": upstream.and_then(|upstream| upstream.stream.as_ref()).map(|stream| &*stream.first().url),
                "urls": upstream.map(|upstream| urls(&upstream.whole)),
                "stream_urls": upstream.and_then(|upstream| upstream.stream.as_ref()).map(urls),
                "connect_to": upstream.and_then(|upstream| upstream.connect_to.as_ref()),
                "limits": upstream.map(|upstream| limits(upstream)),
                "upstreams": route.upstreams.iter().map(|upstream| &upstream.name).collect::<Vec<_>>(),
                "calls": match route.upstreams.as_slice() {
                    [] => None,
                    [upstream] => Some(calls(upstream)),
                    several => Some(several.iter().map(|upstream| serves(upstream)).collect::<Vec<_>>().join(", else ")),
                },
            })
        })
        .collect();
    show(args.json, rows, &["method", "path", "does", "calls", "about", "from"])
}

fn urls(endpoints: &Endpoints) -> Vec<&str> {
    endpoints.iter().map(|endpoint| &*endpoint.url).collect()
}

/// The upstream's own time limits, in seconds.
fn limits(upstream: &Upstream) -> Value {
    upstream.limits().map(|(key, limit)| (key.to_owned(), json!(limit.as_secs_f64()))).collect::<Map<_, _>>().into()
}

/// Where whole calls go and what is particular about that, for people.
fn calls(upstream: &Upstream) -> String {
    let mut text = urls(&upstream.whole).join(", else ");
    text.extend(upstream.connect_to.as_ref().map(|place| format!("  by way of {place}")));
    text.extend(upstream.limits().map(|(key, limit)| format!("  {key} {} s", limit.as_secs_f64())));
    text
}

/// An upstream of several, with the ids that it serves, for people.
fn serves(upstream: &Upstream) -> String {
    match upstream.serves.patterns() {
        None => upstream.name.clone(),
        Some(ids) => format!("{} ({})", upstream.name, ids.collect::<Vec<_>>().join(", ")),
    }
}

/// Prints the models, and the patterns of names that make more.
pub fn models(args: &ListArgs) -> Result<(), CommandEnd> {
    let loaded = load_or_defaults(&args.files, &Overrides::default())?;
    let mut rows = Vec::new();
    for group in loaded.table.groups() {
        let default = group.default().map(|model| &model.name);
        let upstreams = |id: &str| loaded.table.upstreams_of(group, id);
        rows.extend(group.iter().map(|model| {
            let marks = [default == Some(&model.name), model.hidden, model.deprecated, model.gone, false];
            row(&model.name, &model.id, &upstreams(&model.id), &model.from, marks)
        }));
        rows.extend(group.patterns().iter().map(|pattern| {
            let id = pattern.id();
            row(&pattern.pattern, &id, &upstreams(&id), &pattern.from, [false, false, false, false, true])
        }));
    }
    let rows = if args.json { rows } else { rows.into_iter().map(with_words).collect() };
    show(args.json, rows, &["name", "id", "calls", "marks", "from"])
}

const MARKS: [&str; 5] = ["default", "hidden", "deprecated", "gone", "pattern"];

/// A row of models, with its marks as programs read them.
fn row(name: &str, id: &str, upstreams: &[&str], from: &str, marks: [bool; 5]) -> Value {
    let mut row = Map::new();
    row.extend([("name", name), ("id", id), ("from", from)].map(|(key, text)| (key.to_owned(), json!(text))));
    row.insert("upstreams".to_owned(), json!(upstreams));
    row.extend(MARKS.iter().zip(marks).map(|(mark, is)| ((*mark).to_owned(), Value::Bool(is))));
    Value::Object(row)
}

/// The same with its marks as people read them.
fn with_words(mut row: Value) -> Value {
    let words: Vec<&str> = MARKS.into_iter().filter(|mark| row.get(mark) == Some(&Value::Bool(true))).collect();
    let words = words.join(", ");
    let names = row.get("upstreams").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let calls = names.collect::<Vec<_>>().join(", else ");
    if let Value::Object(row) = &mut row {
        row.insert("calls".to_owned(), Value::String(calls));
        row.insert("marks".to_owned(), Value::String(words));
    }
    row
}

/// JSON, or the named columns, aligned.
pub fn show(json: bool, rows: Vec<Value>, columns: &[&str]) -> Result<(), CommandEnd> {
    print(&if json { format!("{:#}\n", Value::Array(rows)) } else { aligned(&rows, columns) })
}

fn aligned(rows: &[Value], columns: &[&str]) -> String {
    let cell = |row: &Value, column: &str| row.get(column).and_then(Value::as_str).unwrap_or("-").to_owned();
    let width = |column: &&str| rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = columns.iter().map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> =
            columns.iter().zip(&widths).map(|(column, width)| format!("{:width$}", cell(row, column))).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
