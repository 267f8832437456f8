//! Another attempt in the place of a call that pingora made.

use super::context::Ctx;
use super::fallback::{self, Cause};
use super::subrequests;
use super::work::ProxiedCall;
use crate::proxy::service::Proxy;
use log::debug;
use pingora_proxy::Session;

/// Makes another attempt, and writes its reply. Returns false if there is none.
pub async fn make(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx, cause: Cause) -> bool {
    let Some(ProxiedCall { exchange, call }) = ctx.work.proxied() else { return false };
    let (upstream, sent) = (call.upstream.clone(), exchange.call().body.clone());
    let Some(prepared) = fallback::next(proxy, session, ctx, (&upstream, &sent), cause) else { return false };
    match subrequests::run(proxy, session, ctx, prepared).await {
        Ok(()) => ctx.is_recovered = true,
        Err(e) => {
            debug!("the reply could not be written: {e}");
            session.set_keepalive(None);
        }
    }
    true
}
