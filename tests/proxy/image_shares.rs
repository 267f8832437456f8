//! What one caller takes of the places where images are fetched and names looked up: the others have theirs.

use crate::attacks::{ANN, BOB, attacked, beside};
use crate::images::{figures, table, url, with_images};
use crate::reload::until;
use crate::skipped::skip;
use crate::support::{Answer, Argo, Client, Server, Setup, chat};
use serde_json::json;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What one caller may have at the same time.
const IMAGES: usize = 16;
const NAMES: usize = 8;

fn ask(server: &Server, who: &str, urls: &[String]) -> Answer {
    server.client().call("POST", "/chat", who, with_images(urls, json!({})).as_bytes())
}

/// Sends requests whose replies are not waited for.
fn begin(server: &Server, requests: usize, urls: impl Fn(usize) -> Vec<String>) -> Vec<Client> {
    let begin = |number: usize| {
        let mut client = server.client();
        client.send("POST", "/chat", ANN, with_images(&urls(number), json!({})).as_bytes());
        client
    };
    (0..requests).map(begin).collect()
}

#[test]
fn a_caller_whose_images_hang_leaves_the_others_their_places() {
    let (argo, figures) = (Argo::saying("Hi"), figures());
    let allowed = table(&format!("allow_hosts: [\"{}\"], timeout: 1h", figures.address));
    let server = attacked(Setup::before(&argo).config("connect_timeout: 0.5").routes(&allowed)).start();
    let hanging = begin(&server, IMAGES / 4, |_| vec![url(&figures, "/hangs"); 4]);
    until("all that one caller may have", || figures.requests().len() == IMAGES);
    let image = [url(&figures, "/a.png")];
    let answer = ask(&server, ANN, &image);
    assert_eq!((answer.status, answer.error()["code"].as_str()), (503, Some("too_many_images")), "{answer:?}");
    assert_eq!(figures.requests().len(), IMAGES, "there are places, but not for this caller");
    assert_eq!(ask(&server, BOB, &vec![image[0].clone(); 9]).status, 200);
    drop(hanging);
    until("its places are free", || ask(&server, ANN, &image).status == 200);
}

/// The names that a name server was asked for.
type Asked = Arc<Mutex<BTreeSet<Vec<u8>>>>;

/// A name server that never answers.
fn deaf_name_server() -> Option<(IpAddr, Asked)> {
    // An address of its own, since every name server listens on the same port.
    let [.., high, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, 53, high, low).into();
    let socket = UdpSocket::bind((address, 53)).ok()?;
    let asked = Asked::default();
    let names = asked.clone();
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok(length) = socket.recv(&mut query) {
            // Behind twelve bytes, up to the first that is zero.
            let name = query[12..length].split(|byte| *byte == 0).next().unwrap_or_default();
            names.lock().unwrap().insert(name.to_vec());
        }
    });
    Some((address, asked))
}

/// A proxy whose system asks this name server, and waits long for it.
fn asking(name_server: IpAddr, setup: &Setup) -> Server {
    let (command, folder) = setup.command();
    let text = format!("nameserver {name_server}\noptions timeout:30 attempts:1\n");
    std::fs::write(folder.join("resolv.conf"), text).unwrap();
    let script = "mount --bind resolv.conf /etc/resolv.conf && exec \"$0\" \"$@\"";
    let mut inside = Command::new("unshare");
    inside.args(["--mount", "/bin/sh", "-c", script]).arg(command.get_program()).args(command.get_args());
    inside.current_dir(&folder).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    inside.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    inside.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Server::run(inside, folder)
}

/// Whether this process may give another one a file of its own in the place of the system's.
fn can_mount() -> bool {
    let tried = Command::new("unshare").args(["--mount", "mount", "--bind", "/etc/hosts", "/etc/hosts"]).output();
    tried.is_ok_and(|output| output.status.success()) && Path::new("/etc/resolv.conf").is_file()
}

#[test]
fn slow_name_servers_of_one_caller_hold_no_other_up() {
    const NAME: &str = "slow_name_servers_of_one_caller_hold_no_other_up";
    let Some((name_server, asked)) = deaf_name_server().filter(|_| can_mount()) else {
        return skip(NAME, "it takes root and unshare to give the proxy a name server of its own");
    };
    let (argo, figures) = (Argo::saying("Hi"), figures());
    let allowed = table("allow_hosts: [localhost, \"*.slow.test\"], timeout: 1h");
    let setup = attacked(Setup::before(&argo).config("connect_timeout: 2").routes(&allowed));
    let server = asking(name_server, &setup);
    let slow = |round: &str, number: usize| -> Vec<String> {
        (0..4).map(|part| format!("http://{round}-{number}-{part}.slow.test/a.png")).collect()
    };
    let begun = Instant::now();
    // A prompt that is counted, and a body that is opened, on the threads that work for requests.
    let long = chat(&"a word ".repeat(20_000), json!({"model": "x"}));
    beside("slow name servers", &server, "/chat", &long, || {
        let waiting = begin(&server, 20, |number| slow("first", number));
        until("all that one caller may have", || asked.lock().unwrap().len() >= NAMES);
        // Whoever leaves gets nothing back before the look-ups end.
        drop(waiting);
        drop(begin(&server, 20, |number| slow("second", number)));
        let answer = ask(&server, ANN, &slow("third", 0));
        assert_eq!(answer.error()["code"].as_str(), Some("too_many_images"), "{answer:?}");
        let named = format!("http://localhost:{}/a.png", figures.address.port());
        assert_eq!(ask(&server, BOB, &[named]).status, 200);
    });
    let rounds = 1 + usize::try_from(begun.elapsed().as_secs() / Duration::from_secs(30).as_secs()).unwrap();
    let asked = asked.lock().unwrap();
    assert!(asked.len() <= NAMES * rounds, "{} names", asked.len());
}
