//! `routes` and `models`: what is served, for people and as JSON.

use super::args::ListArgs;
use super::{Ended, files, print};
use crate::table::{Endpoints, Upstream};
use serde_json::{Map, Value, json};

/// Prints the routes.
pub fn routes(args: &ListArgs) -> Result<(), Ended> {
    let loaded = files::load_or_defaults(&args.files)?;
    let rows: Vec<Value> = loaded
        .table
        .routes()
        .map(|route| {
            let methods: Vec<&str> = route.methods.iter().map(http::Method::as_str).collect();
            let upstream = route.upstream.as_ref();
            json!({
                "method": methods.join("|"),
                "path": route.path,
                "does": route.does,
                "url": upstream.map(|upstream| &upstream.whole.first().url),
                "stream_url": upstream.and_then(|upstream| upstream.stream.as_ref()).map(|stream| &stream.first().url),
                "urls": upstream.map(|upstream| urls(&upstream.whole)),
                "stream_urls": upstream.and_then(|upstream| upstream.stream.as_ref()).map(urls),
                "connect_to": upstream.and_then(|upstream| upstream.connect_to.as_ref()),
                "limits": upstream.map(|upstream| limits(upstream)),
                "calls": upstream.map(|upstream| calls(upstream)),
            })
        })
        .collect();
    show(args, rows, &["method", "path", "does", "calls"])
}

fn urls(endpoints: &Endpoints) -> Vec<&str> {
    endpoints.iter().map(|endpoint| endpoint.url.as_str()).collect()
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

/// Prints the models.
pub fn models(args: &ListArgs) -> Result<(), Ended> {
    let loaded = files::load_or_defaults(&args.files)?;
    let mut rows = Vec::new();
    for group in loaded.table.groups() {
        let default = group.default().map(|model| &model.name);
        rows.extend(
            group
                .iter()
                .map(|model| json!({"name": model.name, "id": model.id, "default": default == Some(&model.name)})),
        );
    }
    show(args, rows, &["name", "id"])
}

/// JSON, or the named columns, aligned.
fn show(args: &ListArgs, rows: Vec<Value>, columns: &[&str]) -> Result<(), Ended> {
    print(&if args.json { format!("{:#}\n", Value::Array(rows)) } else { aligned(&rows, columns) })
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
