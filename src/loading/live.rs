//! Turns what was loaded into what the proxy serves.

use super::files::Loaded;
use crate::access::{Access, Guard, Mode};
use crate::diagnostics::Problem;
use crate::proxy::connection::pace::ClientTimeouts;
use crate::proxy::live::Live;
use crate::proxy::machine_memory;
use crate::proxy::settings::Settings;
use std::sync::Arc;

/// Returns what is served to those whom the configuration lets in.
///
/// # Errors
/// The configuration names no user.
pub fn live(loaded: Loaded) -> Result<Live, Vec<Problem>> {
    let user = loaded.config.require_user().map_err(|problem| vec![problem])?.as_str().to_owned();
    let access = access(&loaded, &user);
    Ok(live_as(access, loaded))
}

/// Returns how callers are told apart. ARGO is called as `user` for callers without a username of their own.
pub fn access(loaded: &Loaded, user: &str) -> Access {
    match loaded.config.access {
        Mode::Own => Access::own(user),
        Mode::Open => Access::open(user),
        Mode::Keys => Access::Keys(Arc::new(loaded.callers.as_ref().map(|file| file.keys(user)).unwrap_or_default())),
        Mode::Passthrough => Access::Passthrough,
    }
}

/// Returns what is served to those who have `access`.
pub fn live_as(access: Access, loaded: Loaded) -> Live {
    let Loaded { config, table, text, seal, .. } = loaded;
    let origins = config.cors_origins;
    let settings = Settings {
        access,
        guard: Guard { hosts: config.hosts, is_local: config.host.is_loopback() },
        limits: config.limits,
        limits_wait: config.limits_wait,
        client_timeouts: ClientTimeouts {
            idle: config.keepalive_timeout,
            head: config.head_timeout,
            max_head: config.max_head,
            body: config.body_timeout,
            write: config.write_timeout,
        },
        timeout: config.timeout,
        connect_timeout: config.connect_timeout,
        first_head: Some(config.first_head).filter(|first| !first.is_zero()),
        max_body: config.max_body,
        max_answer: config.max_answer,
        max_memory: config.max_memory.unwrap_or_else(machine_memory::default_budget),
        allows_origin: Arc::new(move |origin| origins.allows(origin)),
        seal,
        page: config.page,
        verbose: config.verbose,
        log_bodies: config.log_bodies,
        access_log: config.access_log,
        server_timing: config.server_timing,
    };
    Live::new(table, settings, &text)
}
