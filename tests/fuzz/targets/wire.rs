//! What arrives in pieces, and URLs.

use super::{Target, knob, pieces, seeds};
use argo_openai_proxy::wire::gunzip::{Gunzip, GunzipError};
use argo_openai_proxy::wire::sse::{SseReader, TooLong};
use argo_openai_proxy::wire::{HttpUrl, utf8};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use std::io::{Read, Write};

pub const SSE: Target = Target {
    name: "sse",
    usual: 40_000,
    seeds: sse_seeds,
    words: &["data:", "data: ", "event: ", "id: 1", "\n\n", "\r\n", "\r", ": x", "\u{feff}", "[DONE]", "retry:"],
    run: sse,
};
pub const UTF8: Target = Target {
    name: "utf8",
    usual: 100_000,
    seeds: || seeds::behind(b'A'..=b'Z', seeds::answers("", |_| true)),
    words: &["é", "\u{2028}", "😀", "\u{feff}", "\u{fffd}"],
    run: utf8_carry,
};
pub const GUNZIP: Target =
    Target { name: "gunzip", usual: 15_000, seeds: gzipped, words: &["\0\0\0\0", "\x03\0", "\x1f"], run: gunzip };
pub const HTTP_URL: Target = Target {
    name: "http_url",
    usual: 60_000,
    seeds: urls,
    words: &[
        "http://",
        "https://",
        "//",
        "://",
        "@",
        ":",
        "[::1]",
        "[",
        "]",
        "127.0.0.1",
        "0x7f.1",
        "%",
        "%2e",
        "..",
        "\\",
        "?",
        "#",
        ":80",
        ":443",
        ":0",
        "é",
        " ",
        ".",
        "a.b",
        "\t",
    ],
    run: http_url,
};

fn sse_seeds() -> Vec<Vec<u8>> {
    let replies = seeds::read("golden", |path| path.ends_with("reply"));
    let mut streams = seeds::texts(&[
        "\u{feff}data: {\"a\":1}\n\n: a comment\r\n\r\nevent: ping\rdata\r\rdata:x\ndata:  y\r\ndata: é\n\nid: 7\n\n",
        "data: 0123456789\ndata: 0123456789\n\nevent: lost\n\ndata: [DONE]\r\n\r\n",
    ]);
    streams.extend(replies.into_iter().filter(|reply| reply.starts_with(b"200 text/event-stream")));
    seeds::behind(b'A'..=b'Z', streams)
}

type Events = (Vec<(Vec<u8>, Vec<u8>)>, Result<bool, TooLong>);

fn events<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, most: usize) -> Events {
    let mut reader = SseReader::new(most);
    let mut events = Vec::new();
    for piece in pieces {
        let read = reader.push(piece, |event| {
            events.push((event.name.to_vec(), event.data.to_vec()));
            Ok::<(), TooLong>(())
        });
        if let Err(error) = read {
            return (events, Err(error));
        }
    }
    (events, Ok(reader.is_between_events()))
}

fn sse(input: &[u8]) {
    let (knob, stream) = knob(input);
    for most in [16 + usize::from(knob), 1 << 20] {
        let whole = events([stream], most);
        assert_eq!(events(pieces(knob, stream), most), whole);
        assert!(whole.0.iter().all(|(name, data)| name.len() + data.len() <= 2 * most));
    }
    assert_eq!(events([stream], 1 << 20).0, slowly(stream));
}

/// Reads events as the standard says: line by line, from the whole stream.
fn slowly(stream: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let mut lines: Vec<Vec<u8>> = vec![Vec::new()];
    let mut bytes = stream.iter().peekable();
    while let Some(&byte) = bytes.next() {
        if byte == b'\r' {
            bytes.next_if(|next| **next == b'\n');
        }
        if matches!(byte, b'\r' | b'\n') { lines.push(Vec::new()) } else { lines.last_mut().unwrap().push(byte) }
    }
    // What has no line end is no line.
    lines.pop();
    let (mut events, mut name, mut data) = (Vec::new(), Vec::new(), None::<Vec<Vec<u8>>>);
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value).to_vec();
        match &line[..colon] {
            b"" if line.is_empty() => {
                let name = std::mem::take(&mut name);
                events.extend(data.take().map(|data| (name, data.join(&b'\n'))));
            }
            b"data" => data.get_or_insert_default().push(value),
            b"event" => name = value,
            _ => {}
        }
    }
    events
}

fn utf8_carry(input: &[u8]) {
    let (knob, bytes) = knob(input);
    let mut carry = utf8::Carry::default();
    let mut text = String::new();
    let broken = pieces(knob, bytes).into_iter().any(|piece| carry.push(piece, |part| text.push_str(part)).is_err());
    let sound = !broken && carry.end().is_ok();
    match std::str::from_utf8(bytes) {
        Ok(all) => assert_eq!((text.as_str(), sound), (all, true)),
        Err(error) => {
            assert_eq!((text.as_bytes(), sound), (&bytes[..error.valid_up_to()], false));
            // A byte that cannot be text is noticed at once, and half a character at the end.
            assert_eq!(broken, error.error_len().is_some());
            assert!(String::from_utf8_lossy(bytes).starts_with(&text));
        }
    }
}

fn gzipped() -> Vec<Vec<u8>> {
    let gzip = |text: &Vec<u8>| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let mut all: Vec<Vec<u8>> = seeds::answers("", |_| true).iter().map(gzip).collect();
    all.push([gzip(&b"one".to_vec()), gzip(&b"two".to_vec())].concat());
    seeds::behind(b'A'..=b'Z', all)
}

fn unpacked<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, most: usize) -> Result<Vec<u8>, GunzipError> {
    let mut gunzip = Gunzip::new(most);
    let mut out = Vec::new();
    for piece in pieces {
        out.extend(gunzip.push(piece)?);
    }
    out.extend(gunzip.end()?);
    Ok(out)
}

fn gunzip(input: &[u8]) {
    let (knob, bytes) = knob(input);
    let most = 1 << 16;
    let whole = unpacked([bytes], most);
    assert_eq!(unpacked(pieces(knob, bytes), most).ok(), whole.as_ref().ok().cloned());
    let mut expected = Vec::new();
    let library = MultiGzDecoder::new(bytes).take(most as u64 + 1).read_to_end(&mut expected);
    if let Ok(out) = whole {
        assert!(out.len() <= most);
        if library.is_ok() {
            assert_eq!(out, expected);
        }
    }
}

fn urls() -> Vec<Vec<u8>> {
    seeds::texts(&[
        "http://argo.example.org/api/v1/chat/",
        "https://a.b:8443/x?y=z#f",
        "HTTP://LOCALHOST:080/%7Euser/a b",
        "https://[2001:db8::1]:443/x",
        "http://[::ffff:127.0.0.1]/",
        "http://user:pass@host/",
        "//other.host/path",
        "../up?x[0]=1",
        "http:\\\\host\\path",
        "https://host.:443\\@evil/",
        "http://1.2.3.4:65536/",
    ])
}

fn http_url(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let base = HttpUrl::parse("https://base.example.org:8443/a/b?c").unwrap();
    let strict = HttpUrl::parse(text).ok();
    if let Some(url) = &strict {
        assert_eq!(url.as_str(), text);
    }
    for url in [strict, HttpUrl::parse_lenient(text).ok(), base.join(text).ok()].into_iter().flatten() {
        check_url(&url);
    }
}

/// What is connected to and sent is what another parser would read.
fn check_url(url: &HttpUrl) {
    let again = HttpUrl::parse(url.as_str()).unwrap();
    let no_dot = |host: &str| host.trim_end_matches('.').to_owned();
    assert_eq!((url.tls(), no_dot(url.host()), url.port()), (again.tls(), no_dot(again.host()), again.port()));
    assert_eq!(url.path(), again.path());
    assert!(!url.host().is_empty() && !url.host().contains(|c: char| c.is_ascii_uppercase() || "@/\\?#%".contains(c)));
    assert!(url.path().starts_with('/') && url.path().bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(url.authority().bytes().all(|byte| byte.is_ascii_graphic() && !b"@/?#".contains(&byte)));
    assert!(url.port() > 0);
    if let Ok(other) = url.as_str().parse::<http::Uri>() {
        let host = other.host().unwrap().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let same = match (host.parse::<std::net::IpAddr>(), url.host().parse::<std::net::IpAddr>()) {
            (Ok(one), Ok(other)) => one == other,
            _ => no_dot(&host) == no_dot(url.host()),
        };
        assert!(same, "{host} and {}", url.host());
        let usual = if url.tls() { 443 } else { 80 };
        assert_eq!(other.port_u16().unwrap_or(usual), url.port());
    }
}
