//! Images given by URL. ARGO does not fetch them, so the proxy does, and replaces each URL by its image.
//!
//! A client could name a URL that only the proxy can reach (SSRF). So the proxy resolves each host itself, refuses
//! addresses that are not public unless the table allows the host, and connects to exactly the checked address. Each
//! redirect is checked in the same way. Size, number, time and type are limited. Images are never logged, and of a URL
//! at most the host.

mod address;
mod fault;
mod fetcher;
mod get;
mod kind;
mod names;
mod room;
mod shares;
mod url;

pub use fetcher::{CallerFetcher, ImageFetcher};
pub use room::Room;

use super::aside;
use super::deadline::Deadline;
use crate::json::splice::splice;
use crate::plan::images::ImageUrls;
use crate::plan::trace::TraceStep;
use crate::table::{self, Route};
use crate::wire::{Failure, HttpUrl};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fault::FetchFault;
use get::{FetchedImage, Getter};
use http::{StatusCode, header};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The most images of one request that are fetched at the same time.
const AT_ONCE: usize = 4;
/// Images of this many bytes or more are encoded on another thread.
const ENCODE_ASIDE: usize = 256 * 1024;

/// A body with images to fetch.
pub struct Wanted {
    body: Bytes,
    images: ImageUrls,
    /// The URL of each image.
    targets: Vec<HttpUrl>,
}

/// Returns the images to fetch for a body, if any.
///
/// # Errors
/// 400 if the row does not fetch images or allows fewer, or if a URL is invalid.
pub fn wanted(route: &Route, body: &Bytes) -> Result<Option<Wanted>, Failure> {
    let Some(find) = route.transformer.images() else { return Ok(None) };
    let images = find(body);
    let Some(first) = images.list.first() else { return Ok(None) };
    let options = &route.options.images;
    if !options.fetch {
        let message = format!(
            "'{}' is a URL, and images are not fetched here; send the image itself as a data URL: data:image/png;base64,….",
            first.place
        );
        return Err(refusal(&first.place, message));
    }
    if let Some(beyond) = images.list.get(options.most) {
        let (place, most) = (&beyond.place, options.most);
        let message = format!("'{place}' is one image too many; at most {most} are fetched for a request here.");
        return Err(refusal(place, message));
    }
    let target = |image: &crate::plan::images::Image| url::parse(&image.url).map_err(|why| told(&image.place, why));
    let targets = images.list.iter().map(target).collect::<Result<_, _>>()?;
    Ok(Some(Wanted { body: body.clone(), images, targets }))
}

impl Wanted {
    /// Returns the time limit that the request's body sets, and true if the client asked for a stream.
    pub fn time_limit(&self) -> (Option<Duration>, bool) {
        (self.images.timeout, self.images.stream)
    }

    /// Returns the images that would be fetched, for `explain`.
    pub fn step(&self) -> TraceStep {
        let parts = self.images.list.iter().zip(&self.targets);
        TraceStep::Images {
            parts: parts.map(|(image, target)| (image.place.clone(), target.host().to_owned())).collect(),
        }
    }

    /// Fetches the images, a few at a time, and replaces their URLs, as far as there is `room`. Dropping the future stops all fetches.
    ///
    /// # Errors
    /// The first image that could not be fetched, with the reason. 503 if too many are being fetched. 504 if the call's time
    /// limit is reached.
    pub async fn fetch(
        self,
        fetcher: CallerFetcher,
        connect_timeout: Duration,
        options: Arc<table::Images>,
        room: Room,
        deadline: &Deadline,
    ) -> Result<Bytes, Failure> {
        let getter = Arc::new(Getter { fetcher, options, connect: connect_timeout, room });
        let mut data = vec![None; self.targets.len()];
        let all = all(&getter, self.targets, &self.images, &mut data);
        match tokio::time::timeout_at(deadline.end().into(), all).await {
            // Whatever else went wrong meanwhile, want of memory is what to tell.
            Ok(done) => done.map_err(|failure| getter.room.refusal().unwrap_or(failure))?,
            Err(_) => {
                let missing = self.images.list.iter().zip(&data).find(|(_, done)| done.is_none());
                return Err(late(deadline, missing.map_or("", |(image, _)| image.place.as_str())));
            }
        }
        let places = self.images.list.into_iter().map(|image| image.at);
        let pieces: Vec<_> = places.zip(data).filter_map(|(at, data)| Some((at, data?))).collect();
        Ok(splice(&self.body, &pieces))
    }
}

async fn all(
    getter: &Arc<Getter>,
    targets: Vec<HttpUrl>,
    images: &ImageUrls,
    data: &mut [Option<Bytes>],
) -> Result<(), Failure> {
    let mut waiting: VecDeque<(usize, HttpUrl)> = targets.into_iter().enumerate().collect();
    let mut running = JoinSet::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((index, target)) = waiting.pop_front()
        {
            let getter = getter.clone();
            running.spawn(async move {
                match getter.get(target).await {
                    Ok(image) => (index, encode(image).await),
                    Err(why) => (index, Err(why)),
                }
            });
        }
        let Some(done) = running.join_next().await else { return Ok(()) };
        let (index, came) =
            done.map_err(|_| Failure::bad_request("The images of the request could not be fetched."))?;
        let place = images.list.get(index).map_or("", |image| image.place.as_str());
        // Returning an error drops `running`, which stops the other fetches.
        let came = came.map_err(|why| unfetched(place, why))?;
        if let Some(slot) = data.get_mut(index) {
            *slot = Some(came);
        }
    }
}

/// Returns the image as a JSON string that holds a data URL.
async fn encode(image: FetchedImage) -> Result<Bytes, FetchFault> {
    if image.bytes.len() < ENCODE_ASIDE {
        return Ok(data_url(&image));
    }
    aside::run(move || data_url(&image)).await.map_err(|_| "it could not be encoded".to_owned().into())
}

fn data_url(image: &FetchedImage) -> Bytes {
    let mut url = String::with_capacity(32 + image.bytes.len().div_ceil(3) * 4);
    url.push_str("\"data:");
    url.push_str(image.kind);
    url.push_str(";base64,");
    STANDARD.encode_string(&image.bytes, &mut url);
    url.push('"');
    Bytes::from(url)
}

fn unfetched(place: &str, why: FetchFault) -> Failure {
    match why {
        FetchFault::Told(why) => told(place, &why),
        FetchFault::Hidden(why) => told(place, UNREACHED).with_own_words(format!("The image was not fetched: {why}.")),
        FetchFault::Busy => {
            let message =
                "Too many images are being fetched at the moment, or their servers' names looked up. Try again soon.";
            Failure::new(StatusCode::SERVICE_UNAVAILABLE, message)
                .with_code("too_many_images")
                .with_header(header::RETRY_AFTER, "5")
                .with_own_words(message)
        }
    }
}

/// All that a client learns of a server that was not reached, whatever the reason is.
const UNREACHED: &str =
    "its server cannot be reached, or nothing is fetched from it (images of the route); the proxy's log says why";

fn told(place: &str, why: &str) -> Failure {
    refusal(place, format!("The image of '{place}' could not be fetched: {why}."))
}

fn refusal(place: &str, message: String) -> Failure {
    Failure::bad_field(place, message).with_code("invalid_image_url")
}

fn late(deadline: &Deadline, place: &str) -> Failure {
    let (limit, by) = (deadline.limit.as_secs_f64(), deadline.set_by);
    Failure::timeout(format!("The image of '{place}' was not fetched within {limit} s ({by}).")).with_param(place)
}
