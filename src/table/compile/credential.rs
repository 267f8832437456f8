//! Compiles how an upstream is told whom a call is for, which no other key of the row may undo.

use crate::dialects::upstream::Vendor;
use crate::table::raw;
use crate::table::upstream::CredentialKind;
use crate::yaml::Source;

/// Returns the credential of an upstream: as its row says, else as its vendor wants it; `None` where the row has the same header
/// from elsewhere.
pub fn compile(row: &raw::Upstream, source: &mut Source<'_>) -> Option<CredentialKind> {
    let (kind, said) = match (&row.credential, row.vendor) {
        (Some(credential), _) => (credential.value, "`credential`"),
        (None, Some(Vendor::Argo)) => (CredentialKind::Bearer, "`vendor: argo`"),
        (None, Some(Vendor::Other) | None) => return Some(CredentialKind::None),
    };
    let Some(own) = kind.header_name() else { return Some(kind) };
    let header = row.headers.iter().find(|(name, _)| name.value.eq_ignore_ascii_case(own.as_str()));
    let file = row.bearer_file.as_ref().filter(|_| kind == CredentialKind::Bearer);
    let clash = header
        .map(|(name, _)| (format!("headers.{}", name.value), &name.path))
        .or(file.map(|file| ("bearer_file".to_owned(), &file.path)));
    let Some((key, path)) = clash else { return Some(kind) };
    let message = format!("upstreams.{}.{key}: {said} sends the caller's name in this header", row.name.value);
    source.error(path, message, Some("remove one of the two; with `credential: none` no name is sent".to_owned()));
    None
}
