//! Lines of the log on their way out: a bounded queue, and a thread that writes. A reader who does not read stops nobody.
//!
//! `tracing-appender` has such a queue, too. It counts lines, however long they are; the log does not show that lines are
//! missing; it cannot take another file; and it brings `tracing-subscriber` along. So this one is our own.

use super::log_target::LogTarget;
use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TryRecvError};
use std::time::Instant;

/// The most bytes that wait to be written. Lines beyond that are dropped.
const MOST: usize = 1024 * 1024;

/// The lines of all queues of the process that were dropped, or could not be written.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Returns how many lines of the process were dropped.
pub fn dropped() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

/// What the lines of a queue look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineForm {
    Text,
    Json,
}

/// The queue of one output.
pub struct LogQueue {
    messages: Sender<QueueMessage>,
    state: Arc<QueueState>,
}

enum QueueMessage {
    /// A line, and how many were dropped since the line before it.
    Line(Vec<u8>, u64),
    /// Where all further lines go.
    Target(LogTarget),
    /// A request for an answer as soon as everything before it is written.
    Flush(SyncSender<()>),
}

#[derive(Default)]
struct QueueState {
    /// The bytes that wait.
    waiting: AtomicUsize,
    /// True from the first line that does not fit until half of the queue is free: few large gaps, not many small ones.
    is_full: AtomicBool,
    /// The lines that were dropped and that the log does not tell of yet.
    untold: AtomicU64,
}

impl QueueState {
    fn drop_line(&self) {
        self.untold.fetch_add(1, Ordering::Relaxed);
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

impl LogQueue {
    /// Starts the thread that writes to `target`.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(target: LogTarget, form: LineForm) -> std::io::Result<Self> {
        let (messages, inbox) = mpsc::channel();
        let state = Arc::<QueueState>::default();
        let writer = LogWriter { inbox, target, form, state: state.clone() };
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run())?;
        Ok(LogQueue { messages, state })
    }

    /// Adds a line, which ends with a line feed. Never waits.
    pub fn push(&self, line: Vec<u8>) {
        let state = &self.state;
        let before = state.waiting.fetch_add(line.len(), Ordering::Relaxed);
        if before + line.len() > MOST {
            state.is_full.store(true, Ordering::Relaxed);
        } else if before <= MOST / 2 {
            state.is_full.store(false, Ordering::Relaxed);
        }
        if state.is_full.load(Ordering::Relaxed) {
            state.waiting.fetch_sub(line.len(), Ordering::Relaxed);
            return state.drop_line();
        }
        let dropped = state.untold.load(Ordering::Relaxed);
        let dropped = if dropped > 0 { state.untold.swap(0, Ordering::Relaxed) } else { 0 };
        self.send(QueueMessage::Line(line, dropped));
    }

    /// Writes all further lines to `target`.
    pub fn turn_to(&self, target: LogTarget) {
        self.send(QueueMessage::Target(target));
    }

    /// Waits until all lines so far are written, but not beyond `until`.
    pub fn flush(&self, until: Instant) {
        let (done, is_done) = mpsc::sync_channel(1);
        self.send(QueueMessage::Flush(done));
        // An error means that the time is up: the lines that are left are lost.
        let _ = is_done.recv_timeout(until.saturating_duration_since(Instant::now()));
    }

    fn send(&self, message: QueueMessage) {
        // The writer never ends before the process does.
        let _ = self.messages.send(message);
    }
}

/// The thread's side of a queue.
struct LogWriter {
    inbox: Receiver<QueueMessage>,
    target: LogTarget,
    form: LineForm,
    state: Arc<QueueState>,
}

impl LogWriter {
    fn run(mut self) {
        while let Some(message) = self.next() {
            match message {
                QueueMessage::Line(line, dropped) => {
                    self.tell(dropped);
                    if self.target.write(&line).is_err() {
                        self.state.drop_line();
                    }
                    self.state.waiting.fetch_sub(line.len(), Ordering::Relaxed);
                }
                QueueMessage::Target(target) => self.target = target,
                QueueMessage::Flush(done) => {
                    self.tell_rest();
                    // Nobody may be waiting any more.
                    let _ = done.try_send(());
                }
            }
        }
    }

    /// Returns the next message. Before it waits for one, the log tells of lines that were dropped.
    fn next(&mut self) -> Option<QueueMessage> {
        match self.inbox.try_recv() {
            Ok(message) => Some(message),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                self.tell_rest();
                self.inbox.recv().ok()
            }
        }
    }

    fn tell_rest(&mut self) {
        let dropped = self.state.untold.swap(0, Ordering::Relaxed);
        self.tell(dropped);
    }

    fn tell(&mut self, dropped: u64) {
        if dropped > 0 && self.target.write(gap(self.form, dropped, Timestamp::now()).as_bytes()).is_err() {
            self.state.untold.fetch_add(dropped, Ordering::Relaxed);
        }
    }
}

/// Returns the line that stands where lines are missing.
fn gap(form: LineForm, dropped: u64, at: Timestamp) -> String {
    match form {
        LineForm::Text => {
            format!("[{at:.3} WARN ] {dropped} lines of the log were dropped: they could not be written in time\n")
        }
        LineForm::Json => {
            format!("{{\"timestamp\":\"{at:.3}\",\"severity\":\"WARN\",\"proxy.log_lines_dropped\":{dropped}}}\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Read;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    #[test]
    fn a_gap_is_told_where_it_is_and_each_line_is_written_or_counted() {
        const LINES: usize = 40;
        let (mut reader, writer) = UnixStream::pair().unwrap();
        let target = LogTarget::File(File::from(OwnedFd::from(writer)));
        let queue = LogQueue::start(target, LineForm::Text).unwrap();
        // Nobody reads: what the socket does not take waits, and what is beyond that is dropped.
        let line = |number: usize| format!("{number} {}\n", "x".repeat(100_000)).into_bytes();
        (0..LINES).for_each(|number| queue.push(line(number)));
        assert!(queue.state.waiting.load(Ordering::Relaxed) <= MOST);
        let reading = std::thread::spawn(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).unwrap();
            text
        });
        let soon = || Instant::now() + Duration::from_secs(20);
        queue.flush(soon());
        queue.push(line(LINES));
        queue.flush(soon());
        drop(queue);
        let text = reading.join().unwrap();
        let firsts: Vec<&str> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
        let gap =
            text.lines().find_map(|line| line.split_once(" lines of the log")?.0.rsplit(' ').next()?.parse().ok());
        let (gap, last): (usize, String) = (gap.unwrap(), LINES.to_string());
        assert_eq!(firsts.len() - 1 + gap, LINES + 1, "{firsts:?}");
        assert_eq!(firsts[firsts.len() - 1], last);
        assert!(firsts[firsts.len() - 2].starts_with('['), "the gap is before the line that came after it: {firsts:?}");
    }

    #[test]
    fn gaps_have_the_form_of_their_lines() {
        let at = Timestamp::UNIX_EPOCH;
        let text = gap(LineForm::Text, 7, at);
        assert!(text.starts_with("[1970-01-01T00:00:00.000Z WARN ] 7 lines of the log were dropped"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&gap(LineForm::Json, 7, at)).unwrap();
        assert_eq!(json["proxy.log_lines_dropped"], 7);
    }
}
