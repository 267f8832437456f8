use super::*;
use std::sync::atomic::AtomicBool;
use std::task::Wake;

/// A task that notes that it was woken.
#[derive(Default)]
struct Task(AtomicBool);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A hundred descriptors, and as many connections as there are numbers from 10 on, each waiting a second longer than the next.
fn hundred(connections: usize, now: Instant) -> (Arc<WaitingConnections>, Vec<(WaitingPlace, Arc<Task>)>) {
    let zero = now.checked_sub(Duration::from_secs(1000)).unwrap_or(now);
    let all = Arc::new(WaitingConnections { zero, ..WaitingConnections::new(Some(100)) });
    let enter = |number: usize| {
        let task = Arc::new(Task::default());
        let mark = Arc::new(WaitMark { state: AtomicU64::new(0), of: all.clone(), task: task.clone().into() });
        mark.waits(zero + Duration::from_secs(number as u64));
        let descriptor = RawFd::try_from(10 + number).unwrap();
        all.lock().insert(descriptor, mark.clone());
        (WaitingPlace { descriptor, mark }, task)
    };
    let entered = (0..connections).map(enter).collect();
    (all, entered)
}

fn closing(entered: &[(WaitingPlace, Arc<Task>)]) -> Vec<usize> {
    let is_closing = |(place, task): &(WaitingPlace, Arc<Task>)| {
        assert_eq!(place.mark.is_closing(), task.0.load(Ordering::Relaxed), "its task is told");
        place.mark.is_closing()
    };
    (0..entered.len()).filter(|number| is_closing(&entered[*number])).collect()
}

#[test]
fn above_four_fifths_those_that_waited_longest_are_closed_and_no_other() {
    let now = Instant::now();
    let (all, mut entered) = hundred(70, now);
    all.opened(79);
    assert_eq!(closing(&entered), [0_usize; 0]);
    entered[0].0.mark.is_served();
    entered[1].0.mark.waits(now);
    all.opened(80);
    // 81 are taken, and 75 shall be.
    assert_eq!(closing(&entered), [2, 3, 4, 5, 6, 7]);
    // They are about to be closed, so that the next connection closes no more.
    all.opened(81);
    assert_eq!(closing(&entered).len(), 6);
    // One has begun a request in time, and one a head, which does not save it.
    entered[2].0.mark.is_served();
    entered[3].0.mark.waits(now);
    assert_eq!((entered[2].0.mark.is_closing(), entered[3].0.mark.is_closing()), (false, true));
    entered.drain(2..8);
    assert_eq!(all.closing.load(Ordering::Relaxed), 0);
    all.opened(80);
    assert_eq!(closing(&entered), [2, 3, 4, 5, 6, 7], "the next ones");
}

#[test]
fn who_has_just_connected_is_closed_only_when_nearly_nothing_is_left() {
    let now = Instant::now();
    let (all, entered) = hundred(70, now);
    entered.iter().for_each(|(place, _)| place.mark.waits(now));
    all.opened(84);
    assert_eq!(closing(&entered).len(), 0);
    all.opened(85);
    assert_eq!(closing(&entered).len(), 11);
    // What is on its way is counted, but it may be too slow.
    all.opened(86);
    assert_eq!(closing(&entered).len(), 12);
}

#[test]
fn without_a_limit_nothing_is_closed_and_a_number_is_given_again() {
    let all = Arc::new(WaitingConnections::new(None));
    let enter = || all.enter(RawFd::MAX, Arc::new(Task::default()).into());
    let first = enter();
    let second = enter();
    assert!(!first.mark.is_closing() && !second.mark.is_closing());
    drop(first);
    assert_eq!(all.lock().len(), 1, "it is the second one's");
    drop(second);
    assert_eq!(all.lock().len(), 0);
}

#[tokio::test]
async fn work_ends_when_its_connection_is_to_be_closed() {
    let all = Arc::new(WaitingConnections::new(Some(100)));
    assert_eq!(all.unless_closed(50, async { 7 }).await, Some(7));
    let waits = tokio::spawn({
        let all = all.clone();
        async move { all.unless_closed(50, std::future::pending::<()>()).await }
    });
    while all.lock().is_empty() {
        tokio::task::yield_now().await;
    }
    all.opened(99);
    assert_eq!(waits.await.unwrap(), None);
    assert_eq!((all.lock().len(), all.closing.load(Ordering::Relaxed)), (0, 0));
}
