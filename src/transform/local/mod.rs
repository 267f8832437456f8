//! Replies that the proxy makes itself, without an upstream. A table names them, or writes them out, with `reply:`.

pub mod about;
pub mod docs;
pub mod fixed;
pub mod health;
pub mod livez;
pub mod model;
pub mod model_list;
pub mod page;
mod page_paths;
mod paging;
pub mod readyz;
mod shapes;

pub use page_paths::PagePaths;

use crate::access::Permissions;
use crate::models::{Model, Models};
use crate::plan::{Context, Request, Transformer};
use std::sync::Arc;

/// What the proxy serves, as local replies describe it.
#[derive(Debug, Default)]
pub struct Catalog {
    /// All groups of models in the table's order.
    pub groups: Vec<Arc<Models>>,
    /// All routes in the table's order.
    pub routes: Vec<CatalogRow>,
    /// The names of the upstreams behind it, such as `ARGO`; empty if there is none.
    pub upstreams: String,
    /// The path of the base URL for OpenAI's clients: a chat route's path without what clients append.
    pub base_path: Option<String>,
    /// Where the page for people is, if the table has it.
    pub page: Option<PagePaths>,
}

/// A route as it is displayed to people.
#[derive(Debug, Clone)]
pub struct CatalogRow {
    /// Its methods.
    pub methods: Vec<http::Method>,
    /// Its path as the table has it.
    pub path: String,
    /// Its purpose in one line.
    pub about: String,
}

impl Catalog {
    /// Returns where the page for people is, if a request is of a browser that is to have it.
    fn page_for(&self, request: &Request, cx: &Context<'_>) -> Option<&PagePaths> {
        self.page.as_ref().filter(|_| request.takes_pages && cx.state.has_page)
    }

    /// Returns the models of all groups that the model list may show, each once.
    pub fn models<'a>(&'a self, permissions: &'a Permissions) -> impl Iterator<Item = (&'a Models, &'a Model)> {
        let all = self.groups.iter().flat_map(|group| group.iter().map(move |model| (group.as_ref(), model)));
        all.filter(|(_, model)| !model.hidden && permissions.use_model(model))
    }
}

/// Who gets a reply where calls need a key. It is a property of the reply, so that no table can open what costs or tells something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Only callers.
    Callers,
    /// Also people with a browser and without a key. They get a page that says how to get one, and no models.
    Newcomers,
    /// Everybody. Only for replies that tell nothing private.
    Everybody,
    /// Everybody too, and who calls is found out all the same: the page tells what is private only to callers.
    Page,
}

/// A local reply that a table can name.
pub struct ReplyEntry {
    /// Its name in YAML and of its file.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// Who gets it where calls need a key.
    pub audience: Audience,
    /// Builds it for a table.
    pub build: fn(&Arc<Catalog>) -> Arc<dyn Transformer>,
}
