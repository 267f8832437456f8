//! OpenAI's API over ARGO, Argonne's language-model gateway: a pingora proxy that one YAML table drives.
//!
//! # Floors
//!
//! A module uses only modules below it; nothing above the line knows a network.
//!
//! ```text
//! 0  wire, problem     shapes as they travel: JSON, SSE, UTF-8, gzip, failures; a mistake in a file and its place
//! 0  yaml, report      files that people edit: keys described once, values with their places; mistakes as people read them
//! 1  telemetry         what became of a request: measured, counted, written down
//! 1  chat, models      the hub: conversations, events, token counts; names of models and their quirks
//! 1  access            who calls, as whom, what they may use and how much of it
//! 2  limits            how much callers use, and when that is too much
//! 2  dialect           how upstreams speak
//! 2  transform         what a route does with a request and its reply
//! 3  table             routes.yaml → what is served, or every problem of it
//! 4  callers           callers.yaml → who may call by which key, or every problem of it
//! 4  exchange          one request's life as a state machine: bytes in, bytes out
//! ────────────────────────────────────────────────────────────────────────────────────
//! 5  proxy             pingora's hooks, which feed the exchange; body, peer, deadline, head
//! 6  explain           what becomes of a request, told without a network by the code that serves
//! 6  trial             the tests that a table brings along, run by what explains
//! 6  online            asks the upstreams whether calls would arrive, and which models they have
//! 6  server            listeners, signals, and one process taking over from another
//! 6  admin             the listener for whoever watches: metrics, readiness
//! 6  reload, config, setup, cli, stand_in    files, terminal, command line; the stand-in for ARGO
//! ```
//!
//! # A request's life
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
pub mod admin;
pub mod callers;
pub mod chat;
pub mod cli;
pub mod config;
pub mod dialect;
pub mod drive;
pub mod exchange;
pub mod explain;
pub mod limits;
pub mod models;
pub mod online;
pub mod problem;
pub mod proxy;
pub mod reload;
pub mod report;
pub mod server;
pub mod setup;
pub mod stand_in;
pub mod table;
pub mod telemetry;
pub mod transform;
pub mod trial;
pub mod wire;
pub mod yaml;
