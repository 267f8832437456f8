//! What a file looks like: its length and that of its functions, results, matches, and the names of its types.

use crate::Found;
use crate::house::{House, SourceFile};
use crate::tokens::{Kind, Token};
use proc_macro2::Span;
use std::collections::BTreeMap;
use syn::visit::{self, Visit};

const MOST_LINES: usize = 400;
const MOST_LINES_OF_A_FUNCTION: usize = 50;
/// So many type names may be defined twice.
const MOST_TWINS: usize = 14;

/// A file that is too long.
pub fn long_files(house: &House) -> Vec<Found> {
    let lines = house.files.iter().map(|file| (file, file.text.lines().count()));
    let long = lines.filter(|(_, lines)| *lines > MOST_LINES);
    long.map(|(file, lines)| Found::at(file, lines, format!("{lines} lines"))).collect()
}

/// A function that is too long, from `fn` to its last brace.
pub fn long_functions(house: &House) -> Vec<Found> {
    house
        .files
        .iter()
        .flat_map(|file| functions(file).into_iter().map(move |found| Found::at(file, found.0, found.1)))
        .collect()
}

fn functions(file: &SourceFile) -> Vec<(usize, String)> {
    #[derive(Default)]
    struct Functions(Vec<(usize, String)>);
    impl Functions {
        fn look(&mut self, signature: &syn::Signature, block: Span) {
            let (first, last) = (signature.fn_token.span.start().line, block.end().line);
            let lines = last + 1 - first;
            if lines > MOST_LINES_OF_A_FUNCTION {
                self.0.push((first, format!("`{}` has {lines} lines", signature.ident)));
            }
        }
    }
    impl<'ast> Visit<'ast> for Functions {
        fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
            self.look(&function.sig, function.block.brace_token.span.close());
            visit::visit_item_fn(self, function);
        }

        fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
            self.look(&function.sig, function.block.brace_token.span.close());
            visit::visit_impl_item_fn(self, function);
        }

        fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
            if let Some(block) = &function.default {
                self.look(&function.sig, block.brace_token.span.close());
            }
            visit::visit_trait_item_fn(self, function);
        }
    }
    let mut functions = Functions::default();
    functions.visit_file(&file.whole);
    functions.0
}

/// A `match` with an arm that is `true` or `false`.
pub fn matches_on_bools(house: &House) -> Vec<Found> {
    let arms = |file: &SourceFile| bool_arms(&file.tokens);
    let found = house.files.iter().flat_map(|file| arms(file).into_iter().map(move |line| (file, line)));
    found.map(|(file, line)| Found::at(file, line, "an arm of a `match` is a bool".to_owned())).collect()
}

/// The line of the first such arm of each `match`. In `Some(true) =>` and `a == true =>` the bool is no arm.
fn bool_arms(tokens: &[Token]) -> Vec<usize> {
    let begins = |before: &Token| ["{", "}", ",", "|"].iter().any(|mark| before.is_mark(mark));
    let is_bool = |token: &Token| token.is_word("true") || token.is_word("false");
    let ends = |after: &Token| after.is_mark("=>") || after.is_word("if");
    let (mut lines, mut is_found) = (Vec::new(), Vec::new());
    for three in tokens.windows(3) {
        if three[0].is_mark("{") {
            is_found.push(false);
        } else if three[0].is_mark("}") {
            is_found.pop();
        }
        let is_arm = begins(&three[0]) && is_bool(&three[1]) && ends(&three[2]);
        if let Some(is_found) = is_found.last_mut().filter(|is_found| is_arm && !**is_found) {
            *is_found = true;
            lines.push(three[1].line);
        }
    }
    lines
}

/// A result within a result.
pub fn results_in_results(house: &House) -> Vec<Found> {
    let mut found = Vec::new();
    for file in &house.files {
        for (at, _) in
            file.tokens.windows(2).enumerate().filter(|(_, two)| two[0].is_word("Result") && two[1].is_mark("<"))
        {
            let inner =
                file.tokens[at + 2..].iter().take_while(|token| token.kind == Kind::Word || token.is_mark("::"));
            let inner = inner.last();
            if inner.is_some_and(|token| token.is_word("Result")) {
                found.push(Found::at(file, file.tokens[at].line, "a `Result` within a `Result`".to_owned()));
            }
        }
    }
    found
}

/// A type name that three files or more define.
pub fn thrice_named(house: &House) -> Vec<Found> {
    let thrice = definitions(house).into_iter().filter(|(_, at)| at.len() > 2);
    thrice.map(|(name, at)| shared_name(&name, &at)).collect()
}

/// All type names that are defined twice or more, if these are too many.
pub fn often_named_twice(house: &House) -> Vec<Found> {
    let twice: Vec<_> = definitions(house).into_iter().filter(|(_, at)| at.len() > 1).collect();
    if twice.len() <= MOST_TWINS {
        return Vec::new();
    }
    twice.iter().map(|(name, at)| shared_name(name, at)).collect()
}

type Definitions<'h> = BTreeMap<String, Vec<(&'h SourceFile, usize)>>;

fn shared_name(name: &str, at: &[(&SourceFile, usize)]) -> Found {
    let (file, line) = at[at.len() - 1];
    let places: Vec<String> = at.iter().map(|(file, line)| format!("{}:{line}", file.path)).collect();
    Found::at(file, line, format!("`{name}` is defined {} times: {}", at.len(), places.join(", ")))
}

/// The types and traits of all files, by name. Those of the stand-in are another program's.
fn definitions(house: &House) -> Definitions<'_> {
    struct Names<'d, 'h>(&'h SourceFile, &'d mut Definitions<'h>);
    impl Names<'_, '_> {
        fn add(&mut self, name: &syn::Ident) {
            let line = name.span().start().line;
            let at = self.1.entry(name.to_string()).or_default();
            at.push((self.0, line));
        }
    }
    impl<'ast> Visit<'ast> for Names<'_, '_> {
        fn visit_item(&mut self, item: &'ast syn::Item) {
            match item {
                syn::Item::Struct(item) => self.add(&item.ident),
                syn::Item::Enum(item) => self.add(&item.ident),
                syn::Item::Union(item) => self.add(&item.ident),
                syn::Item::Trait(item) => self.add(&item.ident),
                syn::Item::Type(item) => self.add(&item.ident),
                _ => {}
            }
            visit::visit_item(self, item);
        }
    }
    let mut definitions = BTreeMap::new();
    for file in house.files.iter().filter(|file| !file.path.starts_with("src/stand_in/")) {
        let mut names = Names(file, &mut definitions);
        file.code().for_each(|item| names.visit_item(item));
    }
    definitions
}
