//! A plain HTTP/1.1 client that shows what came over the wire.

use super::Wire;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// What came back for one request.
#[derive(Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body ended as HTTP wants it to.
    pub complete: bool,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The error object, whose four keys must all be there.
    pub fn error(&self) -> serde_json::Value {
        let error = self.json()["error"].clone();
        for key in ["message", "type", "param", "code"] {
            assert!(error.get(key).is_some(), "{key} is missing: {error}");
        }
        error
    }
}

/// One connection to the proxy, over which any number of requests go.
pub struct Client {
    reader: BufReader<Box<dyn Wire>>,
    /// The same connection, for its time limit.
    tcp: Option<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        let tcp = stream.try_clone().unwrap();
        Client { tcp: Some(tcp), ..Client::over(stream) }
    }

    /// Over a connection that stands.
    pub fn over(stream: impl Wire + 'static) -> Self {
        Client { reader: BufReader::new(Box::new(stream)), tcp: None }
    }

    /// Over a Unix socket.
    pub fn at(path: &Path) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Client::over(stream)
    }

    pub fn raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.reader.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Whether bytes can still be sent.
    pub fn try_raw(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.reader.get_mut().write_all(bytes.as_ref()).is_ok()
    }

    /// How long it waits for what it reads.
    pub fn set_patience(&mut self, time: Duration) {
        self.tcp.as_ref().unwrap().set_read_timeout(Some(time)).unwrap();
    }

    /// Ends its side of the connection. It can still read.
    pub fn end_sending(&mut self) {
        self.tcp.as_ref().unwrap().shutdown(Shutdown::Write).unwrap();
    }

    /// Waits until something has come, and leaves it unread.
    pub fn wait_for_bytes(&mut self) {
        assert_eq!(self.tcp.as_ref().unwrap().peek(&mut [0; 1]).unwrap(), 1);
    }

    /// Whether something comes within this time. It is left unread.
    pub fn has_bytes(&mut self, time: Duration) -> bool {
        let tcp = self.tcp.as_ref().unwrap();
        tcp.set_read_timeout(Some(time)).unwrap();
        let has = tcp.peek(&mut [0; 1]).is_ok();
        tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        has
    }

    pub fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.raw(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n"));
        self.raw(body);
    }

    pub fn call(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        self.send(method, path, headers, body);
        if method == "HEAD" { self.head() } else { self.answer() }
    }

    pub fn post(&mut self, path: &str, body: &str) -> Answer {
        self.call("POST", path, "Content-Type: application/json\r\n", body.as_bytes())
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.call("GET", path, "", b"")
    }

    /// Sends a body in HTTP chunks of `size` bytes.
    pub fn post_chunked(&mut self, path: &str, body: &[u8], size: usize) -> Answer {
        self.raw(format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"));
        let mut wire = Vec::new();
        for chunk in body.chunks(size) {
            wire.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            wire.extend_from_slice(chunk);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b"0\r\n\r\n");
        self.raw(wire);
        self.answer()
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        // A connection that breaks here reads as an empty line, which is neither a head nor a chunk.
        let _ = self.reader.read_line(&mut line);
        line.trim_end().to_owned()
    }

    /// Status and headers.
    pub fn head(&mut self) -> Answer {
        let status = self.line();
        let status = status.split(' ').nth(1).unwrap_or_else(|| panic!("no status line: {status:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        Answer { status, headers, ..Answer::default() }
    }

    /// The answer, or nothing when the connection broke before its head was complete.
    pub fn try_answer(&mut self) -> Option<Answer> {
        let waiting = self.reader.fill_buf().is_ok_and(|bytes| !bytes.is_empty());
        waiting.then(|| self.answer())
    }

    /// The same for a request.
    pub fn try_get(&mut self, path: &str) -> Option<Answer> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let sent = self.reader.get_mut().write_all(request.as_bytes()).is_ok();
        if sent { self.try_answer() } else { None }
    }

    /// Whether the server closes the connection without another byte.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.reader.read(&mut [0; 1]), Ok(0) | Err(_))
    }

    pub fn answer(&mut self) -> Answer {
        let mut answer = self.head();
        if answer.header("transfer-encoding") == Some("chunked") {
            while let Some(piece) = self.chunk() {
                answer.complete = piece.is_empty();
                answer.body.extend_from_slice(&piece);
                if answer.complete {
                    break;
                }
            }
        } else if let Some(length) = answer.header("content-length").map(|length| length.parse().unwrap()) {
            answer.body = vec![0; length];
            self.reader.read_exact(&mut answer.body).unwrap();
            answer.complete = true;
        } else if answer.status != 204 {
            answer.complete = self.reader.read_to_end(&mut answer.body).is_ok();
        }
        answer
    }

    /// The next HTTP chunk; empty for the last; `None` when the connection broke.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let size = usize::from_str_radix(&self.line(), 16).ok()?;
        let mut piece = vec![0; size + 2];
        self.reader.read_exact(&mut piece).ok()?;
        piece.truncate(size);
        Some(piece)
    }
}
