//! One model, and the names that clients may use for it.

use super::rules::Rules;
use crate::diagnostics::Place;
use std::sync::Arc;

/// One model as clients see it.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Its index in its group. It has no meaning for a model that is not listed.
    pub number: usize,
    /// The name that the model list shows.
    pub name: String,
    /// ARGO's id.
    pub id: String,
    /// File and line of its name.
    pub from: String,
    /// The exact place of its name, if that is in a file.
    pub place: Option<Place>,
    /// All rules for its id, merged.
    pub rules: Arc<Rules>,
    /// True if the model list leaves it out.
    pub hidden: bool,
    /// True if it will be removed soon.
    pub deprecated: bool,
    /// True if only the list of an upstream has it, and no file of the table.
    pub is_listed: bool,
    /// True if every list of an upstream lacks it that could have it.
    pub gone: bool,
}

impl Model {
    /// Returns the names that clients may use for it, in lower case, best first.
    pub fn forms(&self) -> [Option<String>; 4] {
        let (name, id) = (self.name.to_lowercase(), self.id.to_lowercase());
        let (prefix, short) = name.split_once(':').unzip();
        [Some(name.clone()), Some(id.clone()), prefix.map(|prefix| format!("{prefix}:{id}")), short.map(str::to_owned)]
    }
}

/// The forms of a model's name, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The name that the model list shows.
    Name,
    /// ARGO's id.
    Id,
    /// The prefix of the name, followed by ARGO's id.
    PrefixedId,
    /// The name without its prefix.
    ShortName,
}

impl Form {
    /// All forms, in this order.
    pub const ALL: [Form; 4] = [Form::Name, Form::Id, Form::PrefixedId, Form::ShortName];
}
