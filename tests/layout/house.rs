//! The source as the rules see it: each file with its module, its tokens without tests, and the lists in its documentation.

use crate::tokens::{Token, flatten};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use syn::{Attribute, Item};

/// All of `src/`, and the table.
pub struct House {
    pub files: Vec<SourceFile>,
    /// The text of `routes.yaml`, which alone knows the models.
    pub routes: String,
    by_module: HashMap<Vec<String>, usize>,
}

/// A file of `src/`.
pub struct SourceFile {
    /// From the project's folder on, such as `src/json/cut.rs`.
    pub path: String,
    pub text: String,
    /// Where the file is in the tree of modules, without `crate`.
    pub module: Vec<String>,
    /// Whether only tests use the file.
    pub is_test: bool,
    /// All of it.
    pub whole: syn::File,
    /// The tokens outside tests, comments and attributes.
    pub tokens: Vec<Token>,
    /// The names that the file defines.
    pub defines: HashSet<String>,
}

impl House {
    /// Reads the house that this test belongs to.
    pub fn load() -> House {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut sources = Vec::new();
        collect(root, &root.join("src"), &mut sources);
        let sources: Vec<(&str, &str)> = sources.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        House::of(&sources, &std::fs::read_to_string(root.join("routes.yaml")).unwrap())
    }

    /// A house of a few files.
    pub fn of(sources: &[(&str, &str)], routes: &str) -> House {
        let mut files: Vec<SourceFile> = sources.iter().map(|(path, text)| SourceFile::of(path, text)).collect();
        let tests: HashSet<Vec<String>> = files.iter().flat_map(test_modules).collect();
        for file in &mut files {
            file.is_test = (1..=file.module.len()).any(|length| tests.contains(&file.module[..length]));
            if file.is_test {
                file.tokens = Vec::new();
            }
        }
        let by_module = files.iter().enumerate().filter(|(_, file)| !file.is_test && !file.is_main());
        let by_module = by_module.map(|(index, file)| (file.module.clone(), index)).collect();
        House { files, routes: routes.to_owned(), by_module }
    }

    /// The file of a module.
    pub fn file_of(&self, module: &[String]) -> Option<usize> {
        self.by_module.get(module).copied()
    }

    /// The file at a path.
    pub fn at(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl SourceFile {
    fn of(path: &str, text: &str) -> SourceFile {
        let whole = syn::parse_file(text).unwrap_or_else(|e| panic!("{path}: {e}"));
        let code = || whole.items.iter().filter(|item| !is_for_tests(attributes(item)));
        assert!(!code().any(is_inline_module), "{path}: a module within a file; give it a file of its own");
        let tokens = flatten(text);
        let defines = code().filter_map(name_of).collect();
        let module = path.trim_start_matches("src/").trim_end_matches(".rs").split('/').map(str::to_owned);
        let mut module: Vec<String> = module.collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
            module.pop();
        }
        SourceFile { path: path.to_owned(), text: text.to_owned(), module, is_test: false, whole, tokens, defines }
    }

    /// The items outside tests.
    pub fn code(&self) -> impl Iterator<Item = &Item> {
        self.whole.items.iter().filter(|item| !self.is_test && !is_for_tests(attributes(item)))
    }

    /// Whether it is the program's root, which stands beside the library's.
    pub fn is_main(&self) -> bool {
        self.path == "src/main.rs"
    }

    /// The list in a code block below a heading of the file's documentation: at the beginning of each line the names, parted by
    /// commas, before what is said of them.
    pub fn list(&self, heading: &str) -> Option<Vec<Vec<String>>> {
        let doc = self.text.lines().map_while(|line| line.strip_prefix("//!")).map(|line| line.trim_start_matches(' '));
        let below = doc.skip_while(|line| *line != heading).skip(1).take_while(|line| !line.starts_with("# "));
        let block: Vec<&str> = below.skip_while(|line| !line.starts_with("```")).skip(1).collect();
        let rows = block.iter().take_while(|line| !line.starts_with("```")).filter(|line| !line.starts_with('─'));
        let names = |row: &&str| {
            let names = row.split("  ").next().unwrap_or_default();
            names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
        };
        Some(rows.map(names).collect::<Vec<_>>()).filter(|rows| !rows.is_empty())
    }
}

/// Reads all sources below a folder, each with its path from `root` on.
pub fn collect(root: &Path, folder: &Path, sources: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            sources.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The modules that a file declares for tests only.
fn test_modules(file: &SourceFile) -> Vec<Vec<String>> {
    let modules = file.whole.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() && is_for_tests(&module.attrs) => Some(module.ident.to_string()),
        _ => None,
    });
    modules.map(|name| file.module.iter().cloned().chain([name]).collect()).collect()
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("cfg") && list.is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

fn is_inline_module(item: &Item) -> bool {
    matches!(item, Item::Mod(module) if module.content.is_some())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    match item {
        Item::Const(item) => Some(item.ident.to_string()),
        Item::Enum(item) => Some(item.ident.to_string()),
        Item::Fn(item) => Some(item.sig.ident.to_string()),
        Item::Macro(item) => item.ident.as_ref().map(ToString::to_string),
        Item::Static(item) => Some(item.ident.to_string()),
        Item::Struct(item) => Some(item.ident.to_string()),
        Item::Trait(item) => Some(item.ident.to_string()),
        Item::Type(item) => Some(item.ident.to_string()),
        Item::Union(item) => Some(item.ident.to_string()),
        _ => None,
    }
}
