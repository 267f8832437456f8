//! What grows with a table, with the callers and with a conversation: the same paths, at several sizes.

mod texts;

use crate::paths;
use argo_openai_proxy::access::{Access, Sender};
use argo_openai_proxy::callers::Callers;
use argo_openai_proxy::table::Table;
use argo_openai_proxy::wire::Query;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use std::hint::black_box;
use std::sync::Arc;

/// An operation at several sizes.
pub struct Curve {
    /// Its name.
    pub name: &'static str,
    /// What its sizes count.
    pub of: &'static str,
    /// How it may grow: `flat`, or `linear`.
    pub expected: &'static str,
    /// The sizes, in their order.
    pub sizes: &'static [usize],
    /// Makes the operation for a size.
    pub make: fn(usize) -> Box<dyn FnMut()>,
}

const CALLERS: &[usize] = &[1, 10, 100, 1000, 2000];
const ROUTES: &[usize] = &[1, 10, 100, 500];
const MODELS: &[usize] = &[1, 10, 100, 1000];
const MESSAGES: &[usize] = &[1, 10, 100, 1000, 2000];

/// All curves.
pub const CURVES: &[Curve] = &[
    Curve { name: "known_key", of: "callers", expected: "flat", sizes: CALLERS, make: |size| key(size, size - 1) },
    Curve { name: "unknown_key", of: "callers", expected: "flat", sizes: CALLERS, make: |size| key(size, size) },
    Curve { name: "exact_path", of: "routes", expected: "flat", sizes: ROUTES, make: |size| path(size, "/lab/last") },
    Curve {
        name: "path_with_parameter",
        of: "routes",
        expected: "linear",
        sizes: ROUTES,
        make: |size| path(size, "/pattern/last/x"),
    },
    Curve { name: "chat_by_name", of: "models", expected: "flat", sizes: MODELS, make: model },
    Curve { name: "list_of_models", of: "models", expected: "flat", sizes: MODELS, make: list },
    Curve {
        name: "history_legacy",
        of: "messages",
        expected: "linear",
        sizes: MESSAGES,
        make: |size| history(size, "/legacy"),
    },
    Curve {
        name: "history_relayed",
        of: "messages",
        expected: "linear",
        sizes: MESSAGES,
        make: |size| history(size, "/relayed"),
    },
    Curve {
        name: "history_translated",
        of: "messages",
        expected: "linear",
        sizes: MESSAGES,
        make: |size| history(size, "/translated"),
    },
    Curve {
        name: "history_of_messages",
        of: "messages",
        expected: "linear",
        sizes: MESSAGES,
        make: |size| history(size, "/messages"),
    },
    Curve {
        name: "history_of_responses",
        of: "messages",
        expected: "linear",
        sizes: MESSAGES,
        make: |size| history(size, "/responses"),
    },
    Curve {
        name: "load_models",
        of: "models",
        expected: "linear",
        sizes: MODELS,
        make: |size| load(texts::table(size, 1)),
    },
    Curve {
        name: "load_routes",
        of: "routes",
        expected: "linear",
        sizes: ROUTES,
        make: |size| load(texts::table(1, size)),
    },
    Curve { name: "load_callers", of: "callers", expected: "linear", sizes: CALLERS, make: read_callers },
];

/// Finds the caller with the key of a number, which may be nobody's.
fn key(callers: usize, number: usize) -> Box<dyn FnMut()> {
    let (read, _) = Callers::read("callers.yaml", &texts::callers(callers)).unwrap_or_else(|e| panic!("{e:?}"));
    let access = Access::Keys(Arc::new(read.keys("bench")));
    let bearer = HeaderValue::from_str(&format!("Bearer {}", texts::key(number))).unwrap_or_else(|e| panic!("{e}"));
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]);
    let is_known = number < callers;
    Box::new(move || assert_eq!(black_box(access.admit(&headers, Query(None), Sender::Own)).is_ok(), is_known))
}

fn path(routes: usize, path: &'static str) -> Box<dyn FnMut()> {
    let table = paths::table(&texts::table(1, routes));
    Box::new(move || drop(black_box(table.find(&Method::POST, black_box(path)))))
}

/// Opens a chat with the table's last model.
fn model(models: usize) -> Box<dyn FnMut()> {
    let table = paths::table(&texts::table(models, 1));
    let (route, body) = (paths::route(&table, "/legacy"), Bytes::from(texts::chat(&texts::model(models - 1), 1)));
    Box::new(move || drop(black_box(paths::open(&route, &body))))
}

fn list(models: usize) -> Box<dyn FnMut()> {
    let table = paths::table(&texts::table(models, 1));
    let route = paths::route_of(&table, &Method::GET, "/models");
    Box::new(move || assert!(black_box(paths::answered(&route)) > 0))
}

fn history(messages: usize, path: &str) -> Box<dyn FnMut()> {
    let table = paths::table(&texts::table(1, 1));
    let body = match path {
        "/messages" => texts::messages(messages),
        "/responses" => texts::responses(messages),
        _ => texts::chat(&texts::model(0), messages),
    };
    let (route, body) = (paths::route(&table, path), Bytes::from(body));
    Box::new(move || drop(black_box(paths::open(&route, &body))))
}

fn load(text: String) -> Box<dyn FnMut()> {
    Box::new(move || drop::<Table>(paths::table(&text)))
}

fn read_callers(callers: usize) -> Box<dyn FnMut()> {
    let text = texts::callers(callers);
    Box::new(move || assert!(black_box(Callers::read("callers.yaml", &text)).is_ok()))
}
