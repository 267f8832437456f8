//! Whose connection a request came on.

/// The user at the other end of a connection, as far as this machine knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The user who runs the proxy, or root.
    Own,
    /// Another user of this machine, by their id.
    Other(u32),
    /// The system does not say.
    Unknown,
    /// The system does not say, and the request lacks the key that a proxy asks for on such a system.
    WithoutKey,
}
