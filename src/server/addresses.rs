//! Where a running instance listens, as it writes it down for `health`.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// All addresses of an instance, and what to ask there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// `http://…` or `https://…`, one for each address of the host.
    pub urls: Vec<String>,
    /// The Unix socket.
    pub socket: Option<PathBuf>,
    /// The path that says whether the instance is ready.
    pub ready: Option<String>,
}
