//! Finds the route table and what lies beside it.

use super::file_reader::FileReader;
use crate::diagnostics::file_access::is_there;
use crate::diagnostics::file_trust::{foreign_owner, remedy_or};
use crate::diagnostics::{Place, Problem};
use crate::models::ModelLists;
use crate::table::{BUILT_IN, LOCAL, LocalFile, TableText};
use std::io;
use std::path::{Path, PathBuf};

/// The built-in table's name in messages.
const BUILT_IN_NAME: &str = "built-in routes.yaml";
const ROUTES: &str = "routes.yaml";

/// Which files count that lie in the working directory, and not beside the configuration.
///
/// A start looks there. A reload does so only for what the start has found there: whoever can write into a directory where somebody
/// happens to have started the proxy must not bring it a table while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingDirectory {
    /// The table.
    pub table: bool,
    /// The local file of the built-in table.
    pub local: bool,
}

impl WorkingDirectory {
    /// Both count, as at a start.
    pub const COUNTS: Self = WorkingDirectory { table: true, local: true };
}

/// Where a table is looked for.
#[derive(Clone, Copy, Debug)]
pub struct TablePlace<'a> {
    /// The file that was named.
    pub named: Option<&'a Path>,
    /// The configuration's folder.
    pub beside: Option<&'a Path>,
    /// What counts of the current folder.
    pub here: WorkingDirectory,
    /// False to leave out the local file.
    pub with_local: bool,
}

impl TablePlace<'_> {
    /// The current folder.
    pub const HERE: Self = TablePlace { named: None, beside: None, here: WorkingDirectory::COUNTS, with_local: true };

    /// Returns the folders to look into, each with whether it is the current one, which belongs to nothing that was named.
    fn folders(&self, here: bool) -> Vec<(PathBuf, bool)> {
        let is_beside = self.beside == Some(Path::new(""));
        let beside = self.beside.map(|folder| (folder.to_owned(), false));
        beside.into_iter().chain((here && !is_beside).then(|| (PathBuf::new(), true))).collect()
    }
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
    /// What was found in the working directory alone.
    pub here: WorkingDirectory,
    /// Files of the working directory that do not count, since they are somebody else's.
    pub left_out: Vec<Problem>,
}

/// Returns true for the name of a table that has no file.
pub fn is_built_in(routes: &str) -> bool {
    routes == BUILT_IN_NAME
}

impl TableFile {
    /// Returns the file that was named, else the one beside the configuration, else the one here, else the built-in table; and
    /// whether the local file lies beside it, or for the built-in table in one of the same places.
    pub fn find(place: TablePlace<'_>, reader: &FileReader) -> Self {
        let mut left_out = Vec::new();
        let found = match place.named {
            Some(named) => Ok(Some((named.to_owned(), false))),
            None => first(&place.folders(place.here.table), ROUTES, reader, &mut left_out),
        };
        let here = WorkingDirectory { table: matches!(found, Ok(Some((_, true)))), local: false };
        let local = LocalFile::Absent;
        let mut table = match found {
            Ok(Some((path, _))) => TableFile {
                name: path.display().to_string(),
                folder: path.parent().unwrap_or(Path::new("")).to_owned(),
                text: read(&path, reader),
                local,
                here,
                left_out,
            },
            found => TableFile {
                name: BUILT_IN_NAME.to_owned(),
                folder: PathBuf::new(),
                text: found.map(|_| BUILT_IN.to_owned()),
                local,
                here,
                left_out,
            },
        };
        let folders = if is_built_in(&table.name) {
            place.folders(place.here.local)
        } else {
            vec![(table.folder.clone(), table.here.table)]
        };
        table.look_for_local(&folders, reader);
        if !place.with_local {
            table.local = LocalFile::LeftOut;
        }
        table
    }

    /// Returns the file with what belongs to it; `text` is its text, and `lists` are those of the upstreams.
    pub fn as_table<'a>(&'a self, text: &'a str, lists: &'a ModelLists) -> TableText<'a> {
        TableText { name: &self.name, text, folder: &self.folder, local: self.local, lists: Some(lists) }
    }

    fn look_for_local(&mut self, folders: &[(PathBuf, bool)], reader: &FileReader) {
        match first(folders, LOCAL, reader, &mut self.left_out) {
            Ok(None) => {}
            Ok(Some((path, is_here))) => {
                self.local = LocalFile::Added;
                self.here.local = is_here;
                self.folder = path.parent().unwrap_or(Path::new("")).to_owned();
            }
            Err(problem) if self.text.is_ok() => self.text = Err(problem),
            Err(_) => {}
        }
    }
}

/// Returns the first of the folders' files that is there, and whether it is one of the working directory. There, what is somebody
/// else's does not count.
fn first(
    folders: &[(PathBuf, bool)],
    name: &str,
    reader: &FileReader,
    left_out: &mut Vec<Problem>,
) -> Result<Option<(PathBuf, bool)>, Problem> {
    let candidates: Vec<(PathBuf, bool)> = folders.iter().map(|(folder, here)| (folder.join(name), *here)).collect();
    // A file that appears where none was is a change as well.
    candidates.iter().for_each(|(path, _)| reader.note(path));
    for (path, is_here) in candidates {
        if !is_there(&path)? {
            continue;
        }
        match foreign_owner(&path).filter(|_| is_here) {
            Some(owner) => left_out.push(foreign(&path, &owner)),
            None => return Ok(Some((path, is_here))),
        }
    }
    Ok(None)
}

fn foreign(path: &Path, owner: &str) -> Problem {
    let message = format!("it does not count: it lies in the working directory and belongs to {owner}");
    let help = "start the proxy in a directory of your own; --routes names a table that is meant".to_owned();
    Problem::warning(Place::File(path.display().to_string()), message, Some(help))
}

fn read(path: &Path, reader: &FileReader) -> Result<String, Problem> {
    reader.read(path).and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other)).map_err(|e| {
        let help = remedy_or(&e, "name a file that can be read with --routes, or leave the flag out");
        Problem::new(Place::File(path.display().to_string()), format!("it cannot be read: {e}"), Some(help))
    })
}
