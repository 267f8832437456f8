//! A running stand-in, and a plain client for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::IntoRawFd;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use argo_stand_in::{CHAT_PATH, Options, STREAM_CHAT_PATH, StandIn};
use pingora::server::{Fds, ListenFds};
use pingora::services::Service as _;
use serde_json::{Value, json};
use tokio::sync::watch;

/// A running stand-in on a port of its own; stops when dropped.
pub struct Served {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking());
        }
    }
}

pub fn serve(options: Options) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let mut fds = Fds::new();
    fds.add(address.to_string(), listener.into_raw_fd());
    let fds: ListenFds = Arc::new(fds.into());
    let (stop, stopped) = watch::channel(false);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut service = pingora::services::listening::Service::new("stand-in".into(), StandIn::new(options));
        service.add_tcp(&address.to_string());
        runtime.block_on(service.start_service(Some(fds), stopped, 1));
    });
    Served { address, stop, thread: Some(thread) }
}

/// The reply to one request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The chunks of a chunked body.
    pub pieces: Vec<Vec<u8>>,
    /// Whether the body ended as HTTP wants it to.
    pub complete: bool,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// One connection, over which any number of requests go.
pub struct Client(pub BufReader<TcpStream>);

impl Client {
    pub fn connect(served: &Served) -> Self {
        let stream = TcpStream::connect(served.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(BufReader::new(stream))
    }

    pub fn send(&mut self, request: &str) {
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
    }

    pub fn call(&mut self, method: &str, path: &str, body: &str) -> Answer {
        self.call_with(method, path, "", body)
    }

    /// Calls with more headers, each of which ends in a line break.
    pub fn call_with(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: argo.test\r\nAccept-Encoding: identity\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        ));
        self.answer()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub fn answer(&mut self) -> Answer {
        let status = self.line();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer { status, headers, body: Vec::new(), pieces: Vec::new(), complete: false };
        if answer.header("transfer-encoding") == Some("chunked") {
            self.chunks(&mut answer);
        } else if let Some(length) = answer.header("content-length") {
            let length: usize = length.parse().unwrap();
            let body = (&mut self.0).take(length as u64);
            body.bytes().for_each(|b| answer.body.push(b.unwrap()));
            answer.complete = answer.body.len() == length;
        }
        answer
    }

    fn chunks(&mut self, answer: &mut Answer) {
        while let Ok(size) = usize::from_str_radix(&self.line(), 16) {
            let mut piece = vec![0; size];
            self.0.read_exact(&mut piece).unwrap();
            assert_eq!(self.line(), "");
            if size == 0 {
                answer.complete = true;
                return;
            }
            answer.body.extend_from_slice(&piece);
            answer.pieces.push(piece);
        }
    }

    /// Whatever comes until the server closes the connection.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        rest
    }
}

pub fn chat_body(text: &str) -> String {
    json!({"user": "jdoe", "model": "m", "messages": [{"role": "user", "content": text}]}).to_string()
}

pub fn embed_body(text: &str) -> String {
    json!({"user": "jdoe", "model": "m", "prompt": [text]}).to_string()
}

pub fn chat(served: &Served, text: &str) -> Answer {
    Client::connect(served).call("POST", CHAT_PATH, &chat_body(text))
}

pub fn stream(served: &Served, text: &str) -> Answer {
    Client::connect(served).call("POST", STREAM_CHAT_PATH, &chat_body(text))
}
