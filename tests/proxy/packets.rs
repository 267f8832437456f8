//! How calls travel: a head and its body together.

use crate::support::Wire;
use crate::support::{Argo, Server, chat};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

/// Notes what each read brought.
struct Noted {
    stream: TcpStream,
    reads: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Read for Noted {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let read = self.stream.read(buf)?;
        self.reads.lock().unwrap().push(buf[..read].to_vec());
        Ok(read)
    }
}

impl Write for Noted {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.stream.write(buf)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

/// An ARGO that answers everything, and what its reads brought.
fn noting() -> (Argo, Arc<Mutex<Vec<Vec<u8>>>>) {
    let reads = Arc::new(Mutex::new(Vec::new()));
    let kept = reads.clone();
    let wrap = move |stream| Box::new(Noted { stream, reads: kept.clone() }) as Box<dyn Wire>;
    let argo = Argo::behind(wrap, |request, connection| {
        if request.path.contains("stream") { connection.streams(&[b"hello"]) } else { connection.says("hello") }
    });
    (argo, reads)
}

/// Whether what was read is a head with all of its body.
fn is_whole(read: &[u8]) -> bool {
    let text = std::str::from_utf8(read).unwrap();
    text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with('}'))
}

#[test]
#[cfg(target_os = "linux")]
fn the_head_of_a_call_and_its_body_arrive_together() {
    let (argo, reads) = noting();
    let server = Server::before(&argo);
    let mut client = server.client();
    // The first on a new connection, the second on the same; then streams, and calls that the proxy makes itself.
    let asked =
        [json!({}), json!({}), json!({"stream": true}), json!({"stream": true}), json!({"n": 2}), json!({"n": 2})];
    for more in &asked {
        let body = chat("hello", more.clone());
        assert_eq!(client.post("/v1/chat/completions", &body).status, 200);
        assert_eq!(client.post_chunked("/v1/chat/completions", body.as_bytes(), 10).status, 200);
    }
    let calls = argo.requests().len();
    let reads = reads.lock().unwrap();
    let whole = reads.iter().filter(|read| is_whole(read)).count();
    assert_eq!(
        (whole, calls),
        (calls, 16),
        "{:?}",
        reads.iter().map(|read| String::from_utf8_lossy(read)).collect::<Vec<_>>()
    );
}
