//! `config.yaml`: the settings of this instance. Precedence: flags, environment, file, embedded sample.
//!
//! ```
//! # use argo_openai_proxy::config::{Config, Overrides};
//! let text = "user: jdoe\nport: ${PROXY_PORT:-44497}\n";
//! let (config, warnings) = Config::from_text("config.yaml", text, &Overrides::default(), &|_| None)?;
//! assert_eq!((config.port, warnings.len()), (44497, 0));
//! # Ok::<(), Vec<argo_openai_proxy::config::Problem>>(())
//! ```

mod effective;
mod exposure;
mod foreign_keys;
mod host;
mod keys;
mod layer;
mod limits;
mod listen;
mod listeners;
mod origins;
mod overrides;
mod sample;
#[cfg(test)]
mod tests;
mod url;
mod value;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::access::Limits;
pub use crate::access::{PLACEHOLDER, Username, check_username};
use crate::diagnostics::{Checked, Severity, Spot, file_access};
pub use crate::diagnostics::{Place, Problem};
use crate::telemetry::AccessLog;
pub use crate::yaml::expand::Env;
pub use foreign_keys::foreign;
pub use host::Host;
pub use keys::KEYS;
pub use listen::Listen;
pub use listeners::{Listeners, NamedPath, TlsFiles, beside};
pub use origins::Origins;
pub use overrides::Overrides;
pub use sample::{SAMPLE, SAMPLE_FILE};
pub use url::{base_of, parse_url};

use crate::access::{Hosts, Mode};
use crate::wire::HttpUrl;
use layer::Layer;

/// A complete, checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The port. 0 means any free port.
    pub port: u16,
    pub host: Host,
    /// `None`: ARGO's native endpoints are not called.
    pub argo_base_url: Option<HttpUrl>,
    pub argo_url: HttpUrl,
    pub argo_stream_url: HttpUrl,
    pub argo_embedding_url: HttpUrl,
    pub argo_models_url: HttpUrl,
    /// `None` if it is not set yet. See [`Config::require_user`].
    pub user: Option<Username>,
    /// True if each request is logged; false: only those that fail.
    pub verbose: bool,
    /// True if bodies are logged, shortened and without keys.
    pub log_bodies: bool,
    /// pingora's worker threads, at least one.
    pub num_workers: usize,
    /// The time limit of a whole request. More than zero.
    pub timeout: Duration,
    /// The largest request body, in bytes.
    pub max_body: usize,
    /// The largest upstream answer that is kept in memory, in bytes.
    pub max_answer: usize,
    /// What all requests together may hold in memory, in bytes. `None`: a part of the machine's.
    pub max_memory: Option<usize>,
    pub connect_timeout: Duration,
    /// How long the head of a stream waits for its first text. Zero: however long that takes.
    pub first_head: Duration,
    /// How long a shutdown waits for requests in flight. Zero: they are cut at once.
    pub drain_timeout: Duration,
    /// The limits of each caller.
    pub limits: Limits,
    /// How long a request may wait in the queue for a place. Zero: it does not wait.
    pub limits_wait: Duration,
    /// How long an idle client connection is kept open for its next request.
    pub keepalive_timeout: Duration,
    /// The time limit for a request's head, from its first byte.
    pub head_timeout: Duration,
    /// The largest request head, in bytes.
    pub max_head: usize,
    /// The longest time that a request body may lag behind the slowest allowed rate.
    pub body_timeout: Duration,
    /// The longest time that a reading client may lag behind the slowest allowed rate.
    pub write_timeout: Duration,
    pub cors_origins: Origins,
    /// The Unix socket, the certificate and the instance's directory.
    pub listeners: Listeners,
    pub access: Mode,
    /// The file that lists callers, as written. A relative path starts at the configuration's folder.
    pub callers: String,
    /// Further names of the proxy.
    pub hosts: Hosts,
    /// The form of the lines of requests.
    pub access_log: AccessLog,
    /// The file that the log is added to; `None`: standard error.
    pub log_file: Option<NamedPath>,
    /// The secret of what clients keep sealed; that of the process where it is not set.
    pub seal_file: Option<NamedPath>,
    /// The address that serves metrics, if any.
    pub admin: Option<Listen>,
    /// True if metrics have a label for the caller.
    pub metrics_by_caller: bool,
    /// True if replies carry `Server-Timing`.
    pub server_timing: bool,
    /// True if the page for people is served.
    pub page: bool,
    user_place: Place,
    /// The place of each value that is not a default.
    places: BTreeMap<String, Place>,
    /// The value of `HOST`, if it is no address and was not used.
    ignored_host: Option<String>,
}

impl Config {
    /// Reads `path`. `env` provides `${…}` and the variables of [`Overrides`].
    ///
    /// # Errors
    /// A file that cannot be read, or every mistake in the file, the environment and the flags.
    pub fn load(path: &Path, overrides: &Overrides, env: Env<'_>) -> Checked<Config> {
        let file = path.display().to_string();
        let bytes = file_access::read_deciding(path).map_err(|error| {
            let problem = file_access::unreadable_problem(path, error);
            let is_missing = file_access::is_there(path) == Ok(false);
            let help = is_missing.then(|| "create it with: argo-openai-proxy init".to_owned());
            vec![Problem { help: help.or(problem.help), ..problem }]
        })?;
        let text = String::from_utf8(bytes).map_err(|error| vec![not_utf8(&file, &error)])?;
        Config::from_text(&file, &text, overrides, env)
    }

    /// Like [`Config::load`], for a text. `file` is its name in messages.
    ///
    /// # Errors
    /// Every mistake in the text, the environment and the flags.
    pub fn from_text(file: &str, text: &str, overrides: &Overrides, env: Env<'_>) -> Checked<Config> {
        // Continue after a mistake, so that all mistakes are reported at once.
        let mut problems = Vec::new();
        let (base, found) = Layer::defaults();
        problems.extend(found);
        let (own, found) = Layer::read(file, text, env);
        problems.extend(found);
        let mut layer = own.over(base);
        problems.extend(overrides.apply(env, &mut layer));
        problems.extend(exposure::problems(&layer));
        problems.sort_by_key(|problem| problem.spot().map_or((usize::MAX, 0), |spot| (spot.line, spot.column)));
        if problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(problems);
        }
        match Config::complete(layer) {
            Some(config) => Ok((config, problems)),
            None => Err(vec![Problem::new(
                Place::File(SAMPLE_FILE.to_owned()),
                "the sample built into this program lacks a key",
                None,
            )]),
        }
    }

    /// Returns the `run_dir` that a file names, also where the rest of the file has mistakes.
    pub fn named_run_dir(path: &Path, env: Env<'_>) -> Option<PathBuf> {
        let text = fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with("run_dir:"))?;
        let (layer, _) = Layer::read(&path.display().to_string(), line, env);
        Some(layer.listeners.run_dir?.beside(path))
    }

    /// Returns the defaults with the overrides, for use without a file. The user is not set.
    ///
    /// # Errors
    /// Every mistake in the environment and the flags.
    pub fn sample(overrides: &Overrides, env: Env<'_>) -> Checked<Config> {
        Config::from_text(SAMPLE_FILE, "", overrides, env)
    }

    /// Returns the username for ARGO. It is needed to serve, but not to display a configuration.
    ///
    /// # Errors
    /// It is not set. The problem says where and how to set it.
    pub fn require_user(&self) -> Result<&Username, Problem> {
        self.user.as_ref().ok_or_else(|| {
            Problem::new(
                self.user_place.clone(),
                "user: not set, and ARGO answers nobody without a username",
                Some("set `user:` to your Argonne username, or run: argo-openai-proxy init".to_owned()),
            )
        })
    }

    /// Returns key and value of every scalar setting, for `${key}` in `routes.yaml`. `user` is left out if not set.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, String)> {
        let seconds = |time: Duration| time.as_secs_f64().to_string();
        [
            ("port", Some(self.port.to_string())),
            ("host", Some(self.host.to_string())),
            ("argo_base_url", self.argo_base_url.as_ref().map(HttpUrl::to_string)),
            ("argo_url", Some(self.argo_url.to_string())),
            ("argo_stream_url", Some(self.argo_stream_url.to_string())),
            ("argo_embedding_url", Some(self.argo_embedding_url.to_string())),
            ("argo_models_url", Some(self.argo_models_url.to_string())),
            ("user", self.user.as_ref().map(Username::to_string)),
            ("verbose", Some(self.verbose.to_string())),
            ("log_bodies", Some(self.log_bodies.to_string())),
            ("num_workers", Some(self.num_workers.to_string())),
            ("timeout", Some(seconds(self.timeout))),
            ("max_body", Some(self.max_body.to_string())),
            ("max_answer", Some(self.max_answer.to_string())),
            ("connect_timeout", Some(seconds(self.connect_timeout))),
            ("first_head", Some(seconds(self.first_head))),
            ("drain_timeout", Some(seconds(self.drain_timeout))),
            ("access", Some(self.access.name().to_owned())),
            ("callers", Some(self.callers.clone())),
            ("keepalive_timeout", Some(seconds(self.keepalive_timeout))),
            ("head_timeout", Some(seconds(self.head_timeout))),
            ("max_head", Some(self.max_head.to_string())),
            ("body_timeout", Some(seconds(self.body_timeout))),
            ("write_timeout", Some(seconds(self.write_timeout))),
            ("access_log", Some(self.access_log.name().to_owned())),
            ("admin", Some(self.admin.as_ref().map_or_else(|| "none".to_owned(), Listen::to_string))),
            ("metrics_by_caller", Some(self.metrics_by_caller.to_string())),
            ("server_timing", Some(self.server_timing.to_string())),
            ("page", Some(self.page.to_string())),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
    }

    /// Returns true if a file, a variable or a flag sets this key, named as `key` or `section.key`.
    pub fn is_set(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    fn complete(layer: Layer) -> Option<Config> {
        Some(Config {
            port: layer.port?,
            host: layer.host?.0,
            argo_base_url: layer.argo_base_url,
            argo_url: layer.argo_url?,
            argo_stream_url: layer.argo_stream_url?,
            argo_embedding_url: layer.argo_embedding_url?,
            argo_models_url: layer.argo_models_url?,
            user: layer.user?,
            user_place: layer.user_place?,
            places: layer.places,
            ignored_host: layer.ignored_host,
            verbose: layer.verbose?,
            log_bodies: layer.log_bodies?,
            num_workers: layer.num_workers?,
            timeout: layer.timeout?,
            max_body: layer.max_body?,
            max_answer: layer.max_answer?,
            max_memory: layer.max_memory,
            connect_timeout: layer.connect_timeout?,
            first_head: layer.first_head?,
            drain_timeout: layer.drain_timeout?,
            limits: layer.limits?.each,
            limits_wait: layer.limits?.wait?,
            keepalive_timeout: layer.keepalive_timeout?,
            head_timeout: layer.head_timeout?,
            max_head: layer.max_head?,
            body_timeout: layer.body_timeout?,
            write_timeout: layer.write_timeout?,
            cors_origins: layer.cors_origins?,
            listeners: layer.listeners,
            // Without `access`, only a host of this machine passes the checks of `exposure`.
            access: layer.access.unwrap_or(Mode::Own),
            callers: layer.callers?,
            hosts: layer.hosts?,
            access_log: layer.access_log?,
            log_file: layer.log_file,
            seal_file: layer.seal_file,
            admin: layer.admin?.0,
            metrics_by_caller: layer.metrics_by_caller?,
            server_timing: layer.server_timing?,
            page: layer.page?,
        })
    }
}

fn not_utf8(file: &str, error: &std::string::FromUtf8Error) -> Problem {
    let (valid, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to().min(error.as_bytes().len()));
    let line_start = valid.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let in_line = String::from_utf8_lossy(valid.get(line_start..).unwrap_or_default());
    Problem::new(
        Place::Spot(Box::new(Spot {
            file: file.to_owned(),
            line: valid.iter().filter(|b| **b == b'\n').count() + 1,
            column: in_line.chars().count() + 1,
            length: 1,
            source: format!("{in_line}\u{fffd}"),
        })),
        "not UTF-8 text",
        Some("save the file as UTF-8".to_owned()),
    )
}
