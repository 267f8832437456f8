//! Where a serving process gets what it serves: from files, or from the demo's defaults. Each reload asks the same origin again.

use super::compile::Needs;
use super::file_reader::FileReader;
use super::files::{self, FilePaths, Loaded};
use super::kept_lists::KeptLists;
use super::table_file::TablePlace;
use crate::access::{Mode, Username};
use crate::config::{Config, Overrides, parse_url};
use crate::diagnostics::{Place, Problem};

/// The files and flags that a process was started with.
pub struct Origin {
    /// The files.
    pub paths: FilePaths,
    /// What the flags say.
    pub overrides: Overrides,
    /// Set for the demo, which reads no configuration.
    pub demo: Option<Demo>,
    /// The lists of models that the upstreams gave.
    pub kept: KeptLists,
}

/// What the demo puts in place of a configuration.
pub struct Demo {
    /// The name that the stand-in is called with.
    pub user: &'static str,
    /// Where the stand-in's native endpoints begin.
    pub base: String,
    /// The URLs of its older endpoints: whole chats, streamed chats, embeddings, models.
    pub urls: [String; 4],
}

impl Origin {
    /// Loads everything. `reader` notes the files that this takes: a change of one is a reason to load again.
    ///
    /// # Errors
    /// Everything that is wrong with the configuration, the table or the callers.
    pub fn load(&self, reader: &FileReader) -> Result<Loaded, Vec<Problem>> {
        let lists = self.kept.lists();
        let Some(demo) = &self.demo else {
            return files::load_with(&self.paths, &self.overrides, Needs::User, reader, &lists);
        };
        // A caller of the demo spends nobody's budget, so that it needs no key.
        let overrides = Overrides { access: Some(Mode::Open), ..self.overrides.clone() };
        let (mut config, warnings) = Config::sample(&overrides, &super::environment)?;
        let impossible = |why| vec![Problem::new(Place::File("demo".to_owned()), why, None)];
        let [chat, stream, embedding, models] = &demo.urls;
        config.argo_base_url = Some(parse_url(&demo.base).map_err(impossible)?);
        config.argo_url = parse_url(chat).map_err(impossible)?;
        config.argo_stream_url = parse_url(stream).map_err(impossible)?;
        config.argo_embedding_url = parse_url(embedding).map_err(impossible)?;
        config.argo_models_url = parse_url(models).map_err(impossible)?;
        config.user = Some(Username::new(demo.user).map_err(impossible)?);
        let (named, here) = (self.paths.routes.as_deref(), self.paths.here);
        let place = TablePlace { named, here, ..TablePlace::HERE };
        files::with_table(place, Ok((config, warnings)), Needs::User, reader, &lists)
    }
}
