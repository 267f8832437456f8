//! Response heads. The part that all replies share is made once.

use once_cell::sync::OnceCell;
use pingora::Result;
use pingora::http::{ResponseHeader, Version};

use crate::reply::{Body, Media};

static HEADS: OnceCell<Heads> = OnceCell::new();

struct Heads {
    json: ResponseHeader,
    html: ResponseHeader,
    bare: ResponseHeader,
    text: ResponseHeader,
    events: ResponseHeader,
}

/// Returns the head of a body with a length.
pub(crate) fn whole(status: u16, media: Media, length: usize) -> Result<ResponseHeader> {
    let heads = HEADS.get_or_try_init(Heads::new)?;
    let mut head = match media {
        Media::Json => heads.json.clone(),
        Media::Html => heads.html.clone(),
        Media::None => heads.bare.clone(),
    };
    head.set_status(status)?;
    head.set_content_length(length)?;
    Ok(head)
}

/// Returns the head of a body in pieces. HTTP/1.0 has no chunks: the end of the connection is the end of the text.
pub(crate) fn stream(version: Version, body: &Body) -> Result<ResponseHeader> {
    let heads = HEADS.get_or_try_init(Heads::new)?;
    let mut head = match body {
        Body::Text(_) => heads.text.clone(),
        Body::Events(_) => heads.events.clone(),
    };
    if version == Version::HTTP_10 {
        head.remove_header("Transfer-Encoding");
    }
    Ok(head)
}

impl Heads {
    fn new() -> Result<Self> {
        Ok(Self {
            json: Self::of(&[("Content-Type", "application/json")])?,
            html: Self::of(&[("Content-Type", "text/html")])?,
            bare: Self::of(&[])?,
            text: Self::of(&[("Content-Type", "text/plain; charset=utf-8"), ("Transfer-Encoding", "chunked")])?,
            events: Self::of(&[
                ("Content-Type", "text/event-stream; charset=utf-8"),
                ("Transfer-Encoding", "chunked"),
            ])?,
        })
    }

    /// Returns a head with the headers of all replies, as captured from the gateway, and with `own`.
    fn of(own: &[(&'static str, &str)]) -> Result<ResponseHeader> {
        let mut head = ResponseHeader::build_no_case(200, Some(8))?;
        let hsts = "max-age=31536000; includeSubDomains";
        head.insert_header("Strict-Transport-Security", hsts)?;
        head.insert_header("Vary", "Accept-Encoding")?;
        for &(name, value) in own {
            head.insert_header(name, value)?;
        }
        Ok(head)
    }
}
