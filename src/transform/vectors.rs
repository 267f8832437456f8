//! The pipeline of vectors: from texts in any client dialect to the calls in any embedding dialect. If the inputs do not fit into one
//! call of the upstream, they are split over several, and the vectors are put together in order.

use super::candidates::{Candidate, Candidates};
use super::{Unfit, Wiring};
use crate::chat::conversation::Param;
use crate::dialects::client::embedded::{Batch, Joined, ListFrame, ReportedTokens, VectorList, VectorReply};
use crate::dialects::client::openai::inputs::Inputs;
use crate::dialects::client::openai::vectors::VectorForm;
use crate::dialects::upstream::{CallTerms, Dialect, EmbeddingDialect, unsupported};
use crate::models::{Chosen, RuleEffect};
use crate::plan::{Call, Context, Plan, Reply, Subrequests};
use crate::tokens::{Counting, Prompt};
use crate::wire::Failure;
use bytes::Bytes;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;

/// How many calls of one request run at the same time.
const AT_ONCE: usize = 4;

/// What a request for vectors asks for.
pub struct AskedVectors<'a> {
    /// The inputs.
    pub inputs: Inputs<'a>,
    /// The name of the model.
    pub model: Option<&'a str>,
    /// The client's name for the length of the vectors, and the length, if it asks for one.
    pub dimensions: (&'static str, Option<u64>),
    /// True if the vectors are to be base64.
    pub base64: bool,
    /// How the reply is written.
    pub list: &'static dyn VectorList,
    /// The other parameters.
    pub params: Vec<Param<'a>>,
    /// The time limit that the request asks for.
    pub timeout: Option<Duration>,
}

/// Serves the requests for vectors of one route.
pub struct VectorPipeline {
    candidates: Candidates<dyn EmbeddingDialect>,
    counting: Counting,
}

impl VectorPipeline {
    /// Creates the pipeline of one route.
    ///
    /// # Errors
    /// When the upstream's dialect does not answer vectors.
    pub fn new(wiring: &Wiring) -> Result<Self, Unfit> {
        let candidates = Candidates::new(wiring, "answers vectors", |dialect| match dialect {
            Dialect::Embedding(dialect) => Some(dialect),
            Dialect::Chat(_) => None,
        })?;
        Ok(VectorPipeline { candidates, counting: wiring.counting })
    }

    /// Returns the plan for a request that was read from `body`.
    ///
    /// # Errors
    /// 404 for an unknown model, 400 for what it cannot do.
    pub fn open(&self, asked: &AskedVectors<'_>, body: &Bytes, cx: &Context<'_>) -> Result<Plan, Failure> {
        let chosen = self.candidates.choose(asked.model, cx)?;
        let can = |upstream: &Candidate<dyn EmbeddingDialect>| unsupported::check(upstream.dialect, &asked.params);
        let (upstream, chosen) = self.candidates.take(chosen, cx, can)?;
        let form = VectorForm { base64: asked.base64, cut_to: cut_to(asked.dimensions, &chosen)? };
        self.note(upstream.dialect, &chosen, form, cx);
        let mut decoded = Vec::new();
        let texts = asked.inputs.texts(&chosen.model.rules, &mut decoded)?;
        let prompt = self.prompt(body, &texts, asked.inputs.tokens(), &chosen);
        Ok(self.plan(upstream, &texts, &chosen, form, prompt, asked, cx))
    }

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
        asked: &AskedVectors<'_>,
        cx: &Context<'_>,
    ) -> Plan {
        let (list, model): (_, Arc<str>) = (asked.list, chosen.asked.into());
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
                timeout: asked.timeout,
                model: chosen.model.id.clone(),
                answer_tokens: 0,
                // The prompt covers the inputs of all calls, so only the first call carries it.
                prompt: (number == 0 && !dialect.reports_usage()).then(|| prompt.clone()),
            };
            let dimensions = chosen.model.rules.dimensions;
            let (first, inputs) = (number * most, texts.len());
            let (model, reported) = (model.clone(), reported.clone());
            (call, Batch { list, dialect, model, dimensions, first, inputs, form, reported })
        });
        let (prompt, ledger) = (prompt.clone(), cx.ledger.clone());
        let (counting, model, reported) = (self.counting, model.clone(), reported.clone());
        let frame = ListFrame { list, model, counting, prompt, ledger, reported };
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

/// Returns how many numbers of each vector are kept; `None` for all. `name` is the client's for that.
fn cut_to((name, wanted): (&str, Option<u64>), chosen: &Chosen<'_>) -> Result<Option<usize>, Failure> {
    let Some(wanted) = wanted else { return Ok(None) };
    let (rules, model) = (&chosen.model.rules, chosen.asked);
    if rules.can_shorten != Some(true) {
        let why = format!("vectors of {model} cannot be shortened");
        return Err(Failure::unsupported(name, &why));
    }
    let full = rules.dimensions.map(u64::from);
    if let Some(full) = full.filter(|full| wanted > *full) {
        let message = format!("'{name}' is {wanted}; vectors of {model} have at most {full}.");
        return Err(Failure::bad_field(name, message));
    }
    Ok(usize::try_from(wanted).ok().filter(|_| full != Some(wanted)))
}
