//! What pingora lacks on sockets: a clock for each client's connection, a second handle of upstream sockets, silence, corks.

pub mod client;
pub mod clock;
pub mod corked;
pub mod pace;
pub mod socket;
pub mod watchdog;
