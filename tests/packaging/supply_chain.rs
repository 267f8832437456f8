//! deny.toml, without cargo-deny, which `.ci/run` has: reasons, exceptions that are none any more, and what Cargo.lock has.

use std::collections::BTreeSet;

const RULES: &str = include_str!("../../deny.toml");
const LOCK: &str = include_str!("../../Cargo.lock");

/// The crates of Cargo.lock, each as `name@version`, and the sources that they come from.
fn locked() -> (BTreeSet<String>, BTreeSet<&'static str>) {
    let value = |package: &'static str, key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        line.map(|value| value.trim_matches('"'))
    };
    let packages: Vec<&str> = LOCK.split("[[package]]").skip(1).collect();
    let named = |package| Some(format!("{}@{}", value(package, "name")?, value(package, "version")?));
    let crates = packages.iter().filter_map(|package| named(*package)).collect();
    (crates, packages.iter().filter_map(|package| value(package, "source")).collect())
}

/// The lines between `key = [` and its end.
fn rows(key: &str) -> Vec<&'static str> {
    let (_, rest) = RULES.split_once(&format!("\n{key} = [\n")).unwrap_or_else(|| panic!("no {key}"));
    rest.lines().map(str::trim).take_while(|line| *line != "]").filter(|line| !line.starts_with('#')).collect()
}

fn quoted(row: &str) -> &str {
    row.split('"').nth(1).unwrap()
}

#[test]
fn every_exception_of_the_supply_chain_has_a_reason() {
    let (crates, sources) = locked();
    assert!(crates.len() > 200, "{}", crates.len());
    assert_eq!(sources, BTreeSet::from(["registry+https://github.com/rust-lang/crates.io-index"]));
    for row in ["deny", "skip", "ignore"].iter().flat_map(|key| rows(key)) {
        let reason = row.split_once("reason = \"").unwrap_or_else(|| panic!("no reason: {row}")).1;
        assert!(reason.split_whitespace().count() > 3, "{row}");
    }
    for banned in rows("deny") {
        let name = format!("{}@", quoted(banned));
        assert!(!crates.iter().any(|one| one.starts_with(&name)), "{name} is banned");
    }
    for skipped in rows("skip") {
        assert!(crates.contains(quoted(skipped)), "no longer in Cargo.lock: {skipped}");
    }
}
