//! Finds the route table and what lies beside it.

use super::file_reader::FileReader;
use crate::diagnostics::file_access::is_there;
use crate::diagnostics::{Place, Problem};
use crate::table::{BUILT_IN, LOCAL, LocalFile, TableText};
use std::io;
use std::path::{Path, PathBuf};

/// The built-in table's name in messages.
const BUILT_IN_NAME: &str = "built-in routes.yaml";
const ROUTES: &str = "routes.yaml";

/// Where a table is looked for.
#[derive(Clone, Copy, Debug)]
pub struct TablePlace<'a> {
    /// The file that was named.
    pub named: Option<&'a Path>,
    /// The configuration's folder.
    pub beside: Option<&'a Path>,
    /// False to leave out the local file.
    pub with_local: bool,
}

impl TablePlace<'_> {
    /// The current folder.
    pub const HERE: Self = TablePlace { named: None, beside: None, with_local: true };
}

/// The first file of a table.
pub struct TableFile {
    /// Its name, or a name for the built-in table.
    pub name: String,
    /// The folder of the files that it names.
    pub folder: PathBuf,
    /// Its text.
    pub text: Result<String, Problem>,
    /// Whether the local file belongs to it.
    pub local: LocalFile,
}

/// Returns true for the name of a table that has no file.
pub fn is_built_in(routes: &str) -> bool {
    routes == BUILT_IN_NAME
}

impl TableFile {
    /// Returns the file that was named, else the one beside the configuration, else the one here, else the built-in table; and
    /// whether the local file lies beside it, or for the built-in table in one of the same places.
    pub fn find(place: TablePlace<'_>, reader: &FileReader) -> Self {
        let TablePlace { named, beside, with_local } = place;
        let places: Vec<PathBuf> = beside.into_iter().chain([Path::new("")]).map(Path::to_owned).collect();
        let candidates: Vec<PathBuf> = match named {
            Some(named) => vec![named.to_owned()],
            None => places.iter().map(|folder| folder.join(ROUTES)).collect(),
        };
        let mut table = match first(&candidates, named.is_some(), reader) {
            Ok(Some(path)) => TableFile {
                name: path.display().to_string(),
                folder: path.parent().unwrap_or(Path::new("")).to_owned(),
                text: read(&path, reader),
                local: LocalFile::Absent,
            },
            found => TableFile {
                name: BUILT_IN_NAME.to_owned(),
                folder: PathBuf::new(),
                text: found.map(|_| BUILT_IN.to_owned()),
                local: LocalFile::Absent,
            },
        };
        let places = if is_built_in(&table.name) { places } else { vec![table.folder.clone()] };
        table.look_for_local(&places, reader);
        if !with_local {
            table.local = LocalFile::LeftOut;
        }
        table
    }

    /// Returns the file with what belongs to it; `text` is its text.
    pub fn as_table<'a>(&'a self, text: &'a str) -> TableText<'a> {
        TableText { name: &self.name, text, folder: &self.folder, local: self.local }
    }

    fn look_for_local(&mut self, places: &[PathBuf], reader: &FileReader) {
        let candidates: Vec<PathBuf> = places.iter().map(|folder| folder.join(LOCAL)).collect();
        match first(&candidates, false, reader) {
            Ok(None) => {}
            Ok(Some(path)) => {
                self.local = LocalFile::Added;
                self.folder = path.parent().unwrap_or(Path::new("")).to_owned();
            }
            Err(problem) if self.text.is_ok() => self.text = Err(problem),
            Err(_) => {}
        }
    }
}

/// Returns the first file that is there; with `is_named` the first one, whether it is there or not.
fn first(candidates: &[PathBuf], is_named: bool, reader: &FileReader) -> Result<Option<PathBuf>, Problem> {
    // A file that appears where none was is a change as well.
    candidates.iter().for_each(|path| reader.note(path));
    for path in candidates {
        if is_named || is_there(path)? {
            return Ok(Some(path.clone()));
        }
    }
    Ok(None)
}

fn read(path: &Path, reader: &FileReader) -> Result<String, Problem> {
    reader.read(path).and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other)).map_err(|e| {
        let remedy = "name a file that can be read with --routes, or leave the flag out".to_owned();
        Problem::new(Place::File(path.display().to_string()), format!("it cannot be read: {e}"), Some(remedy))
    })
}
