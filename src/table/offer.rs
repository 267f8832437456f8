//! What a table offers to a program: the base URL, and the models to choose from.

use super::route::Route;
use super::routing_table::Table;
use crate::client_settings::{ClientOffer, ClientProgram, SpokenApi};
use crate::models::{Model, Models};
use crate::wire::Failure;
use http::{Method, StatusCode};

/// The end of the path of a base URL: the version of the API.
const VERSION: &str = "/v1";

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
