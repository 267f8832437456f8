//! Compiles `bearer_file` of an upstream: a token that is read with the table, and again when its file changes.

use super::expansion::{expanded, relative_to_table};
use crate::diagnostics::file_trust::remedy_or;
use crate::table::raw;
use crate::table::{Header, Variables};
use crate::yaml::{At, Source};
use http::{HeaderValue, header};

/// Returns the header with the token, if there is a file; the outer `None` when something is wrong.
pub fn compile(row: &raw::Upstream, source: &mut Source<'_>, variables: &Variables<'_>) -> Option<Option<Header>> {
    let Some(file) = &row.bearer_file else { return Some(None) };
    let setting = format!("upstreams.{}.bearer_file", row.name.value);
    // What is wrong with a name of a caller in the same header, `credential` reports.
    let header = row.headers.iter().find(|(name, _)| name.value.eq_ignore_ascii_case("authorization"));
    if let Some((name, _)) = header {
        let message = format!("{setting}: `headers.{}` is the same header", name.value);
        source.error(&file.path, message, Some("keep one of the two".to_owned()));
        return None;
    }
    token(&setting, file, source, variables).map(Some)
}

fn token(setting: &str, file: &At<String>, source: &mut Source<'_>, variables: &Variables<'_>) -> Option<Header> {
    let path = expanded(setting, file, source, variables)?.text;
    let bytes = match (variables.files)(&relative_to_table(source, file, &path).to_string_lossy()) {
        Ok(bytes) => bytes,
        Err(e) => {
            let help = remedy_or(&e, "name a file that holds the token; a relative path begins where this table lies");
            source.error(&file.path, format!("{setting}: {path} cannot be read: {e}"), Some(help));
            return None;
        }
    };
    let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
    let value =
        HeaderValue::try_from(format!("Bearer {text}")).ok().filter(|_| !text.is_empty() && !text.contains(' '));
    let Some(mut value) = value else {
        let message = format!("{setting}: {path} holds no token");
        source.error(&file.path, message, Some("the file has one line: the token alone".to_owned()));
        return None;
    };
    value.set_sensitive(true);
    Some(Header { name: header::AUTHORIZATION, value, shown: format!("Bearer *** (from {path})") })
}
