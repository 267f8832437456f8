//! A chat-like endpoint of OpenAI's over a chat dialect: from messages and parameters to the call and its reply.

use super::Wiring;
use crate::chat::tools::Tools;
use crate::chat::{Conversation, Message};
use crate::dialects::client::openai::choices::Choices;
use crate::dialects::client::openai::frame::{Frame, Wanted};
use crate::dialects::client::openai::limits;
use crate::dialects::client::openai::params::ChatParams;
use crate::dialects::client::openai::reply::{ChatReply, Delivery, Source};
use crate::dialects::client::openai::shape::Shape;
use crate::dialects::client::openai::structured::{self, Way, Wrapping};
use crate::dialects::upstream::{self, ChatDialect, Dialect};
use crate::models::{Chosen, Family, Model, Models, RuleEffect, Rules, Streaming};
use crate::plan::{Call, Context, Driven, Plan, Reply, Streamed};
use crate::tokens::{Counting, Prompt};
use crate::wire::{Failure, sse};
use bytes::Bytes;
use std::sync::Arc;

/// How many calls of one request run at the same time.
const AT_ONCE: usize = 8;

/// What an endpoint is made of.
pub struct Endpoint {
    dialect: &'static dyn ChatDialect,
    models: Arc<Models>,
    counting: Counting,
    most_choices: u64,
    shape: &'static Shape,
}

/// The calls of a request, as far as its conversations decide them.
struct Encoded {
    bodies: Vec<Bytes>,
    delivery: Delivery,
    max_tokens: Option<u64>,
}

/// The names of what is offered.
fn names(tools: Option<&Tools<'_>>) -> Vec<String> {
    tools.map_or(Vec::new(), |tools| tools.offered.iter().map(|tool| tool.name.to_string()).collect())
}

impl Endpoint {
    /// An endpoint for one route.
    ///
    /// # Errors
    /// Why it does not fit the upstream's dialect.
    pub fn new(wiring: Wiring, shape: &'static Shape) -> Result<Self, String> {
        match wiring.dialect {
            Dialect::Chat(dialect) => Ok(Endpoint {
                dialect,
                models: wiring.models,
                counting: wiring.counting,
                most_choices: wiring.most_choices,
                shape,
            }),
            Dialect::Embedding(_) => Err("it needs an upstream that answers conversations".to_owned()),
        }
    }

    /// The name of the upstream in messages.
    pub fn upstream(&self) -> &'static str {
        self.dialect.name()
    }

    /// The model that a request asks for.
    ///
    /// # Errors
    /// 404 for an unknown model, 400 for none.
    pub fn choose<'a>(&'a self, asked: Option<&'a str>, cx: &Context<'_>) -> Result<Chosen<'a>, Failure> {
        cx.choose(&self.models, asked)
    }

    /// The plan for conversations and parameters that were read from `body`: each conversation is answered as often as was
    /// asked for.
    ///
    /// # Errors
    /// 400 for what the model cannot do.
    pub fn open(
        &self,
        chosen: Chosen<'_>,
        mut asked: ChatParams<'_>,
        mut conversations: Vec<Vec<Message<'_>>>,
        body: &Bytes,
        cx: &Context<'_>,
    ) -> Result<Plan, Failure> {
        let rules = &chosen.model.rules;
        let answers = asked.n.max(1);
        let choices = answers.saturating_mul(conversations.len() as u64);
        if choices > self.most_choices {
            return Err(too_many(&asked, conversations.len(), self.most_choices));
        }
        let old_calls = asked.offer.is_old_form();
        let tools = asked.offer.read(self.upstream())?;
        if let Some(tools) = &tools {
            self.check_tools(tools, &chosen)?;
        }
        let (tools, wrapping) = self.structure(&mut asked, &mut conversations, tools, rules, cx)?;
        let source = Source { dialect: self.dialect, offered: names(tools.as_ref()), wrapping };
        let mut prompt = Prompt::new(self.counting, rules.counts_with());
        conversations.iter().for_each(|messages| self.count(&mut prompt, messages, tools.as_ref(), body));
        if conversations.len() == 1 {
            limits::context(&prompt, tools.is_some(), rules, self.shape)?;
        }
        let prompt = Arc::new(prompt);
        let limit = asked.limit_name();
        let (mut left, mut params) = (conversations.len(), asked.params);
        let chats = conversations.into_iter().map(|messages| {
            left -= 1;
            let params = if left == 0 { std::mem::take(&mut params) } else { params.clone() };
            Conversation { messages, tools: tools.clone(), params }
        });
        let encoded = self.encode(&chosen.model, chats.collect(), asked.stream, wrapping.is_some(), cx);
        limits::output(limit, encoded.max_tokens, rules)?;
        let wanted = Wanted {
            model: chosen.asked,
            rules,
            stream: asked.stream,
            include_usage: asked.include_usage,
            max_tokens: encoded.max_tokens,
            counting: self.counting,
            old_calls,
        };
        let counted = (!asked.stream || asked.include_usage || cx.ledger.wanted).then(|| prompt.clone());
        let frame = Frame::new(self.shape, &wanted, prompt, cx);
        cx.note_counting(frame.counting, rules);
        let (delivery, timeout, model) = (encoded.delivery, asked.timeout, &chosen.model.id);
        let calls = encoded.bodies.iter().flat_map(|body| (0..answers).map(move |_| body.clone())).map(|body| {
            let stream = delivery == Delivery::Stream;
            Call { stream, body, timeout, model: model.clone(), prompt: counted.clone() }
        });
        Ok(plan(calls.collect(), frame, delivery, source))
    }

    /// Brings the model to answer in the JSON that was asked for: its tools, and what the answer's JSON comes in.
    fn structure<'a>(
        &self,
        asked: &mut ChatParams<'a>,
        conversations: &mut [Vec<Message<'_>>],
        tools: Option<Tools<'a>>,
        rules: &Rules,
        cx: &Context<'_>,
    ) -> Result<(Option<Tools<'a>>, Option<Wrapping>), Failure> {
        let fits = |tools: &Tools<'a>| self.dialect.check_tools(tools, rules.tools.unwrap_or(Family::Openai)).is_ok();
        match structured::way(asked, tools.is_some(), rules, fits, |effect| cx.note_structured(rules, effect))? {
            None => Ok((tools, None)),
            Some(Way::Tool(tools)) => Ok((Some(tools), Some(Wrapping::Call))),
            Some(Way::Words(words)) => {
                conversations.iter_mut().try_for_each(|messages| structured::tell(messages, &words))?;
                Ok((tools, Some(Wrapping::Text)))
            }
        }
    }

    /// Whether the model can be offered such tools.
    fn check_tools(&self, tools: &Tools<'_>, chosen: &Chosen<'_>) -> Result<(), Failure> {
        match chosen.model.rules.tools {
            Some(Family::None) => {
                Err(Failure::unsupported("tools", &format!("the model '{}' calls no tools", chosen.asked)))
            }
            family => self.dialect.check_tools(tools, family.unwrap_or(Family::Openai)),
        }
    }

    /// Makes each conversation fit the model, and writes the bodies of the calls. Where the answers are `wrapped`, they are
    /// needed whole.
    fn encode<'a>(
        &self,
        model: &'a Model,
        chats: Vec<Conversation<'a>>,
        to_stream: bool,
        wrapped: bool,
        cx: &Context<'_>,
    ) -> Encoded {
        let rules = &model.rules;
        let whole_only = rules.streaming == Some(Streaming::Whole);
        let streams = !whole_only && !wrapped && chats.iter().all(|chat| self.dialect.streams(chat));
        let mut encoded = Encoded {
            bodies: Vec::with_capacity(chats.len()),
            delivery: match (to_stream, streams) {
                (false, _) => Delivery::Whole,
                (true, true) => Delivery::Stream,
                (true, false) => Delivery::Recut,
            },
            max_tokens: None,
        };
        if to_stream && whole_only {
            cx.note_rule(rules, RuleEffect::Whole);
        }
        for (index, mut chat) in chats.into_iter().enumerate() {
            // What is done to each is told once.
            rules.apply(&mut chat, encoded.delivery == Delivery::Stream, |effect| {
                if index == 0 {
                    cx.note_rule(rules, effect);
                }
            });
            encoded.max_tokens = chat.max_tokens();
            let call = upstream::Call { user: &cx.caller.user, model: &model.id };
            let body = self.dialect.encode(&chat, call, rules.tools.unwrap_or(Family::Openai));
            encoded.bodies.push(Bytes::from(body));
        }
        encoded
    }

    /// Adds what the model reads to what is counted.
    fn count(&self, prompt: &mut Prompt, messages: &[Message<'_>], tools: Option<&Tools<'_>>, body: &Bytes) {
        for message in messages {
            match self.shape.has_messages {
                true => prompt.push_message(body, &message.content),
                false => prompt.push_text(body, &message.content),
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
}

/// One call through pingora where that serves, else calls of our own.
fn plan(mut calls: Vec<Call>, frame: Frame, delivery: Delivery, source: Source) -> Plan {
    let reply = |frame, source| Box::new(ChatReply::new(source, frame, delivery)) as Box<dyn Reply>;
    if calls.len() > 1 {
        let join = Choices::new(frame, delivery != Delivery::Whole);
        let part = |(choice, call)| (call, reply(join.frame(choice), source.clone()));
        let parts = calls.into_iter().enumerate().map(part).collect();
        return Plan::Driven(Driven { parts, at_once: AT_ONCE, join: Box::new(join) });
    }
    let reply = reply(frame, source);
    match (calls.pop(), delivery) {
        (Some(call), Delivery::Recut) => {
            let join = Box::new(Streamed(sse::CONTENT_TYPE));
            Plan::Driven(Driven { parts: vec![(call, reply)], at_once: 1, join })
        }
        (Some(call), Delivery::Whole | Delivery::Stream) => Plan::Call(call, reply),
        (None, _) => Plan::Answer(Failure::bad_request("There is nothing to answer.").to_answer()),
    }
}

/// More answers than the route gives: the request's `n`, or its prompts.
fn too_many(asked: &ChatParams<'_>, prompts: usize, most: u64) -> Failure {
    let field = if asked.n > 1 { "n" } else { "prompt" };
    let given = match prompts {
        1 => format!("{}", asked.n),
        prompts => format!("{} for each of {prompts} prompts", asked.n.max(1)),
    };
    let message = format!("'{field}' asks for too many answers ({given}); at most {most} are given to a request here.");
    Failure::bad_field(field, message)
}
