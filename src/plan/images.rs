//! The images that a request asks the proxy to fetch, found without a network. The place of each URL is kept, so that
//! the fetched image can replace it.

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
