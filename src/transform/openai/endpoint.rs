//! A chat-like endpoint of OpenAI's over a chat dialect: from messages and parameters to the call and its reply.

use super::asked::Asked;
use super::frame::{Frame, Wanted};
use super::reply::{ChatReply, Delivery};
use super::shape::Shape;
use crate::chat::tokens::{Counting, Prompt};
use crate::chat::tools::Tools;
use crate::chat::{Conversation, Message};
use crate::dialect::{self, ChatDialect, Dialect};
use crate::models::{Family, Models};
use crate::transform::{Call, Context, Driven, Plan, Streamed, Wiring};
use crate::wire::{Failure, sse};
use bytes::Bytes;
use std::sync::Arc;

/// What an endpoint is made of.
pub struct Endpoint {
    dialect: &'static dyn ChatDialect,
    models: Arc<Models>,
    counting: Counting,
    shape: &'static Shape,
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
            Dialect::Chat(dialect) => Ok(Endpoint { dialect, models: wiring.models, counting: wiring.counting, shape }),
            Dialect::Embedding(_) => Err("it needs an upstream that answers conversations".to_owned()),
        }
    }

    /// The plan for messages and parameters that were read from `body`.
    ///
    /// # Errors
    /// 404 for an unknown model, 400 for none.
    pub fn open(
        &self,
        asked: Asked<'_>,
        messages: Vec<Message<'_>>,
        body: &Bytes,
        cx: &Context<'_>,
    ) -> Result<Plan, Failure> {
        let old_calls = asked.offer.is_old_form();
        let tools = asked.offer.read()?;
        let chosen = cx.choose(&self.models, asked.model.as_deref())?;
        let rules = &chosen.model.rules;
        let mut prompt = Prompt::new(self.counting, rules.counts_with());
        for message in &messages {
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
            [tool.description, tool.parameters]
                .into_iter()
                .flatten()
                .for_each(|raw| prompt.push_plain(body, raw.get()));
        }
        let mut chat = Conversation { messages, tools, params: asked.params };
        rules.apply(&mut chat, |did| cx.note_rule(rules, did));
        let family = rules.tools.unwrap_or(Family::Openai);
        if let Some(tools) = &chat.tools {
            self.dialect.check_tools(tools, family)?;
        }
        let call = dialect::Call { user: cx.user, model: &chosen.model.id };
        let body = Bytes::from(self.dialect.encode(&chat, call, family));
        let delivery = match (asked.stream, self.dialect.streams(&chat)) {
            (false, _) => Delivery::Whole,
            (true, true) => Delivery::Stream,
            (true, false) => Delivery::Recut,
        };
        let offered = names(chat.tools.as_ref());

        let wanted = Wanted {
            model: chosen.asked,
            rules,
            stream: asked.stream,
            include_usage: asked.include_usage,
            max_tokens: asked.max_tokens,
            counting: self.counting,
            old_calls,
        };
        let prompt = Arc::new(prompt);
        let counted = (!asked.stream || asked.include_usage).then(|| prompt.clone());
        let frame = Frame::new(self.shape, &wanted, prompt, cx);
        cx.note_counting(frame.counting, rules);
        let model = chosen.model.id.clone();
        let stream = delivery == Delivery::Stream;
        let call = Call { stream, body, timeout: asked.timeout, model, prompt: counted };
        let reply = Box::new(ChatReply::new(self.dialect, frame, delivery, offered));
        Ok(match delivery {
            Delivery::Whole | Delivery::Stream => Plan::Call(call, reply),
            Delivery::Recut => {
                let join = Box::new(Streamed(sse::CONTENT_TYPE));
                Plan::Driven(Driven { parts: vec![(call, reply)], at_once: 1, join })
            }
        })
    }
}
