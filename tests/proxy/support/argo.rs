//! An ARGO whose every byte a test decides: raw TCP, one thread a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The number of the connection that it came over, from 0.
    pub connection: usize,
}

impl Recorded {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn is_for_list(&self) -> bool {
        self.method == "GET" && self.path.trim_end_matches('/').ends_with("/models")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// What bytes travel over.
pub trait Wire: Read + Write + Send {}
impl<T: Read + Write + Send> Wire for T {}

/// One connection from the proxy.
pub struct Connection {
    reader: BufReader<Box<dyn Wire>>,
    open: bool,
}

impl Connection {
    pub fn raw(&mut self, bytes: &[u8]) {
        // A proxy that went away is what some tests are about.
        if self.reader.get_mut().write_all(bytes).is_err() {
            self.open = false;
        }
    }

    pub fn whole(&mut self, status: u16, headers: &str, body: &[u8]) {
        let length = body.len();
        self.raw(format!("HTTP/1.1 {status} Whatever\r\n{headers}Content-Length: {length}\r\n\r\n").as_bytes());
        self.raw(body);
    }

    pub fn json(&mut self, status: u16, body: &str) {
        self.whole(status, "Content-Type: application/json\r\n", body.as_bytes());
    }

    /// An answer of ARGO's chat.
    pub fn says(&mut self, text: &str) {
        self.json(200, &serde_json::json!({ "response": text }).to_string());
    }

    pub fn stream_head(&mut self) {
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n");
    }

    pub fn chunk(&mut self, bytes: &[u8]) {
        self.raw(format!("{:x}\r\n", bytes.len()).as_bytes());
        self.raw(bytes);
        self.raw(b"\r\n");
    }

    pub fn stream_end(&mut self) {
        self.raw(b"0\r\n\r\n");
    }

    /// A complete stream.
    pub fn streams(&mut self, pieces: &[&[u8]]) {
        self.stream_head();
        for piece in pieces {
            self.chunk(piece);
        }
        self.stream_end();
    }

    pub fn close(&mut self) {
        self.open = false;
    }

    /// Whether the proxy still takes what is sent.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Blocks until the proxy gives the connection up; false when it does not within 20 s.
    pub fn left(&mut self) -> bool {
        self.open = false;
        let waited =
            |e: &std::io::Error| matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
        match self.reader.read(&mut [0; 1]) {
            Ok(read) => read == 0,
            Err(e) => !waited(&e),
        }
    }

    fn request(&mut self, connection: usize) -> Option<Recorded> {
        let mut recorded = Recorded { connection, ..Recorded::default() };
        let mut line = String::new();
        self.reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut parts = line.split(' ');
        recorded.method = parts.next()?.to_owned();
        recorded.path = parts.next()?.to_owned();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            recorded.headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let length = recorded.header("content-length").map_or(0, |length| length.parse().unwrap());
        recorded.body = vec![0; length];
        self.reader.read_exact(&mut recorded.body).ok()?;
        Some(recorded)
    }
}

/// A scripted ARGO; what it was asked is recorded.
pub struct Argo {
    pub address: SocketAddr,
    recorded: Arc<Mutex<Vec<Recorded>>>,
}

impl Argo {
    /// Answers each request with `script`.
    pub fn start(script: impl Fn(&Recorded, &mut Connection) + Send + Sync + 'static) -> Self {
        Argo::behind(|stream| Box::new(stream), script)
    }

    /// The same over what `wrap` makes of a connection.
    pub fn behind(
        wrap: impl Fn(TcpStream) -> Box<dyn Wire> + Send + 'static,
        script: impl Fn(&Recorded, &mut Connection) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let accept = move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.set_nodelay(true).unwrap();
            wrap(stream)
        };
        Argo { address, recorded: serve_all(accept, script) }
    }

    /// The same on a Unix socket; with all requests so far.
    pub fn on_unix(
        path: &Path,
        script: impl Fn(&Recorded, &mut Connection) + Send + Sync + 'static,
    ) -> Arc<Mutex<Vec<Recorded>>> {
        let listener = UnixListener::bind(path).unwrap();
        let accept = move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            Box::new(stream) as Box<dyn Wire>
        };
        serve_all(accept, script)
    }

    /// An ARGO that says `text` to everything, whole or streamed.
    pub fn saying(text: &'static str) -> Self {
        Argo::start(move |request, connection| {
            if request.path.contains("stream") { connection.streams(&[text.as_bytes()]) } else { connection.says(text) }
        })
    }

    /// An ARGO that answers nothing. What comes out: a word for each call that arrived, and whether the proxy left it.
    pub fn silent() -> (Self, Receiver<()>, Receiver<bool>) {
        let (asked, is_asked) = mpsc::channel();
        let (left, is_left) = mpsc::channel();
        let tell = Mutex::new((asked, left));
        let argo = Argo::start(move |_, connection| {
            tell.lock().unwrap().0.send(()).unwrap();
            let left = connection.left();
            tell.lock().unwrap().1.send(left).unwrap();
        });
        (argo, is_asked, is_left)
    }

    /// An ARGO that streams `a`, and `b` once it is told to go on.
    pub fn halting() -> (Self, Sender<()>) {
        let (go, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let argo = Argo::start(move |_, connection| {
            connection.stream_head();
            connection.chunk(b"a");
            gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
            connection.chunk(b"b");
            connection.stream_end();
        });
        (argo, go)
    }

    /// All requests so far, but those for a list of models: the proxy sends one at its start, when it likes.
    pub fn requests(&self) -> Vec<Recorded> {
        self.recorded.lock().unwrap().iter().filter(|request| !request.is_for_list()).cloned().collect()
    }

    /// How often a list of models was asked for so far.
    pub fn lists_asked(&self) -> usize {
        self.recorded.lock().unwrap().iter().filter(|request| request.is_for_list()).count()
    }

    /// The only request so far.
    pub fn request(&self) -> Recorded {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

/// How long a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Serves every connection on a thread of its own.
fn serve_all(
    accept: impl Fn() -> Box<dyn Wire> + Send + 'static,
    script: impl Fn(&Recorded, &mut Connection) + Send + Sync + 'static,
) -> Arc<Mutex<Vec<Recorded>>> {
    let recorded = Arc::new(Mutex::new(Vec::new()));
    let (script, kept) = (Arc::new(script), recorded.clone());
    std::thread::spawn(move || {
        for number in 0.. {
            let (stream, script, log) = (accept(), script.clone(), recorded.clone());
            std::thread::spawn(move || serve(number, stream, &*script, &log));
        }
    });
    kept
}

fn serve(
    number: usize,
    stream: Box<dyn Wire>,
    script: &(dyn Fn(&Recorded, &mut Connection) + Send + Sync),
    log: &Mutex<Vec<Recorded>>,
) {
    let mut connection = Connection { reader: BufReader::new(stream), open: true };
    while connection.open {
        let Some(request) = connection.request(number) else { return };
        log.lock().unwrap().push(request.clone());
        script(&request, &mut connection);
    }
}
