//! A chat-like endpoint of OpenAI's over a chat dialect: from messages and parameters to the call and its reply.

use super::asked::Asked;
use super::frame::{Frame, Wanted};
use super::reply::ChatReply;
use super::shape::Shape;
use crate::chat::tokens::{Counting, Prompt};
use crate::chat::{Conversation, Message};
use crate::dialect::{self, ChatDialect, Dialect};
use crate::models::Models;
use crate::transform::{Call, Context, Plan, Wiring};
use crate::wire::Failure;
use bytes::Bytes;
use std::sync::Arc;

/// What an endpoint is made of.
pub struct Endpoint {
    dialect: &'static dyn ChatDialect,
    models: Arc<Models>,
    counting: Counting,
    shape: &'static Shape,
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
        let chosen = cx.choose(&self.models, asked.model.as_deref())?;
        let rules = &chosen.model.rules;
        let mut prompt = Prompt::new(self.counting, rules.counts_with());
        for message in &messages {
            match self.shape.has_messages {
                true => prompt.push_message(body, &message.content),
                false => prompt.push_text(body, &message.content),
            }
        }
        let mut chat = Conversation { messages, params: asked.params };
        rules.apply(&mut chat, asked.stream, |did| cx.note_rule(rules, did));
        let call = dialect::Call { user: cx.user, model: &chosen.model.id };
        let body = Bytes::from(self.dialect.encode(&chat, call));

        let wanted = Wanted {
            model: chosen.asked,
            rules,
            stream: asked.stream,
            include_usage: asked.include_usage,
            max_tokens: chat.max_tokens(),
            counting: self.counting,
        };
        let prompt = Arc::new(prompt);
        let counted = (!asked.stream || asked.include_usage).then(|| prompt.clone());
        let frame = Frame::new(self.shape, &wanted, prompt, cx);
        cx.note_counting(frame.counting, rules);
        let model = chosen.model.id.clone();
        let call = Call { stream: asked.stream, body, timeout: asked.timeout, model, prompt: counted };
        Ok(Plan::Call(call, Box::new(ChatReply::new(self.dialect, frame, asked.stream))))
    }
}
