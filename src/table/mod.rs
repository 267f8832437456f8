//! `routes.yaml`, checked and indexed. Turns text into a [`Table`] with warnings, or into a list of all problems, each
//! at the exact word.

mod compile;
mod find;
mod images;
mod include;
mod ip_network;
mod keys;
mod load;
mod merge;
mod offer;
mod options;
mod path;
mod raw;
mod route;
mod routing_table;
mod trial;
mod unserved;
pub(crate) mod upstream;
mod vars;

pub use compile::MOST_URLS;
pub use find::{Matched, SkipReason};
pub use images::{DeniedPlace, ImageHost, Images};
pub use include::{LOCAL, LocalFile, TableText};
pub use keys::TABLE as KEYS;
pub use options::{Options, RowCallers};
pub use route::Route;
pub use routing_table::Table;
pub use trial::{Expected, Trial, TrialAnswer, What};
pub use upstream::{
    Connect, CredentialKind, Endpoint, Endpoints, Header, Identity, Tls, Tolerance, Upstream, UpstreamTimeouts,
};
pub use vars::{Variables, no_files};

/// At most this many upstreams of a row may take a call.
pub const MOST_UPSTREAMS: usize = 8;

/// The table that is built into the binary. It serves when there is no `routes.yaml`.
pub const BUILT_IN: &str = include_str!("../../routes.yaml");
