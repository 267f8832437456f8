//! Floors and rooms: the documentation lists them, and a file uses only what stands above its own place in the list.

use crate::Found;
use crate::house::House;
use crate::imports::{Imports, Target};

/// An import that runs up the floors of `src/lib.rs`.
pub fn floors(house: &House) -> Vec<Found> {
    check(house, "src/lib.rs", "# Floors", &[])
}

/// An import within `src/proxy` that runs up its rooms.
pub fn rooms(house: &House) -> Vec<Found> {
    check(house, "src/proxy/mod.rs", "# Rooms", &["proxy"])
}

/// What `proxy/upstream` must not know: the client's session and the context of a request.
pub fn upstream_alone(house: &House) -> Vec<Found> {
    let files = house.files.iter().filter(|file| file.path.starts_with("src/proxy/upstream/"));
    let words = files.flat_map(|file| file.tokens.iter().map(move |token| (file, token)));
    let bad = words.filter(|(_, token)| token.is_word("Session") || token.is_word("Ctx"));
    bad.map(|(file, token)| Found::at(file, token.line, format!("names {}", token.text))).collect()
}

/// The children of the module `base` in the order that the documentation at `path` gives them.
fn check(house: &House, path: &str, heading: &str, base: &[&str]) -> Vec<Found> {
    let Some(root) = house.at(path) else { return Vec::new() };
    let Some(order) = root.list(heading) else {
        return vec![Found::at(root, 1, format!("has no list below `//! {heading}`"))];
    };
    // The module itself comes last: what it does not keep to its children it may use.
    let place = |module: &[String]| {
        let below = module.strip_prefix(base_of(base).as_slice())?;
        let child = below.first().map_or("mod", String::as_str);
        let known = order.iter().position(|names| names.iter().any(|name| name == child));
        Some((child.to_owned(), known.or((child == "mod").then_some(order.len()))))
    };
    let mut found = unlisted(house, path, base, &order);
    let imports = Imports::of(house);
    for (index, file) in house.files.iter().enumerate().filter(|(_, file)| !file.is_test && !file.is_main()) {
        let Some((own, Some(at))) = place(&file.module) else { continue };
        for (mention, target) in imports.mentions(index) {
            let module = match target {
                Target::Item(file) => house.files[file].module.clone(),
                Target::Module(module) => module,
            };
            let Some((other, Some(other_at))) = place(&module) else { continue };
            if other != own && other_at >= at {
                let path = mention.path.join("::");
                found.push(Found::at(file, mention.line, format!("`{own}` uses `{path}` of `{other}`")));
            }
        }
    }
    found.dedup();
    found
}

fn base_of(base: &[&str]) -> Vec<String> {
    base.iter().map(|&name| name.to_owned()).collect()
}

/// Children that the list lacks, and names in the list that no child has.
fn unlisted(house: &House, path: &str, base: &[&str], order: &[Vec<String>]) -> Vec<Found> {
    let Some(root) = house.at(path) else { return Vec::new() };
    let base = base_of(base);
    let modules = house.files.iter().filter(|file| !file.is_test && !file.is_main());
    let modules = modules.filter(|file| file.module.len() == base.len() + 1 && file.module.starts_with(&base));
    let children: Vec<&String> = modules.filter_map(|file| file.module.last()).collect();
    let listed: Vec<&String> = order.iter().flatten().filter(|name| *name != "mod").collect();
    let missing = children.iter().filter(|child| !listed.contains(child));
    let missing = missing.map(|child| Found::at(root, 1, format!("`{child}` is not in the list")));
    let gone = listed.iter().filter(|name| !children.contains(name));
    missing.chain(gone.map(|name| Found::at(root, 1, format!("`{name}` is in the list and not in the tree")))).collect()
}
