//! A large stream takes no memory that grows with it, however slowly its client reads.
#![cfg(target_os = "linux")]

use crate::support::{Argo, Server, Wire, chat};
use serde_json::json;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;

/// How much is streamed.
const STREAMED: usize = 64 << 20;
/// How much more the process may take for it: buffers of sockets and of a few pieces.
const ROOM: usize = 24 << 20;
const PIECE: usize = 64 << 10;
const TEXT: &str = "a word. ";

/// A connection that tells when a write has had to wait.
struct Telling {
    stream: TcpStream,
    stands: mpsc::Sender<()>,
}

impl Read for Telling {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.stream.read(into)
    }
}

impl Write for Telling {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.stream.write(bytes) {
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    let _ = self.stands.send(());
                }
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// The most memory that the process has had, in bytes.
pub fn peak(server: &Server) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() << 10
}

#[test]
fn a_large_stream_is_not_kept_in_memory_when_its_client_does_not_read() {
    let (stands, has_stood) = mpsc::channel();
    let (sent, is_sent) = mpsc::channel();
    let sent = std::sync::Mutex::new(sent);
    let argo = Argo::behind(
        move |stream| {
            stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
            Box::new(Telling { stream, stands: stands.clone() }) as Box<dyn Wire>
        },
        move |request, connection| {
            let pieces = if request.json()["messages"].to_string().contains("small") { 1 } else { STREAMED / PIECE };
            let piece = TEXT.repeat(PIECE / TEXT.len());
            connection.stream_head();
            for _ in 0..pieces {
                connection.chunk(piece.as_bytes());
            }
            connection.stream_end();
            sent.lock().unwrap().send(()).unwrap();
        },
    );
    let server = Server::before(&argo);
    let body = |text: &str| chat(text, json!({"stream": true, "stream_options": {"include_usage": true}}));
    // What a first stream takes, tables for counting included, is taken.
    assert!(server.chat(&body("small")).complete);
    is_sent.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    let before = peak(&server);

    let mut client = server.client();
    client.send("POST", "/v1/chat/completions", "", body("large").as_bytes());
    assert_eq!(client.head().status, 200);
    // Nobody reads. Whoever buffers would take it all, and ARGO's writes would never have to wait.
    has_stood.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(is_sent.try_recv().is_err(), "all of it was taken while nobody read");
    let standing = peak(&server) - before;
    let mut received = 0;
    while let Some(piece) = client.chunk().filter(|piece| !piece.is_empty()) {
        received += piece.iter().filter(|byte| **byte == b'w').count() * TEXT.len();
    }
    is_sent.recv_timeout(Duration::from_secs(60)).unwrap();
    let whole = peak(&server) - before;
    assert!(received >= STREAMED, "{received}");
    assert!(whole < ROOM, "{standing} bytes more while it stood, {whole} at the end");
}
