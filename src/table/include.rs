//! `include`: finds and parses all files of a table before any of them is interpreted.

use super::Variables;
use crate::diagnostics::file_trust::remedy_or;
use crate::diagnostics::{Place, Problem};
use crate::models::ModelLists;
use crate::yaml::node::Node;
use crate::yaml::source::syntax;
use crate::yaml::{File, Parsed, PathStep, Source, way_to};
use std::io;
use std::path::{Component, Path, PathBuf};

/// The remedy for a file that is not YAML.
pub const SEE_SHIPPED: &str = "compare it with the routes.yaml that comes with this program";
/// The file beside a table that belongs to it although no file names it, if it is there: for rows that updates must not touch.
pub const LOCAL: &str = "local-routes.yaml";
/// The remedy for an included file that is not there.
const UNREAD: &str = "name a file that there is; its path begins at the folder of this file";
/// The maximum of files in one table. More are taken for a mistake.
const MOST: usize = 100;

/// The first file of a table, and what belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct TableText<'a> {
    /// The file's name.
    pub name: &'a str,
    /// The file's text.
    pub text: &'a str,
    /// The folder where the names of other files begin.
    pub folder: &'a Path,
    /// What becomes of [`LOCAL`].
    pub local: LocalFile,
    /// The lists of models that the upstreams gave.
    pub lists: Option<&'a ModelLists>,
}

/// What becomes of the file [`LOCAL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalFile {
    /// It is not there. A table that names it is told so.
    Absent,
    /// It belongs to the table.
    Added,
    /// It is left out, even where the table names it: for what is said of the table without it.
    LeftOut,
}

impl<'a> TableText<'a> {
    /// Returns a table that is one file, with those that it includes.
    pub fn new(name: &'a str, text: &'a str) -> Self {
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        TableText { name, text, folder, local: LocalFile::Absent, lists: None }
    }
}

/// The files of a table.
pub struct Files {
    /// All files; each stands before those that it includes.
    pub list: Vec<File>,
    /// The problems of files that are not YAML.
    broken: Vec<Problem>,
    /// The problems of the `include` keys.
    faults: Vec<IncludeFault>,
    /// The normal path of each file, and where it was included.
    seen: Vec<(PathBuf, Vec<PathStep>)>,
    local: LocalFile,
    /// The folder where the names of files begin.
    folder: PathBuf,
}

struct IncludeFault {
    path: Vec<PathStep>,
    message: String,
    help: String,
    /// The earlier place that includes the same file.
    first: Option<Vec<PathStep>>,
}

impl Files {
    /// Collects the first file and all files that it includes, then the local one, which wins over all of them.
    ///
    /// # Errors
    /// The first file is not YAML.
    pub fn gather(table: &TableText<'_>, variables: &Variables<'_>) -> Result<Self, Vec<Problem>> {
        let TableText { name, text, folder, local, .. } = *table;
        let parsed = Parsed::of(text).map_err(|fault| vec![syntax(name, text, &fault, SEE_SHIPPED)])?;
        let own = PathBuf::from(Path::new(name).file_name().unwrap_or_default());
        let mut files = Files {
            list: Vec::new(),
            broken: Vec::new(),
            faults: Vec::new(),
            seen: Vec::new(),
            local,
            folder: folder.to_owned(),
        };
        files.seen.push((own.clone(), Vec::new()));
        let file = File { name: name.to_owned(), text: text.to_owned(), parsed };
        files.add(file, &[own], folder, variables);
        // A table may also name it, to put it somewhere else among the files that it includes.
        if local == LocalFile::Added && files.seen.iter().all(|(known, _)| known != Path::new(LOCAL)) {
            files.add_local(folder, variables);
        }
        Ok(files)
    }

    fn add_local(&mut self, folder: &Path, variables: &Variables<'_>) {
        let own = PathBuf::from(LOCAL);
        self.seen.push((own.clone(), Vec::new()));
        let shown = folder.join(&own).display().to_string();
        match read(&own, variables) {
            Err(e) => {
                let message = format!("it cannot be read: {e}");
                let help = remedy_or(&e, "mend it, or take it away");
                self.broken.push(Problem::new(Place::File(shown), message, Some(help)));
            }
            Ok(text) => self.add_text(shown, text, &[own], folder, variables),
        }
    }

    /// Adds a file that was read, if it is YAML.
    fn add_text(&mut self, name: String, text: String, above: &[PathBuf], folder: &Path, variables: &Variables<'_>) {
        match Parsed::of(&text) {
            Err(fault) => self.broken.push(syntax(&name, &text, &fault, SEE_SHIPPED)),
            Ok(parsed) => self.add(File { name, text, parsed }, above, folder, variables),
        }
    }

    /// Returns the name of the local file, if it is one of these.
    pub fn local_name(&self) -> Option<String> {
        let is_local = self.seen.iter().skip(1).any(|(own, _)| own == Path::new(LOCAL));
        is_local.then(|| self.folder.join(LOCAL).display().to_string())
    }

    /// Returns true if every file exists and is YAML.
    pub fn is_complete(&self) -> bool {
        self.broken.is_empty() && self.faults.is_empty()
    }

    /// Reports missing files, files that are not YAML, and wrong `include` keys.
    pub fn report(&self, source: &mut Source<'_>) {
        for problem in &self.broken {
            source.add(problem.clone());
        }
        for IncludeFault { path, message, help, first } in &self.faults {
            let first = match first.as_deref() {
                Some([]) => ": it is the table itself".to_owned(),
                Some(first) => format!(" (first in {})", source.line_seen_from(first, path)),
                None => String::new(),
            };
            source.error(path, format!("include: {message}{first}"), Some(help.clone()));
        }
    }

    /// Adds a file and the files that it includes. `above` is the chain of files that leads to this one, itself last;
    /// the paths are relative to the table's folder.
    fn add(&mut self, file: File, above: &[PathBuf], folder: &Path, variables: &Variables<'_>) {
        let number = self.list.len();
        let includes = includes(&file.parsed.root, number);
        self.list.push(file);
        for (path, name) in includes {
            let beside = above.last().and_then(|own| own.parent()).unwrap_or(Path::new(""));
            let own = normal(&beside.join(&name));
            if self.local == LocalFile::LeftOut && own == Path::new(LOCAL) {
                continue;
            }
            if let Some(fault) = self.fault(&own, &name, &path, above) {
                self.faults.push(fault);
                continue;
            }
            // Remember the file even if it cannot be read, so that a second mention is reported as a repetition.
            self.seen.push((own.clone(), path.clone()));
            let shown = folder.join(&own).display().to_string();
            match read(&own, variables) {
                Err(e) => self.faults.push(IncludeFault {
                    path,
                    message: format!("'{name}' cannot be read: {e}"),
                    help: remedy_or(&e, UNREAD),
                    first: None,
                }),
                Ok(text) => {
                    let above = [above, std::slice::from_ref(&own)].concat();
                    self.add_text(shown, text, &above, folder, variables);
                }
            }
        }
    }

    fn fault(&self, own: &Path, name: &str, path: &[PathStep], above: &[PathBuf]) -> Option<IncludeFault> {
        let fault = |message, help: &str, first: Option<&[PathStep]>| {
            let (path, help, first) = (path.to_vec(), help.to_owned(), first.map(<[PathStep]>::to_vec));
            Some(IncludeFault { path, message, help, first })
        };
        let first = self.seen.iter().find(|(known, _)| known == own).map(|(_, first)| first.as_slice());
        match first {
            Some(first) if above.iter().any(|file| file == own) => {
                fault(format!("'{name}' includes itself in the end"), "take this line out", Some(first))
            }
            Some(first) => fault(format!("'{name}' is included twice"), "keep one of the two", Some(first)),
            None if self.seen.len() >= MOST => {
                fault(format!("'{name}' is one file too many, after {MOST}"), "put some of them together", None)
            }
            None => None,
        }
    }
}

fn read(path: &Path, variables: &Variables<'_>) -> io::Result<String> {
    let bytes = (variables.files)(&path.to_string_lossy())?;
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is no UTF-8"))
}

/// Returns the included files, each with the path to its name. A value that is not a list of texts is reported later,
/// when the keys are read.
fn includes(root: &Node, number: usize) -> Vec<(Vec<PathStep>, String)> {
    let Node::Map(entries) = root else { return Vec::new() };
    let found = entries.iter().position(|(key, _)| matches!(key, Node::Text(key) if key == "include"));
    let Some((entry, Node::List(items))) = found.and_then(|at| Some((at, &entries.get(at)?.1))) else {
        return Vec::new();
    };
    let items = items.iter().enumerate().filter_map(|(item, node)| match node {
        Node::Text(name) => {
            let path = way_to(number).into_iter().chain([PathStep::Value(entry), PathStep::Item(item)]).collect();
            Some((path, name.clone()))
        }
        _ => None,
    });
    items.collect()
}

/// Returns a path without `.` and, where possible, without `..`.
fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut out, part| {
        match (part, out.components().next_back()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                out.pop();
            }
            _ => out.push(part),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_the_same_file_are_one() {
        for (path, same) in
            [("./a/../b.yaml", "b.yaml"), ("../a.yaml", "../a.yaml"), ("a//b/./c", "a/b/c"), ("/x/../y", "/y")]
        {
            assert_eq!(normal(Path::new(path)), Path::new(same), "{path}");
        }
    }
}
