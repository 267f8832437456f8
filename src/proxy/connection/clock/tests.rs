use super::*;
use crate::proxy::connection::pace::SLOWEST;
use crate::proxy::connection::waiting::WaitingConnections;
use std::task::Waker;

const TIMEOUTS: ClientTimeouts = ClientTimeouts {
    idle: Duration::from_secs(75),
    head: Duration::from_secs(10),
    max_head: 1,
    body: Duration::from_secs(60),
    write: Duration::from_secs(60),
};

/// The clock of a connection that nobody closes.
fn clock() -> Arc<ConnectionClock> {
    let place = Arc::new(WaitingConnections::new(None)).enter(3, Waker::noop().clone());
    Arc::new(ConnectionClock::new(Instant::now(), TIMEOUTS, place.mark()))
}

fn look(clock: &ConnectionClock, seconds: u64, acked: u64) -> ClientVerdict {
    clock.check(Instant::now() + Duration::from_secs(seconds), || Some(acked), || false)
}

#[test]
fn a_head_has_its_time_from_its_first_byte_and_a_request_has_its_own() {
    let clock = clock();
    assert_eq!((look(&clock, 70, 0), look(&clock, 76, 0)), (ClientVerdict::Fine, ClientVerdict::End));
    clock.bytes_arrived(1);
    assert_eq!((look(&clock, 9, 0), look(&clock, 11, 0)), (ClientVerdict::Fine, ClientVerdict::End));
    CLOCK.sync_scope(clock.clone(), || {
        let serving = begin_request(TIMEOUTS);
        clock.bytes_arrived(1);
        assert_eq!(look(&clock, 10_000, 0), ClientVerdict::Fine);
        drop(serving);
    });
    assert_eq!((look(&clock, 70, 0), look(&clock, 76, 0)), (ClientVerdict::Fine, ClientVerdict::End));
}

#[test]
fn who_does_not_read_is_cut_and_who_keeps_up_never() {
    let clock = clock();
    let _serving = CLOCK.sync_scope(clock.clone(), || begin_request(TIMEOUTS));
    assert!(!clock.write_waits());
    assert_eq!((look(&clock, 0, 1000), look(&clock, 59, 1000)), (ClientVerdict::Fine, ClientVerdict::Fine));
    // What arrived counts, and what the system took.
    let minute = 60 * SLOWEST;
    assert_eq!(look(&clock, 119, 1000 + minute), ClientVerdict::Fine);
    clock.write_accepted(2 * minute as usize, false);
    assert_eq!(look(&clock, 1000, 1000), ClientVerdict::Fine, "nothing waits");
    assert!(!clock.write_waits());
    assert_eq!(look(&clock, 179, 1000 + minute), ClientVerdict::Fine);
    clock.write_accepted(1, true);
    assert_eq!(look(&clock, 1000, 1000), ClientVerdict::Fine, "all is taken");
    clock.write_waits();
    assert_eq!(look(&clock, 61, 1000), ClientVerdict::Cut);
    assert!(clock.write_waits(), "the write fails");
}

#[test]
fn a_body_has_longer_the_more_of_it_came() {
    let now = Instant::now();
    assert_eq!(TIMEOUTS.body_due(now, 0), now + Duration::from_secs(60));
    assert_eq!(TIMEOUTS.body_due(now, 160 * 1024), now + Duration::from_secs(70));
}
