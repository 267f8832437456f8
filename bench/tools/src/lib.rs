//! Code that the benchmark's programs share: the paths of the proxy without sockets, and stamped pieces,
//! and the forms in which upstreams stream them.

pub mod form;
pub mod paths;
pub mod stamp;
