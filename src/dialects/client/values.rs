//! Reads the values of a request's fields. A wrong value is refused with the field's name.

use crate::json;
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::time::Duration;

/// Reads a string; `None` for null.
pub fn text<'a>(name: &str, value: &'a RawValue) -> Result<Option<Cow<'a, str>>, Failure> {
    match json::text_of(value) {
        Some(text) => Ok(Some(text)),
        None if json::is_null(value) => Ok(None),
        None => Err(wrong_type(name, "a string", value)),
    }
}

/// Reads a boolean; null is false.
pub fn boolean(name: &str, value: &RawValue) -> Result<bool, Failure> {
    match value.get() {
        "true" => Ok(true),
        "false" | "null" => Ok(false),
        _ => Err(wrong_type(name, "a boolean", value)),
    }
}

/// Reads a whole number of at least 1; `None` for null.
pub fn positive(name: &str, value: &RawValue) -> Result<Option<u64>, Failure> {
    if json::is_null(value) {
        return Ok(None);
    }
    match value.get().parse::<u64>() {
        Ok(0) => Err(Failure::bad_field(name, format!("'{name}' must be at least 1."))),
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(wrong_type(name, "a whole number of at least 1", value)),
    }
}

/// Reads a time limit in seconds, with or without a fraction.
pub fn timeout(value: &RawValue) -> Result<Option<Duration>, Failure> {
    if json::is_null(value) {
        return Ok(None);
    }
    let seconds: Option<f64> = value.get().parse().ok();
    match seconds.and_then(|s| Duration::try_from_secs_f64(s).ok()).filter(|limit| !limit.is_zero()) {
        Some(limit) => Ok(Some(limit)),
        None => Err(wrong_type("timeout", "a number of seconds above 0", value)),
    }
}

/// Returns 400 for a field of the wrong type.
pub fn wrong_type(name: &str, wanted: &str, given: &RawValue) -> Failure {
    let mut shown: String = given.get().chars().take(40).collect();
    if shown.len() < given.get().len() {
        shown.push('…');
    }
    Failure::bad_field(name, format!("'{name}' must be {wanted}, but it is {}: {shown}", json::kind_of(given)))
        .with_code("invalid_type")
}
