//! `routes` and `models`: what is served, for people and as JSON.

use super::args::ListArgs;
use super::{Ended, files, print};
use serde_json::{Value, json};

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
                "about": route.about,
                "from": route.from,
                "url": upstream.map(|upstream| &upstream.whole.url),
                "stream_url": upstream.and_then(|upstream| upstream.stream.as_ref()).map(|stream| &stream.url),
            })
        })
        .collect();
    show(args, rows, &["method", "path", "does", "url", "about", "from"])
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
                .map(|model| json!({"name": model.name, "id": model.id, "default": default == Some(&model.name), "from": model.from})),
        );
    }
    show(args, rows, &["name", "id", "from"])
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
