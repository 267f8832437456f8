//! The chat pipeline: from a decoded request in any client dialect to the calls in any upstream chat dialect, and their
//! replies.

use super::candidates::{Candidate, Candidates};
use super::counted::count;
use super::encode::{Encoded, calls, encode};
use super::fit::{
    can_carry, carries_parts, leave_format, leave_out_names, leave_out_unknown, refuse_tools, refuse_what_is_lost,
    relays,
};
use super::reply::{AnswerSource, ChatReply};
use super::structured::{self, Carrier, Way, Wrapping};
use super::{Unfit, Wiring};
use super::{limits, results};
use crate::chat::tools::Tools;
use crate::chat::{ChatRequest, Conversation, Delivery, JsonPart};
use crate::dialects::client::{ChatClient, Exceeded, ReplyFrame, ReplyOptions, Tally};
use crate::dialects::upstream::{CallTerms, ChatDialect, Dialect};
use crate::models::{Chosen, Rules};
use crate::plan::trace::TraceStep;
use crate::plan::{Alone, Call, Context, Join, Plan, Reply, Streamed, Subrequests, USUAL_ANSWER};
use crate::tokens::{CountNeed, Counting, Prompt};
use crate::wire::Failure;
use bytes::Bytes;
use std::sync::Arc;

/// How many calls of one request run at the same time.
const AT_ONCE: usize = 8;

/// Serves the chat requests of one route.
pub struct ChatPipeline {
    candidates: Candidates<dyn ChatDialect>,
    counting: Counting,
    most_choices: u64,
}

/// Returns the names of the offered tools.
fn names(tools: Option<&Tools<'_>>) -> Vec<String> {
    tools.map_or(Vec::new(), |tools| tools.offered.iter().map(|tool| tool.name.to_string()).collect())
}

impl ChatPipeline {
    /// Creates the pipeline of one route.
    ///
    /// # Errors
    /// When the upstream's dialect does not answer conversations.
    pub fn new(wiring: Wiring) -> Result<Self, Unfit> {
        let candidates = Candidates::new(&wiring, "answers conversations", |dialect| match dialect {
            Dialect::Chat(dialect) => Some(dialect),
            Dialect::Embedding(_) => None,
        })?;
        Ok(ChatPipeline { candidates, counting: wiring.counting, most_choices: wiring.most_choices })
    }

    /// Returns the name of the preferred upstream for error messages.
    pub fn upstream(&self) -> &'static str {
        self.candidates.first().dialect.name()
    }

    /// Returns the model that a request asks for.
    ///
    /// # Errors
    /// 404 for an unknown model, 400 for none.
    pub fn choose<'a>(&'a self, asked: Option<&'a str>, cx: &Context<'_>) -> Result<Chosen<'a>, Failure> {
        self.candidates.choose(asked, cx)
    }

    /// Refuses a request for more answers than the route gives. The request asks for `each` answers to each prompt.
    ///
    /// # Errors
    /// 400 in the client's words.
    pub fn allow(&self, client: &impl ChatClient, each: u64, prompts: usize) -> Result<(), Failure> {
        let most = self.most_choices;
        if each.max(1).saturating_mul(prompts as u64) > most {
            return Err(client.exceeded(Exceeded::Answers { each, prompts, most }));
        }
        Ok(())
    }

    /// Returns the plan for a request that was read from `body`. Each conversation gets as many answers as the request
    /// asks for.
    ///
    /// # Errors
    /// 400 for what the model cannot do.
    pub fn open(
        &self,
        client: &impl ChatClient,
        chosen: Chosen<'_>,
        request: ChatRequest<'_>,
        body: &Bytes,
        cx: &Context<'_>,
    ) -> Result<Plan, Failure> {
        self.open_chat(client, chosen, request, body, cx).map_err(|failure| client.in_its_words(failure))
    }

    fn open_chat(
        &self,
        client: &impl ChatClient,
        chosen: Chosen<'_>,
        mut request: ChatRequest<'_>,
        body: &Bytes,
        cx: &Context<'_>,
    ) -> Result<Plan, Failure> {
        let (upstream, chosen) = self.take(client, chosen, &mut request, cx)?;
        let rules = &chosen.model.rules;
        // The JSON format may add a tool or change a message, so it comes before the prompt is counted.
        leave_format(client, &mut request, upstream.dialect, rules);
        let wrapping = self.structure(&mut request, rules, cx)?;
        refuse_what_is_lost(client, &request, wrapping, upstream.dialect)?;
        let offered = names(request.tools.as_ref());
        let prompt = self.prompt(client, &request, rules, body)?;
        let (limit, answers) = (request.limit_name, request.answers.max(1));
        let (stream, include_usage, timeout) = (request.stream, request.include_usage, request.timeout);
        // Rules may change the limit of the answer, so it is checked after they were applied.
        let is_relayed = wrapping.is_none() && relays(client, upstream.dialect);
        let write = |chat: &Conversation<'_>, terms: CallTerms<'_>| {
            let dialect = upstream.dialect;
            if is_relayed { client.request(chat, terms, dialect) } else { dialect.encode(chat, terms) }
        };
        let encoded = encode(upstream, &chosen.model, conversations(request), stream, wrapping.is_some(), &write, cx)?;
        limits::output(client, limit, encoded.max_tokens, rules)?;
        let dialect = upstream.dialect;
        let options = ReplyOptions {
            model: chosen.asked,
            rules,
            stream,
            include_usage,
            max_tokens: encoded.max_tokens,
            counting: self.counting,
            is_counted: dialect.reports_usage(),
            upstream: dialect.name(),
            form: dialect.form(),
        };
        let counted = counts_meanwhile(&options, cx).then(|| prompt.clone());
        let frame = ReplyFrame::new(&options, prompt, cx);
        cx.note_counting(frame.counting, dialect.reports_usage(), rules);
        let Encoded { delivery, streamed, .. } = encoded;
        let source = AnswerSource { dialect, offered, wrapping, streamed };
        let one = Call { timeout, prompt: counted, ..bare_call(upstream.number, &chosen, &encoded) };
        plan(client, calls(&encoded, answers, &one), frame, delivery, source)
    }

    /// Returns the tokens of a request's prompt: exactly where the model's tokenizer is public, and else by an estimate, whatever
    /// the route does for its answers. It is never 0.
    pub fn prompt_tokens(
        &self,
        client: &impl ChatClient,
        chosen: Chosen<'_>,
        request: &ChatRequest<'_>,
        body: &Bytes,
        cx: &Context<'_>,
    ) -> u64 {
        let rules = &chosen.model.rules;
        let mut prompt = Prompt::new(Counting::Exact, rules.counts_with());
        for messages in &request.conversations {
            count(&mut prompt, messages, request.tools.as_ref(), body, client.has_messages());
        }
        cx.note_counting(Counting::Exact, false, rules);
        prompt.tokens().max(1)
    }

    /// Returns the upstream that takes a request, and the model with its rules there. What neither knows is left out.
    ///
    /// # Errors
    /// 400 for what the model cannot do.
    fn take<'a>(
        &'a self,
        client: &impl ChatClient,
        chosen: Chosen<'a>,
        request: &mut ChatRequest<'_>,
        cx: &Context<'_>,
    ) -> Result<(&'a Candidate<dyn ChatDialect>, Chosen<'a>), Failure> {
        let can = |upstream: &Candidate<dyn ChatDialect>| {
            can_carry(client, request, upstream.dialect)?;
            // A single upstream refuses such parts when they are encoded.
            if self.candidates.are_several() { carries_parts(client, request, upstream.dialect) } else { Ok(()) }
        };
        let (upstream, mut chosen) = self.candidates.take(chosen, cx, can)?;
        if cx.attempt.other_thinking {
            chosen = chosen.with_other_thinking();
        }
        refuse_tools(request, &chosen)?;
        limits::images(request, &chosen.model.rules)?;
        if !relays(client, upstream.dialect) {
            client.left_out().iter().for_each(|place| cx.note(|| TraceStep::LeftOut { place: place.clone() }));
        }
        leave_out_unknown(request, upstream.dialect, cx);
        leave_out_names(request, &chosen.model.rules, cx);
        if !upstream.dialect.takes_images_in_results() {
            request.conversations.iter_mut().for_each(results::move_images);
        }
        Ok((upstream, chosen))
    }

    /// Returns what the prompt's tokens are counted from.
    fn prompt(
        &self,
        client: &impl ChatClient,
        request: &ChatRequest<'_>,
        rules: &Rules,
        body: &Bytes,
    ) -> Result<Arc<Prompt>, Failure> {
        let mut prompt = Prompt::new(self.counting, rules.counts_with());
        for messages in &request.conversations {
            count(&mut prompt, messages, request.tools.as_ref(), body, client.has_messages());
        }
        if request.conversations.len() == 1 {
            limits::context(client, &prompt, request.tools.is_some(), rules)?;
        }
        Ok(Arc::new(prompt))
    }

    /// Makes the model answer in the requested JSON. Returns what the JSON will be wrapped in.
    fn structure(
        &self,
        request: &mut ChatRequest<'_>,
        rules: &Rules,
        cx: &Context<'_>,
    ) -> Result<Option<Wrapping>, Failure> {
        let part = request.format.as_ref().map_or(JsonPart::All, |format| format.part);
        let wrapped = |carrier| Some(Wrapping { carrier, part });
        match structured::way(request, rules, |effect| cx.note_structured(rules, effect))? {
            None if part == JsonPart::All => Ok(None),
            None => Ok(wrapped(Carrier::Text)),
            // The answer is translated, so the request is, too.
            Some(_) if request.bound.is_some() => request.bound.take().map_or(Ok(None), Err),
            Some(Way::Tool(tools)) => {
                request.tools = Some(tools);
                Ok(wrapped(Carrier::Call))
            }
            Some(Way::Words(words)) => {
                request.conversations.iter_mut().try_for_each(|messages| structured::tell(messages, &words))?;
                Ok(wrapped(Carrier::Text))
            }
        }
    }
}

/// Returns a call without its body.
fn bare_call(upstream: usize, chosen: &Chosen<'_>, encoded: &Encoded) -> Call {
    Call {
        upstream,
        credential: None,
        stream: encoded.streamed,
        body: Bytes::new(),
        timeout: None,
        model: chosen.model.id.clone(),
        answer_tokens: encoded.max_tokens.unwrap_or(USUAL_ANSWER),
        prompt: None,
    }
}

/// Returns true if a long prompt is counted while the upstream works: its count is needed, and the upstream tells none.
fn counts_meanwhile(options: &ReplyOptions<'_>, cx: &Context<'_>) -> bool {
    let is_shown = !options.stream || options.include_usage || cx.ledger.need == CountNeed::Limits;
    is_shown && !options.is_counted
}

/// Returns the conversations of a request, each with its tools and parameters.
fn conversations(request: ChatRequest<'_>) -> Vec<Conversation<'_>> {
    let (tools, mut params, mut left) = (request.tools, request.params, request.conversations.len());
    let chat = |messages| {
        left -= 1;
        let params = if left == 0 { std::mem::take(&mut params) } else { params.clone() };
        Conversation { messages, tools: tools.clone(), params }
    };
    request.conversations.into_iter().map(chat).collect()
}

/// Returns one call through pingora if that is enough, else subrequests.
fn plan(
    client: &impl ChatClient,
    mut calls: Vec<Call>,
    frame: ReplyFrame,
    delivery: Delivery,
    source: AnswerSource,
) -> Result<Plan, Failure> {
    let stream_type = client.stream_type();
    let reply = |frame, source| {
        let encoder = client.encoder(frame, delivery);
        Box::new(ChatReply::new(source, encoder, delivery, stream_type)) as Box<dyn Reply>
    };
    if calls.len() > 1 {
        let tally = Arc::<Tally>::default();
        let join = client.join(&frame, tally.clone(), delivery);
        let part = |(choice, call)| (call, reply(frame.of_choice(choice, tally.clone()), source.clone()));
        let parts = calls.into_iter().enumerate().map(part).collect();
        return Ok(Plan::Subrequests(Subrequests { parts, at_once: AT_ONCE, join }));
    }
    let call = calls.pop().ok_or_else(|| Failure::bad_request("There is nothing to answer."))?;
    let is_direct = source.wrapping.is_none() && source.streamed == (delivery == Delivery::Stream);
    if let Some(form) = source.dialect.form().filter(|_| is_direct && delivery != Delivery::Recut)
        && let Some(reply) = client.relay(form, &frame, source.dialect, delivery)
    {
        return Ok(Plan::Call(call, reply));
    }
    let collects = source.wrapping.is_none() && source.streamed && delivery == Delivery::Whole;
    if let Some(form) = source.dialect.form().filter(|_| collects)
        && let Some(reply) = client.collect(form, &frame, source.dialect)
    {
        return Ok(Plan::Subrequests(Subrequests { parts: vec![(call, reply)], at_once: 1, join: Box::new(Alone) }));
    }
    // pingora's own path takes what the upstream streams for what the client waits for.
    let join: Box<dyn Join> = match delivery {
        Delivery::Recut => Box::new(Streamed(stream_type)),
        Delivery::Whole if source.streamed => Box::new(Alone),
        Delivery::Whole | Delivery::Stream => return Ok(Plan::Call(call, reply(frame, source))),
    };
    Ok(Plan::Subrequests(Subrequests { parts: vec![(call, reply(frame, source))], at_once: 1, join }))
}
