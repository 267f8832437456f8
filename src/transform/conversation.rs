//! The chat pipeline: from a decoded request in any client dialect to the calls in any upstream chat dialect, and their
//! replies.

use super::candidates::{Candidate, Candidates};
use super::limits;
use super::reply::{AnswerSource, ChatReply};
use super::structured::{self, Way, Wrapping};
use super::{Unfit, Wiring};
use crate::chat::tools::Tools;
use crate::chat::{ChatRequest, Conversation, Delivery, Message, Role};
use crate::dialects::client::{ChatClient, Exceeded, ReplyFrame, ReplyOptions, Tally};
use crate::dialects::upstream::facts::beyond_text;
use crate::dialects::upstream::{CallTerms, ChatDialect, Dialect, unsupported};
use crate::json;
use crate::models::{Chosen, Family, Model, RuleEffect, Rules, Streaming};
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

/// The parts of a request's calls that depend on its conversations.
struct Encoded {
    bodies: Vec<Bytes>,
    delivery: Delivery,
    /// True if the upstream is asked for a stream.
    streamed: bool,
    max_tokens: Option<u64>,
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
        mut request: ChatRequest<'_>,
        body: &Bytes,
        cx: &Context<'_>,
    ) -> Result<Plan, Failure> {
        let (upstream, chosen) = self.take(chosen, &mut request, cx)?;
        let rules = &chosen.model.rules;
        // The JSON format may add a tool or change a message, so it comes before the prompt is counted.
        let wrapping = self.structure(&mut request, rules, cx)?;
        refuse_what_is_lost(client, &request, wrapping, upstream.dialect)?;
        let offered = names(request.tools.as_ref());
        let prompt = self.prompt(client, &request, rules, body)?;
        let (limit, answers) = (request.limit_name, request.answers.max(1));
        let (stream, include_usage, timeout) = (request.stream, request.include_usage, request.timeout);
        // Rules may change the limit of the answer, so it is checked after they were applied.
        let encoded = encode(upstream, &chosen.model, conversations(request), stream, wrapping.is_some(), cx)?;
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
        };
        let counted = counts_meanwhile(&options, cx).then(|| prompt.clone());
        let frame = ReplyFrame::new(&options, prompt, cx);
        cx.note_counting(frame.counting, dialect.reports_usage(), rules);
        let Encoded { delivery, streamed, .. } = encoded;
        let source = AnswerSource { dialect, offered, wrapping, streamed };
        let one = Call {
            upstream: upstream.number,
            credential: None,
            stream: streamed,
            body: Bytes::new(),
            timeout,
            model: chosen.model.id.clone(),
            answer_tokens: encoded.max_tokens.unwrap_or(USUAL_ANSWER),
            prompt: counted,
        };
        plan(client, calls(&encoded, answers, &one), frame, delivery, source)
    }

    /// Returns the upstream that takes a request, and the model with its rules there. What neither knows is left out.
    ///
    /// # Errors
    /// 400 for what the model cannot do.
    fn take<'a>(
        &'a self,
        chosen: Chosen<'a>,
        request: &mut ChatRequest<'_>,
        cx: &Context<'_>,
    ) -> Result<(&'a Candidate<dyn ChatDialect>, Chosen<'a>), Failure> {
        let can = |upstream: &Candidate<dyn ChatDialect>| unsupported::check(upstream.dialect, &request.params);
        let (upstream, mut chosen) = self.candidates.take(chosen, cx, can)?;
        if cx.attempt.other_thinking {
            chosen = chosen.with_other_thinking();
        }
        refuse_tools(request, &chosen)?;
        limits::images(request, &chosen.model.rules)?;
        leave_out_unknown(request, upstream.dialect, cx);
        leave_out_names(request, &chosen.model.rules, cx);
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
        match structured::way(request, rules, |effect| cx.note_structured(rules, effect))? {
            None => Ok(None),
            Some(Way::Tool(tools)) => {
                request.tools = Some(tools);
                Ok(Some(Wrapping::Call))
            }
            Some(Way::Words(words)) => {
                request.conversations.iter_mut().try_for_each(|messages| structured::tell(messages, &words))?;
                Ok(Some(Wrapping::Text))
            }
        }
    }
}

/// Makes each conversation fit the model, and writes the bodies of the calls. Answers that are `wrapped` are needed
/// whole.
fn encode(
    upstream: &Candidate<dyn ChatDialect>,
    model: &Model,
    chats: Vec<Conversation<'_>>,
    to_stream: bool,
    wrapped: bool,
    cx: &Context<'_>,
) -> Result<Encoded, Failure> {
    let rules = &model.rules;
    let whole_only = rules.streaming == Some(Streaming::Whole);
    let can_stream = !whole_only && chats.iter().all(|chat| upstream.dialect.streams(chat));
    let delivery = match (to_stream, can_stream && !wrapped) {
        (false, _) => Delivery::Whole,
        (true, true) => Delivery::Stream,
        (true, false) => Delivery::Recut,
    };
    let mut encoded = Encoded {
        bodies: Vec::with_capacity(chats.len()),
        delivery,
        streamed: delivery == Delivery::Stream,
        max_tokens: None,
    };
    if to_stream && whole_only {
        cx.note_rule(rules, RuleEffect::Whole);
    }
    for (index, mut chat) in chats.into_iter().enumerate() {
        // An explanation lists an effect once, not once per conversation.
        let tell = |effect| {
            if index == 0 {
                cx.note_rule(rules, effect);
            }
        };
        rules.apply(&mut chat, tell);
        // The conversations of a request have the same parameters, so this is the same for all of them.
        if encoded.delivery != Delivery::Stream {
            encoded.streamed = rules.must_stream(&mut chat, can_stream && upstream.streams, tell);
        }
        encoded.max_tokens = chat.max_tokens();
        let streamed = encoded.streamed;
        let terms = CallTerms { user: &cx.caller.user, model: &model.id, stream: streamed, rules };
        if index == 0 && cx.steps.is_some() {
            let remarks = upstream.dialect.remarks(&chat, terms);
            remarks.iter().for_each(|remark| cx.note_rule(rules, RuleEffect::Thinking(remark)));
        }
        encoded.bodies.push(Bytes::from(upstream.dialect.encode(&chat, terms)?));
    }
    Ok(encoded)
}

/// Returns a call for each answer to each conversation. They are like `one`, but for their bodies.
fn calls(encoded: &Encoded, answers: u64, one: &Call) -> Vec<Call> {
    let bodies = encoded.bodies.iter().flat_map(|body| (0..answers).map(move |_| body.clone()));
    bodies.map(|body| Call { body, ..one.clone() }).collect()
}

/// Refuses tools for a model that calls none.
fn refuse_tools(request: &ChatRequest<'_>, chosen: &Chosen<'_>) -> Result<(), Failure> {
    if request.tools.is_none() || chosen.model.rules.tools != Some(Family::None) {
        return Ok(());
    }
    Err(Failure::unsupported("tools", &format!("the model '{}' calls no tools", chosen.asked)))
}

/// Refuses parameters whose results only answers have that are relayed: one to one conversation, as it comes.
fn refuse_what_is_lost(
    client: &impl ChatClient,
    request: &ChatRequest<'_>,
    wrapping: Option<Wrapping>,
    dialect: &dyn ChatDialect,
) -> Result<(), Failure> {
    let is_one = request.answers <= 1 && request.conversations.len() == 1 && wrapping.is_none();
    if dialect.form().is_none() || is_one && client.has_messages() {
        return Ok(());
    }
    for (name, value) in request.params.iter().filter(|(_, value)| !json::is_null(value)) {
        if beyond_text(name, value.get()).is_some() {
            let why = "it goes with one answer to one conversation, without an emulated response_format";
            return Err(Failure::unsupported(name, why));
        }
    }
    Ok(())
}

/// Returns true if a long prompt is counted while the upstream works: its count is needed, and the upstream tells none.
fn counts_meanwhile(options: &ReplyOptions<'_>, cx: &Context<'_>) -> bool {
    let is_shown = !options.stream || options.include_usage || cx.ledger.need == CountNeed::Limits;
    is_shown && !options.is_counted
}

/// Leaves out parameters that the upstream does not know.
fn leave_out_unknown(request: &mut ChatRequest<'_>, dialect: &dyn ChatDialect, cx: &Context<'_>) {
    request.params.retain(|(name, _)| {
        let is_known = dialect.takes(name);
        if !is_known {
            cx.note(|| TraceStep::LeftOut { place: name.to_string() });
        }
        is_known
    });
}

/// Leaves out the names of authors where the model's vendor does not know them: only OpenAI does.
fn leave_out_names(request: &mut ChatRequest<'_>, rules: &Rules, cx: &Context<'_>) {
    if !matches!(rules.tools, Some(Family::Anthropic | Family::Google)) {
        return;
    }
    let has_author = |message: &&mut Message<'_>| matches!(message.role, Role::System | Role::User | Role::Assistant);
    for messages in &mut request.conversations {
        for (index, message) in messages.iter_mut().enumerate().filter(|(_, message)| has_author(message)) {
            message.rest.retain(|name, _| {
                if name == "name" {
                    cx.note(|| TraceStep::LeftOut { place: format!("messages[{index}].name") });
                }
                name != "name"
            });
        }
    }
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

/// Adds everything that the model reads to the counted prompt.
fn count(prompt: &mut Prompt, messages: &[Message<'_>], tools: Option<&Tools<'_>>, body: &Bytes, has_messages: bool) {
    for message in messages {
        if has_messages {
            prompt.push_message(body, &message.content);
        } else {
            prompt.push_text(body, &message.content);
        }
        for call in &message.calls {
            prompt.push_plain(body, &call.name);
            prompt.push_plain(body, &call.arguments);
        }
    }
    for tool in tools.iter().flat_map(|tools| &tools.offered) {
        prompt.push_plain(body, &tool.name);
        let texts = [tool.description, tool.parameters].into_iter().flatten();
        texts.for_each(|raw| prompt.push_plain(body, raw.get()));
    }
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
    // pingora's own path takes what the upstream streams for what the client waits for.
    let join: Box<dyn Join> = match delivery {
        Delivery::Recut => Box::new(Streamed(stream_type)),
        Delivery::Whole if source.streamed => Box::new(Alone),
        Delivery::Whole | Delivery::Stream => return Ok(Plan::Call(call, reply(frame, source))),
    };
    Ok(Plan::Subrequests(Subrequests { parts: vec![(call, reply(frame, source))], at_once: 1, join }))
}
