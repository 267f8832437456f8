//! Sends requests whose text was never sent before, over connections that stay open, and reports the latencies as one
//! line of JSON.
//!
//! `fresh ADDRESS PATH BODY-FILE TEXTS-FILE SIZE REQUESTS CONNECTIONS SEED` puts `SIZE` bytes of text in the place of
//! `NEW-TEXT` in the body: lines of `TEXTS-FILE` in an order that `SEED` and the number of the request decide.

use bench_tools::spread::Spread;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const MARK: &str = "NEW-TEXT";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What is asked, and of whom.
struct Load {
    address: SocketAddr,
    path: String,
    /// The body before and after the text.
    body: (String, String),
    /// Lines as they stand inside a JSON string.
    lines: Vec<String>,
    size: usize,
    requests: u64,
    seed: u64,
    sent: AtomicU64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, body, texts, size, requests, connections, seed] = words.as_slice() else {
        return Err("usage: fresh ADDRESS PATH BODY-FILE TEXTS-FILE SIZE REQUESTS CONNECTIONS SEED".into());
    };
    let body = std::fs::read_to_string(body)?;
    let (before, after) = body.split_once(MARK).ok_or("the body has no NEW-TEXT")?;
    let load = Arc::new(Load {
        address: address.parse()?,
        path: path.clone(),
        body: (before.to_owned(), after.to_owned()),
        lines: lines(&std::fs::read_to_string(texts)?)?,
        size: size.parse()?,
        requests: requests.parse()?,
        seed: seed.parse()?,
        sent: AtomicU64::new(0),
    });
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..connections.parse()? {
        let load = load.clone();
        running.spawn(async move { connection(&load).await });
    }
    let mut taken = Vec::new();
    while let Some(done) = running.join_next().await {
        taken.extend(done??);
    }
    let (seconds, taken) = (begun.elapsed().as_secs_f64(), Spread::of(taken));
    let told = json!({
        "requests": taken.len(), "per_second": taken.len() as f64 / seconds,
        "p50_us": taken.micros(0.5), "p99_us": taken.micros(0.99),
    });
    println!("{told}");
    Ok(())
}

/// Returns the lines of a text that have words, each with a line break, escaped for JSON.
fn lines(text: &str) -> Result<Vec<String>, Failure> {
    let lines = text.lines().filter(|line| line.len() > 20).map(|line| {
        let quoted = serde_json::to_string(&format!("{line}\n"))?;
        Ok(quoted.trim_matches('"').to_owned())
    });
    let lines: Vec<String> = lines.collect::<Result<_, Failure>>()?;
    if lines.is_empty() { Err("there are no lines".into()) } else { Ok(lines) }
}

/// Sends requests until all are sent. Returns the nanoseconds that each took.
async fn connection(load: &Load) -> Result<Vec<u64>, Failure> {
    let mut connection = TcpStream::connect(load.address).await?;
    connection.set_nodelay(true)?;
    let mut taken = Vec::new();
    loop {
        let number = load.sent.fetch_add(1, Ordering::Relaxed);
        if number >= load.requests {
            return Ok(taken);
        }
        let request = load.request(number);
        let begun = Instant::now();
        connection.write_all(request.as_bytes()).await?;
        read_reply(&mut connection).await?;
        taken.push(u64::try_from(begun.elapsed().as_nanos())?);
    }
}

impl Load {
    fn request(&self, number: u64) -> String {
        let (before, after) = &self.body;
        let text = self.text(number);
        let (path, host, length) = (&self.path, self.address, before.len() + text.len() + after.len());
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer unused\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{before}{text}{after}"
        )
    }

    /// Returns lines in an order that no other request has. The number at the start is for texts of one line.
    fn text(&self, number: u64) -> String {
        let mut random = self.seed.wrapping_mul(1_000_003).wrapping_add(number);
        let mut text = format!("{random}: ");
        while text.len() < self.size {
            // A step of a linear congruential generator (Knuth's MMIX). Its high bits are good enough for an order.
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(random >> 33).unwrap_or(0) % self.lines.len().max(1);
            text.push_str(self.lines.get(at).map_or("", String::as_str));
        }
        text
    }
}

/// Reads a reply with a length; anything but success is an error.
async fn read_reply(connection: &mut TcpStream) -> Result<(), Failure> {
    let mut held = Vec::with_capacity(16 * 1024);
    loop {
        if connection.read_buf(&mut held).await? == 0 {
            return Err("the connection ended".into());
        }
        let Some(end) = held.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(held.get(..end).unwrap_or_default()).to_ascii_lowercase();
        if !head.starts_with("http/1.1 200") {
            return Err(String::from_utf8_lossy(&held).into_owned().into());
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
        let whole = end + 4 + length.ok_or("the reply has no length")?;
        while held.len() < whole {
            if connection.read_buf(&mut held).await? == 0 {
                return Err("the reply was cut off".into());
            }
        }
        return Ok(());
    }
}
