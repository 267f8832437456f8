//! Code that the benchmark's programs share: the paths of the proxy without sockets, and stamped pieces.

pub mod paths;
pub mod stamp;
