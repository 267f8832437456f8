//! Code that the benchmark's programs share: the paths of the proxy without sockets, the same at several sizes, stamped pieces, shares of times,
//! and the forms in which upstreams stream them.

pub mod form;
pub mod growth;
pub mod paths;
pub mod spread;
pub mod stamp;
