//! A violation for each rule, which it catches where it is and nowhere else; and what is none.

use crate::house::House;
use crate::{Found, RULES};

/// Files of a house, and the places in it where the rule is broken.
struct Planted {
    rule: &'static str,
    files: &'static [(&'static str, &'static str)],
    caught: &'static [(&'static str, usize)],
}

const FLOORS: &str =
    "//! # Floors\n//! ```text\n//! low, middle   what is below\n//! ──────\n//! high   what is above\n//! ```\n";
const ROOMS: &str =
    "//! # Rooms\n//! ```text\n//! first   a room\n//! second  another\n//! ```\npub mod first; pub mod second;";
const ROUTES: &str = "models: { chat: { names: { 'argo:big-9': big9id } } }";

const PLANTED: &[Planted] = &[
    Planted {
        rule: "floors",
        files: &[
            ("src/lib.rs", FLOORS),
            ("src/high.rs", "use crate::low::Low; pub struct High;"),
            ("src/low.rs", "pub struct Low;\n\nfn f() { let _ = crate::high::High; }"),
            ("src/middle.rs", "use crate::low::Low;"),
        ],
        // Side by side is not above.
        caught: &[("src/low.rs", 3), ("src/middle.rs", 1)],
    },
    Planted {
        rule: "floors",
        files: &[("src/lib.rs", FLOORS), ("src/low.rs", ""), ("src/high.rs", ""), ("src/new.rs", "")],
        // `new` is not in the list, and `middle` not in the tree.
        caught: &[("src/lib.rs", 1), ("src/lib.rs", 1)],
    },
    Planted {
        rule: "rooms",
        files: &[
            ("src/lib.rs", "pub mod proxy;"),
            ("src/proxy/mod.rs", ROOMS),
            ("src/proxy/first.rs", "pub struct First;\nuse super::second::Second;"),
            ("src/proxy/second.rs", "use super::first::First;\npub struct Second;"),
        ],
        caught: &[("src/proxy/first.rs", 2)],
    },
    Planted {
        rule: "rooms",
        files: &[("src/proxy/mod.rs", "//! Hooks.\npub mod first;"), ("src/proxy/first.rs", "")],
        caught: &[("src/proxy/mod.rs", 1)],
    },
    Planted {
        rule: "upstream alone",
        files: &[
            ("src/proxy/upstream/connect.rs", "//! Not the Session.\nfn f(s: &mut Session) {}"),
            ("src/proxy/request/body.rs", "fn f(s: &mut Session, c: &mut Ctx) {}"),
        ],
        caught: &[("src/proxy/upstream/connect.rs", 2)],
    },
    Planted {
        rule: "circle of files",
        files: &[
            ("src/lib.rs", "pub mod a; pub mod b; pub mod c;"),
            ("src/a.rs", "use crate::b::B;\npub struct A;"),
            ("src/b.rs", "pub struct B(crate::c::C);"),
            ("src/c.rs", "use crate::a;\npub struct C(a::A);"),
        ],
        caught: &[("src/a.rs", 1)],
    },
    Planted {
        rule: "circle of files",
        files: &[
            ("src/lib.rs", "pub mod a;"),
            ("src/a/mod.rs", "mod child;\npub use child::Child;\npub struct Parent(Child);"),
            ("src/a/child.rs", "use super::Parent;\npub struct Child;"),
        ],
        caught: &[("src/a/mod.rs", 2)],
    },
    // What is re-exported and not used; what a macro and a test use.
    Planted {
        rule: "circle of files",
        files: &[
            ("src/lib.rs", "pub mod a; pub mod b;"),
            (
                "src/a/mod.rs",
                "mod child;\nmod other;\npub use child::Child;\npub use other::other;\npub struct Parent;",
            ),
            ("src/a/child.rs", "use super::Parent;\nuse crate::a::other;\npub struct Child;\nfn f() { other(); }"),
            (
                "src/a/other.rs",
                "use super::Parent;\npub fn other() {}\n#[cfg(test)]\nmod tests { use super::super::Child; }",
            ),
            ("src/b.rs", "use crate::a::Child;"),
        ],
        caught: &[],
    },
    Planted {
        rule: "circle of files",
        files: &[
            ("src/lib.rs", "pub mod a; pub mod b;"),
            ("src/a.rs", "pub fn a() { println!(\"{}\", crate::b::b()) }"),
            ("src/b.rs", "pub fn b() { crate::a::a() }"),
        ],
        caught: &[("src/a.rs", 1)],
    },
    Planted {
        rule: "match on a bool",
        files: &[
            ("src/a.rs", "fn f(x: bool) { let _ = match x {\n true => 1,\n false => 2 }; }"),
            ("src/b.rs", "fn f(x: Option<bool>) { match x { Some(true) => {} _ if x == Some(true) => {} _ => {} } }"),
            ("src/c.rs", "fn f(x: bool) { println!(\"{}\",\n match x { false => 1, _ => 2 }) }"),
            ("src/d.rs", "fn f(x: bool) -> u8 { match x { y if y => 1,\n false | true => 2 } }"),
        ],
        caught: &[("src/a.rs", 2), ("src/c.rs", 2), ("src/d.rs", 2)],
    },
    Planted {
        rule: "type name",
        files: &[
            ("src/a.rs", "pub struct State;"),
            ("src/b.rs", "enum State {}\ntrait Row {}"),
            ("src/c.rs", "fn f() {\n type State = u8;\n}\nstruct Row;\n#[cfg(test)]\nmod tests { struct Row; }"),
        ],
        caught: &[("src/c.rs", 2)],
    },
    Planted {
        rule: "result in a result",
        files: &[(
            "src/a.rs",
            "type A = Result<Option<u8>, Result<u8, u8>>;\ntype B = io::Result<\n std::result::Result<u8, u8>>;",
        )],
        caught: &[("src/a.rs", 2)],
    },
    Planted {
        rule: "print that panics",
        files: &[
            ("src/a.rs", "//! Not eprintln!().\nfn f() { eprintln!(\"x\");\n std::print!(\"y\");\n dbg!(1); }"),
            ("src/b.rs", "fn print() {}\nfn f() { print(); }\n#[cfg(test)]\nmod tests { fn f() { println!() } }"),
        ],
        caught: &[("src/a.rs", 2), ("src/a.rs", 3), ("src/a.rs", 4)],
    },
    Planted {
        rule: "model in the source",
        files: &[
            (
                "src/a.rs",
                "//! Unlike big-90.\n/// As big-9.\nconst A: &str = \"argo:big-9\";\nconst B: &str = \"big9id\";",
            ),
            ("src/b.rs", "#[cfg(test)]\nmod tests { const A: &str = \"big-9\"; }"),
        ],
        caught: &[("src/a.rs", 2), ("src/a.rs", 3), ("src/a.rs", 4)],
    },
    Planted {
        rule: "ARGO in a neutral text",
        files: &[
            (
                "src/wire/a.rs",
                "//! ARGO.\nfn f() { format!(\"{}\",\n b\"Is ARGO's VPN up?\") }\nconst A: &str = \"argo CARGO\";",
            ),
            ("src/dialects/upstream/argo/b.rs", "const A: &str = \"ARGO\";"),
            ("src/cli/c.rs", "const A: &str = \"ARGO\";"),
        ],
        caught: &[("src/wire/a.rs", 3)],
    },
];

fn found(rule: &str, files: &[(&str, &str)]) -> Vec<Found> {
    let rule = RULES.iter().find(|known| known.name == rule).unwrap();
    (rule.check)(&House::of(files, ROUTES))
}

fn places(found: &[Found]) -> Vec<(&str, usize)> {
    found.iter().map(|found| (found.path.as_str(), found.line)).collect()
}

#[test]
fn each_rule_catches_what_is_planted() {
    for planted in PLANTED {
        let found = found(planted.rule, planted.files);
        assert_eq!(places(&found), planted.caught, "{}: {found:?}", planted.rule);
    }
}

#[test]
fn long_files_and_functions_are_caught() {
    let lines = |count: usize| "\n".repeat(count - 1);
    let function = |length: usize| format!("struct S;\nimpl S {{\n/// Not counted.\nfn f() {{{}}}\n}}", lines(length));
    assert_eq!(places(&found("long function", &[("src/a.rs", &function(50))])), []);
    assert_eq!(places(&found("long function", &[("src/a.rs", &function(51))])), [("src/a.rs", 4)]);
    assert_eq!(places(&found("long file", &[("src/a.rs", &lines(401))])), []);
    assert_eq!(places(&found("long file", &[("src/a.rs", &lines(402))])), [("src/a.rs", 401)]);
}

#[test]
fn many_twins_are_caught() {
    let file = |count: usize| (0..count).map(|index| format!("struct S{index};\n")).collect::<String>();
    let twins = |count: usize| found("twins", &[("src/a.rs", &file(count)), ("src/b.rs", &file(count))]).len();
    assert_eq!((twins(14), twins(15)), (0, 15));
}

#[test]
fn each_rule_has_something_planted() {
    let elsewhere = ["long function", "long file", "twins"];
    for rule in RULES.iter().filter(|rule| !elsewhere.contains(&rule.name)) {
        assert!(PLANTED.iter().any(|planted| planted.rule == rule.name && !planted.caught.is_empty()), "{}", rule.name);
    }
}
