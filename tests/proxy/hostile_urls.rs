//! URLs of images that are written to lead where nothing is fetched from.

use crate::images::{table, with_images};
use crate::reload::until;
use crate::support::{Argo, Server, Setup};
use serde_json::json;

/// What becomes of a URL.
#[derive(Debug, Clone, Copy)]
enum Why {
    /// It is refused as it is written, and the client learns this.
    Written(&'static str),
    /// It leads to an address of this kind, which only the log says.
    Leads(&'static str),
}
use Why::{Leads, Written};

const ASCII: Why = Written("has to be written in ASCII");
const USER: Why = Written("a URL with a user name or password is not fetched");
const PORT: Why = Written("its port is none");
const PORTS: Why = Written("only ports 80 and 443 are fetched from");
const NO_HOST: Why = Written("its host is no name and no address");
const NO_IPV6: Why = Written("its host is no IPv6 address");
const NOTHING: Why = Written("it needs // and a host after its scheme");

/// Addresses in every spelling.
const ADDRESSES: &[(&str, Why)] = &[
    ("http://127.0.0.1/", Leads("loopback")),
    ("https://127.0.0.1/", Leads("loopback")),
    ("hTTp://127.0.0.1/", Leads("loopback")),
    ("http://127.1/", Leads("loopback")),
    ("http://127.0.1/", Leads("loopback")),
    ("http://2130706433/", Leads("loopback")),
    ("http://0x7f000001/", Leads("loopback")),
    ("http://0x7F.0x0.0x0.0x1/", Leads("loopback")),
    ("http://0x7f.1/", Leads("loopback")),
    ("http://0177.0.0.1/", Leads("loopback")),
    ("http://0177.0x0.0.01/", Leads("loopback")),
    ("http://017700000001/", Leads("loopback")),
    ("http://127.0.0.1./", Leads("loopback")),
    ("http://127.255.255.254/", Leads("loopback")),
    ("http://0/", Leads("unspecified")),
    ("http://0x0/", Leads("unspecified")),
    ("http://0.0.0.0/", Leads("unspecified")),
    ("http://localhost/", Leads("loopback")),
    ("http://LocalHost/", Leads("loopback")),
    ("http://localhost./", Leads("loopback")),
    ("http://[::1]/", Leads("loopback")),
    ("http://[0:0:0:0:0:0:0:1]/", Leads("loopback")),
    ("http://[0000::0001]:80/", Leads("loopback")),
    ("http://[::]/", Leads("unspecified")),
    ("http://[::ffff:127.0.0.1]/", Leads("loopback")),
    ("http://[::FFFF:7F00:1]/", Leads("loopback")),
    ("http://[::ffff:0:127.0.0.1]/", Leads("loopback")),
    ("http://[::127.0.0.1]/", Leads("reserved")),
    ("http://[64:ff9b::127.0.0.1]/", Leads("loopback")),
    ("http://[64:ff9b:1::7f00:1]/", Leads("reserved")),
    ("http://[2002:7f00:1::]/", Leads("loopback")),
    ("http://[2001:0:7f00:1::]/", Leads("reserved")),
    ("http://[fe80::1]/", Leads("link-local")),
    ("http://[fec0::1]/", Leads("reserved")),
    ("http://[fd00:ec2::254]/", Leads("unique-local")),
    ("http://[ff02::1]/", Leads("multicast")),
    ("http://169.254.169.254/latest/meta-data/", Leads("link-local")),
    ("http://2852039166/", Leads("link-local")),
    ("http://0xa9fea9fe/", Leads("link-local")),
    ("http://0251.0376.0251.0376/", Leads("link-local")),
    ("http://[::ffff:a9fe:a9fe]/", Leads("link-local")),
    ("http://10.0.0.1/", Leads("private")),
    ("http://012.0.0.1/", Leads("private")),
    ("http://0xa.1/", Leads("private")),
    ("http://172.31.255.255/", Leads("private")),
    ("http://3232235777/", Leads("private")),
    ("http://100.64.0.1/", Leads("shared")),
    ("http://198.18.0.1/", Leads("reserved")),
    ("http://224.0.0.1/", Leads("multicast")),
    ("http://255.255.255.255/", Leads("reserved")),
];

/// Hosts that are hidden behind users, ports, escapes and other alphabets.
const DISGUISES: &[(&str, Why)] = &[
    ("http://me:secret@127.0.0.1/", USER),
    ("http://8.8.8.8@127.0.0.1/", USER),
    ("http://8.8.8.8:80@127.0.0.1/", USER),
    ("http://127.0.0.1@8.8.8.8/", USER),
    ("http://@127.0.0.1/", USER),
    ("http://8.8.8.8%20@127.0.0.1/", USER),
    ("http://8.8.8.8%40127.0.0.1/", NO_HOST),
    ("http://127.0.0.1\\@8.8.8.8/", Leads("loopback")),
    ("http://127.0.0.1#@8.8.8.8/", Leads("loopback")),
    ("http://127.0.0.1?@8.8.8.8/", Leads("loopback")),
    ("http://127.0.0.1/@8.8.8.8/", Leads("loopback")),
    ("http://127.0.0.1:/", Leads("loopback")),
    ("http://127.0.0.1:080/", Leads("loopback")),
    ("http://127.0.0.1:0/", PORT),
    ("http://127.0.0.1:65616/", PORT),
    ("http://127.0.0.1:+80/", PORT),
    ("http://127.0.0.1:0x50/", PORT),
    ("http://127.0.0.1:22/", PORTS),
    ("http://127.0.0.1:80:80/", NO_HOST),
    ("http://%31%32%37.0.0.1/", NO_HOST),
    ("http://127.0.0.1%00.example/", NO_HOST),
    ("http://127.0.0.1%2f.example/", NO_HOST),
    ("http://127.0.0.1,8.8.8.8/", NO_HOST),
    ("http://127.0. 0.1/", NO_HOST),
    ("http://127.0.0.1\t/", NO_HOST),
    ("http://127.0.0.1\n.example/", NO_HOST),
    ("http://127.0.0.1\0.example/", NO_HOST),
    ("http://\u{2460}\u{2461}\u{2466}.0.0.1/", ASCII),
    ("http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/", ASCII),
    ("http://\u{661}\u{662}\u{667}.0.0.1/", ASCII),
    ("http://127\u{3002}0\u{3002}0\u{3002}1/", ASCII),
    ("http://127.0.0.1\u{200b}/", ASCII),
    ("http://l\u{24de}calhost/", ASCII),
    ("http://local\u{ad}host/", ASCII),
    ("http://[fe80::1%25lo]/", NO_IPV6),
    ("http://[::1%lo]/", NO_IPV6),
    ("http://[127.0.0.1]/", NO_IPV6),
    ("http://[v1.::1]/", NO_IPV6),
    ("http://[::1/", NO_HOST),
    ("http://::1/", NO_HOST),
    ("http:///127.0.0.1/", Written("it has no host")),
    ("http://?127.0.0.1/", Written("it has no host")),
    ("http:127.0.0.1/", NOTHING),
    ("http:/127.0.0.1/", NOTHING),
    ("http:\\\\127.0.0.1\\", NOTHING),
];

fn all() -> impl Iterator<Item = (&'static str, Why)> {
    ADDRESSES.iter().chain(DISGUISES).copied()
}

/// The message for a request with an image of this URL, and the line of the log about it.
fn told(server: &Server, id: &str, url: &str) -> (String, String) {
    let headers = format!("X-Request-Id: {id}\r\n");
    let body = with_images(&[url.to_owned()], json!({}));
    let answer = server.client().call("POST", "/chat", &headers, body.as_bytes());
    assert_eq!((answer.status, &answer.error()["code"]), (400, &json!("invalid_image_url")), "{url}: {answer:?}");
    let end = format!(" id={id}");
    until("its line", || server.log().lines().any(|line| line.ends_with(&end)));
    let log = server.log();
    let line = log.lines().find(|line| line.ends_with(&end)).unwrap().to_owned();
    (answer.error()["message"].as_str().unwrap().to_owned(), line)
}

/// Checks that nothing was connected to, and that the client learns nothing of where the URL leads.
fn assert_unconnected(url: &str, message: &str, line: &str) {
    for connected in ["refuses the connection", "cannot be reached in time", "broke off", "no valid HTTP", "no route"] {
        assert!(!line.contains(connected), "{url}: {line}");
    }
    assert!(!message.contains("secret") && !line.contains("secret"), "{url}: {message} {line}");
    for kind in ["loopback", "private", "link-local", "reserved"] {
        assert!(!message.contains(kind), "{url}: {message}");
    }
}

#[test]
fn no_spelling_of_an_inner_address_is_fetched_from() {
    assert!(all().count() >= 57);
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).routes(&table("most: 20")).start();
    for (number, (url, why)) in all().enumerate() {
        let (message, line) = told(&server, &format!("direct-{number}"), url);
        assert_unconnected(url, &message, &line);
        match why {
            Written(words) => assert!(message.contains(words), "{url}: {message}"),
            Leads(kind) => {
                assert!(message.contains("the proxy's log says why"), "{url}: {message}");
                assert!(line.contains(&format!(" is {kind}")) && line.contains("is not fetched from"), "{url}: {line}");
            }
        }
    }
    assert!(argo.requests().is_empty());
}

#[test]
fn no_redirect_leads_to_an_inner_address_in_any_spelling() {
    let argo = Argo::saying("Hi");
    // What HTTP can carry in a header.
    let urls: Vec<(&str, Why)> = all().filter(|(url, _)| !url.contains(['\0', '\n', '\t'])).collect();
    let locations = urls.clone();
    let figures = Argo::start(move |request, connection| {
        let location = request.path.strip_prefix("/to/").and_then(|number| number.parse::<usize>().ok());
        match location {
            Some(number) => connection.whole(302, &format!("Location: {}\r\n", locations[number].0), b""),
            None => connection.whole(404, "", b""),
        }
    });
    let allowed = format!("allow_hosts: [\"{}\"]", figures.address);
    let server = Setup::before(&argo).routes(&table(&allowed)).start();
    for (number, (url, why)) in urls.iter().enumerate() {
        let first = format!("http://{}/to/{number}", figures.address);
        let (message, line) = told(&server, &format!("redirected-{number}"), &first);
        assert_unconnected(url, &message, &line);
        match why {
            Leads(kind) => assert!(line.contains(&format!(" is {kind}")), "{url}: {line}"),
            Written(_) => assert!(!message.contains("the proxy's log says why"), "{url}: {message}"),
        }
    }
    assert!(argo.requests().is_empty());
}
