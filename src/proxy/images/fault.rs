//! Why an image could not be fetched.

/// Why an image could not be fetched, as the end of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub enum FetchFault {
    /// The client learns it.
    Told(String),
    /// Only the log says it. A client that knew it could explore the network that the proxy sees.
    Hidden(String),
    /// Too much is being fetched now.
    Busy,
}

impl From<String> for FetchFault {
    fn from(why: String) -> Self {
        FetchFault::Told(why)
    }
}
