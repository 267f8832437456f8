//! OpenAI's API over ARGO, as a pingora proxy that a YAML table drives.

pub mod chat;
pub mod cli;
pub mod config;
pub mod dialect;
pub mod exchange;
pub mod models;
pub mod problem;
pub mod proxy;
pub mod server;
pub mod setup;
pub mod stand_in;
pub mod table;
pub mod transform;
pub mod wire;
