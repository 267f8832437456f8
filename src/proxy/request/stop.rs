//! Why a request goes no further.

use crate::wire::Failure;
use pingora::Error;

/// Why a request goes no further.
#[derive(Debug)]
pub enum Stop {
    /// It is refused; the client gets the reason.
    Refused(Failure),
    /// There is nobody to answer: the client went away, or its connection broke.
    Gone(Box<Error>),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Refused(failure)
    }
}

impl From<Box<Error>> for Stop {
    fn from(e: Box<Error>) -> Self {
        Stop::Gone(e)
    }
}
