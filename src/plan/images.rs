//! The images that a request wants fetched, found without a network: where each URL stands, so that what is fetched can
//! take its place.

use std::ops::Range;
use std::time::Duration;

/// An image that a request names by its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The part, as messages name it: `messages[1].content[0].image_url`.
    pub place: String,
    /// The URL, decoded; http or https.
    pub url: String,
    /// Where the JSON string of the URL stands in the body, with its quotes.
    pub at: Range<usize>,
}

/// What a request wants fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageUrls {
    /// The images in the order of the body.
    pub list: Vec<Image>,
    /// Whether the client waits for a stream.
    pub stream: bool,
    /// The time limit that the request's body asks for.
    pub timeout: Option<Duration>,
}

/// Finds the images of a body; one that cannot be read has none, and is refused by the transformer.
pub type FindImages = fn(&[u8]) -> ImageUrls;
