//! What pingora lacks on sockets: a clock for each client's connection, a second handle of each upstream socket, limits for
//! silence, what keeps silent streams alive, the cork that sends a call's head and body in one packet, the place where the head of a stream waits for its first
//! text, refusals of heads that cannot be read, what the end of a client's side means, whose connection it is, and which ones are
//! closed when descriptors run out.

pub mod client;
pub mod clock;
mod cork;
mod half_close;
pub mod keep_alive;
pub mod pace;
pub mod sender;
pub mod silence;
pub mod socket;
mod unread_head;
pub mod waiting;
pub mod watchdog;
pub mod withheld;
