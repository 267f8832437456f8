//! `SSL_CERT_FILE` and `SSL_CERT_DIR`: whom an https upstream is believed, and what is told when they are wrong.

use crate::reload::until;
use crate::skipped::skip;
use crate::support::{Argo, Server, Setup, chat};
use crate::upstream_tls::{self, Authority, HOST};
use serde_json::json;
use std::process::Command;

const DAMAGED: &str = "-----BEGIN CERTIFICATE-----\nMIIBroken\n-----END CERTIFICATE-----\n";

/// A proxy in front of an https upstream that proves to be [`HOST`], called as `name`.
fn before(argo: &Argo, name: &str) -> Setup {
    let row = format!("url: \"https://{name}/chat/\", connect_to: \"{}\", dialect: argo", argo.address);
    let table = format!(
        "version: 1\nupstreams: {{ up: {{ {row} }} }}\nmodels: {{ chat: {{ names: {{ \"a:b\": b }}, show: {{ owned_by: x, created: 0 }} }} }}\n\
         routes:\n  - {{ path: /c, method: POST, upstream: up, transformer: openai_chat_completions, models: chat }}\n"
    );
    Setup::before(argo).routes(&table)
}

fn ask(server: &Server) -> (u16, String) {
    let answer = server.post("/c", &chat("x", json!({"model": "a:b"})));
    (answer.status, String::from_utf8(answer.body.clone()).unwrap())
}

#[test]
fn what_does_not_matter_to_the_upstream_is_not_read() {
    let argo = Argo::saying("Hi");
    for path in ["", "/opt/conda/gone.pem", "empty.pem"] {
        let demo = Server::demo_with(&[("SSL_CERT_FILE", path)]);
        assert_eq!(demo.chat(&chat("x", json!({}))).status, 200);
        assert!(!demo.log().contains("SSL_CERT_FILE"), "{}", demo.log());
        let plain = Setup::before(&argo).file("empty.pem", "").environment("SSL_CERT_FILE", path).start();
        assert_eq!(plain.chat(&chat("x", json!({}))).status, 200);
        assert!(!plain.log().contains("SSL_CERT_FILE"), "{}", plain.log());
    }
}

#[test]
fn the_sound_ones_of_a_damaged_file_are_trusted_and_check_tells_the_same() {
    let authority = Authority::new();
    let argo = upstream_tls::argo(&authority, None);
    let pem = authority.certificate.pem();
    for (text, warns) in [(pem.clone(), false), (format!("{DAMAGED}{pem}"), true), (pem.replace('\n', "\r\n"), false)] {
        let setup = before(&argo, HOST).file("ca.pem", &text).environment("SSL_CERT_FILE", "ca.pem");
        let server = setup.start();
        let (status, body) = ask(&server);
        assert_eq!(status, 200, "{body}");
        let says = "1 of 2 certificates in ca.pem are damaged";
        assert_eq!(server.log().contains(says), warns, "{}", server.log());
        let mut check = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
        let check = check.env_clear().env("SSL_CERT_FILE", "ca.pem").current_dir(server.file("")).arg("check").output();
        let check = check.unwrap();
        let text = String::from_utf8(check.stderr).unwrap();
        assert!(check.status.success() && text.contains(says) == warns, "{text}");
    }
}

#[test]
fn a_path_that_gives_nobody_is_a_warning_that_names_it() {
    let argo = upstream_tls::argo(&Authority::new(), None);
    if !["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]
        .iter()
        .any(|path| std::path::Path::new(path).is_file())
    {
        return skip("a_path_that_gives_nobody_is_a_warning_that_names_it", "this machine has no authorities");
    }
    for (path, says) in [
        ("/opt/conda/gone.pem", "/opt/conda/gone.pem cannot be read"),
        ("empty.pem", "empty.pem holds no sound certificate in PEM"),
        ("", ""),
    ] {
        let server = before(&argo, HOST).file("empty.pem", "").environment("SSL_CERT_FILE", path).start();
        assert!(server.log().contains(says), "{}", server.log());
        assert_eq!(server.log().contains("The system's authorities are used instead"), !path.is_empty());
        let (status, body) = ask(&server);
        assert!(
            status == 502 && body.contains("nobody whom this machine trusts") && body.contains("UnknownIssuer"),
            "{status} {body}"
        );
    }
}

#[test]
fn a_failed_handshake_says_why_to_the_client_and_in_the_log() {
    let authority = Authority::new();
    let argo = upstream_tls::argo(&authority, None);
    for (name, ca, meaning, reason) in [
        (HOST, Authority::new().certificate.pem(), "another one signed its certificate", "BadSignature"),
        ("other.test", authority.certificate.pem(), "its certificate is for another name", "other.test"),
    ] {
        let server = before(&argo, name).file("ca.pem", &ca).environment("SSL_CERT_FILE", "ca.pem").start();
        let (status, body) = ask(&server);
        assert!(status == 502 && body.contains(meaning) && body.contains(reason), "{status} {body}");
        // The authorities are at fault only where none of them signed.
        assert_eq!(body.contains("SSL_CERT_FILE"), name == HOST, "{body}");
        until("the log says why", || server.log().contains(meaning) && server.log().contains(reason));
    }
}
