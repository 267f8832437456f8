//! The images that a request asks the proxy to fetch, found without a network. The place of each URL is kept, so that
//! the fetched image can replace it.

use crate::json;
use serde_json::value::RawValue;
use std::ops::Range;
use std::time::Duration;

/// An image that a request names by its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The part, as error messages name it: `messages[1].content[0].image_url`.
    pub place: String,
    /// The URL, decoded; http or https.
    pub url: String,
    /// Where the JSON string of the URL stands in the body, with its quotes.
    pub at: Range<usize>,
}

impl Image {
    /// Returns the image whose URL is this JSON string of the body; `None` if the URL is not one of the web.
    pub fn at(body: &[u8], url: &RawValue, place: impl FnOnce() -> String) -> Option<Self> {
        let text = json::text_of(url)?;
        let (scheme, _) = text.split_once(':')?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return None;
        }
        let start = (url.get().as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
        let at = start..start + url.get().len();
        (at.end <= body.len()).then(|| Image { place: place(), url: text.into_owned(), at })
    }
}

/// The images that a request asks the proxy to fetch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageUrls {
    /// The images in the order of the body.
    pub list: Vec<Image>,
    /// True if the client waits for a stream.
    pub stream: bool,
    /// The time limit that the request's body asks for.
    pub timeout: Option<Duration>,
}

/// Finds the images of a body. An unreadable body has none; the transformer refuses it later.
pub type FindImages = fn(&[u8]) -> ImageUrls;
