//! Clients that end their side after a complete request, as `nc -N`, tunnels and TCP proxies do, and still read.

use crate::listeners::tls_stream;
use crate::support::{Argo, Client, Recorded, Server, Setup, chat, said, with_model, without_comments};
use crate::upstream_tls::Authority;
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

const CHAT: &str = "/v1/chat/completions";

/// An ARGO that waits for a word before each answer.
fn patient() -> (Argo, Sender<()>) {
    let (go, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let argo = Argo::start(move |request, connection| {
        gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
        match request.path.as_str() {
            path if path.ends_with("/embed/") => {
                connection.json(200, &json!({"embedding": [vec![0.5; 1536]]}).to_string())
            }
            path if path.ends_with("/streamchat/") => connection.streams(&[b"o", b"k"]),
            _ => connection.says("ok"),
        }
    });
    (argo, go)
}

/// Sends a request and ends the client's side.
fn end_after(client: &mut Client, path: &str, body: &str) {
    client.send("POST", path, "Connection: close\r\n", body.as_bytes());
    client.end_sending();
}

/// Reads the interim response, by which the proxy asks whether the client is still there.
fn is_asked(client: &mut Client) {
    let interim = client.head();
    assert_eq!((interim.status, interim.headers.len()), (100, 0));
}

fn tools() -> Value {
    json!([{"type": "function", "function": {"name": "f"}}])
}

#[test]
fn every_path_answers_a_client_that_has_ended_its_side() {
    let (argo, go) = patient();
    let server = Server::before(&argo);
    for (path, body, calls) in [
        (CHAT, chat("x", json!({})), 1),
        (CHAT, chat("x", json!({"n": 2})), 2),
        (CHAT, chat("x", json!({"tools": tools()})), 1),
        ("/v1/completions", with_model(json!({"prompt": "x"})), 1),
        ("/v1/embeddings", json!({"input": "x"}).to_string(), 1),
        ("/v1/chat", with_model(json!({"prompt": ["x"]})), 1),
    ] {
        let mut client = server.client();
        end_after(&mut client, path, &body);
        is_asked(&mut client);
        (0..calls).for_each(|_| go.send(()).unwrap());
        let answer = client.answer();
        assert_eq!((answer.status, answer.complete), (200, true), "{body}");
        assert!(answer.text().contains("ok") || path.contains("embeddings"), "{answer:?}");
        assert!(client.is_closed());
    }
    for (more, calls) in [(json!({}), 1), (json!({"n": 2}), 2), (json!({"tools": tools()}), 1)] {
        let mut body = more.clone();
        body["stream"] = json!(true);
        let mut client = server.client();
        end_after(&mut client, CHAT, &chat("x", body));
        is_asked(&mut client);
        (0..calls).for_each(|_| go.send(()).unwrap());
        let answer = client.answer();
        assert_eq!((answer.status, answer.complete), (200, true), "{more}");
        let stream = without_comments(&answer.body);
        assert!(stream.ends_with(b"data: [DONE]\n\n"), "{answer:?}");
        if calls == 1 {
            assert_eq!(said(&stream).text, "ok");
        }
    }
    server.signal("TERM");
    let (_, log) = server.ended();
    assert!(!log.contains("ended_by=client"), "{log}");
}

#[test]
fn a_quick_reply_comes_without_an_interim_response() {
    let argo = Argo::saying("ok");
    let server = Server::before(&argo);
    let mut client = server.client();
    end_after(&mut client, CHAT, &chat("x", json!({})));
    let answer = client.answer();
    // On a machine that is so busy that the call takes a second, the question comes first.
    let answer = if answer.status == 100 { client.answer() } else { answer };
    assert_eq!((answer.status, answer.complete), (200, true));
}

#[test]
fn a_chunked_body_ends_with_its_last_chunk() {
    let (argo, go) = patient();
    let server = Server::before(&argo);
    let body = chat("x", json!({}));
    let head = format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = format!("{:x}\r\n{body}\r\n", body.len());
    let mut client = server.client();
    client.raw(format!("{head}{chunk}0\r\n\r\n"));
    client.end_sending();
    is_asked(&mut client);
    go.send(()).unwrap();
    assert_eq!(client.answer().status, 200);
    // Without it the request is cut, whatever its document says, and nobody waits for a reply.
    let mut client = server.client();
    client.raw(format!("{head}{chunk}"));
    client.end_sending();
    assert_ne!(client.try_answer().map_or(0, |answer| answer.status), 200);
    let mut client = server.client();
    client.raw(format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{{"));
    client.end_sending();
    assert_ne!(client.try_answer().map_or(0, |answer| answer.status), 200);
}

#[test]
fn a_stream_goes_on_when_the_client_ends_its_side_in_its_middle() {
    let (argo, go) = Argo::halting();
    let server = Server::before(&argo);
    let mut client = server.client();
    client.send("POST", CHAT, "", chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(client.head().status, 200);
    let mut stream = client.chunk().unwrap();
    while !String::from_utf8_lossy(&stream).contains(r#""content":"a""#) {
        stream.extend(client.chunk().unwrap());
    }
    client.end_sending();
    let comment = client.chunk().unwrap();
    assert!(comment.starts_with(b":") && comment.ends_with(b"\n\n"), "{comment:?}");
    go.send(()).unwrap();
    while let Some(piece) = client.chunk().filter(|piece| !piece.is_empty()) {
        stream.extend(piece);
    }
    let said = said(&stream);
    assert_eq!((said.text.as_str(), said.done), ("ab", true));
}

#[test]
fn who_has_ended_its_side_keeps_its_place_in_the_queue() {
    let (argo, go) = patient();
    let server = Setup::before(&argo).config("limits: { concurrent: 1 }").start();
    let mut first = server.client();
    first.send("POST", CHAT, "", chat("first", json!({})).as_bytes());
    crate::reload::until("the first call", || argo.requests().len() == 1);
    let mut second = server.client();
    end_after(&mut second, CHAT, &chat("second", json!({})));
    is_asked(&mut second);
    go.send(()).unwrap();
    assert_eq!(first.answer().status, 200);
    go.send(()).unwrap();
    assert_eq!(second.answer().status, 200);
}

#[test]
fn images_are_fetched_for_it() {
    let (go, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let figures = Argo::start(move |_: &Recorded, connection| {
        gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
        connection.whole(200, "", b"\x89PNG\r\n\x1a\n one");
    });
    let argo = Argo::saying("ok");
    let table = format!(
        r#"
version: 1
upstreams: {{ a: {{ url: "${{argo_url}}", dialect: argo }} }}
models: {{ m: {{ default: x, show: {{ owned_by: x, created: 1 }}, names: {{ x: y }} }} }}
routes: [{{ path: /chat, upstream: a, models: m, transformer: openai_chat_completions, images: {{ allow_hosts: ["{}"] }} }}]
"#,
        figures.address
    );
    let server = Setup::before(&argo).routes(&table).start();
    let part = json!({"type": "image_url", "image_url": {"url": format!("http://{}/a.png", figures.address)}});
    let mut client = server.client();
    end_after(&mut client, "/chat", &json!({"messages": [{"role": "user", "content": [part]}]}).to_string());
    is_asked(&mut client);
    go.send(()).unwrap();
    assert_eq!(client.answer().status, 200);
}

#[test]
fn old_clients_are_answered_without_an_interim_response() {
    let (argo, go) = patient();
    let server = Server::before(&argo);
    for (calls, stream) in [false, true].into_iter().enumerate() {
        let body = chat("x", json!({"stream": stream}));
        let mut client = server.client();
        client.raw(format!("POST {CHAT} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        client.end_sending();
        crate::reload::until("the call", || argo.requests().len() > calls);
        // The end of the client's side came with its request; a round over another connection gives it time to be read.
        assert_eq!(server.get("/livez").status, 200);
        go.send(()).unwrap();
        let answer = client.answer();
        assert_eq!((answer.status, answer.complete), (200, true));
        assert!(answer.text().contains("ok") || answer.text().ends_with("data: [DONE]\n\n"), "{answer:?}");
    }
}

#[test]
fn a_unix_socket_tells_who_has_left_from_who_only_ended_its_side() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let (go, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let argo = Argo::start(move |request, connection| {
        if request.json()["messages"][0]["content"] == "leaves" {
            tell.lock().unwrap().send(connection.left()).unwrap();
            return;
        }
        gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
        connection.says("ok");
    });
    let server = Setup::before(&argo).config("socket: run/proxy.sock").start();
    let place = server.file("run/proxy.sock");
    let request = |text: &str| {
        let body = chat(text, json!({}));
        format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let socket = std::os::unix::net::UnixStream::connect(&place).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut client = Client::over(socket.try_clone().unwrap());
    client.raw(request("waits"));
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    is_asked(&mut client);
    go.send(()).unwrap();
    assert_eq!(client.answer().status, 200);

    let mut client = Client::at(&place);
    client.raw(request("leaves"));
    crate::reload::until("the call", || argo.requests().len() == 2);
    drop(client);
    assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(true));
}

#[test]
fn who_leaves_a_silent_stream_that_it_has_read_drops_its_call() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let argo = Argo::start(move |_, connection| {
        connection.stream_head();
        connection.chunk(b"a");
        tell.lock().unwrap().send(connection.left()).unwrap();
    });
    let server = Server::before(&argo);
    let mut client = server.client();
    client.send("POST", CHAT, "X-Request-Id: silent\r\n", chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(client.head().status, 200);
    while !String::from_utf8_lossy(&client.chunk().unwrap()).contains(r#""content":"a""#) {}
    drop(client);
    assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(true));
    crate::reload::until("its line", || server.log().contains("ended_by=client error=ConnectionClosed id=silent"));
}

#[test]
fn where_nothing_may_be_asked_the_next_bytes_tell_who_has_left() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let argo = Argo::start(move |_, connection| {
        connection.stream_head();
        connection.chunk(b"a");
        tell.lock().unwrap().send("begun").unwrap();
        while connection.is_open() {
            connection.chunk(b"b");
        }
        tell.lock().unwrap().send("left").unwrap();
    });
    let server = Server::before(&argo);
    let (old, raw) = (chat("x", json!({"stream": true})), with_model(json!({"prompt": ["x"], "stream": true})));
    for request in [
        format!("POST {CHAT} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{old}", old.len()),
        format!("POST /v1/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{raw}", raw.len()),
    ] {
        let mut client = server.client();
        client.raw(request);
        assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok("begun"));
        client.end_sending();
        drop(client);
        assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok("left"));
    }
}

#[test]
fn over_tls_a_client_that_says_goodbye_is_answered() {
    let (argo, go) = patient();
    let authority = Authority::new();
    let (certificate, key) = authority.serves("own.test");
    let setup = Setup::before(&argo).config("tls: { certificate: tls/own.pem, key: tls/own.key }");
    let server = setup.file("tls/own.pem", &certificate).file("tls/own.key", &key).start();
    let mut stream = tls_stream(&server, &authority, "own.test");
    let body = chat("x", json!({}));
    let head = format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    let mut client = Client::over(stream);
    is_asked(&mut client);
    go.send(()).unwrap();
    assert_eq!(client.answer().status, 200);
}

#[test]
fn who_leaves_after_it_ended_its_side_drops_its_call() {
    let (argo, is_asked, is_left) = Argo::silent();
    let server = Server::before(&argo);
    for (id, calls, more) in
        [("one", 1, json!({})), ("both", 2, json!({"n": 2})), ("cut", 1, json!({"tools": tools(), "stream": true}))]
    {
        let mut client = server.client();
        client.send("POST", CHAT, &format!("X-Request-Id: {id}\r\n"), chat("x", more).as_bytes());
        client.end_sending();
        (0..calls).for_each(|_| is_asked.recv_timeout(Duration::from_secs(20)).unwrap());
        // Unread bytes make the system reset the connection when it closes. Without them the next question does.
        client.wait_for_bytes();
        drop(client);
        for _ in 0..calls {
            assert_eq!(is_left.recv_timeout(Duration::from_secs(20)), Ok(true), "{id}");
        }
        let said = format!("ended_by=client error=ConnectionClosed id={id}");
        crate::reload::until("its line", || server.log().contains(&said));
    }
}
