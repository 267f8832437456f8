//! The hub: the types that every chat dialect is decoded to and encoded from. With them, N client dialects and M
//! upstream dialects need N+M files. No I/O.

pub mod conversation;
pub mod encoder;
pub mod event;
pub mod format;
pub mod request;
pub mod tools;

pub use conversation::{Conversation, Message, Role};
pub use encoder::{Delivery, Encoder};
pub use event::{Event, FinishReason, Sink, Text, Usage};
pub use format::{AskedFormat, Format, JsonPart, JsonSchema};
pub use request::ChatRequest;
