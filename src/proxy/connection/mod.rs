//! What pingora lacks on sockets: a clock for each client's connection, a second handle of each upstream socket, limits for
//! silence, the cork that sends a call's head and body in one packet, and
//! the place where the head of a stream waits for its first text.

pub mod client;
pub mod clock;
mod cork;
pub mod pace;
pub mod silence;
pub mod socket;
pub mod watchdog;
pub mod withheld;
