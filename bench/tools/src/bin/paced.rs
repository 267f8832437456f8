//! An upstream that answers every request with a stream of stamped pieces: `paced PIECES SIZE MILLISECONDS FORM`.
//!
//! `FORM` is the name of one of the forms of `bench_tools::form`. It listens on a free port of this machine and displays
//! the address.

use bench_tools::form::Form;
use bench_tools::stamp;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

#[derive(Clone, Copy)]
struct Stream {
    pieces: usize,
    size: usize,
    every: Duration,
    form: Form,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [pieces, size, every, form] = words.as_slice() else {
        return Err("usage: paced PIECES SIZE MILLISECONDS FORM".into());
    };
    let stream = Stream {
        pieces: pieces.parse()?,
        size: size.parse()?,
        every: Duration::from_millis(every.parse()?),
        form: Form::named(form).ok_or("there is no such form")?,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        tokio::spawn(async move {
            // An error only means that the client closed the connection.
            serve(connection, stream).await.unwrap_or_default();
        });
    }
}

/// Answers one request after another on a connection.
async fn serve(mut connection: TcpStream, stream: Stream) -> std::io::Result<()> {
    let mut held = Vec::new();
    while let Some(is_last) = read_request(&mut connection, &mut held).await? {
        let kind = stream.form.content_type;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n");
        connection.write_all(head.as_bytes()).await?;
        write_chunk(&mut connection, stream.form.opening).await?;
        let begun = Instant::now();
        for number in 0..stream.pieces {
            if !stream.every.is_zero() {
                sleep_until(begun + stream.every * u32::try_from(number).unwrap_or(u32::MAX)).await;
            }
            let text = String::from_utf8(stamp::piece(stream.size)).map_err(std::io::Error::other)?;
            write_chunk(&mut connection, &stream.form.piece(&text, number)).await?;
        }
        write_chunk(&mut connection, stream.form.closing).await?;
        connection.write_all(b"0\r\n\r\n").await?;
        if is_last {
            break;
        }
    }
    Ok(())
}

/// Writes a chunk of the body, unless it is empty: that would end the body.
async fn write_chunk(connection: &mut TcpStream, text: &str) -> std::io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    connection.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes()).await
}

/// Reads a request with its body, which has a length. Returns true if the client sends no other request after it;
/// `None` if there is no request.
async fn read_request(connection: &mut TcpStream, held: &mut Vec<u8>) -> std::io::Result<Option<bool>> {
    loop {
        if let Some(end) = held.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(held.get(..end).unwrap_or_default()).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            let whole = end + 4 + length.unwrap_or(0usize);
            while held.len() < whole {
                if connection.read_buf(held).await? == 0 {
                    return Ok(None);
                }
            }
            held.drain(..whole);
            return Ok(Some(head.contains("\r\nconnection: close")));
        }
        if connection.read_buf(held).await? == 0 {
            return Ok(None);
        }
    }
}
