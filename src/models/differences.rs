//! How the lists of the upstreams and the table differ: models that the table's files lack, and models that the lists lack.

use crate::diagnostics::Place;
use serde::Serialize;

/// All differences.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModelDifferences {
    /// Models that are listed, and that no name of the table's files has.
    pub new: Vec<NewModel>,
    /// Models that every list lacks that could have them. They are served all the same, since lists forget some.
    pub gone: Vec<GoneModel>,
}

/// A model that is listed, and that no name of the table's files has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewModel {
    /// What the list calls it.
    pub title: String,
    /// The id that a call names.
    pub id: String,
    /// The URL of the list.
    pub list: String,
    /// The group whose family takes it, if there is one.
    pub group: Option<String>,
    /// The names that it is served under, or would be.
    pub names: Vec<String>,
    /// The lines that put it into `names` of a group.
    pub lines: Vec<String>,
    /// Why it is not served; `None` if it is.
    pub not_served: Option<String>,
}

/// A model that every list lacks that could have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoneModel {
    /// Its first name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Its group.
    pub group: String,
    /// The URLs of the lists that lack it.
    pub lists: Vec<String>,
    /// Where the table's files have its name; `None` if only a list had it.
    #[serde(skip)]
    pub place: Option<Place>,
}

impl ModelDifferences {
    /// Returns the new models that are served.
    pub fn served(&self) -> impl Iterator<Item = &NewModel> {
        self.new.iter().filter(|model| model.not_served.is_none())
    }
}

/// The lists, and how they differ from the table: what a page and a program are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelReport {
    /// When the lists were asked for last, in Unix seconds; `None` if this process has not asked yet.
    pub asked_at: Option<u64>,
    /// The lists, and what became of each.
    pub lists: Vec<ListReport>,
    /// How they differ from the table.
    #[serde(flatten)]
    pub differences: ModelDifferences,
}

/// One list, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListReport {
    /// Its URL.
    pub url: String,
    /// The upstreams that name it.
    pub upstreams: Vec<String>,
    /// When it was read last, in Unix seconds; `None` if it never was.
    pub read_at: Option<u64>,
    /// How many models it had then.
    pub models: Option<usize>,
    /// Why it could not be used when it was asked for last.
    pub error: Option<String>,
}
