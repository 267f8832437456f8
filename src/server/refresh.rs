//! Reads the lists of models of the upstreams while the proxy serves: on time, and when somebody asks for it. Two who ask at once get
//! one answer. What the lists change is served by a reload; this file knows no table's files.

use super::refresh_log::RefreshLog;
use super::refresh_schedule::RefreshSchedule;
use crate::loading::KeptLists;
use crate::models::{ListReport, ModelLists, ModelReport};
use crate::online::model_lists::{self, ListAnswer};
use crate::proxy::live::Current;
use crate::proxy::upstream::client::UpstreamClient;
use crate::setup::write_private;
use crate::table::Table;
use crate::wire::ids::unix_now;
use std::collections::HashMap;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Somebody who waits for a refresh.
type Waiter = oneshot::Sender<ModelReport>;

/// Asks for a refresh.
#[derive(Clone)]
pub struct RefreshHandle(UnboundedSender<Waiter>);

impl RefreshHandle {
    /// Has the lists read, and returns what they say; `None` if nobody reads them any more.
    pub async fn refresh(&self) -> Option<ModelReport> {
        let (waiter, report) = oneshot::channel();
        self.0.send(waiter).ok()?;
        report.await.ok()
    }
}

/// What a refresher has to be told of.
pub enum RefreshEvent {
    /// Somebody wants a refresh.
    Wanted(Waiter),
    /// The lists have been read.
    Read(Vec<ListAnswer>),
}

/// Reads the lists, one refresh at a time.
pub struct Refresher {
    client: Arc<UpstreamClient>,
    requests: UnboundedReceiver<Waiter>,
    waiting: Vec<Waiter>,
    running: Option<JoinHandle<Vec<ListAnswer>>>,
    schedule: RefreshSchedule,
    /// Why a list could not be used when it was asked for last, by URL.
    failed: HashMap<String, String>,
    log: RefreshLog,
}

impl Refresher {
    /// Returns a refresher, and what asks it for a refresh.
    pub fn new() -> (Self, RefreshHandle) {
        let (sender, requests) = unbounded_channel();
        let refresher = Refresher {
            client: Arc::default(),
            requests,
            waiting: Vec::new(),
            running: None,
            schedule: RefreshSchedule::default(),
            failed: HashMap::new(),
            log: RefreshLog::default(),
        };
        (refresher, RefreshHandle(sender))
    }

    /// Shows what is known from the last start, which the log need not tell again.
    pub fn begin(&mut self, current: &Current, kept: &KeptLists) {
        self.log.know(current.live().table.differences());
        self.report(current, kept);
    }

    /// Begins to read the lists if it is time.
    pub fn look(&mut self, current: &Current) {
        let live = current.live();
        let Some(period) = live.table.models_refresh().filter(|_| self.running.is_none()) else { return };
        if self.schedule.is_due(period, &urls(&live.table), unix_now()) {
            self.ask(current);
        }
    }

    fn ask(&mut self, current: &Current) {
        let (client, live) = (self.client.clone(), current.live());
        self.schedule.begin(&urls(&live.table), unix_now());
        self.running = Some(tokio::spawn(async move { model_lists::ask(&client, &live).await }));
    }

    /// Waits for what happens next. Nothing is lost if the wait is given up.
    pub async fn next(&mut self) -> RefreshEvent {
        let Refresher { requests, running, .. } = self;
        tokio::select! {
            Some(waiter) = requests.recv() => RefreshEvent::Wanted(waiter),
            answers = ended(running) => RefreshEvent::Read(answers),
        }
    }

    /// Lets somebody wait for the refresh that is under way, or for a new one.
    pub fn wanted(&mut self, waiter: Waiter, current: &Current) {
        self.waiting.push(waiter);
        if self.running.is_none() {
            self.ask(current);
        }
    }

    /// Keeps the lists that can be used. Returns true if one of them says something new.
    pub fn keep(&mut self, answers: Vec<ListAnswer>, current: &Current, kept: &KeptLists, is_written: bool) -> bool {
        let before = kept.lists();
        let mut lists = ModelLists::clone(&before);
        let mut has_read = false;
        let now = unix_now();
        self.schedule.end(answers.iter().all(|answer| answer.came.is_err()));
        for ListAnswer { url, came } in answers {
            self.log.list(&url, came.as_ref().err(), self.failed.contains_key(&url));
            match came {
                Ok(models) => {
                    self.failed.remove(&url);
                    lists.put(&url, models, now);
                    has_read = true;
                }
                Err(why) => _ = self.failed.insert(url, why),
            }
        }
        if !has_read {
            return false;
        }
        lists.keep_only(&urls(&current.live().table));
        let is_new = !lists.says_the_same(&before);
        if is_written {
            self.log.written(write(kept.file(), &lists));
        }
        kept.replace(lists);
        is_new
    }

    /// Tells what the refresh found, when what it changes is served: the log, and everybody who waits.
    pub fn tell(&mut self, current: &Current, kept: &KeptLists) {
        self.log.differences(&current.live());
        self.report(current, kept);
        for waiter in self.waiting.drain(..) {
            // Who has left needs no answer.
            let _ = waiter.send(current.model_report());
        }
    }

    fn report(&self, current: &Current, kept: &KeptLists) {
        let (live, lists) = (current.live(), kept.lists());
        let reports = live.table.model_lists().into_iter().map(|(endpoint, upstreams)| {
            let list = lists.get(&endpoint.url);
            ListReport {
                url: endpoint.url.to_string(),
                upstreams: upstreams.iter().map(|upstream| upstream.name.clone()).collect(),
                read_at: list.map(|list| list.read_at),
                models: list.map(|list| list.models.len()),
                error: self.failed.get(&*endpoint.url).cloned(),
            }
        });
        current.note_lists(self.schedule.asked_at(), reports.collect());
    }
}

/// Returns the URLs of a table's lists.
fn urls(table: &Table) -> Vec<&str> {
    table.model_lists().into_iter().map(|(endpoint, _)| &*endpoint.url).collect()
}

/// Waits for the end of a refresh that is under way; without one for ever.
async fn ended(running: &mut Option<JoinHandle<Vec<ListAnswer>>>) -> Vec<ListAnswer> {
    let Some(task) = running else { return std::future::pending().await };
    let answers = task.await.unwrap_or_default();
    *running = None;
    answers
}

/// Writes the lists for the next start.
fn write(file: Option<&Path>, lists: &ModelLists) -> Result<(), String> {
    let file = file.ok_or("neither STATE_DIRECTORY nor XDG_STATE_HOME nor HOME names a folder for state")?;
    let why = |e: std::io::Error| format!("{} cannot be written: {e}", file.display());
    let text = lists.to_text().map_err(|e| e.to_string())?;
    if let Some(folder) = file.parent() {
        DirBuilder::new().mode(0o700).recursive(true).create(folder).map_err(why)?;
    }
    write_private(file, &text, true).map_err(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Access;
    use crate::loading;
    use crate::models::listing::Listed;

    fn current() -> Current {
        let loaded = loading::table_only().unwrap_or_else(|problems| panic!("{problems:?}"));
        Current::new(loading::live_as(Access::anybody("tester"), loaded))
    }

    #[tokio::test]
    async fn two_who_ask_at_once_get_one_answer() {
        let (current, kept) = (current(), KeptLists::default());
        let (mut refresher, _handle) = Refresher::new();
        let ((one, is_one), (two, is_two)) = (oneshot::channel(), oneshot::channel());
        // The task of the refresh does not run here: this thread never waits for it.
        refresher.wanted(one, &current);
        let first = refresher.running.as_ref().unwrap().id();
        refresher.wanted(two, &current);
        refresher.look(&current);
        assert_eq!(refresher.running.as_ref().unwrap().id(), first);
        assert!(!refresher.keep(Vec::new(), &current, &kept, false));
        refresher.tell(&current, &kept);
        let (one, two) = (is_one.await.unwrap(), is_two.await.unwrap());
        assert_eq!(one, two);
        assert!(one.asked_at.is_some() && !one.lists.is_empty());
    }

    #[test]
    fn what_a_list_said_stays_when_it_fails_and_lists_of_other_tables_go() {
        let (current, kept) = (current(), KeptLists::default());
        let (mut refresher, _handle) = Refresher::new();
        let live = current.live();
        let url = urls(&live.table).remove(0).to_owned();
        let models = || vec![Listed { name: "A".to_owned(), id: "a".to_owned() }];
        let answer = |url: &str, came| vec![ListAnswer { url: url.to_owned(), came }];
        let mut other = ModelLists::default();
        other.put("http://elsewhere/", models(), 1);
        kept.replace(other);
        assert!(refresher.keep(answer(&url, Ok(models())), &current, &kept, false));
        assert!(!refresher.keep(answer(&url, Ok(models())), &current, &kept, false), "nothing is new");
        assert!(!refresher.keep(answer(&url, Err("it is strange".to_owned())), &current, &kept, false));
        assert!(kept.lists().get(&url).is_some() && kept.lists().get("http://elsewhere/").is_none());
        refresher.tell(&current, &kept);
        let list = current.model_report().lists.remove(0);
        assert_eq!((list.models, list.error.as_deref()), (Some(1), Some("it is strange")));
    }
}
