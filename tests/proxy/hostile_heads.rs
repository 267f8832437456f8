//! Malformed heads. Each is one request or a refusal, and the request behind it is not read as anything else than it is.

use crate::hardening::{CHAT, came_of};
use crate::support::{Argo, Server, Setup, chat};
use serde_json::json;

/// What the first request becomes, and whether the one behind it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// One call, and the next request is read.
    Both,
    /// No call and a status of 400 or more, whether the connection ends or not.
    Refused,
}
use Outcome::{Both, Refused};

fn body() -> String {
    chat("x", json!({}))
}

/// A request whose body has the right length.
fn with(line: &str, headers: &str) -> Vec<u8> {
    let body = body();
    format!("{line}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A request that is right but for these headers.
fn headers(lines: &str) -> Vec<u8> {
    with(&format!("POST {CHAT} HTTP/1.1"), &format!("Host: localhost\r\n{lines}"))
}

/// A request that is right but for its first line.
fn line(line: &str) -> Vec<u8> {
    with(line, "Host: localhost\r\n")
}

/// A request whose body is framed by these headers alone.
fn framed(lines: &str, body: &str) -> Vec<u8> {
    format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n{body}").into_bytes()
}

/// A body of one chunk, in which a whole other request lies.
fn smuggled() -> String {
    let hidden = chat("SMUGGLED", json!({}));
    let hidden = format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len());
    format!("0\r\n\r\n{hidden}")
}

fn check(cases: Vec<(&str, Vec<u8>, Outcome)>) {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    for (name, bytes, outcome) in cases {
        let (statuses, calls) = came_of(&server, &argo, &bytes);
        let fits = match (outcome, statuses.as_slice()) {
            (Both, [200, 200]) => calls == 1,
            (Refused, [first] | [first, 200 | 400]) => *first >= 400 && calls == 0,
            _ => false,
        };
        assert!(fits, "{name}: {statuses:?}, {calls} calls, and not {outcome:?}");
    }
    assert_eq!(server.chat(&body()).status, 200);
}

#[test]
fn a_first_line_is_one_request_or_none() {
    let long = format!("GET /{} HTTP/1.1", "a".repeat(2 << 20));
    check(vec![
        ("no method", line(&format!(" {CHAT} HTTP/1.1")), Refused),
        ("no path", line("POST HTTP/1.1"), Refused),
        ("an empty path", line("POST  HTTP/1.1"), Refused),
        ("no protocol", line(&format!("POST {CHAT}")), Refused),
        ("HTTP/0.9", line(&format!("GET {CHAT} HTTP/0.9")), Refused),
        ("HTTP/1.2", line(&format!("POST {CHAT} HTTP/1.2")), Refused),
        ("HTTP/2.0", line(&format!("POST {CHAT} HTTP/2.0")), Refused),
        ("HTTP/11", line(&format!("POST {CHAT} HTTP/11")), Refused),
        ("http in small letters", line(&format!("POST {CHAT} http/1.1")), Refused),
        ("another protocol", line("OPTIONS rtsp://localhost RTSP/1.0"), Refused),
        ("two spaces", line(&format!("POST  {CHAT}  HTTP/1.1")), Refused),
        ("tabs", line(&format!("POST\t{CHAT}\tHTTP/1.1")), Refused),
        ("a space in the path", line(&format!("POST {CHAT} x HTTP/1.1")), Refused),
        ("more behind the protocol", line(&format!("POST {CHAT} HTTP/1.1 HTTP/1.1")), Refused),
        ("a space behind the protocol", line(&format!("POST {CHAT} HTTP/1.1 ")), Refused),
        ("a CR in the path", line(&format!("POST {CHAT}\rX HTTP/1.1")), Refused),
        ("a NUL in the path", line(&format!("POST {CHAT}\0 HTTP/1.1")), Refused),
        ("a NUL in the method", line(&format!("PO\0ST {CHAT} HTTP/1.1")), Refused),
        ("a method of small letters", line(&format!("post {CHAT} HTTP/1.1")), Refused),
        ("an unknown method", line(&format!("SPEND {CHAT} HTTP/1.1")), Refused),
        ("a method with a colon", line(&format!("PO:ST {CHAT} HTTP/1.1")), Refused),
        ("TRACE", line(&format!("TRACE {CHAT} HTTP/1.1")), Refused),
        ("authority form", line("CONNECT localhost:80 HTTP/1.1"), Refused),
        ("asterisk form", line("POST * HTTP/1.1"), Refused),
        ("no slash", line(&format!("POST {} HTTP/1.1", &CHAT[1..])), Refused),
        ("absolute form without a host", line(&format!("POST http://{CHAT} HTTP/1.1")), Refused),
        ("absolute form with a user", line(&format!("POST http://me@evil.test{CHAT} HTTP/1.1")), Refused),
        ("absolute form of a file", line("POST file:///etc/passwd HTTP/1.1"), Refused),
        ("a fragment", line(&format!("POST {CHAT}#a HTTP/1.1")), Both),
        ("a query with a question mark", line(&format!("POST {CHAT}?a=?b&c=//d HTTP/1.1")), Both),
        ("a line of 2 MiB", line(&long), Refused),
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), Refused),
        ("the hello of TLS", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n".to_vec(), Refused),
        ("an empty line before it", [b"\r\n".to_vec(), headers("")].concat(), Both),
        ("a NUL before it", [b"\0".to_vec(), headers("")].concat(), Refused),
        ("a byte order mark before it", [b"\xef\xbb\xbf".to_vec(), headers("")].concat(), Refused),
    ]);
}

#[test]
fn header_lines_are_one_request_or_none() {
    let long = format!("{}: b\r\n", "x".repeat(100_000));
    let hidden = smuggled();
    check(vec![
        ("a line without a colon", headers("nonsense\r\n"), Refused),
        ("a line of white space", headers("  \r\n"), Refused),
        ("a space before the colon", headers("X-A : b\r\n"), Refused),
        ("a tab before the colon", headers("X-A\t: b\r\n"), Refused),
        ("a space before the first name", with(&format!("POST {CHAT} HTTP/1.1"), " Host: localhost\r\n"), Refused),
        ("a folded line with a tab", headers("X-A: b\r\n\tc\r\n"), Refused),
        ("a name with a CR", headers("X\r-A: b\r\n"), Refused),
        ("a name with a NUL", headers("X\0A: b\r\n"), Refused),
        ("a name that is not ASCII", headers("X-\u{e9}: b\r\n"), Refused),
        ("a name with brackets", headers("X(A): b\r\n"), Refused),
        ("a name of 100,000 letters", headers(&long), Refused),
        ("a value with a DEL", headers("X-A: \u{7f}\r\n"), Refused),
        ("a value with an escape", headers("X-A: \u{1b}[31m\r\n"), Refused),
        ("a value that ends with a CR", headers("X-A: b\r\r\n"), Refused),
        ("lines that end with LF CR", headers("X-A: b\n\rX-B: c\r\n"), Refused),
        ("a value that is not ASCII", headers("X-A: \u{e9}\r\n"), Both),
        ("an empty value", headers("X-A:\r\n"), Both),
        ("no host", with(&format!("POST {CHAT} HTTP/1.1"), ""), Both),
        ("two hosts, one of them foreign", headers("Host: evil.test\r\n"), Refused),
        ("a host with a path", with(&format!("POST {CHAT} HTTP/1.1"), "Host: localhost/x\r\n"), Refused),
        ("a host with a user", with(&format!("POST {CHAT} HTTP/1.1"), "Host: me@localhost\r\n"), Refused),
        ("a list of hosts", with(&format!("POST {CHAT} HTTP/1.1"), "Host: localhost, evil.test\r\n"), Refused),
        ("headers that connections name", headers("Connection: content-length, host\r\n"), Refused),
        ("an unknown expectation", headers("Expect: 200-maybe\r\n"), Both),
        ("a body for a row that reads none", framed_get(&hidden), Refused),
        ("a length of nothing", framed("Content-Length: \r\n", &body()), Refused),
        ("a length of letters", framed("Content-Length: abc\r\n", &body()), Refused),
        ("a length with a comma", framed(&format!("Content-Length: {},\r\n", body().len()), &body()), Refused),
        ("a length with a fraction", framed(&format!("Content-Length: {}.0\r\n", body().len()), &body()), Refused),
        ("a length with zeros", framed(&format!("Content-Length: 000{}\r\n", body().len()), &body()), Both),
        ("a length with a tab", framed(&format!("Content-Length:\t{}\r\n", body().len()), &body()), Both),
        ("a length of no ASCII digits", framed("Content-Length: \u{661}\u{662}\r\n", &body()), Refused),
        ("TE of a quoted word", framed("Transfer-Encoding: \"chunked\"\r\n", &hidden), Refused),
        ("TE with a vertical tab", framed("Transfer-Encoding: \u{b}chunked\r\n", &hidden), Refused),
        ("TE twice chunked", framed("Transfer-Encoding: chunked, chunked\r\n", &hidden), Refused),
        ("TE with a NUL", framed("Transfer-Encoding: chunked\0\r\n", &hidden), Refused),
        ("TE that is folded", framed("Transfer-Encoding:\r\n chunked\r\n", &hidden), Refused),
        ("TE of gzip", framed("Transfer-Encoding: gzip, chunked\r\n", &hidden), Refused),
        ("TE with a parameter", framed("Transfer-Encoding: chunked;a=b\r\n", &hidden), Refused),
        ("TE of nothing", framed("Transfer-Encoding: \r\n", &body()), Refused),
        ("TE with an underscore", headers("Transfer_Encoding: chunked\r\n"), Both),
    ]);
}

/// A GET of a row that answers here, with a body in which a request lies.
fn framed_get(hidden: &str) -> Vec<u8> {
    format!("GET /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len()).into_bytes()
}

#[test]
fn what_a_client_sends_along_reaches_the_upstream_in_no_header() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).start();
    let sent = "X-Forwarded-For: 1.2.3.4\r\nX-Api-Key: secret\r\nCookie: a=b\r\nTE: trailers\r\nTrailer: X-A\r\nProxy-Authorization: \
                Basic eDp5\r\nKeep-Alive: timeout=9\r\nAccept-Encoding: gzip\r\nUser: root\r\nX-Http-Method-Override: DELETE\r\n";
    assert_eq!(server.client().call("POST", CHAT, sent, body().as_bytes()).status, 200);
    let request = argo.request();
    let mut names: Vec<String> = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"]);
    assert_eq!((request.method.as_str(), request.header("accept-encoding")), ("POST", Some("identity")));
}
