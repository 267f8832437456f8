//! Applies a model's rules to a conversation.

use super::effect::RuleEffect;
use super::rules::{Cap, Json, Rules, SystemRole};
use crate::chat::conversation::Param;
use crate::chat::{Conversation, Message, Role};
use crate::json::{self, Fields};
use serde_json::value::RawValue;
use std::borrow::Cow;

impl Rules {
    /// Changes a conversation as the rules require, and reports each change to `tell`.
    ///
    /// Parts that no rule changes cost no allocation.
    pub fn apply<'a>(&'a self, chat: &mut Conversation<'a>, mut tell: impl FnMut(RuleEffect<'a>)) {
        self.apply_to_messages(&mut chat.messages, &mut tell);
        let params = &mut chat.params;
        self.drop_and_rename(params, &mut tell);
        for (name, value) in &self.fixed {
            if set(params, name, value) {
                tell(RuleEffect::Fixed(name, value.get()));
            }
        }
        for names in &self.only_one_of {
            keep_first(params, names, &mut tell);
        }
        for (name, value) in &self.default {
            if !given(params, name) && !self.is_excluded(params, name) {
                set(params, name, value);
                tell(RuleEffect::Defaulted(name, value.get()));
            }
        }
        raise(params, &self.floor, |name, least| tell(RuleEffect::Raised(name, least)));
        lower(params, &self.cap, |name, most| tell(RuleEffect::Capped(name, most)));
    }

    /// Returns true if a call that would not be streamed has to be, because it asks for more than the upstream answers
    /// whole. A call that cannot be streamed is changed to ask for less. `apply` comes before this.
    pub fn must_stream<'a>(
        &'a self,
        chat: &mut Conversation<'a>,
        can_stream: bool,
        mut tell: impl FnMut(RuleEffect<'a>),
    ) -> bool {
        if !can_stream {
            lower(&mut chat.params, &self.stream_above, |name, most| tell(RuleEffect::CappedWhole(name, most)));
            return false;
        }
        let is_above =
            |(name, cap): &&(String, Cap)| chat.params.iter().any(|param| param.0 == *name && cap.is_below(param.1));
        let above = self.stream_above.iter().find(is_above);
        if let Some((name, cap)) = above {
            tell(RuleEffect::Collected(name, cap.json.get()));
        }
        above.is_some()
    }

    fn apply_to_messages<'a>(&'a self, messages: &mut Vec<Message<'a>>, tell: &mut impl FnMut(RuleEffect<'a>)) {
        if self.system_role == Some(SystemRole::User) {
            let mut turned = 0;
            for message in messages.iter_mut().filter(|message| message.role == Role::System) {
                message.role = Role::User;
                turned += 1;
            }
            if turned > 0 {
                tell(RuleEffect::SystemRole { messages: turned });
            }
        }
        if self.system_role == Some(SystemRole::Opening) {
            let late = messages.iter().skip_while(|message| message.role == Role::System);
            let late = late.filter(|message| message.role == Role::System).count();
            if late > 0 {
                // The sort is stable, so that all others keep their order.
                messages.sort_by_key(|message| message.role != Role::System);
                tell(RuleEffect::SystemMoved { messages: late });
            }
        }
        let Some(filler) = &self.user_filler else { return };
        let is_user = |message: &&mut Message<'_>| message.role == Role::User;
        if messages.iter_mut().filter(is_user).any(|message| says_something(&message.content)) {
            return;
        }
        tell(RuleEffect::Filled(filler.get()));
        let content = Cow::Borrowed(filler.as_ref());
        match messages.iter_mut().rfind(is_user) {
            Some(message) => message.content = content,
            None => messages.push(Message::plain(Role::User, content, Fields::default())),
        }
    }

    fn drop_and_rename<'a>(&'a self, params: &mut Vec<Param<'a>>, tell: &mut impl FnMut(RuleEffect<'a>)) {
        params.retain(|(name, _)| match self.drop.iter().find(|dropped| *dropped == name) {
            Some(dropped) => {
                tell(RuleEffect::Dropped(dropped));
                false
            }
            None => true,
        });
        for (from, to) in &self.rename {
            if params.iter().any(|(name, _)| name == to) {
                if remove(params, from) {
                    tell(RuleEffect::Yielded(from, to));
                }
                continue;
            }
            for (name, _) in params.iter_mut().filter(|(name, _)| name == from) {
                *name = Cow::Borrowed(to);
                tell(RuleEffect::Renamed(from, to));
            }
        }
    }

    /// Returns true if a given parameter excludes the default for `name`.
    fn is_excluded(&self, params: &[Param<'_>], name: &str) -> bool {
        let beside = self.only_one_of.iter().filter(|names| names.iter().any(|known| known == name));
        beside.flatten().any(|other| given(params, other))
    }
}

/// Returns true if a parameter is given. In OpenAI's API, null means "not given".
fn given(params: &[Param<'_>], name: &str) -> bool {
    params.iter().any(|(known, value)| known == name && !json::is_null(value))
}

fn remove(params: &mut Vec<Param<'_>>, name: &str) -> bool {
    let before = params.len();
    params.retain(|(known, _)| known != name);
    params.len() < before
}

/// Sets a parameter. Returns true if that changed anything.
fn set<'a>(params: &mut Vec<Param<'a>>, name: &'a str, value: &'a Json) -> bool {
    let mut there = params.iter_mut().filter(|(known, _)| known == name);
    if let (Some((_, one)), None) = (there.next(), there.next()) {
        let same = one.get() == value.get();
        *one = value;
        return !same;
    }
    remove(params, name);
    params.push((Cow::Borrowed(name), value));
    true
}

/// Keeps the first given parameter of `names` and removes the others.
fn keep_first<'a>(params: &mut Vec<Param<'a>>, names: &'a [String], tell: &mut impl FnMut(RuleEffect<'a>)) {
    let mut given = names.iter().filter(|name| given(params, name));
    let Some(first) = given.next() else { return };
    let others: Vec<&String> = given.filter(|name| *name != first).collect();
    for name in others {
        remove(params, name);
        tell(RuleEffect::Excluded(name, first));
    }
}

fn raise<'a>(params: &mut [Param<'a>], floors: &'a [(String, Cap)], mut tell: impl FnMut(&'a str, &'a str)) {
    for (name, floor) in floors {
        for (_, value) in params.iter_mut().filter(|(known, _)| known == name) {
            if floor.is_above(value) {
                *value = &floor.json;
                tell(name, floor.json.get());
            }
        }
    }
}

fn lower<'a>(params: &mut [Param<'a>], caps: &'a [(String, Cap)], mut tell: impl FnMut(&'a str, &'a str)) {
    for (name, cap) in caps {
        for (_, value) in params.iter_mut().filter(|(known, _)| known == name) {
            if cap.is_below(value) {
                *value = &cap.json;
                tell(name, cap.json.get());
            }
        }
    }
}

/// Returns true if a content is more than white space. JSON escapes other than `\n`, `\r`, `\t` are not decoded.
fn says_something(content: &RawValue) -> bool {
    let inside = content.get().get(1..content.get().len().saturating_sub(1)).unwrap_or_default();
    let mut rest = inside.trim_ascii();
    while let Some(after) = ["\\n", "\\r", "\\t"].iter().find_map(|space| rest.strip_prefix(space)) {
        rest = after.trim_ascii_start();
    }
    !rest.is_empty()
}

#[cfg(test)]
mod tests;
