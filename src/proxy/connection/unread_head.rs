//! Refusals of heads that pingora cannot read. Its own have no body, and one status for whatever is wrong; clients read an
//! error in their own form.

use crate::dialects::client::unknown;
use crate::plan::refuse;
use crate::wire::Failure;
use bytes::Bytes;
use http::StatusCode;
use std::io::IoSlice;

/// The largest head that pingora reads, in bytes.
const LARGEST: usize = 1024 * 1024 - 1;

/// Returns the reply to send in the place of pingora's. `bytes` of the head have arrived.
pub fn refusal(own: &[IoSlice<'_>], bytes: usize) -> Bytes {
    let failure = match status(own) {
        StatusCode::BAD_REQUEST if bytes > LARGEST => Failure::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "The request's head is larger than 1 MiB, which is the most that is read, whatever max_head says.",
        )
        .with_code("head_too_large"),
        StatusCode::METHOD_NOT_ALLOWED => {
            Failure::new(StatusCode::METHOD_NOT_ALLOWED, "This is no proxy for other hosts: CONNECT is not served.")
        }
        _ => Failure::bad_request(
            "The request's head is not valid HTTP/1.1, has more than 256 headers, or is ambiguous.",
        ),
    };
    let answer = refuse(unknown(), &failure);
    let (status, length) = (answer.status, answer.body.len());
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    [head.as_bytes(), &answer.body].concat().into()
}

/// Returns the status of pingora's reply.
fn status(own: &[IoSlice<'_>]) -> StatusCode {
    let digits = own.first().and_then(|first| first.get(9..12));
    digits.and_then(|digits| StatusCode::from_bytes(digits).ok()).unwrap_or(StatusCode::BAD_REQUEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_whole_and_has_the_status_that_fits() {
        for (own, bytes, status, code) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], 10, "400 Bad Request", "null"),
            (b"HTTP/1.1 400 Bad Request\r\n", 1 << 20, "431 Request Header Fields Too Large", "\"head_too_large\""),
            (b"HTTP/1.1 405 Method Not Allowed\r\n", 10, "405 Method Not Allowed", "null"),
            (b"", 0, "400 Bad Request", "null"),
        ] {
            let reply = String::from_utf8(refusal(&[IoSlice::new(own)], bytes).to_vec()).unwrap();
            let (head, body) = reply.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{reply}");
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{reply}");
            assert!(body.contains(&format!("\"code\":{code}")), "{reply}");
        }
    }
}
