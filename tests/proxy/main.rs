//! The real binary over real sockets, in front of a scripted ARGO.

mod support;

mod bodies;
mod chat;
mod completions;
mod contract;
mod embeddings;
mod explain;
mod failures;
mod http;
mod include;
mod lifecycle;
mod only_yaml;
mod passthrough;
mod reload;
mod reviewed;
mod route_options;
mod streams;
mod timeouts;
