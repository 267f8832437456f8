//! Resolves the names of hosts that strangers name.
//!
//! A look-up goes on after whoever asked has left: the system's resolver cannot be stopped, and a name server of a stranger may take as long
//! as it likes. So these look-ups have threads of their own, and few. They never take a thread that requests need, nor one of those that
//! resolve the names of upstreams.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{AcquireError, Semaphore, oneshot};

/// The most look-ups at the same time.
const MOST: usize = 32;

type FindAddresses = Arc<dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync>;

/// Resolves names, each on a thread.
pub struct NameThreads {
    free: Arc<Semaphore>,
    look_up: FindAddresses,
}

/// Why a name has no address.
#[derive(Debug, PartialEq, Eq)]
pub enum NameFault {
    /// All threads are busy, or all that the caller may have.
    Busy,
    /// It took too long.
    Late,
    /// There is no such name, or it has no address.
    Unknown,
}

impl Default for NameThreads {
    fn default() -> Self {
        NameThreads::new(MOST, Arc::new(ask_system))
    }
}

fn ask_system(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((host, port).to_socket_addrs()?.collect())
}

impl NameThreads {
    pub(super) fn new(most: usize, look_up: FindAddresses) -> Self {
        NameThreads { free: Arc::new(Semaphore::new(most)), look_up }
    }

    /// Returns the addresses of a host, at least one. A look-up takes a permit of its caller's `share`. Waiting for that and for a
    /// thread counts against `limit`.
    pub async fn addresses(
        &self,
        host: &str,
        port: u16,
        share: &Arc<Semaphore>,
        limit: Duration,
    ) -> Result<Vec<SocketAddr>, NameFault> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let begun = tokio::time::Instant::now();
        let permits = async {
            Ok::<_, AcquireError>((share.clone().acquire_owned().await?, self.free.clone().acquire_owned().await?))
        };
        let Ok(Ok(permits)) = tokio::time::timeout_at(begun + limit, permits).await else {
            return Err(NameFault::Busy);
        };
        let (tell, told) = oneshot::channel();
        let (look_up, host) = (self.look_up.clone(), host.to_owned());
        let thread = std::thread::Builder::new().name("image-name".to_owned()).spawn(move || {
            let found = look_up(&host, port);
            drop(permits);
            // Whoever asked may have left.
            let _ = tell.send(found);
        });
        if thread.is_err() {
            return Err(NameFault::Busy);
        }
        match tokio::time::timeout_at(begun + limit, told).await {
            Err(_) => Err(NameFault::Late),
            Ok(Ok(Ok(addresses))) if !addresses.is_empty() => Ok(addresses),
            Ok(_) => Err(NameFault::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_secs(20);
    const SHORT: Duration = Duration::from_millis(20);

    /// Two threads, whose look-ups of `slow` wait for a word and then are told of.
    fn two() -> (NameThreads, mpsc::Sender<()>, mpsc::Receiver<()>) {
        let ((go, gate), (tell, told)) = (mpsc::channel::<()>(), mpsc::channel());
        let waits = Mutex::new((gate, tell));
        let look_up = move |host: &str, port: u16| -> io::Result<Vec<SocketAddr>> {
            match host {
                "none" => Err(io::ErrorKind::NotFound.into()),
                "empty" => Ok(Vec::new()),
                "slow" => {
                    let waits = waits.lock().unwrap();
                    waits.0.recv_timeout(LONG).unwrap();
                    waits.1.send(()).unwrap();
                    Ok(vec![([10, 0, 0, 1], port).into()])
                }
                _ => Ok(vec![([10, 0, 0, 2], port).into()]),
            }
        };
        (NameThreads::new(2, Arc::new(look_up)), go, told)
    }

    fn share(most: usize) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(most))
    }

    #[tokio::test]
    async fn names_are_resolved_and_addresses_are_taken_as_they_are() {
        let (names, ..) = two();
        assert_eq!(names.addresses("::1", 80, &share(9), SHORT).await, Ok(vec!["[::1]:80".parse().unwrap()]));
        assert_eq!(names.addresses("quick", 81, &share(9), LONG).await, Ok(vec!["10.0.0.2:81".parse().unwrap()]));
        for unknown in ["none", "empty"] {
            assert_eq!(names.addresses(unknown, 80, &share(9), LONG).await, Err(NameFault::Unknown), "{unknown}");
        }
        assert!(NameThreads::default().addresses("localhost", 80, &share(9), LONG).await.is_ok());
    }

    #[tokio::test]
    async fn who_leaves_gives_no_thread_back_before_the_look_up_ends() {
        let (names, go, told) = two();
        for _ in 0..2 {
            assert_eq!(names.addresses("slow", 80, &share(9), SHORT).await, Err(NameFault::Late));
        }
        assert_eq!(names.addresses("quick", 80, &share(9), SHORT).await, Err(NameFault::Busy), "both are at work");
        assert!(names.addresses("10.0.0.3", 80, &share(9), SHORT).await.is_ok(), "an address needs no thread");
        go.send(()).unwrap();
        told.recv_timeout(LONG).unwrap();
        assert!(names.addresses("quick", 80, &share(9), LONG).await.is_ok());
        go.send(()).unwrap();
        told.recv_timeout(LONG).unwrap();
        assert!(names.addresses("quick", 80, &share(9), LONG).await.is_ok());
    }

    #[tokio::test]
    async fn a_caller_whose_look_ups_go_on_leaves_the_others_theirs() {
        let (names, go, told) = two();
        let (slow, other) = (share(1), share(1));
        assert_eq!(names.addresses("slow", 80, &slow, SHORT).await, Err(NameFault::Late));
        // The other thread is free, but not for the same caller.
        assert_eq!(names.addresses("quick", 80, &slow, SHORT).await, Err(NameFault::Busy));
        assert!(names.addresses("quick", 80, &other, LONG).await.is_ok());
        go.send(()).unwrap();
        told.recv_timeout(LONG).unwrap();
        assert!(names.addresses("quick", 80, &slow, LONG).await.is_ok());
    }
}
