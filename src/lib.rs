//! OpenAI's API over ARGO, Argonne's language-model gateway: a pingora proxy that one YAML table drives.
//!
//! # Floors
//!
//! A module uses only modules above it in this list; nothing above the line knows a network. Two crates know none of
//! these modules: `token-count`, which `tokens` uses, and `argo-stand-in`, which `cli` starts.
//!
//! ```text
//! json                 JSON text without a value tree: escaped, cut, spliced, read
//! wire                 shapes as they travel: replies, failures, SSE, UTF-8, gzip, ids
//! diagnostics          files that people edit: read and trusted or not, their problems, and how people see them
//! yaml                 files that people edit: keys described once, values with their places
//! telemetry            what became of a request: measured, counted, written down
//! chat                 the hub: conversations, tools, events
//! tokens               how many tokens a request and its answer have
//! models               names of models, and their quirks
//! client_settings      settings for the programs that people use, made from a base URL, a key and models
//! access               who calls, as whom, and which rows and models they may use
//! limits               how much callers use, and when that is too much
//! plan                 what a transformer decides: the call, and who owns its reply
//! dialects             how clients and how upstreams speak, a folder for each
//! transform            the registry: what a route does with a request and its reply
//! exchange             one call's life as a state machine: bytes in, bytes out; several calls, one reply
//! table                routes.yaml → what is served, or every problem of it
//! callers              callers.yaml → who may call by which key, or every problem of it
//! config               config.yaml → where and how this instance runs, or every problem of it
//! ────────────────────────────────────────────────────────────────────────────────────
//! proxy                pingora's hooks, which feed the exchange: connection, upstream, images, request
//! loading              which files are read, when, and what they make the proxy serve
//! explain              what becomes of a request, told without a network by the code that serves
//! table_tests          the tests that a table brings along, run by what explains
//! page                 the page for people, and the data that it shows of the process
//! setup                asks on the terminal, and writes a first config.yaml
//! online               asks the upstreams whether calls would arrive, and which models they have
//! server               listeners, signals, upgrade, reload, and the listener for whoever watches
//! cli                  the command line
//! ```
//!
//! # A request's life
//!
//! `proxy/mod.rs` names the file of each hook.
//!
//! ```text
//! client ──▶ request_filter ── route? body whole ──▶ Transformer::open ──▶ Plan
//!                                                                          ├─ Answer ─────────────▶ client
//!                                                                          └─ Call + Reply = Exchange
//!            upstream_peer, upstream_request_filter, request_body_filter ──▶ ARGO
//!            response_filter ◀── head ── ARGO        Exchange::head  → Stream: head goes out │ Hold: it waits
//!            response_body_filter ◀── pieces         Exchange::piece → bytes for the client  │ kept
//!            logging                                 held? Exchange::answer ──────────────────────▶ client
//!            fail_to_proxy                           Exchange::fail → an answer │ an error event ─▶ client
//! ```

pub mod access;
pub mod callers;
pub mod chat;
pub mod cli;
pub mod client_settings;
pub mod config;
pub mod diagnostics;
pub mod dialects;
pub mod exchange;
pub mod explain;
pub mod json;
pub mod limits;
pub mod loading;
pub mod models;
pub mod online;
pub mod page;
pub mod plan;
pub mod proxy;
pub mod server;
pub mod setup;
pub mod table;
pub mod table_tests;
pub mod telemetry;
pub mod tokens;
pub mod transform;
pub mod wire;
pub mod yaml;
