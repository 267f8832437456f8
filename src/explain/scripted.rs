//! An upstream's answer read from a file. The first line may hold status and content type.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use pingora::Result;
use pingora::http::ResponseHeader;

/// An answer that stands in for an upstream's.
#[derive(Debug, Clone)]
pub struct Scripted {
    head: Option<(StatusCode, HeaderValue)>,
    pieces: Vec<Bytes>,
}

impl Scripted {
    /// Reads `STATUS CONTENT-TYPE`, a line end and a body, or only a body. It arrives in pieces of `piece` bytes.
    pub fn parse(file: &Bytes, piece: Option<usize>) -> Self {
        let end = memchr::memchr(b'\n', file).unwrap_or(file.len());
        let (first, rest) = file.split_at(end);
        let head = head(first);
        let body = if head.is_some() { file.slice_ref(rest.get(1..).unwrap_or(rest)) } else { file.clone() };
        let size = piece.unwrap_or(body.len()).max(1);
        Scripted { head, pieces: body.chunks(size).map(|piece| body.slice_ref(piece)).collect() }
    }

    /// Makes an answer that arrives in these pieces.
    pub fn new(status: StatusCode, content_type: HeaderValue, pieces: Vec<Bytes>) -> Self {
        Scripted { head: Some((status, content_type)), pieces }
    }

    /// Returns the head of the answer. Without a first line, it is 200 with the usual content type of such a call.
    ///
    /// # Errors
    /// None for a parsed head.
    pub fn head(&self, stream: bool) -> Result<ResponseHeader> {
        let (status, content_type) = self.head.clone().unwrap_or_else(|| {
            let usual = if stream { "text/plain; charset=utf-8" } else { "application/json" };
            (StatusCode::OK, HeaderValue::from_static(usual))
        });
        let mut head = ResponseHeader::build(status, Some(2))?;
        head.insert_header(header::CONTENT_TYPE, content_type)?;
        if stream {
            head.insert_header(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"))?;
        } else {
            head.insert_header(header::CONTENT_LENGTH, self.pieces.iter().map(Bytes::len).sum::<usize>())?;
        }
        Ok(head)
    }

    /// Returns the pieces of the body.
    pub fn pieces(&self) -> impl Iterator<Item = Bytes> + '_ {
        self.pieces.iter().cloned()
    }
}

fn head(line: &[u8]) -> Option<(StatusCode, HeaderValue)> {
    let line = std::str::from_utf8(line).ok()?.trim_end();
    let (status, content_type) = line.split_once(' ')?;
    let status = status.parse().ok().filter(|status: &StatusCode| !status.is_informational())?;
    let is_type = content_type.split_once('/').is_some_and(|(kind, _)| !kind.is_empty() && !kind.contains(' '));
    Some((status, content_type.parse().ok().filter(|_| is_type)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &'static str, stream: bool) -> (u16, String, String) {
        let scripted = Scripted::parse(&Bytes::from_static(file.as_bytes()), None);
        let head = scripted.head(stream).unwrap();
        let content_type = head.headers[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let body: Vec<u8> = scripted.pieces().flatten().collect();
        (head.status.as_u16(), content_type, String::from_utf8(body).unwrap())
    }

    #[test]
    fn a_first_line_is_a_head_only_when_it_looks_like_one() {
        for (file, stream, status, content_type, body) in [
            ("500 text/html\n<p>", false, 500, "text/html", "<p>"),
            ("200 text/plain; charset=utf-8\r\na\nb", true, 200, "text/plain; charset=utf-8", "a\nb"),
            ("204 text/plain", false, 204, "text/plain", ""),
            ("{\"response\": 1}\n", false, 200, "application/json", "{\"response\": 1}\n"),
            ("200 ways and/or means\n", true, 200, "text/plain; charset=utf-8", "200 ways and/or means\n"),
            ("100 text/plain\n", true, 200, "text/plain; charset=utf-8", "100 text/plain\n"),
            ("", true, 200, "text/plain; charset=utf-8", ""),
        ] {
            assert_eq!(read(file, stream), (status, content_type.to_owned(), body.to_owned()), "{file}");
        }
    }

    #[test]
    fn pieces_have_the_wanted_size() {
        let scripted = Scripted::parse(&Bytes::from_static(b"abcde"), Some(2));
        assert_eq!(scripted.pieces().collect::<Vec<_>>(), ["ab", "cd", "e"]);
    }
}
