//! The real binary over real sockets, in front of a scripted ARGO.

mod support;

mod access_log;
mod admin;
mod bodies;
mod breaker;
mod chat;
mod choices;
mod completions;
mod contract;
mod embeddings;
mod explain;
mod failures;
mod http;
mod images;
mod include;
mod lifecycle;
mod limits;
mod model_rules;
mod online;
mod only_yaml;
mod passthrough;
mod reload;
mod reviewed;
mod route_options;
mod streams;
mod structured;
mod timeouts;
mod tools;
mod upstream_options;
mod upstream_tls;
