//! The keys of `config.yaml`, as far as one text sets them: the sample sets all, a user's file overlays some.

use std::time::Duration;

use super::host::Host;
use super::origins::Origins;
use super::section::{Section, Source};
use super::url::HttpUrl;
use super::username::Username;
use super::value;
use super::yaml::{Node, parse};
use super::{Env, SAMPLE_FILE};
use crate::problem::{Place, Problem, Warning};

/// What one text says; a key that it leaves out is `None`.
#[derive(Default)]
pub(super) struct Layer {
    pub port: Option<u16>,
    pub host: Option<(Host, Place)>,
    pub argo_url: Option<HttpUrl>,
    pub argo_stream_url: Option<HttpUrl>,
    pub argo_embedding_url: Option<HttpUrl>,
    /// The inner `None`: the placeholder, or nothing.
    pub user: Option<Option<Username>>,
    pub user_place: Option<Place>,
    pub verbose: Option<bool>,
    pub num_workers: Option<usize>,
    pub timeout: Option<Duration>,
    pub max_body: Option<usize>,
    pub max_answer: Option<usize>,
    pub connect_timeout: Option<Duration>,
    pub drain_timeout: Option<Duration>,
    pub cors_origins: Option<Origins>,
}

impl Layer {
    /// Reads a text; a text without content sets nothing.
    ///
    /// # Errors
    /// Everything that is wrong with the text, in the order of its lines. A text that is not YAML has one problem.
    pub fn read(file: &str, text: &str, env: Env<'_>, warnings: &mut Vec<Warning>) -> Result<Layer, Vec<Problem>> {
        let mut source = Source { file, text, env, problems: Vec::new() };
        let layer = match parse(text) {
            Ok(Node::Null) => Layer { user_place: Some(Place::File(file.to_owned())), ..Layer::default() },
            Ok(Node::Map(entries)) => Layer::of(Section::new(&entries), &mut source, warnings),
            Ok(other) => {
                let reason = value::expected("settings, one `key: value` per line", &other);
                source.report(&[], reason.message, see_sample());
                Layer::default()
            }
            Err(fault) => return Err(vec![syntax(file, fault)]),
        };
        let mut problems = source.problems;
        if problems.is_empty() {
            return Ok(layer);
        }
        problems.sort_by_key(|problem| (problem.line(), problem.column()));
        Err(problems)
    }

    fn of(mut keys: Section<'_>, source: &mut Source<'_>, warnings: &mut Vec<Warning>) -> Layer {
        let layer = Layer {
            port: keys.get(source, "port", value::port),
            host: keys.get(source, "host", value::host).map(|host| (host, keys.place(source, "host"))),
            argo_url: url(&mut keys, source, "argo_url", warnings),
            argo_stream_url: url(&mut keys, source, "argo_stream_url", warnings),
            argo_embedding_url: url(&mut keys, source, "argo_embedding_url", warnings),
            user: keys.get(source, "user", value::user),
            user_place: Some(keys.place(source, "user")),
            verbose: keys.get(source, "verbose", value::boolean),
            num_workers: keys.get(source, "num_workers", value::workers),
            timeout: keys.get(source, "timeout", value::seconds),
            max_body: keys.get(source, "max_body", value::size),
            max_answer: keys.get(source, "max_answer", value::size),
            connect_timeout: keys.get(source, "connect_timeout", value::seconds),
            drain_timeout: keys.get(source, "drain_timeout", value::seconds_or_zero),
            cors_origins: cors(&mut keys, source, warnings),
        };
        keys.finish(source);
        layer
    }

    /// This layer, with what it leaves out taken from `base`.
    pub fn over(self, base: Layer) -> Layer {
        Layer {
            port: self.port.or(base.port),
            host: self.host.or(base.host),
            argo_url: self.argo_url.or(base.argo_url),
            argo_stream_url: self.argo_stream_url.or(base.argo_stream_url),
            argo_embedding_url: self.argo_embedding_url.or(base.argo_embedding_url),
            user: self.user.or(base.user),
            user_place: self.user_place.or(base.user_place),
            verbose: self.verbose.or(base.verbose),
            num_workers: self.num_workers.or(base.num_workers),
            timeout: self.timeout.or(base.timeout),
            max_body: self.max_body.or(base.max_body),
            max_answer: self.max_answer.or(base.max_answer),
            connect_timeout: self.connect_timeout.or(base.connect_timeout),
            drain_timeout: self.drain_timeout.or(base.drain_timeout),
            cors_origins: self.cors_origins.or(base.cors_origins),
        }
    }
}

fn url(
    keys: &mut Section<'_>,
    source: &mut Source<'_>,
    key: &'static str,
    warnings: &mut Vec<Warning>,
) -> Option<HttpUrl> {
    let url = keys.get(source, key, value::url)?;
    if !url.ends_with_slash() {
        warnings.push(Warning(Problem::new(
            keys.place(source, key),
            format!("{key}: no final slash, and ARGO redirects such paths instead of answering"),
            Some(format!("write {url}/")),
        )));
    }
    Some(url)
}

fn cors(keys: &mut Section<'_>, source: &mut Source<'_>, warnings: &mut Vec<Warning>) -> Option<Origins> {
    let mut cors = keys.section(source, "cors")?;
    let list = cors.list(source, "origins", value::origin);
    if list.iter().flatten().any(super::origins::OriginPattern::is_any) {
        warnings.push(Warning(Problem::new(
            cors.place(source, "origins"),
            "cors.origins: * lets every web page that you visit use ARGO under your username",
            Some("list the origins that you use".to_owned()),
        )));
    }
    cors.finish(source);
    list.map(Origins::new)
}

fn syntax(file: &str, fault: super::yaml::Fault) -> Problem {
    let place = match fault.spot {
        Some((line, column)) => Place::Spot { file: file.to_owned(), line, column },
        None => Place::File(file.to_owned()),
    };
    let help = if fault.message.contains("cannot start any token") {
        Some("indent with spaces, and put text that starts with a tab, @, ` or % in double quotes".to_owned())
    } else {
        see_sample()
    };
    Problem::new(place, format!("not valid YAML: {}", fault.message), help)
}

fn see_sample() -> Option<String> {
    Some(format!("compare it with {SAMPLE_FILE}"))
}
