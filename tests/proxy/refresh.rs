//! Lists of models that are read while the proxy serves: what is new is served, what is gone is marked, and what is strange changes
//! nothing.

use crate::reload::{replace, table, until};
use crate::support::{Answer, Argo, Connection, Recorded, Server, Setup, chat};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// An upstream whose list of models a test changes while it runs.
struct Lister {
    argo: Argo,
    list: Arc<Mutex<(u16, String)>>,
}

impl Lister {
    fn start(models: &[(&str, &str)]) -> Self {
        let list = Arc::new(Mutex::new((200, list(models))));
        let answer = list.clone();
        let argo = Argo::start(move |request: &Recorded, connection: &mut Connection| {
            if request.path == "/models" {
                let (status, body) = answer.lock().unwrap().clone();
                return connection.json(status, &body);
            }
            connection.says("Hi");
        });
        Lister { argo, list }
    }

    fn now(&self, models: &[(&str, &str)]) {
        self.answers(200, &list(models));
    }

    fn answers(&self, status: u16, body: &str) {
        *self.list.lock().unwrap() = (status, body.to_owned());
    }

    fn table(&self) -> String {
        let at = self.argo.address;
        format!(
            r#"version: 1
models_refresh: 24h
upstreams:
  a: {{ url: "http://{at}/chat/", models_url: "http://{at}/models", dialect: argo }}
models:
  one:
    default: lab:one
    names: {{ lab:one: one1, lab:two: two2, lab:other-two: two2, lab:taken: three3 }}
    families: {{ "big*": ["lab:*", "lab:{{2}}-{{1}}{{rest}}"] }}
    hidden: [lab:other-two]
    rules: [{{ match: "big*", drop: [top_p] }}]
routes:
  - {{ path: /chat, upstream: a, models: one, transformer: openai_chat_completions }}
  - {{ path: /list, reply: model_list }}
  - {{ path: /health, reply: health }}
"#
        )
    }

    fn setup(&self) -> Setup {
        Setup::before(&self.argo).routes(&self.table()).config("admin: 127.0.0.1:0")
    }
}

/// The models of the table, as a list has them.
const OWN: [(&str, &str); 3] = [("One", "one1"), ("Two", "two2"), ("Three", "three3")];

fn list(models: &[(&str, &str)]) -> String {
    let rows: Vec<Value> = models.iter().map(|(name, id)| json!({"id": name, "internal_id": id})).collect();
    json!({"object": "list", "data": rows}).to_string()
}

fn with(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    OWN.iter().chain(more).copied().collect()
}

fn refresh(server: &Server) -> Value {
    let answer = server.watcher().post("/admin/refresh", "");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{}", answer.text());
    answer.json()
}

fn ask(server: &Server, model: &str) -> Answer {
    server.post("/chat", &chat("x", json!({"model": model, "top_p": 0.5})))
}

fn names(server: &Server) -> Vec<String> {
    let list = server.get("/list").json();
    list["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_list_that_changes_under_load_fails_no_request() {
    let lister = Lister::start(&OWN);
    let server = lister.setup().start();
    let (is_over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for model in ["lab:one", "two2", "lab:other-two", "taken"] {
            let (server, is_over, asked) = (&server, &is_over, &asked);
            scope.spawn(move || {
                let mut client = server.client();
                while !is_over.load(Ordering::Relaxed) {
                    let answer = client.post("/chat", &chat("x", json!({"model": model})));
                    assert_eq!(answer.status, 200, "{model}: {}", answer.text());
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let more_load = || {
            let before = asked.load(Ordering::Relaxed);
            until("more requests", || asked.load(Ordering::Relaxed) > before + 20);
        };
        let changes = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| change(&lister, &server, &more_load)));
        is_over.store(true, Ordering::Relaxed);
        changes.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

/// A model comes, then it and another one go.
fn change(lister: &Lister, server: &Server, more_load: &dyn Fn()) {
    assert_eq!((&refresh(server)["new"], &refresh(server)["gone"]), (&json!([]), &json!([])));
    let before = table(server);
    assert_eq!(ask(server, "lab:big-nine-x").status, 404);
    more_load();
    lister.now(&with(&[("Big Nine X", "big9x"), ("Taken", "bigtaken"), ("Odd", "odd1")]));
    let report = refresh(server);
    let url = format!("http://{}/models", lister.argo.address);
    let lines = ["lab:big-nine-x: big9x", "lab:nine-big-x: big9x"];
    assert_eq!(
        report["new"],
        json!([
            {"title": "Big Nine X", "id": "big9x", "list": url, "group": "one", "names": ["lab:big-nine-x", "lab:nine-big-x"],
             "lines": lines, "not_served": null},
            {"title": "Taken", "id": "bigtaken", "list": url, "group": "one", "names": [], "lines": [],
             "not_served": "its usual name lab:taken is taken (routes.yaml:8)"},
            {"title": "Odd", "id": "odd1", "list": url, "group": null, "names": ["lab:odd"], "lines": ["lab:odd: odd1"],
             "not_served": "no family of the table takes its id"},
        ])
    );
    assert_eq!((&report["lists"][0]["url"], &report["lists"][0]["models"]), (&json!(url), &json!(6)));
    assert_eq!((&report["lists"][0]["error"], &report["lists"][0]["upstreams"]), (&Value::Null, &json!(["a"])));
    more_load();
    assert_ne!(table(server)["version"], before["version"]);
    for name in ["lab:big-nine-x", "LAB:nine-big-x", "big9x"] {
        assert_eq!(ask(server, name).status, 200, "{name}");
    }
    let sent = lister.argo.requests().into_iter().rfind(|request| request.json()["model"] == "big9x");
    let sent = sent.unwrap().json();
    assert_eq!((&sent["model"], sent.get("top_p")), (&json!("big9x"), None), "rules match its id");
    assert_eq!(names(server), ["lab:one", "lab:two", "lab:taken", "lab:big-nine-x"], "the second name is hidden");
    until("the lines to paste", || {
        let line =
            "'Big Nine X' is new and served as lab:big-nine-x, lab:nine-big-x; to keep it, add to models.one.names:  ";
        server.log().contains(&format!("{line}{}  and  {}\n", lines[0], lines[1]))
    });
    more_load();
    lister.now(&with(&[])[1..]);
    let report = refresh(server);
    let gone: Vec<&str> = report["gone"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!((gone, &report["new"]), (vec!["lab:one", "lab:big-nine-x"], &json!([])));
    for name in ["lab:one", "lab:big-nine-x", "lab:nine-big-x"] {
        assert_eq!(ask(server, name).status, 200, "a list forgets: {name}");
    }
    let listed = server.get("/list").json();
    let marks: Vec<&Value> = listed["data"].as_array().unwrap().iter().map(|row| &row["gone"]).collect();
    assert_eq!(marks, [&json!(true), &Value::Null, &Value::Null, &json!(true)]);
    let headers = "anthropic-version: 2023-06-01\r\n";
    let anthropic = server.client().call("GET", "/list", headers, b"").json();
    assert_eq!(
        (&anthropic["data"][0]["lifecycle"], &anthropic["data"][1]["lifecycle"]),
        (&json!("deprecated"), &json!("active"))
    );
    let metrics = server.watcher().get("/metrics");
    assert!(metrics.text().contains("\nargo_proxy_models_gone 2\n"), "{}", metrics.text());
    more_load();
}

#[test]
fn a_broken_or_strange_list_changes_nothing() {
    let lister = Lister::start(&with(&[("Big Nine X", "big9x")]));
    let server = lister.setup().start();
    refresh(&server);
    let before = table(&server)["version"].clone();
    let many: Vec<(String, String)> = (0..1001).map(|number| (format!("B {number}"), format!("big{number}"))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, id)| (name.as_str(), id.as_str())).collect();
    for (status, body, why) in [
        (503, "busy".to_owned(), "fails at the moment (503)"),
        (200, "<html>".to_owned(), "its answer is not JSON"),
        (200, r#"{"models": ["one1"]}"#.to_owned(), "it has no list 'data'"),
        (200, r#"{"data": [{"id": "one1"}]}"#.to_owned(), "has neither id and internal_id"),
        (200, r#"{"data": []}"#.to_owned(), "is empty"),
        (200, list(&many), "it has 1001 rows"),
        (200, list(&with(&[("Big\n10", "big10")])), "white space, a star"),
        (200, list(&with(&[("Big 10", "big 10")])), "white space, a star"),
        (200, list(&with(&[("Big 10", &"b".repeat(201).leak()[..])])), "longer than 200"),
        (200, list(&[("One", "one1"), ("Big 10", "big10")]), "it has 1 of the table's 3 models"),
    ] {
        lister.answers(status, &body);
        let report = refresh(&server);
        let error = report["lists"][0]["error"].as_str().unwrap_or_default();
        assert!(error.contains(why), "{why}: {report:#}");
        assert_eq!((&report["lists"][0]["models"], report["new"].as_array().unwrap().len()), (&json!(4), 1), "{why}");
        assert_eq!((&table(&server)["version"], &report["gone"]), (&before, &json!([])), "{why}");
        assert_eq!(ask(&server, "lab:big-nine-x").status, 200, "{why}");
    }
    lister.now(&OWN);
    refresh(&server);
    until("that it can be used", || server.log().contains("can be used again"));
    assert_eq!(server.log().matches("cannot be used, and what was known of it stays").count(), 1, "{}", server.log());
}

/// A server that keeps its lists beside its other files.
fn keeping(setup: &Setup) -> Server {
    let (mut command, folder) = setup.command();
    command.env("XDG_STATE_HOME", folder.join("state"));
    Server::run(command, folder)
}

fn kept(folder: &Path) -> std::path::PathBuf {
    let mut files = std::fs::read_dir(folder.join("state/argo-openai-proxy")).unwrap();
    files.next().unwrap().unwrap().path()
}

/// What a command says that looks at the same files.
fn look(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    command.current_dir(folder).env_clear().env("XDG_STATE_HOME", folder.join("state")).args(args);
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap() + std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn what_lists_said_is_kept_between_starts() {
    let lister = Lister::start(&with(&[("Big Nine X", "big9x")]));
    let server = keeping(&lister.setup());
    until("the list that is read at the start", || ask(&server, "lab:big-nine-x").status == 200);
    let files = server.files();
    let folder = server.file("config.yaml").parent().unwrap().to_owned();
    until("the file", || folder.join("state/argo-openai-proxy").is_dir());
    server.signal("TERM");
    assert!(server.ended().0.success());
    let file = kept(&folder);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // What only looks sees it, too, and leaves it as it is.
    let before = std::fs::read(&file).unwrap();
    let from = format!("listed by http://{}/models", lister.argo.address);
    assert!(look(&folder, &["models"]).contains(&from), "{}", look(&folder, &["models"]));
    assert!(look(&folder, &["check"]).contains(" 6 models"), "{}", look(&folder, &["check"]));
    std::fs::write(folder.join("body"), chat("x", json!({"model": "big9x"}))).unwrap();
    let told = look(&folder, &["explain", "POST", "/chat", "--body", "body"]);
    assert!(told.contains(&format!("it is {from}, and in no file of the table")), "{told}");
    lister.answers(500, "down");
    let online = look(&folder, &["check", "--online"]);
    assert!(online.contains("fails at the moment (500)"), "{online}");
    lister.now(&with(&[("Big Ten", "big10")]));
    let online = look(&folder, &["check", "--online"]);
    let line = "'Big Ten' is listed, and no group of the table has it; it is served as lab:big-ten, lab:ten-big";
    assert!(
        online.contains(line) && online.contains("models.one.names:  lab:big-ten: big10  and  lab:ten-big: big10"),
        "{online}"
    );
    assert!(online.contains("'lab:big-nine-x': its id 'big9x' is not listed by http://"), "{online}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    // Without a network, the next start serves it at once.
    lister.answers(500, "down");
    let (mut command, other) = lister.setup().command();
    std::fs::remove_dir_all(other).unwrap();
    command.current_dir(&folder).env("XDG_RUNTIME_DIR", &folder).env("XDG_STATE_HOME", folder.join("state"));
    let again = Server::run(command, folder.clone());
    assert_eq!(ask(&again, "lab:nine-big-x").status, 200);
    assert_eq!(names(&again).last().unwrap(), "lab:big-nine-x");
    drop(again);
    drop(files);
}

#[test]
fn a_kept_file_that_others_can_write_does_not_count() {
    let lister = Lister::start(&with(&[("Big Nine X", "big9x")]));
    let server = keeping(&lister.setup());
    refresh(&server);
    let folder = server.file("config.yaml").parent().unwrap().to_owned();
    let file = kept(&folder);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let told = look(&folder, &["models"]);
    assert!(!told.contains("listed by"), "{told}");
    let told = look(&folder, &["check"]);
    assert!(told.contains("do not count: bad owner or permissions") && told.contains("chmod go-w"), "{told}");
}

#[test]
fn where_nothing_can_be_kept_it_is_served_all_the_same() {
    let lister = Lister::start(&with(&[("Big Nine X", "big9x")]));
    let (mut command, folder) = lister.setup().command();
    std::fs::write(folder.join("state"), "a file").unwrap();
    command.env("XDG_STATE_HOME", folder.join("state"));
    let server = Server::run(command, folder);
    refresh(&server);
    refresh(&server);
    assert_eq!(ask(&server, "lab:big-nine-x").status, 200);
    until("the reason", || server.log().contains("the lists of models are kept until this process ends: "));
    assert_eq!(server.log().matches("are kept until this process ends").count(), 1, "{}", server.log());
}

#[test]
fn the_table_says_whether_lists_are_read() {
    let lister = Lister::start(&with(&[("Big Nine X", "big9x")]));
    let server = lister.setup().file("local-routes.yaml", "version: 1\nmodels_refresh: off\n").start();
    let refused = server.watcher().post("/admin/refresh", "");
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("models_refresh of the table is off"), "{}", refused.text());
    assert_eq!(ask(&server, "lab:big-nine-x").status, 404);
    assert_eq!(lister.argo.lists_asked(), 0);
    // A reload turns it on, and the lists are read; another one turns it off, and what they say is no longer served.
    replace(&server.file("local-routes.yaml"), "version: 1\n");
    until("the list", || ask(&server, "lab:big-nine-x").status == 200);
    replace(&server.file("local-routes.yaml"), "version: 1\nmodels_refresh: off\n");
    until("the table alone", || ask(&server, "lab:big-nine-x").status == 404);
}

#[test]
fn what_the_operator_writes_goes_before_what_a_list_says() {
    let lister = Lister::start(&with(&[("Big Nine X", "big9x")]));
    let server = lister.setup().file("local-routes.yaml", "version: 1\n").start();
    refresh(&server);
    let own = "version: 1\nmodels: { one: { names: { lab:big-nine-x: one1 } } }\n";
    replace(&server.file("local-routes.yaml"), own);
    let id = |name: &str| {
        ask(&server, name);
        lister.argo.requests().pop().unwrap().json()["model"].clone()
    };
    until("the operator's id", || id("lab:big-nine-x") == "one1");
    let own = "version: 1\nmodels: { one: { families: { \"big9*\": \"own:*\" } } }\n";
    replace(&server.file("local-routes.yaml"), own);
    until("the operator's family", || names(&server) == ["lab:one", "lab:two", "lab:taken", "own:big-nine-x"]);
    assert_eq!(id("own:big-nine-x"), "big9x");
}

#[test]
fn only_a_post_that_no_foreign_page_sends_refreshes() {
    let lister = Lister::start(&OWN);
    let server = lister.setup().start();
    let answer = server.watcher().get("/admin/refresh");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    let page = server.watcher().call("POST", "/admin/refresh", "Origin: https://evil.test\r\n", b"");
    assert_eq!(page.status, 403, "{}", page.text());
    assert_eq!(server.post("/admin/refresh", "").status, 404, "the port has nothing of it");
    let all: Vec<Value> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| refresh(&server))).collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(all.iter().all(|report| report["asked_at"].is_u64() && report["lists"][0]["models"] == 3));
}
