//! Values of flags that clap has no parser for.

use std::path::PathBuf;
use std::time::Duration;

/// `250ms`, `1.5s`, or `0`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s').unwrap_or("unitless"), 1.0),
    };
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    number
        .parse::<f64>()
        .ok()
        .and_then(|number| Duration::try_from_secs_f64(number * unit).ok())
        .filter(|time| *time <= Duration::from_secs(3600))
        .ok_or_else(|| "expected a time up to an hour with its unit, such as 250ms or 1.5s".to_owned())
}

/// A number of things of which there must be some.
pub(super) fn positive(text: &str) -> Result<usize, String> {
    text.parse::<usize>().ok().filter(|number| *number > 0).ok_or_else(|| "expected a whole number from 1".to_owned())
}

/// From 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

/// A method in any case.
pub(super) fn method(text: &str) -> Result<http::Method, String> {
    text.to_ascii_uppercase().parse().map_err(|_| "expected a method such as GET or POST".to_owned())
}

/// A header, or the file that has headers.
#[derive(Clone, Debug, PartialEq)]
pub enum HeaderArg {
    Header(http::HeaderName, http::HeaderValue),
    /// As curl takes it: a header on each line. `-` is standard input.
    File(PathBuf),
}

/// `Name: value`, or `@FILE`.
pub(super) fn header_or_file(text: &str) -> Result<HeaderArg, String> {
    match text.strip_prefix('@') {
        Some("") => Err("expected a file after the @, or - for standard input".to_owned()),
        Some(file) => Ok(HeaderArg::File(file.into())),
        None => header(text).map(|(name, value)| HeaderArg::Header(name, value)),
    }
}

/// `Name: value`.
///
/// # Errors
/// What was expected. The text is not repeated: it may be a key.
pub fn header(text: &str) -> Result<(http::HeaderName, http::HeaderValue), String> {
    let wrong = || "expected a header such as 'X-Request-Id: 7'".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    Ok((name.trim().parse().map_err(|_| wrong())?, value.trim().parse().map_err(|_| wrong())?))
}
