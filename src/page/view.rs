//! Who looks, and what that person may see.

use crate::access::admit::unauthorized;
use crate::access::{Access, Caller, Permissions};
use crate::models::Model;
use crate::proxy::live::Live;
use crate::proxy::page::{PageRequest, Viewer};
use crate::wire::Failure;
use http::StatusCode;
use std::sync::Arc;

/// What requests of the operator are explained as calling upstreams for.
const OPERATOR: &str = "operator";

/// A request for data, by somebody who may see some.
pub struct View<'r> {
    /// The request.
    pub request: &'r PageRequest,
    /// Who looks.
    pub caller: Arc<Caller>,
    /// True if that person sees everybody's requests, and the table.
    pub watches: bool,
    /// True if the page can call models from where it is.
    pub calls: bool,
}

impl<'r> View<'r> {
    /// Returns what the sender of a request may see.
    ///
    /// # Errors
    /// 401 without a key where one is needed; 403 where the proxy is somebody else's.
    pub fn of(request: &'r PageRequest) -> Result<Self, Failure> {
        let access = &request.live.settings.access;
        match &request.viewer {
            Viewer::Operator => {
                let caller = Arc::new(Caller::anybody(OPERATOR));
                Ok(View { request, caller, watches: true, calls: false })
            }
            Viewer::Caller(caller) => match caller.greeting {
                Some(greeting) => Err(refused(access, greeting)),
                None => {
                    let watches = access.may_watch(caller);
                    Ok(View { request, caller: caller.clone(), watches, calls: true })
                }
            },
        }
    }

    /// Returns what is served.
    pub fn live(&self) -> &'r Arc<Live> {
        &self.request.live
    }

    /// Returns what may be used.
    pub fn permissions(&self) -> &Permissions {
        &self.caller.permissions
    }

    /// Returns true if a model may be used.
    pub fn may_use(&self, model: &Model) -> bool {
        self.permissions().use_model(model)
    }

    /// Returns true if clients need a key.
    pub fn needs_key(&self) -> bool {
        matches!(self.live().settings.access, Access::Keys(_) | Access::Passthrough)
    }
}

fn refused(access: &Access, greeting: &str) -> Failure {
    match access {
        Access::Own(_) => Failure::new(StatusCode::FORBIDDEN, greeting).with_code("not_your_proxy"),
        Access::Open(_) | Access::Keys(_) | Access::Passthrough => {
            unauthorized(format!("A key is needed here. {greeting}"))
        }
    }
}
