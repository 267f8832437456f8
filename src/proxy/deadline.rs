//! How long a call may take: the limit of the configuration or the route, the client's own, and the request's `timeout`.

use crate::table::Upstream;
use http::HeaderMap;
use std::fmt;
use std::time::{Duration, Instant};

/// Where OpenAI's clients say how long they will wait: Python's first, then Node's; both in seconds.
const CLIENT_LIMITS: [&str; 2] = ["x-stainless-read-timeout", "x-stainless-timeout"];

/// Longer than any process lives.
const NEVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Returns the moment `time` later. Clients may ask for more time than the system's clock can express.
pub fn after(at: Instant, time: Duration) -> Instant {
    at.checked_add(time).unwrap_or_else(|| at + NEVER)
}

/// Who set a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// `timeout` of the configuration.
    Configuration,
    /// `timeout` of the route.
    Route,
    /// `timeout` of the request's body.
    Body,
    /// This header of the request.
    Header(&'static str),
}

impl fmt::Display for SetBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetBy::Configuration => f.write_str("timeout of the configuration"),
            SetBy::Route => f.write_str("timeout of the route"),
            SetBy::Body => f.write_str("timeout of the request's body"),
            SetBy::Header(name) => write!(f, "the request's header {name}"),
        }
    }
}

/// Who limits connecting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConnectBy {
    /// `connect_timeout` of the configuration.
    #[default]
    Configuration,
    /// `connect_timeout` of the upstream.
    Upstream,
    /// The whole call's limit, of which less is left.
    Deadline,
}

/// How long connecting may take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Connecting {
    /// Name and TLS included.
    pub limit: Duration,
    /// Who set that.
    pub by: ConnectBy,
}

impl Connecting {
    /// The upstream's own limit, else the one of the configuration; never more than is `left` of the call.
    pub fn new(configured: Duration, upstream: &Upstream, left: Duration) -> Self {
        let (limit, by) = match upstream.timeouts.connect {
            Some(own) => (own, ConnectBy::Upstream),
            None => (configured, ConnectBy::Configuration),
        };
        if left < limit { Connecting { limit: left, by: ConnectBy::Deadline } } else { Connecting { limit, by } }
    }

    /// Returns the setting that set the limit, for messages.
    pub fn set_by(&self, upstream: &Upstream, deadline: &Deadline) -> String {
        match self.by {
            ConnectBy::Configuration => "connect_timeout of the configuration".to_owned(),
            ConnectBy::Upstream => format!("upstreams.{}.connect_timeout", upstream.name),
            ConnectBy::Deadline => format!("{}, which is shorter than connect_timeout", deadline.set_by),
        }
    }
}

/// A time limit that runs.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    begun: Instant,
    /// The whole call.
    pub limit: Duration,
    /// Who set that.
    pub set_by: SetBy,
    /// The longest silence, for a stream whose client said how long it waits for the next bytes.
    silence: Option<Duration>,
    /// Who set that.
    silence_by: SetBy,
}

impl Deadline {
    /// The deadline of a call that began at `begun`.
    ///
    /// `timeout` of the body goes before everything. Otherwise `configured` limits the call; a client's own limit, if it is
    /// smaller, limits a whole call as well, and on a stream the silence between pieces, which is what it means there.
    pub fn new(
        begun: Instant,
        configured: Duration,
        body: Option<Duration>,
        headers: &HeaderMap,
        stream: bool,
    ) -> Self {
        let client = client_limit(headers);
        let whole = |limit, set_by| Deadline { begun, limit, set_by, silence: None, silence_by: set_by };
        match (body, client) {
            (Some(limit), _) => whole(limit, SetBy::Body),
            (None, Some((name, silence))) if stream => Deadline {
                silence: Some(silence),
                silence_by: SetBy::Header(name),
                ..whole(configured, SetBy::Configuration)
            },
            (None, Some((name, client))) if client < configured => whole(client, SetBy::Header(name)),
            (None, _) => whole(configured, SetBy::Configuration),
        }
    }

    /// The same deadline, where the limit that was given as the configuration's is the route's.
    pub fn of_route(self) -> Self {
        let set_by = if self.set_by == SetBy::Configuration { SetBy::Route } else { self.set_by };
        Deadline { set_by, ..self }
    }

    /// Returns the longest silence of a stream and who set it; `None` where only the whole call is limited.
    pub fn silence(&self) -> Option<(Duration, SetBy)> {
        self.silence.map(|silence| (silence, self.silence_by))
    }

    /// The same deadline for a whole call, whose upstream may be silent until the end.
    pub fn of_whole(self) -> Self {
        Deadline { silence: None, ..self }
    }

    /// Returns when the time is up.
    pub fn end(&self) -> Instant {
        after(self.begun, self.limit)
    }

    /// Returns the time that is left; `None` when it is up.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        self.limit.checked_sub(now.saturating_duration_since(self.begun)).filter(|left| !left.is_zero())
    }

    /// Returns how long the next bytes may take.
    pub fn read_time(&self, now: Instant) -> Duration {
        let left = self.left(now).unwrap_or(Duration::from_millis(1));
        self.silence.map_or(left, |silence| silence.min(left))
    }

    /// Returns the message for the client when the time is up.
    pub fn message(&self, upstream: &str, host: &str, now: Instant) -> String {
        let (limit, by) = match self.silence {
            Some(silence) if self.left(now).is_some() => (silence, self.silence_by),
            _ => (self.limit, self.set_by),
        };
        let place = if self.set_by == SetBy::Route { "its route" } else { "config.yaml" };
        format!(
            "{upstream} ({host}) did not answer within {} s ({by}). Ask for less, or allow more with 'timeout' (seconds) in the request or in {place}.",
            limit.as_secs_f64()
        )
    }
}

fn client_limit(headers: &HeaderMap) -> Option<(&'static str, Duration)> {
    let seconds = |name: &'static str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let (name, seconds) = CLIENT_LIMITS.into_iter().find_map(|name| Some((name, seconds(name)?)))?;
    let limit = Duration::try_from_secs_f64(seconds).ok().filter(|limit| !limit.is_zero())?;
    Some((name, limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(body: Option<u64>, header: Option<&'static str>, stream: bool) -> (u64, u64) {
        let headers =
            header.map(|value| HeaderMap::from_iter([(CLIENT_LIMITS[0].parse().unwrap(), value.parse().unwrap())]));
        let begun = Instant::now();
        let body = body.map(Duration::from_secs);
        let deadline = Deadline::new(begun, Duration::from_secs(600), body, &headers.unwrap_or_default(), stream);
        (deadline.limit.as_secs(), deadline.read_time(begun).as_secs())
    }

    #[test]
    fn the_body_wins_then_the_smaller_of_the_rest() {
        assert_eq!(limit(None, None, false), (600, 600));
        assert_eq!(limit(None, Some("5"), false), (5, 5));
        assert_eq!(limit(None, Some("6000"), false), (600, 600));
        assert_eq!(limit(Some(900), Some("5"), false), (900, 900));
        assert_eq!(limit(Some(2), None, true), (2, 2));
        assert_eq!(limit(None, Some("5"), true), (600, 5));
        let name = CLIENT_LIMITS[1];
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), "5".parse().unwrap())]);
        let set = |body: Option<Duration>, stream: bool, configured: u64| {
            let configured = Duration::from_secs(configured);
            let deadline = Deadline::new(Instant::now(), configured, body, &headers, stream);
            (deadline.set_by, deadline.silence())
        };
        let silence = Some((Duration::from_secs(5), SetBy::Header(name)));
        assert_eq!(set(None, false, 600), (SetBy::Header(name), None));
        assert_eq!(set(None, false, 4), (SetBy::Configuration, None));
        assert_eq!(set(None, true, 600), (SetBy::Configuration, silence));
        assert_eq!(set(Some(Duration::from_secs(1)), true, 600), (SetBy::Body, None));
        for nonsense in ["0", "-1", "soon", "NaN", "inf", ""] {
            assert_eq!(limit(None, Some(nonsense), false), (600, 600), "{nonsense}");
        }
    }
}
