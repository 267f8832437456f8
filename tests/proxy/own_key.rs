//! `access: own` where the system does not say which user a connection is of: a key that the start prints stands in for that. Such a system
//! is one whose sockets of netlink cannot be made, as in a sandbox. Linux lets any process make that of its children.

use crate::reload::{replace, until};
use crate::support::{Answer, Argo, Client, Server, Setup, chat};
use nix::libc::{AF_NETLINK, EAFNOSUPPORT, SYS_socket};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use serde_json::json;

const CHAT: &str = "/v1/chat/completions";
const SHOWN: &str = "  export OPENAI_API_KEY=sk-argo-";

/// Starts a proxy that cannot ask the kernel about sockets.
fn start(setup: Setup) -> Server {
    let netlink = u64::try_from(AF_NETLINK).unwrap();
    let is_netlink = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, netlink).unwrap();
    let rules = [(SYS_socket, vec![SeccompRule::new(vec![is_netlink]).unwrap()])].into();
    let refusal = SeccompAction::Errno(u32::try_from(EAFNOSUPPORT).unwrap());
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, refusal, std::env::consts::ARCH.try_into().unwrap()).unwrap();
    let filter: BpfProgram = filter.try_into().unwrap();
    std::thread::scope(|scope| {
        let starting = scope.spawn(|| {
            seccompiler::apply_filter(&filter).unwrap();
            setup.start()
        });
        starting.join().unwrap()
    })
}

/// The key in what a start has printed.
fn key(server: &Server) -> String {
    let log = server.log();
    let (_, rest) = log.split_once(SHOWN).unwrap_or_else(|| panic!("no key: {log}"));
    format!("sk-argo-{}", rest.lines().next().unwrap())
}

fn ask(server: &Server, headers: &str) -> Answer {
    server.client().call("POST", CHAT, headers, chat("x", json!({})).as_bytes())
}

#[test]
fn a_key_that_the_start_prints_lets_its_user_in() {
    let argo = Argo::saying("Hi");
    let server = start(Setup::before(&argo).config("verbose: true\nlog_bodies: true"));
    let key = key(&server);
    assert!(server.log().contains("`access: own` asks each request for this key"), "{}", server.log());
    assert!(server.log().contains("access    own: only who has the key above"), "{}", server.log());
    for headers in ["", "Authorization: Bearer tester\r\n", "X-Api-Key: sk-argo-x\r\n"] {
        let answer = ask(&server, headers);
        assert_eq!((answer.status, &answer.error()["code"]), (403, &json!("not_your_proxy")), "{headers}: {answer:?}");
        let message = answer.error()["message"].as_str().unwrap().to_owned();
        for part in ["the key that its start printed", "`access: keys`", "`access: open`"] {
            assert!(message.contains(part), "{message}");
        }
    }
    assert!(argo.requests().is_empty());
    assert_eq!(server.get("/livez").status, 200);
    for headers in [format!("Authorization: Bearer {key}\r\n"), format!("X-Api-Key: {key}\r\n")] {
        assert_eq!(ask(&server, &headers).status, 200);
        let request = argo.requests().pop().unwrap();
        assert_eq!(request.json()["user"], "tester");
        assert!(!request.headers.iter().any(|(_, value)| value.contains(&key)), "{request:?}");
    }
    // Each of several requests on a connection is asked.
    let mut client = server.client();
    assert_eq!(
        client.call("POST", CHAT, &format!("X-Api-Key: {key}\r\n"), chat("x", json!({})).as_bytes()).status,
        200
    );
    assert_eq!(client.post(CHAT, &chat("x", json!({}))).status, 403);
    until("their lines", || server.log().matches("error=not_your_proxy why=\"uid=unknown\"").count() == 4);
    assert_eq!(server.log().matches(&key).count(), 1, "it is shown once: {}", server.log());
}

#[test]
fn the_key_is_in_no_file_and_outlives_reloads() {
    let argo = Argo::saying("Hi");
    let server = start(Setup::before(&argo).config("log_file: proxy.log\nrun_dir: run"));
    let key = key(&server);
    let file = server.file("config.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    replace(&file, &format!("{text}access: open\n"));
    until("it is open", || ask(&server, "").status == 200);
    replace(&file, &text);
    until("it is one's own again", || ask(&server, "").status == 403);
    assert_eq!(ask(&server, &format!("X-Api-Key: {key}\r\n")).status, 200);
    for place in [server.file(""), server.file("run")] {
        for entry in std::fs::read_dir(place).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&bytes).contains(&key));
        }
    }
    // The next process has another.
    let next = start(Setup::before(&argo));
    assert_eq!(ask(&next, &format!("X-Api-Key: {key}\r\n")).status, 403);
}

#[test]
fn no_key_is_made_where_it_would_do_nothing() {
    let argo = Argo::saying("Hi");
    let open = start(Setup::before(&argo).config("access: open"));
    let socket = start(Setup::before(&argo).config("host: none\nsocket: run/proxy.sock"));
    let asked = Server::before(&argo);
    for server in [&open, &socket, &asked] {
        assert!(!server.log().contains(SHOWN), "{}", server.log());
    }
    assert_eq!(Client::at(&socket.file("run/proxy.sock")).post(CHAT, &chat("x", json!({}))).status, 200);
    assert_eq!(ask(&asked, "").status, 200);
}

#[test]
fn without_a_key_a_reload_to_own_says_what_to_do() {
    let argo = Argo::saying("Hi");
    let server = start(Setup::before(&argo).config("access: open"));
    let file = server.file("config.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    replace(&file, &text.replace("access: open\n", ""));
    until("it is one's own", || ask(&server, "").status == 403);
    let answer = ask(&server, "");
    assert!(answer.text().contains("the system does not say whose this connection is"), "{answer:?}");
    assert!(answer.text().contains("start it anew"), "{answer:?}");
}
