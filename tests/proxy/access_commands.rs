//! The commands around access: what `serve` and `check` refuse, `key`, and `explain`.

use crate::support::{Argo, Setup, caller, callers, chat};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    let Output { status, stdout, stderr } = command.env_clear().current_dir(folder).args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A folder with the files of a setup that is not started.
struct Folder(std::path::PathBuf);

impl Folder {
    fn of(setup: Setup) -> Self {
        Folder(setup.command().1)
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        run(&self.0, arguments)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn setup() -> Setup {
    Setup::before_address(([127, 0, 0, 1], 9).into())
}

#[test]
fn beyond_this_machine_somebody_has_to_say_who_may() {
    let folder = Folder::of(setup().config("host: 0.0.0.0"));
    for command in ["check", "serve"] {
        let (code, _, err) = folder.run(&[command]);
        assert_eq!(code, Some(1), "{err}");
        assert!(
            err.contains("error: host: everybody who can reach 0.0.0.0") && err.contains("config.yaml:6:7"),
            "{err}"
        );
        assert!(err.contains("access: keys") && err.contains("key new NAME") && err.contains("access: open"), "{err}");
    }
    let (code, _, err) = Folder::of(setup()).run(&["serve", "--host", "0.0.0.0"]);
    assert!(code == Some(1) && err.contains("--> --host"), "{err}");
    let (code, _, err) = Folder::of(setup().config("host: 0.0.0.0\naccess: open")).run(&["check"]);
    assert!(code == Some(0) && err.contains("warning: host: everybody"), "{err}");
    let (code, _, err) = Folder::of(setup().config("host: 0.0.0.0\naccess: passthrough")).run(&["check"]);
    assert!(
        code == Some(0)
            && err.contains("warning: host: whoever reaches 0.0.0.0")
            && err.contains("a username, which is no secret"),
        "{err}"
    );
    let (code, _, err) = Folder::of(setup().config("access: keys")).run(&["check"]);
    assert!(code == Some(1) && err.contains("callers.yaml") && err.contains("argo-openai-proxy key new NAME"), "{err}");
}

#[test]
fn mistakes_of_all_files_come_in_one_run() {
    let routes = include_str!("../../routes.yaml").replace("reply: health", "reply: halth");
    let bad = callers(&[caller("ann", "a", "limts: 1")]);
    for (config, first) in [("access: keys", None), ("access: keys\nprot: 1", Some("did you mean 'port'?"))] {
        let folder = Folder::of(setup().config(config).routes(&routes).file("callers.yaml", &bad));
        let (code, _, err) = folder.run(&["check"]);
        assert_eq!(code, Some(1));
        for told in first.into_iter().chain(["did you mean 'health'?", "did you mean 'limits'?", "--> callers.yaml:2:"])
        {
            assert!(err.contains(told), "{told}: {err}");
        }
    }
    let odd = caller("ann", "a", "routes: [/v1/chatt], models: [\"argo:*\"]");
    let folder = Folder::of(setup().callers(&[odd]));
    std::fs::set_permissions(folder.0.join("callers.yaml"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, err) = folder.run(&["check"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("chmod 600 callers.yaml") && err.contains("'/v1/chatt' fits no path of the table"), "{err}");
    assert!(err.ends_with("2 warnings\n"), "{err}");
}

#[test]
fn a_key_is_made_printed_once_and_counts_at_once() {
    let argo = Argo::saying("Hi");
    let first = format!("# mine\n{}# the end", callers(&[caller("bob", "key-b", "")]));
    let server = Setup::before(&argo).config("access: keys").file("callers.yaml", &first).start();
    let file = server.file("callers.yaml");
    let (code, out, err) = run(file.parent().unwrap(), &["key", "new", "ann", "--user", "jdoe"]);
    assert_eq!(code, Some(0), "{err}");
    let key = out.strip_suffix('\n').unwrap();
    assert!(key.starts_with("sk-argo-") && key.len() == 51, "{key}");
    assert!(err.contains("ann is added to callers.yaml") && !err.contains(key), "{err}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with(&format!("{first}\n")) && !text.contains(key), "{text}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let ask = || {
        let header = format!("Authorization: Bearer {key}\r\n");
        server.client().call("POST", "/v1/chat/completions", &header, chat("x", json!({})).as_bytes()).status
    };
    crate::reload::until("the new key", || ask() == 200);
    assert_eq!(argo.requests().pop().unwrap().json()["user"], "jdoe");

    let (code, out, err) = run(file.parent().unwrap(), &["key", "new", "ann"]);
    assert!(code == Some(1) && out.is_empty() && err.contains("'ann' is there already"), "{err}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let (code, out, _) = run(file.parent().unwrap(), &["key", "list"]);
    assert_eq!((code, out.as_str()), (Some(0), "bob\nann  user: jdoe\n"));
}

#[test]
fn a_key_is_rotated_and_removed_while_the_proxy_runs() {
    let argo = Argo::saying("Hi");
    let text = format!("# mine\n{}", callers(&[caller("ann", "key-a", "user: jdoe"), caller("bob", "key-b", "")]));
    let server = Setup::before(&argo).config("access: keys").file("callers.yaml", &text).start();
    let file = server.file("callers.yaml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let key = |arguments: &[&str]| run(file.parent().unwrap(), &[&["key"], arguments].concat());
    let ask = |key: &str| {
        let header = format!("Authorization: Bearer {key}\r\n");
        server.client().call("POST", "/v1/chat/completions", &header, chat("x", json!({})).as_bytes()).status
    };
    assert_eq!((ask("key-a"), ask("key-b")), (200, 200));

    let (code, out, err) = key(&["rotate", "ann"]);
    assert_eq!(code, Some(0), "{err}");
    let new = out.strip_suffix('\n').unwrap();
    assert!(new.starts_with("sk-argo-") && new.len() == 51 && !err.contains(new), "{out} {err}");
    crate::reload::until("the rotated key", || ask(new) == 200);
    assert_eq!((ask("key-a"), ask("key-b")), (401, 200));
    assert_eq!(argo.requests().iter().rev().nth(1).unwrap().json()["user"], "jdoe", "all else of the row stays");

    let (code, out, err) = key(&["remove", "ann"]);
    assert!(code == Some(0) && out.is_empty() && err.contains("ann is removed from callers.yaml"), "{out} {err}");
    crate::reload::until("the removed key", || ask(new) == 401);
    assert_eq!(ask("key-b"), 200);
    let left = std::fs::read_to_string(&file).unwrap();
    assert_eq!(left, format!("# mine\n{}", callers(&[caller("bob", "key-b", "")])));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);

    for arguments in [["rotate", "eve"], ["remove", "ann"]] {
        let (code, out, err) = key(&arguments);
        assert!(code == Some(1) && out.is_empty() && err.contains("nobody is named"), "{out} {err}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), left);
    // The last one: nobody may call, and the proxy goes on.
    assert_eq!(key(&["remove", "bob"]).0, Some(0));
    crate::reload::until("nobody", || ask("key-b") == 401);
    let (_, out, _) = key(&["new", "bob"]);
    crate::reload::until("bob again", || ask(out.trim()) == 200);
}

#[test]
fn commands_at_the_same_time_lose_no_key() {
    let folder = Folder::of(setup());
    let names: Vec<String> = (0..8).map(|number| format!("caller-{number}")).collect();
    std::thread::scope(|scope| {
        let keys: Vec<_> = names.iter().map(|name| scope.spawn(|| folder.run(&["key", "new", name]))).collect();
        for key in keys {
            let (code, _, err) = key.join().unwrap();
            assert_eq!(code, Some(0), "{err}");
        }
    });
    let (_, out, _) = folder.run(&["key", "list"]);
    let mut listed: Vec<&str> = out.lines().collect();
    listed.sort_unstable();
    assert_eq!(listed, names);
}

#[test]
fn what_a_new_caller_may_use_is_said_with_its_key() {
    let folder = Folder::of(setup());
    let (code, _, err) = folder.run(&[
        "key",
        "new",
        "ann",
        "--models",
        "argo:gpt-4o*,gpt35",
        "--routes",
        "/v1/chat/*",
        "--requests-per-minute",
        "60",
        "--tokens-per-minute",
        "2000",
        "--concurrent",
        "4",
    ]);
    assert_eq!(code, Some(0), "{err}");
    let (_, out, _) = folder.run(&["key", "list"]);
    let expected = "ann  routes: /v1/chat/*  models: argo:gpt-4o*, gpt35  requests_per_minute: 60  tokens_per_minute: 2000  \
                    concurrent: 4\n";
    assert_eq!(out, expected);
    for (wrong, code, why) in [
        (["--routes", "v1/chat"], Some(1), "a path that begins with /"),
        (["--models", ""], Some(1), "without spaces"),
        (["--concurrent", "0"], Some(2), "0"),
    ] {
        let (ended, out, err) = folder.run(&[&["key", "new", "bob"], &wrong[..]].concat());
        assert!(ended == code && out.is_empty() && err.contains(why), "{wrong:?} {ended:?} {err}");
    }
    assert!(!folder.read("callers.yaml").contains("bob"));
}

#[test]
fn a_first_key_begins_a_private_file() {
    let folder = Folder::of(setup().config("host: 0.0.0.0"));
    let (code, out, err) = folder.run(&["key", "new", "ann"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("The proxy asks for keys when config.yaml has: access: keys"), "{err}");
    let mode = std::fs::metadata(folder.0.join("callers.yaml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    folder.write("config.yaml", &(folder.read("config.yaml") + "access: keys\n"));
    let (code, _, err) = folder.run(&["check"]);
    assert!(code == Some(0) && err.contains("keys cross the network to 0.0.0.0 in the clear"), "{err}");
    let local = folder.read("config.yaml").replace("host: 0.0.0.0", "");
    folder.write("config.yaml", &local);
    let (code, _, err) = folder.run(&["check", "--deny-warnings"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(!folder.read("callers.yaml").contains(out.trim()));

    for arguments in [
        &["key", "new", "a b"][..],
        &["key", "new", "eve", "--user", "a@b"],
        &["key", "list", "--callers", "none"],
        &["key", "remove", "eve", "--callers", "none"],
        &["key", "rotate", "eve", "--callers", "none"],
    ] {
        let (code, out, err) = folder.run(arguments);
        assert!(code == Some(1) && out.is_empty() && err.starts_with("error: "), "{arguments:?}: {err}");
    }
    let (code, out, _) = folder.run(&["key", "new", "eve", "--callers", "other.yaml"]);
    assert!(code == Some(0) && out.starts_with("sk-argo-") && folder.read("other.yaml").contains("name: eve"));
}

#[test]
fn requests_are_explained_for_somebody() {
    let rows = [caller("ann", "key-a", "user: aaa, models: [gpt35]"), caller("bob", "key-b", "routes: [/v2/*]")];
    let folder = Folder::of(setup().callers(&rows).file("body.json", &chat("x", json!({}))));
    let explain = |more: &[&str]| {
        let mut arguments = vec!["explain", "POST", "/v1/chat/completions", "--body", "body.json", "--json"];
        arguments.extend_from_slice(more);
        let (code, out, err) = folder.run(&arguments);
        let told: serde_json::Value = serde_json::from_str(&out).unwrap_or_default();
        (code, told["client"]["status"].clone(), told["upstream"]["body"].to_string(), err)
    };
    let (_, _, body, err) = explain(&[]);
    assert!(
        body.contains("tester") && err.contains("no key is given") && err.contains("--caller NAME"),
        "{body} {err}"
    );
    assert_eq!(explain(&["--caller", "ann"]).1, 404);
    assert_eq!(explain(&["--caller", "bob"]).1, 403);
    assert_eq!(explain(&["--header", "Authorization: Bearer key-a"]).1, 404);
    assert_eq!(explain(&["--header", "Authorization: Bearer key-x"]).1, 401);
    let (code, _, _, err) = explain(&["--caller", "eve"]);
    assert!(code == Some(1) && err.contains("no caller with a key is named 'eve'"), "{err}");
}
