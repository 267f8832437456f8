//! Tests of the probe with each kind of listener on this machine.

use super::*;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

fn url(scheme: &str, address: SocketAddr) -> HttpUrl {
    HttpUrl::parse(&format!("{scheme}://{address}/chat/")).unwrap()
}

/// Answers one connection with `answer` and returns the request's head.
fn server(answer: &'static str) -> (SocketAddr, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            head.extend(byte);
        }
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(head).unwrap()
    });
    (address, served)
}

fn ask_one(url: HttpUrl, limit: Duration) -> Reachability {
    probe_all(&[url], limit).remove(0)
}

const PATIENT: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

#[test]
fn a_post_route_works() {
    let (address, served) = server("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n");
    let answer = ask_one(url("http", address), PATIENT);
    assert_eq!(answer, Reachability::Answers(405));
    assert!(answer.works() && answer.hint("localhost").is_none());
    assert!(answer.to_string().starts_with("works"), "{answer}");
    let head = served.join().unwrap();
    assert!(head.starts_with("GET /chat/ HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("Host: {address}\r\n")), "{head}");
}

#[test]
fn other_answers_are_told_apart() {
    for (answer, works, text) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, "works"),
        ("HTTP/1.1 307 T\r\nLocation: /x/\r\nContent-Length: 0\r\n\r\n", false, "redirects (307)"),
        ("HTTP/1.1 403 F\r\nContent-Length: 0\r\n\r\n", false, "access is denied"),
        ("HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n", false, "no such path"),
        ("HTTP/1.1 502 B\r\nContent-Length: 0\r\n\r\n", false, "fails at the moment (502)"),
        ("SSH-2.0-OpenSSH\r\n\r\n", false, "is not HTTP ("),
        ("", false, "failed ("),
    ] {
        let (address, served) = server(answer);
        let found = ask_one(url("http", address), PATIENT);
        assert_eq!(found.works(), works, "{answer}");
        assert!(found.to_string().contains(text), "{answer}: {found}");
        served.join().unwrap();
    }
}

#[test]
fn a_port_without_a_listener_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let answer = ask_one(url("http", address), PATIENT);
    assert_eq!(answer, Reachability::Refused(address));
    assert!(answer.hint("apps.inside.anl.gov").unwrap().contains("VPN") && answer.hint("localhost").is_none());
}

#[test]
fn a_listener_that_says_nothing_is_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = ask_one(url("http", address), SHORT);
    assert_eq!(answer, Reachability::Silent(SHORT));
    let answer = ask_one(url("https", address), SHORT);
    assert!(answer.to_string().contains("no answer to the handshake"), "{answer}");
    assert!(matches!(answer, Reachability::Tls(_)));
}

/// A listener with a full queue drops further attempts, as a firewall does.
#[cfg(target_os = "linux")]
#[test]
fn a_dropped_connection_attempt_hangs() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _context = runtime.enter();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, SHORT) {
        queue.push(stream);
    }
    let answer = ask_one(url("http", address), SHORT);
    assert_eq!(answer, Reachability::Hangs(SHORT));
    assert!(answer.hint("apps.inside.anl.gov").unwrap().contains("VPN") && answer.hint("localhost").is_none());
}

#[test]
fn a_server_without_tls_is_told_from_a_firewall() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let answer = ask_one(url("https", address), PATIENT);
    served.join().unwrap();
    assert!(matches!(answer, Reachability::Tls(_)), "{answer:?}");
    assert!(answer.to_string().contains("it does not speak TLS"), "{answer}");
    assert!(answer.hint("localhost").unwrap().contains("does not speak TLS"));
}

#[test]
fn a_name_without_address_is_unknown() {
    let url = HttpUrl::parse("https://nowhere.invalid/chat/").unwrap();
    let answer = ask_one(url, PATIENT);
    assert!(matches!(answer, Reachability::UnknownHost(_)), "{answer:?}");
    assert!(
        answer.to_string().contains("DNS")
            && answer.hint("apps.inside.anl.gov").unwrap().contains("VPN")
            && answer.hint("localhost").is_none()
    );
}

#[test]
fn answers_keep_the_order_of_the_questions() {
    let (first, a) = server("HTTP/1.1 405 M\r\nContent-Length: 0\r\n\r\n");
    let (second, b) = server("HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n");
    let answers = probe_all(&[url("http", first), url("http", second)], PATIENT);
    assert_eq!(answers, [Reachability::Answers(405), Reachability::Answers(404)]);
    a.join().unwrap();
    b.join().unwrap();
}
