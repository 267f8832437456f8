//! The real binary over real sockets, in front of a scripted ARGO.

mod support;

mod access;
mod access_commands;
mod access_pages;
mod access_secrets;
mod bodies;
mod caller_limits;
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
mod listeners;
mod model_rules;
mod online;
mod only_yaml;
mod passthrough;
mod reload;
mod reviewed;
mod route_options;
mod slow_clients;
mod streams;
mod structured;
mod timeouts;
mod tools;
mod upgrade;
mod upstream_options;
mod upstream_tls;
