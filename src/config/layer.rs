//! The keys of `config.yaml` that one text sets. The sample sets all keys, and a user's file overrides some.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use super::foreign_keys::foreign;
use super::host::Host;
use super::limits::LimitsSection;
use super::listen::Listen;
use super::listeners::{self, Listeners, NamedPath};
use super::origins::Origins;
use super::{Env, KEYS, SAMPLE, SAMPLE_FILE, url, value};
use crate::access::{Hosts, Mode, Username};
use crate::diagnostics::{Place, Problem};
use crate::dialects::upstream::UpstreamDialect;
use crate::dialects::upstream::argo::Argo;
use crate::telemetry::AccessLog;
use crate::wire::HttpUrl;
use crate::yaml::node::Node;
use crate::yaml::source::syntax;
use crate::yaml::value::{boolean, expected, seconds, seconds_or_zero, size};
use crate::yaml::{Parsed, PathStep, Section, Source};

/// The settings of one text. A key that it leaves out is `None`.
#[derive(Clone, Default)]
pub(super) struct Layer {
    pub port: Option<u16>,
    pub host: Option<(Host, Place)>,
    pub argo_base_url: Option<HttpUrl>,
    pub argo_url: Option<HttpUrl>,
    pub argo_stream_url: Option<HttpUrl>,
    pub argo_embedding_url: Option<HttpUrl>,
    pub argo_models_url: Option<HttpUrl>,
    /// The inner `None`: the placeholder or an empty value.
    pub user: Option<Option<Username>>,
    pub user_place: Option<Place>,
    pub verbose: Option<bool>,
    pub log_bodies: Option<bool>,
    pub num_workers: Option<usize>,
    pub timeout: Option<Duration>,
    pub max_body: Option<usize>,
    pub max_answer: Option<usize>,
    pub max_memory: Option<usize>,
    pub connect_timeout: Option<Duration>,
    pub first_head: Option<Duration>,
    pub drain_timeout: Option<Duration>,
    pub limits: Option<LimitsSection>,
    pub keepalive_timeout: Option<Duration>,
    pub head_timeout: Option<Duration>,
    pub max_head: Option<usize>,
    pub body_timeout: Option<Duration>,
    pub write_timeout: Option<Duration>,
    pub cors_origins: Option<Origins>,
    pub listeners: Listeners,
    pub access: Option<Mode>,
    pub callers: Option<String>,
    pub hosts: Option<Hosts>,
    pub access_log: Option<AccessLog>,
    pub log_file: Option<NamedPath>,
    pub seal_file: Option<NamedPath>,
    /// The inner `None`: no metrics are served.
    pub admin: Option<(Option<Listen>, Place)>,
    pub metrics_by_caller: Option<bool>,
    pub server_timing: Option<bool>,
    pub page: Option<bool>,
    /// The place of each value that is not a default, indexed by `key` or `section.key`.
    pub places: BTreeMap<String, Place>,
    /// The value of `HOST`, if it is no address and was not used.
    pub ignored_host: Option<String>,
}

/// What the sample says, with its problems. It names no variable.
static DEFAULTS: LazyLock<(Layer, Vec<Problem>)> = LazyLock::new(|| Layer::read(SAMPLE_FILE, SAMPLE, &|_| None));

impl Layer {
    /// Returns the sample, which is the base of all others. It is read once.
    pub fn defaults() -> (Layer, Vec<Problem>) {
        DEFAULTS.clone()
    }

    /// Reads a text. An empty text sets nothing, and neither does a wrong value. The problems are those of the text, in the
    /// order of its lines; a text that is not YAML has one problem.
    pub fn read(file: &str, text: &str, env: Env<'_>) -> (Layer, Vec<Problem>) {
        let see_sample = format!("compare it with {SAMPLE_FILE}");
        let parsed = match Parsed::of(text) {
            Ok(parsed) => parsed,
            Err(fault) => return (Layer::default(), vec![syntax(file, text, &fault, &see_sample)]),
        };
        let mut source = Source::new(file, text, &parsed, Some(env));
        let layer = match &parsed.root {
            Node::Null => Layer { user_place: Some(Place::File(file.to_owned())), ..Layer::default() },
            Node::Map(entries) => {
                let places = places(entries, &source);
                Layer { places, ..Layer::of(Section::new(entries, KEYS), &mut source) }
            }
            other => {
                let reason = expected("settings, one `key: value` per line", other);
                source.error(&[], reason.message, Some(see_sample));
                Layer::default()
            }
        };
        (layer, source.into_problems())
    }

    /// Returns true if the file has a value for this key, right or wrong.
    pub fn has_written(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    fn of(mut keys: Section<'_>, source: &mut Source<'_>) -> Layer {
        let layer = Layer {
            port: keys.get(source, "port", value::port),
            host: keys.get(source, "host", value::host).map(|host| (host, keys.place(source, "host"))),
            argo_base_url: keys.get(source, "argo_base_url", value::base_url),
            argo_url: argo_url(&mut keys, source, "argo_url"),
            argo_stream_url: argo_url(&mut keys, source, "argo_stream_url"),
            argo_embedding_url: argo_url(&mut keys, source, "argo_embedding_url"),
            argo_models_url: keys.get(source, "argo_models_url", value::url),
            user: keys.get(source, "user", value::user),
            user_place: Some(keys.place(source, "user")),
            verbose: keys.get(source, "verbose", boolean),
            log_bodies: keys.get(source, "log_bodies", boolean),
            num_workers: keys.get(source, "num_workers", value::workers),
            timeout: keys.get(source, "timeout", seconds),
            max_body: keys.get(source, "max_body", size),
            max_answer: keys.get(source, "max_answer", size),
            max_memory: keys.get(source, "max_memory", size),
            connect_timeout: keys.get(source, "connect_timeout", seconds),
            first_head: keys.get(source, "first_head", seconds_or_zero),
            drain_timeout: keys.get(source, "drain_timeout", seconds_or_zero),
            limits: LimitsSection::read(&mut keys, source),
            keepalive_timeout: keys.get(source, "keepalive_timeout", seconds),
            head_timeout: keys.get(source, "head_timeout", seconds),
            max_head: keys.get(source, "max_head", size),
            body_timeout: keys.get(source, "body_timeout", seconds),
            write_timeout: keys.get(source, "write_timeout", seconds),
            cors_origins: cors(&mut keys, source),
            listeners: Listeners::read(&mut keys, source),
            access: keys.get(source, "access", value::mode),
            callers: keys.get(source, "callers", value::file),
            hosts: hosts(&mut keys, source),
            access_log: keys.get(source, "access_log", value::access_log),
            log_file: listeners::named(&mut keys, source, "log_file"),
            seal_file: listeners::named(&mut keys, source, "seal_file"),
            admin: keys.get(source, "admin", value::listen).map(|listen| (listen, keys.place(source, "admin"))),
            metrics_by_caller: keys.get(source, "metrics_by_caller", boolean),
            server_timing: keys.get(source, "server_timing", boolean),
            page: keys.get(source, "page", boolean),
            places: BTreeMap::new(),
            ignored_host: None,
        };
        // Every known key was read above, so the remaining keys are mistakes.
        keys.finish_knowing(source, &foreign);
        layer
    }

    /// Returns this layer, with its gaps filled from `base`, whose values are the defaults.
    pub fn over(self, base: Layer) -> Layer {
        let argo = self.argo_base_url.or(base.argo_base_url);
        // Under a base URL lie the paths that the defaults have under theirs.
        let or = |own: Option<HttpUrl>, usual: Option<HttpUrl>| {
            own.or_else(|| url::below(argo.as_ref()?, usual.as_ref()?)).or(usual)
        };
        Layer {
            port: self.port.or(base.port),
            host: self.host.or(base.host),
            argo_url: or(self.argo_url, base.argo_url),
            argo_stream_url: or(self.argo_stream_url, base.argo_stream_url),
            argo_embedding_url: or(self.argo_embedding_url, base.argo_embedding_url),
            argo_models_url: or(self.argo_models_url, base.argo_models_url),
            argo_base_url: argo,
            user: self.user.or(base.user),
            user_place: self.user_place.or(base.user_place),
            verbose: self.verbose.or(base.verbose),
            log_bodies: self.log_bodies.or(base.log_bodies),
            num_workers: self.num_workers.or(base.num_workers),
            timeout: self.timeout.or(base.timeout),
            max_body: self.max_body.or(base.max_body),
            max_answer: self.max_answer.or(base.max_answer),
            max_memory: self.max_memory.or(base.max_memory),
            connect_timeout: self.connect_timeout.or(base.connect_timeout),
            first_head: self.first_head.or(base.first_head),
            drain_timeout: self.drain_timeout.or(base.drain_timeout),
            limits: Some(self.limits.unwrap_or_default().over(base.limits.unwrap_or_default())),
            keepalive_timeout: self.keepalive_timeout.or(base.keepalive_timeout),
            head_timeout: self.head_timeout.or(base.head_timeout),
            max_head: self.max_head.or(base.max_head),
            body_timeout: self.body_timeout.or(base.body_timeout),
            write_timeout: self.write_timeout.or(base.write_timeout),
            cors_origins: self.cors_origins.or(base.cors_origins),
            listeners: self.listeners.over(base.listeners),
            access: self.access.or(base.access),
            callers: self.callers.or(base.callers),
            hosts: self.hosts.or(base.hosts),
            access_log: self.access_log.or(base.access_log),
            log_file: self.log_file.or(base.log_file),
            seal_file: self.seal_file.or(base.seal_file),
            admin: self.admin.or(base.admin),
            metrics_by_caller: self.metrics_by_caller.or(base.metrics_by_caller),
            server_timing: self.server_timing.or(base.server_timing),
            page: self.page.or(base.page),
            // The base holds only defaults, and a default has no place to report.
            places: self.places,
            ignored_host: self.ignored_host,
        }
    }
}

/// Returns the place of each value in the file, including the keys of sections.
fn places(entries: &[(Node, Node)], source: &Source<'_>) -> BTreeMap<String, Place> {
    let mut places = BTreeMap::new();
    for (index, (key, value)) in entries.iter().enumerate() {
        let (Node::Text(key), true) = (key, *value != Node::Null) else { continue };
        places.insert(key.clone(), source.place(&[PathStep::Value(index)]));
        let Node::Map(inner) = value else { continue };
        for (inner_index, (name, value)) in inner.iter().enumerate() {
            if let (Node::Text(name), true) = (name, *value != Node::Null) {
                let path = [PathStep::Value(index), PathStep::Value(inner_index)];
                places.insert(format!("{key}.{name}"), source.place(&path));
            }
        }
    }
    places
}

fn argo_url(keys: &mut Section<'_>, source: &mut Source<'_>, key: &'static str) -> Option<HttpUrl> {
    let url = keys.at(source, key, value::url)?;
    if !url.value.ends_with_slash() && Argo.needs_final_slash(url.value.host()) {
        source.warn(
            &url.path,
            format!("{key}: no final slash, and ARGO redirects such paths instead of answering"),
            Some(format!("write {}/", url.value)),
        );
    }
    Some(url.value)
}

fn cors(keys: &mut Section<'_>, source: &mut Source<'_>) -> Option<Origins> {
    let mut cors = keys.section(source, "cors")?;
    let list = cors.list(source, "origins", value::origin);
    for origin in list.iter().flatten() {
        if let Some(danger) = origin.value.danger() {
            let help = "list the origins that you use".to_owned();
            source.warn(&origin.path, format!("cors.origins: {danger}"), Some(help));
        }
    }
    cors.finish(source);
    list.map(|list| Origins::new(list.into_iter().map(|origin| origin.value).collect()))
}

fn hosts(keys: &mut Section<'_>, source: &mut Source<'_>) -> Option<Hosts> {
    let list = keys.list(source, "hosts", value::host_name)?;
    for any in list.iter().filter(|name| name.value == "*") {
        source.warn(
            &any.path,
            "hosts: * lets every web page that you visit use ARGO under your username, through a name of its own that leads here",
            Some("list the names that you use".to_owned()),
        );
    }
    Some(Hosts::new(list.iter().map(|name| name.value.as_str())))
}
