//! Replies that a table writes out: a fixed answer, built once when the table is loaded, and a redirect, whose target
//! may contain parameters of the path.

use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use http::{HeaderValue, StatusCode, header};
use std::fmt::Write;

/// The same answer to every request.
pub struct Fixed(pub Answer);

impl Transformer for Fixed {
    fn open(&self, _: &Request, _: &Context<'_>) -> Result<Plan, Failure> {
        Ok(Plan::Answer(self.0.clone()))
    }
}

/// A redirect to another address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// Its status.
    pub status: StatusCode,
    /// The address, part by part.
    pub target: Vec<LocationPart>,
}

/// A part of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocationPart {
    /// Fixed text.
    Fixed(String),
    /// The value of the n-th parameter. It may contain slashes if the parameter takes the rest of a path.
    Parameter { index: usize, slashes: bool },
}

impl Redirect {
    /// Returns the address for a request with these parameters.
    ///
    /// A value can only become part of the path: every character that could end the path is escaped. A slash after
    /// another slash is escaped too, because two slashes at the beginning would name a host.
    pub fn location(&self, params: &[String]) -> String {
        let mut out = String::new();
        for part in &self.target {
            match part {
                LocationPart::Fixed(text) => out.push_str(text),
                LocationPart::Parameter { index, slashes } => {
                    for byte in params.get(*index).map_or("", String::as_str).bytes() {
                        match byte {
                            b'/' if *slashes && !out.ends_with('/') => out.push('/'),
                            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'@' => {
                                out.push(char::from(byte));
                            }
                            // Writing to a String cannot fail.
                            byte => _ = write!(out, "%{byte:02X}"),
                        }
                    }
                }
            }
        }
        out
    }
}

impl Transformer for Redirect {
    fn open(&self, request: &Request, _: &Context<'_>) -> Result<Plan, Failure> {
        let location = HeaderValue::try_from(self.location(&request.params));
        let location = location.map_err(|_| Failure::new(StatusCode::NOT_FOUND, "There is no such address."))?;
        let mut answer = Answer::empty(self.status);
        answer.headers.push((header::LOCATION, location));
        Ok(Plan::Answer(answer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(fixed: &str, slashes: bool, value: &str) -> String {
        let target = vec![LocationPart::Fixed(fixed.to_owned()), LocationPart::Parameter { index: 0, slashes }];
        Redirect { status: StatusCode::TEMPORARY_REDIRECT, target }.location(&[value.to_owned()])
    }

    #[test]
    fn a_value_stays_a_part_of_the_path() {
        for (fixed, slashes, value, expected) in [
            ("/x/", true, "a/b:c", "/x/a/b:c"),
            ("/x/", false, "a/b", "/x/a%2Fb"),
            ("/", true, "/evil.example/y", "/%2Fevil.example/y"),
            ("/", true, "\\evil.example", "/%5Cevil.example"),
            ("/x/", true, "a//b", "/x/a/%2Fb"),
            ("/x/", true, "é \r\nSet-Cookie: a=b", "/x/%C3%A9%20%0D%0ASet-Cookie:%20a%3Db"),
            ("/x/", true, "a?b#c%41", "/x/a%3Fb%23c%2541"),
            ("https://host/", true, "@evil/", "https://host/@evil/"),
        ] {
            assert_eq!(location(fixed, slashes, value), expected, "{value}");
        }
    }
}
