//! The hub: what every chat dialect is decoded to and encoded from, so that N client dialects and M upstream dialects are
//! N+M files. No I/O.

pub mod conversation;
pub mod event;
pub mod tools;

pub use conversation::{Conversation, Message, Role};
pub use event::{Event, Sink, Text};
