//! `access: own`: of all users of a machine, only the one who runs the proxy may call it, and root. These tests are several users,
//! which only root can be.

use crate::reload::{replace, until};
use crate::skipped::skip;
use crate::support::{Answer, Argo, Client, Server, Setup, caller, chat};
use rustix::process::{Uid, geteuid};
use rustix::thread::set_thread_res_uid;
use serde_json::json;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;

const CHAT: &str = "/v1/chat/completions";
/// Who runs the proxy, and somebody else. No such accounts are needed.
const OPERATOR: u32 = 4001;
const OTHER: u32 = 4002;

/// Does something as another user: the thread's user is what counts for the sockets that it makes.
fn as_user<T: Send>(id: u32, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let id = Uid::from_raw(id);
            set_thread_res_uid(id, id, id).unwrap();
            work()
        });
        other.join().unwrap()
    })
}

/// A client whose connection is of this user.
fn client_of(id: u32, address: SocketAddr) -> Client {
    as_user(id, || Client::connect(address))
}

fn ask(client: &mut Client) -> Answer {
    client.post(CHAT, &chat("x", json!({})))
}

fn assert_refused(answer: &Answer) {
    assert_eq!((answer.status, &answer.error()["code"]), (403, &json!("not_your_proxy")), "{answer:?}");
    let message = answer.error()["message"].as_str().unwrap().to_owned();
    for part in ["the user with the id 4002", "`access: keys`", "`access: open`"] {
        assert!(message.contains(part), "{message}");
    }
}

/// Returns false, and says so, where this process cannot be several users.
fn may_be_others(test: &str) -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        skip(test, "only root can be several users");
    }
    is_root
}

/// A proxy that another user than this process's runs.
fn run_by_operator(setup: &Setup) -> Server {
    let (mut command, folder) = setup.command();
    chown(&folder, Some(OPERATOR), Some(OPERATOR)).unwrap();
    for file in std::fs::read_dir(&folder).unwrap() {
        chown(file.unwrap().path(), Some(OPERATOR), Some(OPERATOR)).unwrap();
    }
    command.uid(OPERATOR).gid(OPERATOR);
    Server::run(command, folder)
}

#[test]
fn the_page_is_for_the_user_who_runs_it_on_both_listeners() {
    const NAME: &str = "the_page_is_for_the_user_who_runs_it_on_both_listeners";
    if !may_be_others(NAME) {
        return;
    }
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("access: own\nadmin: 127.0.0.1:0").start();
    let admin = server.watcher_address();
    for address in [server.address, admin] {
        for part in ["about.json", "table.json", "now"] {
            let answer = client_of(OTHER, address).get(&format!("/page/{part}"));
            assert_eq!(answer.status, 403, "{part}");
            assert!(answer.text().contains("only the user who runs it"), "{}", answer.text());
        }
        assert_eq!(Client::connect(address).get("/page/table.json").status, 200);
    }
    // Collectors run as other users.
    assert_eq!(client_of(OTHER, admin).get("/metrics").status, 200);
}

#[test]
fn only_the_user_who_runs_it_and_root_may_call() {
    const NAME: &str = "only_the_user_who_runs_it_and_root_may_call";
    if !may_be_others(NAME) {
        return;
    }
    let program = env!("CARGO_BIN_EXE_argo-openai-proxy");
    if as_user(OPERATOR, || std::fs::File::open(program).is_err()) {
        return skip(NAME, "other users cannot enter the folder of the program");
    }
    let argo = Argo::saying("Hi");
    for host in ["127.0.0.1", "::1"] {
        if std::net::TcpListener::bind((host, 0)).is_err() {
            skip(NAME, &format!("this machine has no address {host}"));
            continue;
        }
        let server = run_by_operator(&Setup::before(&argo).config(&format!("host: \"{host}\"")));
        assert!(server.log().contains("access    own: only you and root"), "{}", server.log());
        let calls = argo.requests().len();
        let mut other = client_of(OTHER, server.address);
        for _ in 0..2 {
            assert_refused(&ask(&mut other));
        }
        assert_eq!(argo.requests().len(), calls, "nothing of that reaches ARGO");
        for (id, status) in [(OPERATOR, 200), (0, 200), (OTHER, 403)] {
            assert_eq!(ask(&mut client_of(id, server.address)).status, status, "{id} at {host}");
        }
        until("its line", || server.log().contains("error=not_your_proxy why=\"uid=4002\""));
    }
}

#[test]
fn others_learn_how_to_be_let_in_and_nothing_else() {
    if !may_be_others("others_learn_how_to_be_let_in_and_nothing_else") {
        return;
    }
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("page: false").start();
    let mut other = client_of(OTHER, server.address);
    for path in ["/health", "/livez", "/readyz"] {
        assert_eq!(other.get(path).status, 200, "{path}");
    }
    assert_eq!(other.get("/favicon.ico").status, 204);
    for (method, path) in
        [("GET", "/v1/models"), ("GET", "/v1/modls"), ("GET", CHAT), ("DELETE", "/v1/models"), ("GET", "/")]
    {
        assert_refused(&other.call(method, path, "Authorization: Bearer tester\r\n", b""));
    }
    assert_eq!(other.call("HEAD", "/v1/models", "", b"").status, 403);
    let page = other.call("GET", "/v1/docs", "Accept: text/html\r\n", b"");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("only the user who runs it") && !page.text().contains("argo:"), "{}", page.text());
    let own = server.client().call("GET", "/v1/docs", "Accept: text/html\r\n", b"");
    assert!(!own.text().contains("only the user who runs it") && own.text().contains("argo:"), "{}", own.text());
}

#[test]
fn a_connection_that_its_user_has_closed_is_nobodys() {
    if !may_be_others("a_connection_that_its_user_has_closed_is_nobodys") {
        return;
    }
    let argo = Argo::saying("Hi");
    // Root runs it: to older kernels, sockets without a process are root's.
    let server = Server::before(&argo);
    let body = chat("x", json!({}));
    let request = format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for _ in 0..20 {
        as_user(OTHER, || {
            TcpStream::connect(server.address).unwrap().write_all(request.as_bytes()).unwrap();
        });
    }
    until("their lines", || server.log().matches("error=not_your_proxy").count() == 20);
    assert_eq!(argo.requests().len(), 0);
    assert_eq!(ask(&mut server.client()).status, 200);
}

#[test]
fn the_operator_lets_others_in_while_it_runs() {
    if !may_be_others("the_operator_lets_others_in_while_it_runs") {
        return;
    }
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let file = server.file("config.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut other = client_of(OTHER, server.address);
    assert_refused(&ask(&mut other));
    replace(&file, &format!("{text}access: open\n"));
    until("it is open", || ask(&mut other).status == 200);
    replace(&file, &text);
    until("it is one's own again", || ask(&mut other).status == 403);

    let open = Setup::before(&argo).config("access: open").start();
    assert!(open.log().contains("access: every user of this machine can use ARGO"), "{}", open.log());
    assert_eq!(ask(&mut client_of(OTHER, open.address)).status, 200);
    let keys = Setup::before(&argo).callers(&[caller("ann", "key-a", "")]).start();
    let with_key = "Authorization: Bearer key-a\r\n";
    let body = chat("x", json!({}));
    assert_eq!(client_of(OTHER, keys.address).call("POST", CHAT, with_key, body.as_bytes()).status, 200);
}
