//! Tests of the resolver with look-ups and a clock that the test controls.

use super::*;
use tokio::sync::{mpsc, oneshot};

/// Long enough for whatever the test lets happen.
const LONG: Duration = Duration::from_secs(60);
/// Too short for a look-up that waits for the test.
const SHORT: Duration = Duration::from_millis(1);

type Answer = oneshot::Sender<io::Result<Vec<IpAddr>>>;

/// A resolver whose look-ups wait for the test.
struct Scripted {
    resolver: Arc<Resolver>,
    asked: mpsc::UnboundedReceiver<Answer>,
    clock: Arc<Mutex<Instant>>,
}

fn scripted() -> Scripted {
    let (ask, asked) = mpsc::unbounded_channel();
    let clock = Arc::new(Mutex::new(Instant::now()));
    let time = clock.clone();
    let look_up = move |_: String| -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let (answer, answered) = oneshot::channel();
        ask.send(answer).unwrap();
        Box::pin(async move { answered.await.unwrap() })
    };
    let resolver = Arc::new(Resolver::new(Box::new(look_up), Box::new(move || *time.lock().unwrap())));
    Scripted { resolver, asked, clock }
}

impl Scripted {
    fn pass(&self, time: Duration) {
        *self.clock.lock().unwrap() += time;
    }

    /// A request's question, in a task of its own.
    fn asks(&self) -> tokio::task::JoinHandle<io::Result<String>> {
        let resolver = self.resolver.clone();
        tokio::spawn(async move { resolver.addresses("argo.test", 7, LONG).await.map(|found| found[0].to_string()) })
    }

    /// The address that is known now, without a look-up that the test answers.
    async fn now(&self) -> io::Result<String> {
        self.resolver.addresses("argo.test", 7, SHORT).await.map(|found| found[0].to_string())
    }

    /// Waits until the resolver has remembered the last answer.
    async fn settled(&self) {
        let running = self.resolver.0.names().get("argo.test").and_then(|name| name.running.clone());
        if let Some(mut running) = running {
            while running.changed().await.is_ok() {}
        }
    }

    fn is_asked(&mut self) -> bool {
        self.asked.try_recv().is_ok()
    }
}

fn found(ip: &str) -> io::Result<Vec<IpAddr>> {
    Ok(vec![ip.parse().unwrap()])
}

#[tokio::test]
async fn literals_names_and_nonsense() {
    let resolver = Resolver::default();
    assert_eq!(resolver.addresses("::1", 7, LONG).await.unwrap()[0].to_string(), "[::1]:7");
    let first = resolver.addresses("localhost", 8, LONG).await.unwrap();
    let again = resolver.addresses("localhost", 9, LONG).await.unwrap();
    assert!(first.iter().all(|a| a.port() == 8 && a.ip().is_loopback()));
    assert!(again.iter().all(|a| a.port() == 9));
    assert!(resolver.addresses("no such host", 1, LONG).await.is_err());
}

#[tokio::test]
async fn requests_that_wait_for_a_name_share_one_look_up() {
    let mut script = scripted();
    let requests: Vec<_> = (0..20).map(|_| script.asks()).collect();
    let answer = script.asked.recv().await.unwrap();
    // Each of them has asked by the time that all of them get the answer, or finds it known.
    answer.send(found("192.0.2.1")).unwrap();
    for request in requests {
        assert_eq!(request.await.unwrap().unwrap(), "192.0.2.1:7");
    }
    assert!(!script.is_asked());
}

#[tokio::test]
async fn a_look_up_that_outlasts_its_request_is_remembered() {
    let mut script = scripted();
    assert_eq!(script.now().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    // The next one waits for the same look-up.
    assert_eq!(script.now().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    script.asked.recv().await.unwrap().send(found("192.0.2.1")).unwrap();
    script.settled().await;
    assert_eq!(script.now().await.unwrap(), "192.0.2.1:7");
    assert!(!script.is_asked());
}

#[tokio::test]
async fn a_known_address_is_used_at_once_and_looked_up_beside() {
    let mut script = scripted();
    let first = script.asks();
    script.asked.recv().await.unwrap().send(found("192.0.2.1")).unwrap();
    first.await.unwrap().unwrap();
    script.pass(FRESH - Duration::from_secs(1));
    assert_eq!(script.now().await.unwrap(), "192.0.2.1:7");
    assert!(!script.is_asked(), "a fresh address");
    script.pass(Duration::from_secs(1));
    // The name servers are silent: nobody waits for them, and they are asked once.
    for _ in 0..20 {
        assert_eq!(script.now().await.unwrap(), "192.0.2.1:7");
    }
    let answer = script.asked.recv().await.unwrap();
    assert!(!script.is_asked());
    answer.send(found("192.0.2.2")).unwrap();
    script.settled().await;
    assert_eq!(script.now().await.unwrap(), "192.0.2.2:7");
    // What fails leaves the address in use, up to its end.
    script.pass(FRESH);
    script.now().await.unwrap();
    script.asked.recv().await.unwrap().send(Err(io::ErrorKind::Other.into())).unwrap();
    script.settled().await;
    assert_eq!(script.now().await.unwrap(), "192.0.2.2:7");
    assert!(!script.is_asked(), "a failure rests");
    script.pass(STALE - FRESH);
    assert_eq!(script.now().await.unwrap_err().kind(), io::ErrorKind::TimedOut, "too old to be used");
    assert!(script.is_asked());
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_moment() {
    let mut script = scripted();
    let first = script.asks();
    let why = || io::Error::other("nobody knows it");
    script.asked.recv().await.unwrap().send(Err(why())).unwrap();
    assert_eq!(first.await.unwrap().unwrap_err().to_string(), "nobody knows it");
    for _ in 0..20 {
        assert_eq!(script.now().await.unwrap_err().to_string(), "nobody knows it");
    }
    assert!(!script.is_asked());
    script.pass(FAILED);
    let again = script.asks();
    script.asked.recv().await.unwrap().send(found("192.0.2.1")).unwrap();
    assert_eq!(again.await.unwrap().unwrap(), "192.0.2.1:7");
}

#[test]
fn a_look_up_that_ended_with_its_thread_is_made_again() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut script = scripted();
    runtime().block_on(async { script.now().await.unwrap_err() });
    assert!(script.is_asked());
    runtime().block_on(async {
        let again = script.asks();
        script.asked.recv().await.unwrap().send(found("192.0.2.1")).unwrap();
        assert_eq!(again.await.unwrap().unwrap(), "192.0.2.1:7");
    });
}
