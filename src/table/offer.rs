//! What a table offers to people and their programs: the base URL, the models to choose from, and where the page is.

use super::route::Route;
use super::routing_table::Table;
use crate::client_settings::{ClientOffer, ClientProgram, SpokenApi, VERSION};
use crate::models::{Model, Models};
use crate::transform::local::PagePaths;
use crate::wire::Failure;
use http::{Method, StatusCode};
use std::sync::Arc;

impl Table {
    /// Returns the offer of a proxy at `address`, such as `http://127.0.0.1:44497`, to a caller who `may_use` these models.
    ///
    /// # Errors
    /// The table serves nothing that the program speaks, or not the models that are wanted.
    pub fn offer(
        &self,
        program: &ClientProgram,
        address: &str,
        key: Option<String>,
        wanted: &[String],
        may_use: &dyn Fn(&Model) -> bool,
    ) -> Result<ClientOffer, Failure> {
        let Some((route, prefix)) = self.spoken(program.speaks) else {
            let message = format!(
                "{} needs a row of the table with the transformer {}…, and a path that ends as this program expects it",
                program.title,
                program.speaks.transformer()
            );
            return Err(Failure::new(StatusCode::NOT_FOUND, message));
        };
        let root = format!("{address}{prefix}");
        let base = match program.speaks {
            SpokenApi::Chat | SpokenApi::Responses => {
                format!("{address}{}", base_path(program.speaks, route).unwrap_or_default())
            }
            SpokenApi::Messages | SpokenApi::Gemini => format!("{address}{}", self.base_path().unwrap_or_default()),
        };
        let nothing: Models = Default::default();
        let chat = route.models.as_deref().unwrap_or(&nothing);
        let embeddings =
            self.routes().find(|route| route.does == "openai_embeddings").and_then(|route| route.models.as_deref());
        ClientOffer::choose((root, base, key), (chat, embeddings), wanted, program.prefers, may_use)
    }

    /// Returns the upstreams that serve an id of a group: for each row of the group in order of preference, each once.
    pub fn upstreams_of(&self, group: &Arc<Models>, id: &str) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let is_of_group = |route: &&Arc<Route>| route.models.as_ref().is_some_and(|models| Arc::ptr_eq(models, group));
        for upstream in self.routes().filter(is_of_group).flat_map(|route| &route.upstreams) {
            if upstream.serves.has(id) && !names.contains(&upstream.name.as_str()) {
                names.push(&upstream.name);
            }
        }
        names
    }

    /// Returns the names by which people know the upstreams, as in a sentence.
    pub fn upstream_names(&self) -> &str {
        &self.catalog.upstreams
    }

    /// Returns where the page for people is, if the table has it.
    pub fn page(&self) -> Option<&PagePaths> {
        self.catalog.page.as_ref()
    }

    /// Returns each file with its text, in the order in which they win over each other.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(String::as_str).zip(self.texts.iter().map(String::as_str))
    }

    /// Returns the first route for programs that speak so, and what stands before the version in its path.
    pub fn spoken(&self, speaks: SpokenApi) -> Option<(&Route, &str)> {
        self.routes().find_map(|route| Some((&**route, root(speaks, route)?)))
    }
}

/// Returns the base path of a route that programs append their own paths to.
fn base_path(speaks: SpokenApi, route: &Route) -> Option<&str> {
    speaks.suffix().iter().try_fold(route.path.as_str(), |path, suffix| path.strip_suffix(*suffix))
}

/// Returns what stands before the version in a route's path, if the route is one for programs that speak so.
fn root(speaks: SpokenApi, route: &Route) -> Option<&str> {
    if !route.does.starts_with(speaks.transformer()) || !route.methods.contains(&Method::POST) || !route.calls() {
        return None;
    }
    match speaks {
        SpokenApi::Chat | SpokenApi::Responses => {
            let base = base_path(speaks, route)?;
            Some(base.strip_suffix(VERSION).unwrap_or(base))
        }
        SpokenApi::Messages => base_path(speaks, route),
        // The version may be a parameter of the path.
        SpokenApi::Gemini => {
            route.path.split_once("/models").and_then(|(path, _)| path.rsplit_once('/')).map(|(root, _)| root)
        }
    }
}
