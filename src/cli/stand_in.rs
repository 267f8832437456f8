//! `stand-in`: the stand-in for ARGO alone, and what it takes from a table.

use super::args::StandInArgs;
use super::output::CommandEnd;
use crate::loading::table_only;
use crate::models;
use crate::proxy::in_flight::InFlight;
use crate::proxy::upstream::authorities;
use crate::server::upgrade::Inherited;
use crate::server::{Addresses, Listener, Runner};
use crate::table::Table;
use argo_stand_in::{
    CHAT_PATH, EMBED_PATH, Family, ListedModel, MODELS_PATH, Options, STREAM_CHAT_PATH, StandIn, base_url, help,
};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Serves until a signal ends it.
pub fn run(args: &StandInArgs) -> Result<(), CommandEnd> {
    let table = table_only()?.table;
    authorities::leave_out();
    let options = Options {
        latency: args.latency,
        piece_size: args.piece_size,
        piece_delay: args.piece_delay,
        failure_rate: args.failure_rate,
        ..options_from(&table)
    };
    let bound = Listener::tcp("stand-in", &args.host, args.port, &mut Inherited::default()).map_err(String::from)?;
    let addresses: Vec<SocketAddr> = bound.iter().filter_map(Listener::address).collect();
    let mut runner = Runner::new(args.workers, Duration::ZERO, InFlight::default(), None, Addresses::default());
    runner.add("stand-in", StandIn::new(options), bound)?;
    runner.run(None, introduction(&addresses))
}

fn introduction(addresses: &[SocketAddr]) -> String {
    let listening: String = addresses.iter().map(|address| format!("listening on http://{address}\n")).collect();
    let first = addresses.first();
    let base = first.map(|address| base_url(*address)).unwrap_or_default();
    let server = first.map(|address| format!("http://{address}")).unwrap_or_default();
    let of = |(key, path): (&str, &str)| format!("  {key}: \"{server}{path}\"\n");
    let urls: String = [
        ("argo_url", CHAT_PATH),
        ("argo_stream_url", STREAM_CHAT_PATH),
        ("argo_embedding_url", EMBED_PATH),
        ("argo_models_url", MODELS_PATH),
    ]
    .map(of)
    .concat();
    format!(
        "{listening}\nIn config.yaml:\n  argo_base_url: \"{base}\"\nor, for the legacy calls alone:\n{urls}\n{}\n",
        help()
    )
}

/// A stand-in that knows the models of a table: their ids, whose tools they take, how long their vectors are.
pub fn options_from(table: &Table) -> Options {
    let rules: HashMap<String, std::sync::Arc<models::Rules>> =
        all(table).map(|model| (model.id.clone(), model.rules.clone())).collect();
    let by_family = rules.clone();
    let listed = |model: &models::Model| ListedModel {
        id: model.name.clone(),
        internal_id: model.id.clone(),
        owned_by: model.rules.facts.owned_by.clone().unwrap_or_default(),
    };
    let usual = Options::default();
    let usual_length = usual.dimensions.clone();
    Options {
        family: std::sync::Arc::new(move |id| match by_family.get(id).and_then(|rules| rules.tools) {
            Some(models::Family::Anthropic) => Family::Anthropic,
            Some(models::Family::Google) => Family::Google,
            Some(models::Family::Openai | models::Family::None) | None => Family::OpenAI,
        }),
        dimensions: std::sync::Arc::new(move |id| match rules.get(id).and_then(|rules| rules.dimensions) {
            Some(length) => length as usize,
            None => usual_length(id),
        }),
        models: all(table).map(listed).collect(),
        ..usual
    }
}

fn all(table: &Table) -> impl Iterator<Item = &models::Model> {
    table.groups().flat_map(|group| group.iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_introduction_has_what_config_yaml_needs() {
        let text = introduction(&[([127, 0, 0, 1], 9000).into()]);
        assert!(text.contains("  argo_base_url: \"http://127.0.0.1:9000/argoapi\"\n"), "{text}");
        assert!(text.contains(&format!("  argo_url: \"http://127.0.0.1:9000{CHAT_PATH}\"\n")), "{text}");
    }
}
