//! Who uses what: the paths that a file imports or names, each followed to the file that defines what it names. Re-exports are
//! looked through, wherever they stand.

use crate::house::{House, SourceFile};
use crate::tokens::{Kind, Token};
use std::collections::{HashMap, HashSet};
use syn::UseTree;

/// What the library is called in its program.
const CRATE: &str = "argo_openai_proxy";
/// Re-exports of re-exports are followed this far.
const DEEPEST: usize = 12;

/// A path that a file names.
pub struct Mention {
    pub path: Vec<String>,
    pub line: usize,
    pub how: How,
}

pub enum How {
    /// A `use` that brings a name into the file, for others too where it is public.
    Import { name: String, is_public: bool },
    /// A `use` of all that a module has.
    All,
    /// A path within code.
    Inline,
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// Something that this file defines.
    Item(usize),
    /// A module itself.
    Module(Vec<String>),
}

/// One file uses another.
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub line: usize,
    pub path: String,
}

/// The imports of all files.
pub struct Imports<'h> {
    house: &'h House,
    of: Vec<Mentions>,
}

struct Mentions {
    all: Vec<Mention>,
    /// The paths behind imported names.
    names: HashMap<String, Vec<String>>,
    /// Words of the code that may be names of its own or imported ones.
    used: HashSet<String>,
}

impl<'h> Imports<'h> {
    pub fn of(house: &'h House) -> Self {
        Imports { house, of: house.files.iter().map(mentions).collect() }
    }

    /// All that a file names which is ours, with what it leads to. What is named by way of something imported is its import's.
    pub fn mentions(&self, file: usize) -> impl Iterator<Item = (&Mention, Target)> {
        let is_imports = move |mention: &&Mention| {
            let imported = self.of[file].names.get(&mention.path[0]).filter(|_| matches!(mention.how, How::Inline));
            let path = imported.and_then(|path| self.absolute(file, path, 0));
            path.is_some_and(|path| matches!(self.follow(&path, 0), Target::Item(_)))
        };
        self.of[file].all.iter().filter(move |mention| !is_imports(mention)).filter_map(move |mention| {
            let path = self.absolute(file, &mention.path, 0)?;
            Some((mention, self.follow(&path, 0)))
        })
    }

    /// Each file with each other one that defines what it uses, and where first. Neither `mod x;` nor a re-export that the file itself does not
    /// use is a use; nor is the import of a module, but what is used of it is.
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges: Vec<Edge> = Vec::new();
        for (from, file) in self.house.files.iter().enumerate().filter(|(_, file)| !file.is_main()) {
            for (mention, target) in self.mentions(from) {
                let to = match (&mention.how, target) {
                    (How::Import { name, is_public: true }, _) if !self.of[from].used.contains(name) => continue,
                    (How::All, Target::Module(module)) => self.house.file_of(&module),
                    (_, Target::Module(_)) => continue,
                    (_, Target::Item(to)) => Some(to),
                };
                let is_new = |to: &usize| !edges.iter().rev().any(|edge| (edge.from, edge.to) == (from, *to));
                if let Some(to) = to.filter(|to| *to != from && !file.is_test).filter(is_new) {
                    edges.push(Edge { from, to, line: mention.line, path: mention.path.join("::") });
                }
            }
        }
        edges
    }

    /// A path from the root on, if it leads to ours.
    fn absolute(&self, file: usize, path: &[String], depth: usize) -> Option<Vec<String>> {
        let mut module = self.house.files[file].module.clone();
        let (first, mut rest) = path.split_first()?;
        match first.as_str() {
            "crate" => return Some(rest.to_vec()),
            CRATE if self.house.files[file].is_main() => return Some(rest.to_vec()),
            "self" => {}
            "super" => {
                module.pop();
                while let Some(("super", more)) = rest.split_first().map(|(first, more)| (first.as_str(), more)) {
                    module.pop();
                    rest = more;
                }
            }
            _ => {
                module.push(first.clone());
                if self.house.file_of(&module).is_none() {
                    let imported = self.of[file].names.get(first).filter(|known| *known != path && depth < DEEPEST)?;
                    module = self.absolute(file, imported, depth + 1)?;
                }
            }
        }
        Some(module.iter().chain(rest).cloned().collect())
    }

    /// What a path from the root on leads to. What no file is known to define belongs to the module that is asked for it.
    fn follow(&self, path: &[String], depth: usize) -> Target {
        let mut module: Vec<String> = Vec::new();
        for (index, name) in path.iter().enumerate() {
            let Some(file) = self.house.file_of(&module) else { return Target::Module(module) };
            let rest = &path[index + 1..];
            let defines = self.house.files[file].defines.contains(name);
            module.push(name.clone());
            if self.house.file_of(&module).is_some() && !(defines && rest.is_empty()) {
                continue;
            }
            if defines || depth > DEEPEST {
                return Target::Item(file);
            }
            let named = self.of[file].names.get(name).and_then(|path| self.absolute(file, path, 0));
            let all = self.of[file].all.iter().filter(|mention| matches!(mention.how, How::All));
            let all = all.filter_map(|mention| self.absolute(file, &mention.path, 0));
            let from_all = all.map(|path| [path.as_slice(), std::slice::from_ref(name)].concat());
            let known = |path: &Vec<String>| {
                let found = self.follow(path, depth + 1);
                matches!(found, Target::Item(file) if self.house.files[file].defines.contains(name))
            };
            return match named.or_else(|| from_all.into_iter().find(known)) {
                Some(path) => self.follow(&[path.as_slice(), rest].concat(), depth + 1),
                None => Target::Item(file),
            };
        }
        Target::Module(module)
    }
}

fn mentions(file: &SourceFile) -> Mentions {
    let (mut all, mut used) = (Vec::new(), HashSet::new());
    let tokens = &file.tokens;
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        let is_import = token.is_word("use") && !tokens.get(at + 1).is_some_and(|next| next.is_mark("<"));
        if is_import {
            let length = tokens[at..].iter().position(|token| token.is_mark(";")).unwrap_or(tokens.len() - at);
            let is_public = at > 0 && (tokens[at - 1].is_word("pub") || tokens[at - 1].is_mark(")"));
            add_import(&tokens[at + 1..at + length], is_public, token.line, &mut all);
            at += length;
        } else if token.kind == Kind::Word && !at.checked_sub(1).is_some_and(|before| tokens[before].is_mark(".")) {
            let path = path_at(&tokens[at..]);
            if !at.checked_sub(1).is_some_and(|before| tokens[before].is_word("mod")) {
                used.insert(path[0].clone());
            }
            at += path.len() * 2 - 1;
            if path.len() > 1 {
                all.push(Mention { path, line: token.line, how: How::Inline });
            }
        } else {
            at += 1;
        }
    }
    let names = all.iter().filter_map(|mention| match &mention.how {
        How::Import { name, .. } => Some((name.clone(), mention.path.clone())),
        _ => None,
    });
    Mentions { names: names.collect(), all, used }
}

/// The words that begin here, joined by `::`.
fn path_at(tokens: &[Token]) -> Vec<String> {
    let mut path = vec![tokens[0].text.clone()];
    for pair in tokens[1..].chunks(2) {
        match pair {
            [colons, word] if colons.is_mark("::") && word.kind == Kind::Word => path.push(word.text.clone()),
            _ => break,
        }
    }
    path
}

fn add_import(tokens: &[Token], is_public: bool, line: usize, all: &mut Vec<Mention>) {
    let text: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
    let Ok(tree) = syn::parse_str::<UseTree>(&text.join(" ")) else { return };
    add_tree(&tree, &mut Vec::new(), &mut |path: Vec<String>, how: Option<String>| {
        let how = how.map_or(How::All, |name| How::Import { name, is_public });
        all.push(Mention { path, line, how });
    });
}

fn add_tree(tree: &UseTree, before: &mut Vec<String>, add: &mut dyn FnMut(Vec<String>, Option<String>)) {
    let whole = |name: String| match name.as_str() {
        "self" => before.clone(),
        _ => before.iter().cloned().chain([name]).collect(),
    };
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            add_tree(&path.tree, before, add);
            before.pop();
        }
        UseTree::Name(name) => {
            let path = whole(name.ident.to_string());
            let last = path.last().cloned();
            add(path, last);
        }
        UseTree::Rename(rename) => add(whole(rename.ident.to_string()), Some(rename.rename.to_string())),
        UseTree::Glob(_) => add(before.clone(), None),
        UseTree::Group(group) => group.items.iter().for_each(|tree| add_tree(tree, before, add)),
    }
}
