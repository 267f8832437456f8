//! What web pages cannot do to a proxy that their visitor's browser reaches.

use crate::reload::until;
use crate::support::{Argo, Server, Setup, chat};
use serde_json::json;

const CHAT: &str = "/v1/chat/completions";

/// The status and code of what comes back for a request with these headers, `Host` among them.
fn sent(server: &Server, method: &str, path: &str, headers: &str) -> (u16, String) {
    let body = if method == "POST" { chat("x", json!({})) } else { String::new() };
    let mut client = server.client();
    client.raw(format!("{method} {path} HTTP/1.1\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()));
    let answer = client.answer();
    let code = if answer.status < 400 { String::new() } else { answer.error()["code"].as_str().unwrap().to_owned() };
    (answer.status, code)
}

fn refused(code: &str) -> (u16, String) {
    (403, code.to_owned())
}

const FINE: (u16, String) = (200, String::new());

#[test]
fn a_name_that_was_made_to_lead_here_does_not() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let port = server.address.port();
    for host in ["localhost", "127.0.0.1", "[::1]", "ui.localhost", "host.docker.internal"] {
        assert_eq!(sent(&server, "POST", CHAT, &format!("Host: {host}:{port}\r\n")), FINE, "{host}");
    }
    let calls = argo.requests().len();
    let rebound = format!("Host: attacker.example:{port}\r\nOrigin: http://attacker.example:{port}\r\n");
    for (method, path) in [("POST", CHAT), ("GET", "/v1/models"), ("GET", "/health"), ("GET", "/nothing")] {
        assert_eq!(sent(&server, method, path, &rebound), refused("host_not_allowed"), "{method} {path}");
    }
    // No browser sends these, but they are no names of the proxy, either.
    for host in ["[::1].evil.example", "127.0.0.1:80.evil.example", "git.internal", "evil.example/.localhost"] {
        assert_eq!(
            sent(&server, "GET", "/health", &format!("Host: {host}\r\n")),
            refused("host_not_allowed"),
            "{host}"
        );
    }
    // A simple GET has no origin.
    assert_eq!(sent(&server, "GET", "/v1/models", "Host: attacker.example\r\n"), refused("host_not_allowed"));
    assert_eq!(argo.requests().len(), calls);
    let mut client = server.client();
    client.raw("GET /v1/models HTTP/1.1\r\nHost: attacker.example\r\n\r\n");
    let answer = client.answer();
    let message = answer.error()["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("not called 'attacker.example'") && message.contains("`hosts` in config.yaml"),
        "{message}"
    );

    let named = Setup::before(&argo).config("hosts: [argo.lab, \"*.proxy.lab\"]").start();
    for (host, answer) in [
        ("argo.lab", FINE),
        ("a.proxy.lab:80", FINE),
        ("localhost", FINE),
        ("argo.lab.attacker.example", refused("host_not_allowed")),
    ] {
        assert_eq!(sent(&named, "GET", "/health", &format!("Host: {host}\r\n")), answer, "{host}");
    }
    let any = Setup::before(&argo).config("hosts: [\"*\"]").start();
    assert_eq!(sent(&any, "POST", CHAT, "Host: attacker.example\r\n"), FINE);
    assert!(any.log().contains("hosts: * lets every web page"));
}

#[test]
fn a_page_that_is_not_allowed_spends_no_tokens() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("cors: { origins: [\"https://ok.example\"] }").start();
    let host = format!("Host: {}\r\n", server.address);
    let own = format!("{host}Origin: http://{}\r\n", server.address);
    for (origin, answer) in [
        ("https://ok.example", FINE),
        ("http://ok.example", refused("origin_not_allowed")),
        ("https://attacker.example", refused("origin_not_allowed")),
        ("http://localhost:3000", refused("origin_not_allowed")),
        ("null", refused("origin_not_allowed")),
    ] {
        assert_eq!(sent(&server, "POST", CHAT, &format!("{host}Origin: {origin}\r\n")), answer, "{origin}");
        assert_eq!(sent(&server, "GET", "/v1/models", &format!("{host}Origin: {origin}\r\n")), FINE, "{origin}");
    }
    assert_eq!(sent(&server, "POST", CHAT, &own), FINE, "a page of the proxy's own");
    assert_eq!(argo.requests().len(), 2);

    let null = Setup::before(&argo).config("cors: { origins: [\"null\"] }").start();
    assert_eq!(sent(&null, "POST", CHAT, "Host: localhost\r\nOrigin: null\r\n"), FINE);
}

#[test]
fn beyond_this_machine_names_do_not_matter_but_pages_do() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("host: 0.0.0.0\naccess: open").start();
    assert!(server.log().contains("host: everybody who can reach 0.0.0.0"), "{}", server.log());
    assert_eq!(sent(&server, "POST", CHAT, "Host: argo.lab\r\n"), FINE);
    let page = "Host: argo.lab\r\nOrigin: http://argo.lab\r\n";
    assert_eq!(sent(&server, "POST", CHAT, page), refused("host_not_allowed"), "that may be a name made to lead here");
    // The browser takes the page for one of the proxy's own, and lets it read.
    let rebound = "Host: argo.lab\r\nSec-Fetch-Site: same-origin\r\n";
    for path in ["/v1/models", "/v1/status", "/health"] {
        assert_eq!(sent(&server, "GET", path, rebound), refused("host_not_allowed"), "{path}");
    }
    let address = format!("Host: {}\r\nSec-Fetch-Site: same-origin\r\n", server.address);
    assert_eq!(sent(&server, "GET", "/v1/models", &address), FINE);
    assert_eq!(
        sent(&server, "GET", "/v1/models", "Host: argo.lab\r\nSec-Fetch-Site: none\r\n"),
        FINE,
        "typed by a person"
    );
    let named = Setup::before(&argo).config("host: 0.0.0.0\naccess: open\nhosts: [argo.lab]").start();
    assert_eq!(sent(&named, "POST", CHAT, page), FINE);
    assert_eq!(sent(&named, "GET", "/v1/models", rebound), FINE);
}

#[test]
fn images_links_and_frames_of_a_page_spend_nothing() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("cors: { origins: [\"https://ok.example\"] }").start();
    let from = |site: &str, more: &str| format!("Host: {}\r\nSec-Fetch-Site: {site}\r\n{more}", server.address);
    // Another port of this machine is another user's, perhaps.
    for site in ["cross-site", "same-site"] {
        for (method, path) in [("GET", "/v1/status"), ("POST", CHAT)] {
            assert_eq!(sent(&server, method, path, &from(site, "")), refused("origin_not_allowed"), "{site} {method}");
        }
        assert_eq!(sent(&server, "GET", "/v1/models", &from(site, "")), FINE, "reading costs nothing: {site}");
    }
    assert_eq!(argo.requests().len(), 0);
    until("its line", || server.log().contains("error=origin_not_allowed why=\"sec-fetch-site=cross-site\""));
    for site in ["none", "same-origin"] {
        assert_eq!(sent(&server, "POST", CHAT, &from(site, "")), FINE, "{site}");
    }
    assert_eq!(
        sent(&server, "POST", CHAT, &from("cross-site", "Origin: https://ok.example\r\n")),
        FINE,
        "it is listed"
    );
    assert_eq!(argo.requests().len(), 3);
}

#[test]
fn apps_and_editors_may_call_from_the_start_and_files_and_extensions_when_listed() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let ask =
        |server: &Server, origin: &str| sent(server, "POST", CHAT, &format!("Host: localhost\r\nOrigin: {origin}\r\n"));
    for origin in [
        "tauri://localhost",
        "http://tauri.localhost",
        "https://tauri.localhost",
        "capacitor://localhost",
        "app://obsidian.md",
        "vscode-file://vscode-app",
        "vscode-webview://1p2q3r",
    ] {
        assert_eq!(ask(&server, origin), FINE, "{origin}");
    }
    let listed = [
        "null",
        "file://",
        "chrome-extension://bpoadfkcbjbfhfodiogcnhhhpibjhbnh",
        "moz-extension://0c0ffee0-0000-4000-8000-000000000000",
    ];
    for origin in listed {
        assert_eq!(ask(&server, origin), refused("origin_not_allowed"), "{origin}");
        until("its line", || server.log().contains(&format!("error=origin_not_allowed why=\"origin={origin}\"")));
    }
    let origins = "cors: { origins: [\"null\", \"file://\", \"chrome-extension://*\", \"moz-extension://*\"] }";
    let open = Setup::before(&argo).config(origins).start();
    assert!(open.log().contains("null lets every web page that you visit use ARGO"), "{}", open.log());
    for origin in listed {
        assert_eq!(ask(&open, origin), FINE, "{origin}");
    }
}

#[test]
fn the_question_before_a_call_is_answered_as_the_call_would_be() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("cors: { origins: [\"https://ok.example\"] }").start();
    let mut client = server.client();
    let mut ask = |origin: &str| {
        let head = format!(
            "Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Private-Network: true\r\n"
        );
        client.call("OPTIONS", CHAT, &head, b"")
    };
    let allowed = ask("https://ok.example");
    assert_eq!((allowed.status, allowed.header("access-control-allow-private-network")), (204, Some("true")));
    let foreign = ask("https://attacker.example");
    assert_eq!((foreign.status, foreign.header("access-control-allow-origin")), (403, None));
    assert_eq!(foreign.header("access-control-allow-private-network"), None);
    until("its line", || server.log().contains("origin=https://attacker.example"));
    assert_eq!(argo.requests().len(), 0);
}
