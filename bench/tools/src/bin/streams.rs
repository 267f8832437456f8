//! Opens streams and reports, as one line of JSON, how long their stamped pieces took.
//!
//! `streams ADDRESS PATH BODY-FILE STREAMS MILLISECONDS` opens `STREAMS` streams at the same time. `MILLISECONDS` is
//! the interval of the upstream's pieces. It prints `open` on its own line when every stream has received its first
//! piece, and none has ended by then.

use bench_tools::spread::Spread;
use bench_tools::stamp::{self, Stamps};
use serde_json::json;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The measurements of one stream, in nanoseconds.
#[derive(Default)]
struct Came {
    /// The time from the request to the first piece.
    first: u64,
    /// The time from writing each piece to reading it.
    delays: Vec<u64>,
    /// The longest silence between two pieces.
    gap: u64,
    bytes: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, body, streams, every] = words.as_slice() else {
        return Err("usage: streams ADDRESS PATH BODY-FILE STREAMS MILLISECONDS".into());
    };
    let (address, body): (SocketAddr, Vec<u8>) = (address.parse()?, std::fs::read(body)?);
    let (streams, every): (u32, u64) = (streams.parse()?, every.parse()?);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let request: Arc<[u8]> = [head.as_bytes(), &body].concat().into();
    let begun = stamp::now();
    let (came, failed) = run(address, request, streams).await;
    let seconds = (stamp::now() - begun) as f64 / 1e9;
    println!("{}", told(came, failed, seconds, every * 1_000_000));
    Ok(())
}

/// Opens the streams a few at a time, because a listener's queue is short.
async fn run(address: SocketAddr, request: Arc<[u8]>, streams: u32) -> (Vec<Came>, usize) {
    let (opening, open) = (Arc::new(Semaphore::new(64)), Arc::new(Semaphore::new(0)));
    let mut running = JoinSet::new();
    for _ in 0..streams {
        let (request, opening, open) = (request.clone(), opening.clone(), open.clone());
        running.spawn(async move { stream(address, &request, &opening, &open).await });
    }
    let ended = Arc::new(AtomicBool::new(false));
    let has_ended = ended.clone();
    let told = tokio::spawn(async move {
        if open.acquire_many(streams).await.is_ok() && !has_ended.load(Ordering::Relaxed) {
            println!("open");
            std::io::stdout().flush().unwrap_or_default();
        }
    });
    let (mut came, mut failed) = (Vec::new(), 0);
    while let Some(done) = running.join_next().await {
        ended.store(true, Ordering::Relaxed);
        match done {
            Ok(Ok(one)) if !one.delays.is_empty() => came.push(one),
            _ => failed += 1,
        }
    }
    told.abort();
    (came, failed)
}

async fn stream(address: SocketAddr, request: &[u8], opening: &Semaphore, open: &Semaphore) -> std::io::Result<Came> {
    let mut permit = opening.acquire().await.ok();
    let mut connection = TcpStream::connect(address).await?;
    connection.set_nodelay(true)?;
    let begun = stamp::now();
    connection.write_all(request).await?;
    let (mut came, mut stamps, mut last, mut newest) = (Came::default(), Stamps::default(), 0, 0);
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = connection.read(&mut buffer).await?;
        if read == 0 {
            return Ok(came);
        }
        let now = stamp::now();
        came.bytes += read;
        stamps.push(buffer.get(..read).unwrap_or_default(), |written| {
            // Some dialects repeat the whole text at the end.
            if written <= newest {
                return;
            }
            newest = written;
            came.delays.push(now.saturating_sub(written));
            if last > 0 {
                came.gap = came.gap.max(now - last);
            }
            last = now;
        });
        if came.first == 0 && !came.delays.is_empty() {
            came.first = now - begun;
            open.add_permits(1);
            permit.take();
        }
    }
}

fn told(came: Vec<Came>, failed: usize, seconds: f64, every: u64) -> serde_json::Value {
    let bytes: usize = came.iter().map(|one| one.bytes).sum();
    let stall = came.iter().map(|one| one.gap.saturating_sub(every)).max().map(|nanos| nanos as f64 / 1e3);
    let firsts = Spread::of(came.iter().map(|one| one.first).collect());
    let delays = Spread::of(came.into_iter().flat_map(|one| one.delays).collect());
    json!({
        "streams": firsts.len(), "failed": failed, "seconds": seconds, "pieces": delays.len(), "bytes": bytes,
        "delay_p50_us": delays.micros(0.5), "delay_p99_us": delays.micros(0.99),
        "first_p50_us": firsts.micros(0.5), "first_p99_us": firsts.micros(0.99), "stall_us": stall,
    })
}
