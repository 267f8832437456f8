//! Ends the process at a signal, or when another process has taken over. Waits first for requests in flight.

use super::addresses::Addresses;
use super::draining::Connections;
use super::handover_state::HandoverState;
use super::instance::Instance;
use super::manager;
use super::successor::Successor;
use super::upgrade::{self, Giver, Newcomer};
use crate::proxy::in_flight::InFlight;
use crate::telemetry::process_log;
use async_trait::async_trait;
use log::{error, info, warn};
use pingora::server::{ShutdownSignal, ShutdownSignalWatch};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often a draining process checks whether it may exit.
const LOOK: Duration = Duration::from_millis(20);
/// How long idle connections stay open after a signal. A request may be on its way on one of them.
const LINGER: Duration = Duration::from_secs(1);
/// The time after which a connection that was accepted just before a hand-over is counted, TLS handshake included.
const SETTLE: Duration = Duration::from_millis(500);
/// How often to look whether sockets and the instance directory are still there.
const FILES: Duration = Duration::from_secs(1);
/// How long to wait for an instance directory that another process has promised to give up.
const HANDED_OVER: Duration = Duration::from_secs(5);

/// Handles SIGTERM and SIGINT: the first stops accepting and waits for requests in flight, the second ends at once. After a hand-over
/// the process drains in the same way, with more time for idle connections.
pub struct Shutdown {
    pub in_flight: InFlight,
    pub connections: Connections,
    pub drain: Duration,
    pub handover: Arc<HandoverState>,
    /// The instance directory, if there is one.
    pub place: Option<PathBuf>,
    /// Where this process listens, as it is written down in that directory.
    pub addresses: Addresses,
    /// The connection to the process that this one takes over from.
    pub newcomer: Mutex<Option<Newcomer>>,
    /// Starts the process that takes over at SIGUSR2.
    pub successor: Successor,
    /// The text that people read once the process serves.
    pub introduction: String,
}

#[async_trait]
impl ShutdownSignalWatch for Shutdown {
    /// pingora calls this when all services have been started.
    async fn recv(&self) -> ShutdownSignal {
        let signals = Signals::receive();
        // Written only now: whoever has read it may send a signal.
        process_log::on_stderr(&self.introduction);
        let Some(mut signals) = signals else {
            warn!("signals cannot be watched; the process has to be killed to end it");
            return std::future::pending().await;
        };
        let newcomer = self.newcomer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let takes_over = newcomer.is_some();
        let placed = tokio::select! {
            placed = self.take_place(newcomer) => placed,
            () = signals.stop() => false,
        };
        if takes_over && !placed {
            // The listeners and their files still belong to the other process.
            self.handover.give_up();
        }
        let taken_over = placed && self.serve(&mut signals).await;
        if placed && !taken_over {
            manager::stopping();
        }
        self.drain(signals, taken_over);
        // Not pingora's upgrade, which sends the sockets in its own way.
        ShutdownSignal::GracefulTerminate
    }
}

impl Shutdown {
    /// Waits while the process serves. Returns true if another process has taken over, false at a signal to stop.
    async fn serve(&self, signals: &mut Signals) -> bool {
        manager::serving();
        let Signals { terminate, interrupt, upgrade } = signals;
        tokio::select! {
            () = self.handover.taken.notified() => true,
            () = either(terminate, interrupt) => false,
            () = self.upgrade_when_asked(upgrade) => false,
            () = self.look_after_files() => false,
        }
    }

    /// Makes the instance directory and Unix sockets again when they have gone. Does not return.
    async fn look_after_files(&self) {
        loop {
            tokio::time::sleep(FILES).await;
            if !self.handover.look() {
                continue;
            }
            let Some(place) = &self.place else { continue };
            // Without a report when it fails: it is tried again, and nothing but upgrades and `health` needs it.
            if let Ok(instance) = Instance::claim(place)
                && self.answer_from(instance).is_ok()
            {
                warn!("the instance directory {} had gone; it is there again", place.display());
            }
        }
    }

    /// Answers processes that want to take over, from this directory.
    fn answer_from(&self, instance: Instance) -> Result<(), String> {
        let listener = upgrade::listen(&instance.upgrade_socket())?;
        if let Err(e) = instance.record(&self.addresses) {
            warn!("`health` goes by the configuration, since the instance's addresses cannot be written down: {e}");
        }
        self.handover.hold(instance);
        let handover = self.handover.clone();
        let answering = std::thread::Builder::new().name("upgrade".to_owned());
        if let Err(e) = answering.spawn(move || upgrade::answer(listener, &*handover)) {
            warn!("it cannot be upgraded while it runs: {e}");
        }
        Ok(())
    }

    /// Accepts nothing more, and ends the process when it has drained, or at one more signal.
    fn drain(&self, mut signals: Signals, taken_over: bool) {
        let (in_flight, drain) = (self.in_flight.clone(), self.drain);
        in_flight.stop();
        self.handover.close();
        // After a hand-over nobody waits for this process, so that idle connections may stay as long as requests.
        let linger = if taken_over { drain } else { drain.min(LINGER) };
        self.connections.stay_for(linger);
        let why = if taken_over { "another process has taken over" } else { "a second signal ends at once" };
        info!("stopping; requests in flight: {}, at most {} s for them; {why}", in_flight.count(), drain.as_secs());
        let drained = Drained { in_flight: in_flight.clone(), connections: self.connections.clone(), drain, linger };
        let least = if taken_over { SETTLE } else { LOOK * 2 };
        let handover = self.handover.clone();
        tokio::spawn(async move {
            let second = async {
                if taken_over {
                    // No signal has come yet: the first one is a stop that is under way already.
                    signals.stop().await;
                    info!("it is stopping already; another signal ends at once");
                }
                signals.stop().await;
            };
            let code = tokio::select! {
                () = drained.wait(least) => 0,
                () = second => {
                    warn!("ended at once; requests cut: {}", in_flight.count());
                    1
                }
            };
            handover.clear_dropped();
            process_log::exit(code);
        });
    }

    /// Locks the instance directory, after the process that has it has given it up. Returns false if this process must not serve.
    async fn take_place(&self, newcomer: Option<Newcomer>) -> bool {
        let takes_over = newcomer.is_some();
        if let Some(newcomer) = newcomer {
            let is_gone = tokio::task::spawn_blocking(|| newcomer.serves()).await.unwrap_or(false);
            if !is_gone {
                warn!("the instance that ran before did not say that it goes");
            }
        }
        let Some(place) = &self.place else { return true };
        let begun = Instant::now();
        let claimed = loop {
            match Instance::claim(place) {
                Err(_) if takes_over && begun.elapsed() < HANDED_OVER => tokio::time::sleep(LOOK).await,
                claimed => break claimed,
            }
        };
        match claimed.and_then(|instance| self.answer_from(instance)) {
            Ok(()) => {
                if takes_over {
                    info!("taken over from the instance that ran before");
                }
                true
            }
            Err(why) if takes_over => {
                error!("stopping, since the instance that ran before goes on: {why}");
                false
            }
            Err(why) => {
                warn!("it cannot be upgraded while it runs: {why}");
                true
            }
        }
    }

    /// Starts a successor at each SIGUSR2. Does not return.
    async fn upgrade_when_asked(&self, asked: &mut Signal) {
        while asked.recv().await.is_some() {
            match self.place {
                Some(_) => self.successor.start(),
                None => warn!("no upgrade: this process has no place at which it could be taken over"),
            }
        }
        std::future::pending().await
    }
}

/// The signals that this process acts on.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    upgrade: Signal,
}

impl Signals {
    /// Receives them from now on, if the system lets it.
    fn receive() -> Option<Self> {
        let received = |kind| signal(kind).ok();
        Some(Signals {
            terminate: received(SignalKind::terminate())?,
            interrupt: received(SignalKind::interrupt())?,
            upgrade: received(SignalKind::user_defined2())?,
        })
    }

    /// Waits for a signal to stop.
    async fn stop(&mut self) {
        either(&mut self.terminate, &mut self.interrupt).await;
    }
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Waits until a process that stops may exit.
struct Drained {
    in_flight: InFlight,
    connections: Connections,
    drain: Duration,
    linger: Duration,
}

impl Drained {
    /// Returns when nothing is in flight and no connection may bring more, or when the time is up.
    async fn wait(&self, least: Duration) {
        let begun = Instant::now();
        // After this time a request that was being accepted when the signal came is counted.
        tokio::time::sleep(least).await;
        while self.in_flight.count() > 0 || (self.connections.open() > 0 && begun.elapsed() < self.linger) {
            if begun.elapsed() >= self.drain {
                let (cut, limit) = (self.in_flight.count(), self.drain.as_secs());
                return match cut {
                    0 => info!("stopped: nothing is in flight"),
                    _ => warn!("requests cut: {cut}; they took longer than drain_timeout ({limit} s)"),
                };
            }
            tokio::time::sleep(LOOK).await;
        }
        info!("stopped: nothing is in flight");
    }
}
