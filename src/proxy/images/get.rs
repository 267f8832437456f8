//! Fetches one image. Name, address, connection, redirects, size and type are each checked before the next step.

use super::fault::FetchFault;
use super::fetcher::CallerFetcher;
use super::names::NameFault;
use super::room::Room;
use super::{address, kind, url};
use crate::proxy::upstream::connect::MOST_ADDRESSES;
use crate::proxy::upstream::heads::AGENT;
use crate::proxy::upstream::{authorities, client};
use crate::table::Images;
use crate::wire::HttpUrl;
use bytes::Bytes;
use http::{HeaderValue, header};
use pingora::ErrorType;
use pingora::http::RequestHeader;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::AcquireError;

/// The most redirects of one image.
const MOST_REDIRECTS: usize = 3;
/// The ports that images are fetched from, unless the table allows the host.
const USUAL_PORTS: [u16; 2] = [80, 443];
const TYPES: &str = "image/png, image/jpeg, image/gif, image/webp";

/// Fetches the images of one request.
pub struct Getter {
    pub fetcher: CallerFetcher,
    pub options: Arc<Images>,
    /// The time limit for resolving a name, and for connecting.
    pub connect: Duration,
    /// The size by which the request's body may still grow.
    pub room: Room,
}

/// An image as received.
pub struct FetchedImage {
    /// Its media type, found from its bytes.
    pub kind: &'static str,
    pub bytes: Bytes,
}

enum ImageReply {
    Image(FetchedImage),
    /// A redirect to this location.
    To(String),
}

impl Getter {
    /// Fetches an image and follows redirects.
    ///
    /// # Errors
    /// The reason.
    pub async fn get(&self, mut target: HttpUrl) -> Result<FetchedImage, FetchFault> {
        // The caller's own place first: who waits for that takes none from others.
        let places = async {
            Ok::<_, AcquireError>((
                self.fetcher.share.images.acquire().await?,
                self.fetcher.all.places.acquire().await?,
            ))
        };
        let Ok(Ok(_places)) = tokio::time::timeout(self.connect, places).await else { return Err(FetchFault::Busy) };
        let limit = self.options.timeout;
        let redirected = async {
            for _ in 0..=MOST_REDIRECTS {
                match self.ask(&target).await? {
                    ImageReply::Image(image) => return Ok(image),
                    ImageReply::To(location) => {
                        let next = url::join(&target, &location);
                        target = next.map_err(|why| format!("the redirect of {} is wrong: {why}", target.host()))?;
                    }
                }
            }
            Err(FetchFault::Told(format!("there are more than {MOST_REDIRECTS} redirects")))
        };
        // The client can measure the time, so this tells it nothing new.
        let late = |_| {
            let seconds = limit.as_secs_f64();
            Err(FetchFault::Told(format!("it took longer than {seconds} s (images.timeout of the route)")))
        };
        tokio::time::timeout(limit, redirected).await.unwrap_or_else(late)
    }

    async fn ask(&self, target: &HttpUrl) -> Result<ImageReply, FetchFault> {
        let host = target.host();
        let mut session = self.connected(target).await?;
        let broke = |_| FetchFault::Hidden(format!("{host} broke off the connection, or sent no valid HTTP"));
        send(&mut session, target).await.map_err(broke)?;
        let head = client::final_head(&mut session).await.map_err(broke)?;
        let text = |name| head.headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        let length = text(header::CONTENT_LENGTH).and_then(|length| length.trim().parse::<usize>().ok());
        let (status, location) = (head.status, text(header::LOCATION).map(str::to_owned));
        match (status.as_u16(), location) {
            (200, _) => Ok(ImageReply::Image(self.read(&mut session, host, length).await?)),
            (301 | 302 | 303 | 307 | 308, Some(location)) => Ok(ImageReply::To(location)),
            (status, _) => Err(format!("{host} answered with status {status}").into()),
        }
    }

    /// Connects to a checked address. The name is not resolved again, since DNS could then give another address.
    async fn connected(&self, target: &HttpUrl) -> Result<HttpSession, FetchFault> {
        let host = target.host();
        let mut why = format!("{host} has no address");
        for address in self.addresses(target).await?.into_iter().take(MOST_ADDRESSES) {
            let mut peer = HttpPeer::new(address, target.tls(), host.to_owned());
            peer.options.connection_timeout = Some(self.connect);
            peer.options.ca = if target.tls() { authorities::for_connection() } else { None };
            peer.options.total_connection_timeout = Some(self.connect);
            match self.fetcher.all.client.connector().get_http_session(&peer).await {
                Ok((session, _)) => return Ok(session),
                Err(e) => why = format!("{host} {}", unconnected(e.etype())),
            }
        }
        Err(FetchFault::Hidden(why))
    }

    /// Returns the allowed addresses of the host, at least one.
    async fn addresses(&self, target: &HttpUrl) -> Result<Vec<SocketAddr>, FetchFault> {
        let (host, port, options) = (target.host(), target.port(), &self.options);
        let is_allowed = options.allows(host, port);
        if !is_allowed && !USUAL_PORTS.contains(&port) {
            let what = "only ports 80 and 443 are fetched from";
            return Err(format!("{what}, unless the table allows the host (images.allow_hosts of the route)").into());
        }
        if options.denies_host(host, port) {
            return Err(FetchFault::Hidden(format!("{host} is denied (images.deny of the route)")));
        }
        let found =
            self.fetcher.all.names.addresses(host, port, &self.fetcher.share.names, self.connect).await.map_err(
                |fault| match fault {
                    NameFault::Busy => FetchFault::Busy,
                    NameFault::Late => FetchFault::Hidden(format!("the name {host} could not be resolved in time")),
                    NameFault::Unknown => FetchFault::Hidden(format!("the name {host} has no address")),
                },
            )?;
        if is_allowed {
            return Ok(found);
        }
        let own = address::own();
        let mut why = None;
        let mut good = Vec::with_capacity(found.len());
        for address in found {
            match self.unfit(address.ip(), own.as_deref()) {
                None => good.push(address),
                Some(what) => why = Some(what),
            }
        }
        match why {
            Some(what) if good.is_empty() => Err(FetchFault::Hidden(format!(
                "the address of {host} is {what}, and is not fetched from unless the table allows the host (images.allow_hosts of the route)"
            ))),
            _ => Ok(good),
        }
    }

    /// Returns what an address is that is not fetched from. `own` are this machine's.
    fn unfit(&self, ip: IpAddr, own: Option<&[IpAddr]>) -> Option<&'static str> {
        let innermost = address::innermost(ip);
        if let Some(kind) = address::inner(ip) {
            return Some(kind);
        }
        if self.options.denies_address(ip) || self.options.denies_address(innermost) {
            return Some("denied (images.deny of the route)");
        }
        // Where the system does not tell its addresses, each may be one.
        let is_own = own.is_none_or(|own| own.contains(&ip) || own.contains(&innermost));
        is_own.then_some("this machine's")
    }

    async fn read(&self, session: &mut HttpSession, host: &str, length: Option<usize>) -> Result<FetchedImage, String> {
        let most = self.options.max_bytes;
        let too_large = || format!("it is larger than {most} bytes (images.max_bytes of the route)");
        if length.is_some_and(|length| length > most) {
            return Err(too_large());
        }
        let mut bytes = Vec::with_capacity(length.unwrap_or_default().min(1 << 16));
        let no_image = || format!("{host} sent no PNG, JPEG, GIF or WebP image");
        let mut kind = None;
        loop {
            let piece = session.read_response_body().await.map_err(|_| format!("{host} broke off the image"))?;
            let ended = piece.is_none();
            let piece = piece.unwrap_or_default();
            if bytes.len() + piece.len() > most {
                return Err(too_large());
            }
            self.room.take(piece.len())?;
            bytes.extend_from_slice(&piece);
            // Check the type early, so that a file of a wrong type is not read to its end.
            if kind.is_none() && (ended || bytes.len() >= kind::ENOUGH) {
                kind = Some(kind::of(&bytes).ok_or_else(no_image)?);
            }
            if let (true, Some(kind)) = (ended, kind) {
                return Ok(FetchedImage { kind, bytes: Bytes::from(bytes) });
            }
        }
    }
}

async fn send(session: &mut HttpSession, target: &HttpUrl) -> pingora::Result<()> {
    let mut head = RequestHeader::build("GET", target.path().as_bytes(), Some(5))?;
    head.insert_header(header::HOST, target.authority())?;
    head.insert_header(header::ACCEPT, HeaderValue::from_static(TYPES))?;
    // The bytes are forwarded as received, so they must not be compressed.
    head.insert_header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))?;
    head.insert_header(header::CONNECTION, HeaderValue::from_static("close"))?;
    head.insert_header(header::USER_AGENT, AGENT)?;
    client::send(session, head, None).await
}

fn unconnected(e: &ErrorType) -> &'static str {
    match e {
        ErrorType::ConnectTimedout | ErrorType::TLSHandshakeTimedout => "could not be connected to in time",
        ErrorType::ConnectRefused => "refuses the connection",
        ErrorType::TLSHandshakeFailure | ErrorType::InvalidCert | ErrorType::HandshakeError => {
            "could not prove who it is: the TLS handshake failed"
        }
        _ => "could not be connected to",
    }
}

#[cfg(test)]
mod tests;
