//! `openai_embeddings`: OpenAI's embeddings over an embedding dialect. If the inputs do not fit into one call of the
//! upstream, they are split over several calls, and the vectors are put together in order.

use super::candidates::{Candidate, Candidates};
use super::{Entry, Wiring};
use crate::dialects::client::openai::embedded::{Batch, Joined, ListFrame, ReportedTokens, VectorReply};
use crate::dialects::client::openai::inputs::Inputs;
use crate::dialects::client::openai::params::ChatParams;
use crate::dialects::client::openai::vectors::VectorForm;
use crate::dialects::client::openai::{Openai, body};
use crate::dialects::client::values;
use crate::dialects::upstream::{CallTerms, Dialect, EmbeddingDialect, unsupported};
use crate::json::Fields;
use crate::models::{Chosen, RuleEffect};
use crate::plan::{Call, Context, Plan, Reply, Request, Subrequests, Transformer};
use crate::tokens::{Counting, Prompt};
use crate::wire::Failure;
use bytes::Bytes;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;

/// How many calls of one request run at the same time.
const AT_ONCE: usize = 4;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "openai_embeddings",
    about: "OpenAI embeddings, as floats or base64",
    client: &Openai,
    client_suffix: Some("/embeddings"),
    keys: &[],
    build: |wiring: Wiring, _| {
        let candidates = Candidates::new(&wiring, "answers vectors", |dialect| match dialect {
            Dialect::Embedding(dialect) => Some(dialect),
            Dialect::Chat(_) => None,
        })?;
        Ok(Arc::new(Embeddings { candidates, counting: wiring.counting }))
    },
};

struct Embeddings {
    candidates: Candidates<dyn EmbeddingDialect>,
    counting: Counting,
}

impl Transformer for Embeddings {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let text = body::text(&request.body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let (mut input, mut base64, mut dimensions) = (None, false, None);
        let asked = ChatParams::read(fields, |name, value| {
            match name {
                "input" => input = Some(value),
                "encoding_format" => base64 = is_base64(value)?,
                "dimensions" => dimensions = values::positive(name, value)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let inputs = Inputs::read("input", input)?.filled()?;
        let chosen = self.candidates.choose(asked.model.as_deref(), cx)?;
        let can = |upstream: &Candidate<dyn EmbeddingDialect>| unsupported::check(upstream.dialect, &asked.params);
        let (upstream, chosen) = self.candidates.take(chosen, cx, can)?;
        let form = VectorForm { base64, cut_to: cut_to(dimensions, &chosen)? };
        self.note(upstream.dialect, &chosen, form, cx);
        let mut decoded = Vec::new();
        let texts = inputs.texts(&chosen.model.rules, &mut decoded)?;
        let prompt = self.prompt(&request.body, &texts, inputs.tokens(), &chosen);
        Ok(self.plan(upstream, &texts, &chosen, form, prompt, asked.timeout, cx))
    }
}

impl Embeddings {
    fn note(&self, dialect: &dyn EmbeddingDialect, chosen: &Chosen<'_>, form: VectorForm, cx: &Context<'_>) {
        let rules = &chosen.model.rules;
        cx.note_counting(self.counting, dialect.reports_usage(), rules);
        let effects = [
            rules.dimensions.map(RuleEffect::Dimensions),
            form.cut_to.map(RuleEffect::Shortens),
            rules.max_input_tokens.filter(|_| rules.tokenizer.is_some()).map(RuleEffect::MaxInputTokens),
        ];
        effects.into_iter().flatten().for_each(|effect| cx.note_rule(rules, effect));
    }

    /// Returns what the usage is counted from. Token ids are counted already.
    fn prompt(&self, body: &Bytes, texts: &[&RawValue], tokens: Option<u64>, chosen: &Chosen<'_>) -> Arc<Prompt> {
        let mut prompt = Prompt::new(self.counting, chosen.model.rules.counts_with());
        match tokens {
            Some(tokens) => prompt.push_counted(tokens),
            None => texts.iter().for_each(|text| prompt.push_text(body, text)),
        }
        Arc::new(prompt)
    }

    #[expect(clippy::too_many_arguments, reason = "each is a fact of the request that nothing else holds")]
    fn plan(
        &self,
        upstream: &Candidate<dyn EmbeddingDialect>,
        texts: &[&RawValue],
        chosen: &Chosen<'_>,
        form: VectorForm,
        prompt: Arc<Prompt>,
        timeout: Option<Duration>,
        cx: &Context<'_>,
    ) -> Plan {
        let model: Arc<str> = chosen.asked.into();
        let dialect = upstream.dialect;
        let most = dialect.most_inputs().max(1);
        let reported = Arc::<ReportedTokens>::default();
        let mut batches = texts.chunks(most).enumerate().map(|(number, texts)| {
            let (user, rules) = (&cx.caller.user, &chosen.model.rules);
            let as_known = CallTerms { user, model: &chosen.model.id, stream: false, rules };
            let call = Call {
                upstream: upstream.number,
                credential: None,
                stream: false,
                body: dialect.encode(texts, as_known).into(),
                timeout,
                model: chosen.model.id.clone(),
                answer_tokens: 0,
                // The prompt covers the inputs of all calls, so only the first call carries it.
                prompt: (number == 0 && !dialect.reports_usage()).then(|| prompt.clone()),
            };
            let dimensions = chosen.model.rules.dimensions;
            let (first, inputs) = (number * most, texts.len());
            let (model, reported) = (model.clone(), reported.clone());
            (call, Batch { dialect, model, dimensions, first, inputs, form, reported })
        });
        let (prompt, ledger) = (prompt.clone(), cx.ledger.clone());
        let frame =
            ListFrame { model: model.clone(), counting: self.counting, prompt, ledger, reported: reported.clone() };
        match (batches.next(), texts.len() > most) {
            (Some((call, batch)), false) => Plan::Call(call, Box::new(VectorReply { batch, frame: Some(frame) })),
            (first, _) => {
                let all = first.into_iter().chain(batches);
                let part = |(call, batch)| (call, Box::new(VectorReply { batch, frame: None }) as Box<dyn Reply>);
                let (parts, join) = (all.map(part).collect(), Box::new(Joined(frame)));
                Plan::Subrequests(Subrequests { parts, at_once: AT_ONCE, join })
            }
        }
    }
}

/// Returns how many numbers of each vector are kept; `None` for all.
fn cut_to(dimensions: Option<u64>, chosen: &Chosen<'_>) -> Result<Option<usize>, Failure> {
    let Some(wanted) = dimensions else { return Ok(None) };
    let (rules, model) = (&chosen.model.rules, chosen.asked);
    if rules.can_shorten != Some(true) {
        let why = format!("vectors of {model} cannot be shortened");
        return Err(Failure::unsupported("dimensions", &why));
    }
    let full = rules.dimensions.map(u64::from);
    if let Some(full) = full.filter(|full| wanted > *full) {
        let message = format!("'dimensions' is {wanted}; vectors of {model} have at most {full}.");
        return Err(Failure::bad_field("dimensions", message));
    }
    Ok(usize::try_from(wanted).ok().filter(|_| full != Some(wanted)))
}

fn is_base64(value: &RawValue) -> Result<bool, Failure> {
    match values::text("encoding_format", value)?.as_deref() {
        None | Some("float") => Ok(false),
        Some("base64") => Ok(true),
        Some(other) => Err(Failure::bad_field(
            "encoding_format",
            format!("'encoding_format' is '{other}'; expected float or base64."),
        )),
    }
}
