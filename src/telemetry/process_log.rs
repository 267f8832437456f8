//! The log of this process: the queues of its lines, where they go, and how it ends.

use super::log_queue::{self, LineForm, LogQueue};
use super::log_target::LogTarget;
use crate::diagnostics::write_stderr;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long the end of the process waits for lines that are not written yet.
const LAST_LINES: Duration = Duration::from_secs(1);

static LOG: OnceLock<ProcessLog> = OnceLock::new();

struct ProcessLog {
    /// The lines for people.
    text: LogQueue,
    /// The JSON lines of requests, where they do not go into the file.
    json: Option<LogQueue>,
    /// What is not for the file.
    stderr: Option<LogQueue>,
    file: Option<PathBuf>,
}

impl ProcessLog {
    fn start(file: Option<PathBuf>) -> io::Result<Self> {
        let Some(path) = file else {
            let text = LogQueue::start(LogTarget::Stderr, LineForm::Text)?;
            let json = LogQueue::start(LogTarget::Stdout, LineForm::Json)?;
            return Ok(ProcessLog { text, json: Some(json), stderr: None, file: None });
        };
        // One queue, so that a file has all lines in their order.
        let text = LogQueue::start(LogTarget::file(&path)?, LineForm::Text)?;
        let stderr = LogQueue::start(LogTarget::Stderr, LineForm::Text)?;
        Ok(ProcessLog { text, json: None, stderr: Some(stderr), file: Some(path) })
    }
}

/// Starts the log, once: into a file, or else on standard error, with JSON lines on standard output.
///
/// # Errors
/// The file cannot be opened, or the system has no thread left.
pub fn start(file: Option<PathBuf>) -> io::Result<()> {
    let log = ProcessLog::start(file)?;
    // The error means that the log runs already.
    let _ = LOG.set(log);
    Ok(())
}

/// The lines for people, for the logger that formats them. It hands over each line in one piece.
pub struct TextLines;

impl Write for TextLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(log) = LOG.get() {
            log.text.push(line.to_owned());
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the JSON line of a request.
pub fn json_line(line: Vec<u8>) {
    if let Some(log) = LOG.get() {
        log.json.as_ref().unwrap_or(&log.text).push(line);
    }
}

/// Writes on standard error what is for the person who started the program, also where the log has a file. Nobody has to read it: a
/// process that takes over must not wait for whoever reads.
pub fn on_stderr(text: &str) {
    match LOG.get() {
        Some(log) => log.stderr.as_ref().unwrap_or(&log.text).push(text.as_bytes().to_owned()),
        None => write_stderr(text),
    }
}

/// Returns true if a person reads the lines on a terminal as they are written.
pub fn is_on_terminal() -> bool {
    static IS_TERMINAL: OnceLock<bool> = OnceLock::new();
    *IS_TERMINAL.get_or_init(|| LOG.get().is_none_or(|log| log.file.is_none()) && io::stderr().is_terminal())
}

/// Opens the log's file anew, after it was renamed. Returns its path; `None` if the log has no file.
///
/// # Errors
/// It cannot be opened. The log stays in the file that it had.
pub fn reopen() -> Result<Option<PathBuf>, (PathBuf, io::Error)> {
    let Some((log, path)) = LOG.get().and_then(|log| Some((log, log.file.clone()?))) else { return Ok(None) };
    match LogTarget::file(&path) {
        Ok(target) => {
            log.text.turn_to(target);
            Ok(Some(path))
        }
        Err(e) => Err((path, e)),
    }
}

/// Returns how many lines of the process were dropped, or could not be written.
pub fn dropped() -> u64 {
    log_queue::dropped()
}

/// Waits until all lines so far are written, at most for a second: the process is about to end.
pub fn flush() {
    let until = Instant::now() + LAST_LINES;
    if let Some(log) = LOG.get() {
        log.text.flush(until);
        [&log.json, &log.stderr].into_iter().flatten().for_each(|queue| queue.flush(until));
    }
}

/// Ends the process, after the last lines of its log.
pub fn exit(code: i32) -> ! {
    flush();
    std::process::exit(code)
}
