//! How much the caller of a request may use, on the row that takes it.

use crate::access::Caller;
use crate::limits::{Bound, Bounds, LimitKind};
use crate::proxy::settings::Settings;
use crate::table::Route;
use http::Method;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// A limit of use.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageLimit {
    /// The name of the setting: `requests_per_minute`, `tokens_per_minute` or `concurrent`.
    pub what: &'static str,
    /// The most that is allowed.
    pub limit: u32,
    /// Whose use counts.
    pub account: String,
    /// How long a request waits for a place, in seconds. Only for `concurrent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<f64>,
    /// The setting behind the limit.
    pub set_by: String,
}

impl UsageLimit {
    /// Returns all limits of use that hold for a request: the caller's, then the caller's on this row.
    pub(super) fn all(settings: &Settings, caller: &Caller, method: &Method, route: &Route) -> Vec<UsageLimit> {
        if !route.reads_body() {
            return Vec::new();
        }
        let who = match (&caller.name, caller.permissions.every_row) {
            (Some(name), _) => name.to_string(),
            (None, true) => "each caller".to_owned(),
            (None, false) => "all callers together".to_owned(),
        };
        let on_row = format!("{who} on {method} {}", route.path);
        let own = Bounds::of_caller(&caller.limits, &settings.limits);
        let of_row = Bounds::of_row(&route.options.limits, &route.place);
        [(own, who), (of_row, on_row)].iter().flat_map(|(bounds, account)| of(bounds, account, settings)).collect()
    }
}

fn of(bounds: &Bounds, account: &str, settings: &Settings) -> Vec<UsageLimit> {
    let limit = |kind: LimitKind, bound: &Bound| UsageLimit {
        what: kind.key(),
        limit: bound.limit.get(),
        account: account.to_owned(),
        wait: (kind == LimitKind::Concurrent).then_some(settings.limits_wait.as_secs_f64()),
        set_by: format!("limits.{} {}", kind.key(), bound.set_by),
    };
    let all = [
        (LimitKind::Requests, &bounds.requests),
        (LimitKind::Tokens, &bounds.tokens),
        (LimitKind::Concurrent, &bounds.concurrent),
    ];
    all.into_iter().filter_map(|(kind, bound)| Some(limit(kind, bound.as_ref()?))).collect()
}

impl Display for UsageLimit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let what = self.what.replace("_per_", " a ");
        write!(f, "{what}: {} for {}, {}", self.limit, self.account, self.set_by)?;
        match self.wait {
            None => Ok(()),
            Some(0.0) => f.write_str("; more are refused at once (limits.wait)"),
            Some(wait) => write!(f, "; more wait up to {wait} s (limits.wait)"),
        }
    }
}
