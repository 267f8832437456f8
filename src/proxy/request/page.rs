//! Answers a request of the page for people: whole, or as a stream of events until its client leaves or the process stops.

use super::context::Ctx;
use super::{address, body, reply_heads, writer};
use crate::access::Caller;
use crate::plan::{PageCall, refuse};
use crate::proxy::aside;
use crate::proxy::connection::clock;
use crate::proxy::page::{FeedPieces, PageFeed, PageReply, PageRequest, Viewer};
use crate::proxy::service::Proxy;
use crate::wire::{Answer, Failure, sse};
use http::StatusCode;
use pingora::Result;
use pingora_proxy::Session;
use std::sync::Arc;

/// Returns the whole reply; `None` once a stream was written.
///
/// # Errors
/// pingora's, when the client of a stream goes away.
pub async fn answer(
    proxy: &Proxy,
    session: &mut Session,
    ctx: &mut Ctx,
    call: PageCall,
    caller: Arc<Caller>,
) -> Result<Option<Answer>> {
    match serve(proxy, session, ctx, call, caller).await {
        Ok(PageReply::Whole(answer)) => Ok(Some(answer)),
        Ok(PageReply::Feed(feed)) => stream(proxy, session, ctx, feed).await.map(|()| None),
        Err(failure) => Ok(Some(refuse(writer::client(session, &ctx.facts), &failure))),
    }
}

/// Asks the room of the page, on another thread where explaining may take long.
async fn serve(
    proxy: &Proxy,
    session: &Session,
    ctx: &Ctx,
    call: PageCall,
    caller: Arc<Caller>,
) -> std::result::Result<PageReply, Failure> {
    let head = session.req_header();
    let takes_long = call.body.len() > aside::LARGE_BODY;
    let request = PageRequest {
        live: ctx.live.clone(),
        call,
        method: head.method.clone(),
        headers: head.headers.clone(),
        address: address::of(&head.headers, address::arrival(session), &ctx.live.settings.guard).to_string(),
        viewer: Viewer::Caller(caller),
    };
    let page = proxy.page.clone();
    if !takes_long {
        return page.serve(&request);
    }
    let failed = |_| Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The request could not be explained."));
    aside::run(move || page.serve(&request)).await.unwrap_or_else(failed)
}

async fn stream(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx, feed: Box<dyn PageFeed>) -> Result<()> {
    clock::let_be();
    body::finish(session, ctx.rest_due()).await?;
    let head = reply_heads::stream_head(sse::CONTENT_TYPE, session.req_header().version, &ctx.facts);
    session.write_response_header(Box::new(head), false).await.map_err(|e| e.into_down())?;
    let mut pieces = FeedPieces::new(feed, proxy.in_flight.clone());
    loop {
        let piece = tokio::select! {
            piece = pieces.next() => piece,
            gone = session.read_body_or_idle(true) => {
                gone.map_err(|e| e.into_down())?;
                continue;
            }
        };
        let is_last = piece.is_none();
        session.write_response_body(piece, is_last).await.map_err(|e| e.into_down())?;
        if is_last {
            return Ok(());
        }
    }
}
