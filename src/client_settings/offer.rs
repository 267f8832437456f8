//! What an instance offers to a program: where it is, its key, and its models.

use crate::models::{Family, Model, Models};
use crate::wire::Failure;

/// What a model is taken to hold where the table says nothing.
const CONTEXT: u64 = 128_000;
const OUTPUT: u64 = 16_384;

/// What settings are made from.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientOffer {
    /// The address with neither path nor final slash, such as `http://127.0.0.1:44497`, and what the table puts before its paths.
    pub root: String,
    /// The base URL of OpenAI's clients.
    pub base: String,
    /// The key; `None` where none is asked for.
    pub key: Option<String>,
    /// The models to list, the one to begin with among them.
    pub models: Vec<OfferedModel>,
    /// The model to begin with.
    pub model: OfferedModel,
    /// A model for small tasks.
    pub small: OfferedModel,
    /// A model for embeddings, where there is one.
    pub embedding: Option<String>,
}

/// A model, as settings state it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedModel {
    pub name: String,
    /// The most tokens of request and answer together.
    pub context: u64,
    /// The most tokens of an answer.
    pub output: u64,
    /// True if it takes tools.
    pub tools: bool,
}

impl OfferedModel {
    fn of(model: &Model, name: &str) -> Self {
        let facts = &model.rules.facts;
        let context = facts.context_length.unwrap_or(CONTEXT);
        // Half of a small context is left for the request.
        let output = facts.max_output_tokens.unwrap_or(OUTPUT).min(context / 2);
        OfferedModel { name: name.to_owned(), context, output, tools: model.rules.takes_tools() }
    }
}

impl ClientOffer {
    /// Chooses from the models of a table that the caller `may_use`. `wanted` are the names that the user gave, the first of which is the
    /// one to begin with; without any it is the first one of `vendor`, else the group's default. The last one of its vendor in the table is
    /// for small tasks: tables list
    /// large models first.
    ///
    /// # Errors
    /// A name that no model has; a group without models.
    pub fn choose(
        (root, base, key): (String, String, Option<String>),
        (chat, embeddings): (&Models, Option<&Models>),
        wanted: &[String],
        vendor: Option<Family>,
        may_use: &dyn Fn(&Model) -> bool,
    ) -> Result<ClientOffer, Failure> {
        let is_offered = |model: &&Model| !model.hidden && !model.deprecated && !model.gone && may_use(model);
        let listed: Vec<&Model> = chat.iter().filter(is_offered).collect();
        let fit = |vendor: Family| listed.iter().find(move |model| model.rules.tools == Some(vendor)).copied();
        let first = wanted.first().map(|name| chat.choose(Some(name)).map(|chosen| chosen.model)).transpose()?;
        let usual = vendor.and_then(fit).or(chat.default().filter(|model| may_use(model))).or(listed.first().copied());
        let begin = match (&first, usual) {
            (Some(chosen), _) => &**chosen,
            (None, Some(usual)) => usual,
            (None, None) => return Err(Failure::bad_field("model", "the table lists no models")),
        };
        let name = wanted.first().map_or(begin.name.as_str(), String::as_str);
        let same = |model: &&&Model| model.rules.tools == begin.rules.tools && model.rules.takes_tools();
        // What only an upstream's list has stands in no order.
        let ordered = listed.iter().filter(|model| !model.is_listed);
        let small = ordered.rev().find(same).copied().unwrap_or(begin);
        let mut models = Vec::new();
        for name in wanted {
            models.push(OfferedModel::of(&chat.choose(Some(name))?.model, name));
        }
        if wanted.is_empty() {
            models.extend(listed.iter().map(|model| OfferedModel::of(model, &model.name)));
        }
        let embedding =
            embeddings.and_then(|group| group.default().into_iter().chain(group.iter()).find(|model| may_use(model)));
        Ok(ClientOffer {
            root,
            base,
            key,
            models,
            model: OfferedModel::of(begin, name),
            small: OfferedModel::of(small, &small.name),
            embedding: embedding.map(|model| model.name.clone()),
        })
    }
}
