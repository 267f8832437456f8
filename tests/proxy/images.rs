//! Images that a request names by URL: fetched from a scripted server, or refused before anything is connected to.

use crate::reload::until;
use crate::support::{Answer, Argo, Client, Recorded, Server, Setup, said};
use crate::upstream_tls::{Authority, speaking_tls};
use serde_json::{Value, json};
use std::time::Duration;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n one";
const GIF: &[u8] = b"GIF89a another one";
const PNG_URL: &str = "data:image/png;base64,iVBORw0KGgogb25l";
const GIF_URL: &str = "data:image/gif;base64,R0lGODlhIGFub3RoZXIgb25l";

/// A server of images, by their paths.
pub fn figures() -> Argo {
    Argo::start(|request, connection| {
        let to = |location: &str| format!("Location: {location}\r\n");
        let own = request.header("host").unwrap();
        match request.path.split('?').next().unwrap() {
            "/a.png" => connection.whole(200, "Content-Type: text/plain\r\n", PNG),
            "/b.gif" => connection.streams(&[&GIF[..3], &GIF[3..]]),
            "/moved/twice" => connection.whole(302, &to("../once?x=%20"), b""),
            "/once" => connection.whole(308, &to(&format!("http://{own}/a.png")), b"elsewhere"),
            "/loop" => connection.whole(301, &to("/loop"), b""),
            "/inside" => {
                connection.whole(302, &to(&format!("http://localhost:{}/a.png", own.rsplit_once(':').unwrap().1)), b"")
            }
            "/file" => connection.whole(302, &to("file:///etc/passwd"), b""),
            "/page" => connection.whole(200, "Content-Type: image/png\r\n", b"<html>no image</html>"),
            "/large" => connection.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n\x89PNG\r\n\x1a\n"),
            "/endless" => {
                connection.stream_head();
                connection.chunk(PNG);
                while connection.is_open() {
                    connection.chunk(&[0; 8192]);
                }
            }
            "/cut" => {
                connection.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n\x89PNG\r\n\x1a\n and");
                connection.close();
            }
            "/hangs" => {
                connection.left();
            }
            "/early" => {
                connection.raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
                connection.whole(200, "", PNG);
            }
            _ => connection.whole(404, "", PNG),
        }
    })
}

/// A table whose chat says this of images.
pub fn table(images: &str) -> String {
    format!(
        r#"
version: 1
upstreams: {{ a: {{ url: "${{argo_url}}", stream_url: "${{argo_stream_url}}", dialect: argo }} }}
models: {{ m: {{ default: x, show: {{ owned_by: x, created: 1 }}, names: {{ x: y }} }} }}
routes: [{{ path: /chat, upstream: a, models: m, transformer: openai_chat_completions, images: {{ {images} }} }}]
"#
    )
}

/// A proxy that may fetch from the server, with more said of images.
fn proxy(argo: &Argo, figures: &Argo, more: &str) -> Server {
    let allowed = format!("allow_hosts: [\"{}\"]{more}", figures.address);
    Setup::before(argo).routes(&table(&allowed)).start()
}

pub fn url(figures: &Argo, path: &str) -> String {
    format!("http://{}{path}", figures.address)
}

/// A request with these images behind a text.
pub fn with_images(urls: &[String], more: Value) -> String {
    let mut parts = vec![json!({"type": "text", "text": "See:"})];
    parts.extend(urls.iter().map(|url| json!({"type": "image_url", "image_url": {"url": url, "detail": "low"}})));
    let mut body =
        json!({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": parts}]});
    crate::support::merge(&mut body, more);
    body.to_string()
}

/// The URLs of the images that went upstream.
fn sent(request: &Recorded) -> Vec<String> {
    let parts = request.json()["messages"][1]["content"].as_array().unwrap().clone();
    let urls = parts.iter().filter_map(|part| part["image_url"]["url"].as_str());
    urls.map(str::to_owned).collect()
}

fn refused(answer: &Answer, part: usize, words: &str) {
    let place = format!("messages[1].content[{part}].image_url");
    let error = answer.error();
    let message = error["message"].as_str().unwrap();
    assert_eq!(
        (answer.status, &error["param"], &error["code"]),
        (400, &json!(place), &json!("invalid_image_url")),
        "{message}"
    );
    assert!(message.contains(&place) && message.contains(words), "{message}");
    assert!(!message.contains("secret"), "{message}");
}

/// What a client learns of a server that is not reached, whatever the reason is.
const UNREACHED: &str = "could not be fetched: its server cannot be reached, or nothing is fetched from it (images of the route); the proxy's log says why.";

/// Asks for an image from a server that is not reached. The log has the reason.
fn unreached(server: &Server, url: String, words: &str) {
    refused(&server.post("/chat", &with_images(&[url], json!({}))), 1, UNREACHED);
    until(words, || server.log().contains(words));
    assert!(!server.log().contains("secret"), "{}", server.log());
}

#[test]
fn images_take_the_place_of_their_urls_in_order() {
    let (argo, figures) = (Argo::saying("Two pictures."), figures());
    let server = proxy(&argo, &figures, "");
    let urls = [
        url(&figures, "/moved/twice?secret=1"),
        PNG_URL.to_owned(),
        url(&figures, "/b.gif#top"),
        url(&figures, "/early"),
    ];
    let body = with_images(&urls, json!({"seed": 7}));
    let mut client = server.client();
    for _ in 0..2 {
        let answer = client.post("/chat", &body);
        assert_eq!(answer.json()["choices"][0]["message"]["content"], "Two pictures.", "{answer:?}");
    }
    assert_eq!(argo.requests().len(), 2);
    let request = argo.requests().pop().unwrap();
    assert_eq!(sent(&request), [PNG_URL, PNG_URL, GIF_URL, PNG_URL]);
    // All else is what it would be without an image to fetch.
    let given = [PNG_URL, PNG_URL, GIF_URL, PNG_URL].map(str::to_owned);
    assert_eq!(client.post("/chat", &with_images(&given, json!({"seed": 7}))).status, 200);
    assert_eq!(argo.requests().pop().unwrap().body, request.body);

    let asked = figures.requests();
    assert_eq!(asked.iter().filter(|request| request.path == "/once?x=%20").count(), 2);
    let first = asked.iter().find(|request| request.path.starts_with("/moved")).unwrap();
    assert_eq!((first.method.as_str(), first.path.as_str()), ("GET", "/moved/twice?secret=1"));
    assert_eq!(first.header("accept-encoding"), Some("identity"));
    assert_eq!((first.header("authorization"), first.header("cookie")), (None, None));
    until("its line", || server.log().contains("POST /chat 200"));
    let log = server.log();
    assert!(!log.contains("secret") && !log.contains("moved") && !log.contains("base64"), "{log}");
}

#[test]
fn streamed_and_chunked_requests_have_their_images_too() {
    let (argo, figures) = (Argo::saying("A picture."), figures());
    let server = proxy(&argo, &figures, "");
    let urls = [url(&figures, "/a.png")];
    for pad in [0, 100_000] {
        let body = with_images(&urls, json!({"stream": true, "metadata": "x".repeat(pad)}));
        let mut client = server.client();
        for answer in [client.post("/chat", &body), client.post_chunked("/chat", body.as_bytes(), 999)] {
            assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"), "{answer:?}");
            let said = said(&answer.body);
            assert_eq!((said.text.as_str(), said.done, said.finish), ("A picture.", true, vec!["stop".to_owned()]));
        }
        let whole = with_images(&urls, json!({"metadata": "x".repeat(pad)}));
        assert_eq!(
            client.post_chunked("/chat", whole.as_bytes(), 4000).json()["choices"][0]["message"]["content"],
            "A picture."
        );
    }
    assert!(argo.requests().iter().all(|request| sent(request) == [PNG_URL]));
    assert_eq!(argo.requests().iter().filter(|request| request.path.contains("stream")).count(), 4);
}

#[test]
fn what_cannot_be_fetched_is_told_by_its_part_and_nothing_goes_upstream() {
    let (argo, figures) = (Argo::saying("Hi"), figures());
    let server = proxy(&argo, &figures, ", max_bytes: 64KiB, most: 3");
    let cases = [
        (url(&figures, "/none?secret=1"), "status 404"),
        (url(&figures, "/page?secret=1"), "sent no PNG, JPEG, GIF or WebP image"),
        (url(&figures, "/large"), "larger than 65536 bytes (images.max_bytes"),
        (url(&figures, "/endless"), "larger than 65536 bytes (images.max_bytes"),
        (url(&figures, "/cut"), "broke off the image"),
        (url(&figures, "/loop?secret=1"), "more than 3 redirects"),
        (url(&figures, "/inside"), "only ports 80 and 443 are fetched from, unless the table allows the host"),
        (url(&figures, "/file"), "the redirect of 127.0.0.1 is wrong: only http and https"),
        ("http://me:secret@a.test/".to_owned(), "user name"),
        ("https://".to_owned(), "no host"),
    ];
    for (url, words) in cases {
        refused(&server.post("/chat", &with_images(&[PNG_URL.to_owned(), url], json!({}))), 2, words);
    }
    let asked = figures.requests();
    assert_eq!(asked.iter().filter(|request| request.path.starts_with("/loop")).count(), 4);
    assert!(!asked.iter().any(|request| request.path == "/a.png"), "the redirect was not followed");
    let many = vec![url(&figures, "/a.png"); 4];
    let before = figures.requests().len();
    refused(&server.post("/chat", &with_images(&many, json!({}))), 4, "at most 3");
    assert_eq!(figures.requests().len(), before, "of too many none is fetched");
    assert!(argo.requests().is_empty());
    unreached(&server, format!("http://{}.test/?secret=1", "a".repeat(64)), "has no address");
    let log = server.log();
    assert!(log.contains("invalid_image_url") && !log.contains("secret"), "{log}");
}

#[test]
fn inner_addresses_are_refused_before_anything_is_connected_to() {
    let (argo, figures) = (Argo::saying("Hi"), figures());
    let port = figures.address.port();
    // Allowed is another name, and this one only on another port.
    let server =
        Setup::before(&argo).routes(&table("allow_hosts: [figures.lab.gov, \"127.0.0.1:1\", \"*.localhost\"]")).start();
    for host in ["127.0.0.1", "8.8.8.8"] {
        let urls = [format!("http://{host}:{port}/a.png?secret=1")];
        refused(&server.post("/chat", &with_images(&urls, json!({}))), 1, "only ports 80 and 443");
    }
    for (host, words) in [
        ("127.0.0.1", "loopback"),
        ("127.1", "loopback"),
        ("2130706433", "loopback"),
        ("localhost", "loopback"),
        ("[::1]", "loopback"),
        ("[::ffff:127.0.0.1]", "loopback"),
        ("[64:ff9b::7f00:1]", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("169.254.169.254", "link-local"),
        ("10.0.0.1", "private"),
        ("[fd00::1]", "unique-local"),
    ] {
        unreached(&server, format!("http://{host}/a.png?secret=1"), &format!("is {words}, and is not fetched from"));
    }
    assert!(figures.requests().is_empty() && argo.requests().is_empty());
}

#[test]
fn denied_places_are_not_fetched_from_unless_the_table_allows_the_host() {
    let (argo, figures) = (Argo::saying("Hi"), figures());
    let server = proxy(&argo, &figures, ", deny: [127.0.0.0/8, 9.9.0.0/16, \"*.lab.gov\"]");
    // The allowed host is in the first network.
    let body = with_images(&[url(&figures, "/a.png")], json!({}));
    assert_eq!(server.post("/chat", &body).status, 200);
    let network = "is denied (images.deny of the route), and is not fetched from";
    unreached(&server, "http://9.9.9.9/a.png".to_owned(), &format!("the address of 9.9.9.9 {network}"));
    unreached(&server, "http://[64:ff9b::909:909]/".to_owned(), &format!("the address of 64:ff9b::909:909 {network}"));
    unreached(&server, "https://a.lab.gov/".to_owned(), "a.lab.gov is denied (images.deny of the route)");
    let server = proxy(&argo, &figures, ", deny: [127.0.0.0/8, localhost]");
    assert_eq!(server.post("/chat", &body).status, 200);
    let both = format!("allow_hosts: [localhost, \"{}\"], deny: [localhost]", figures.address);
    let server = Setup::before(&argo).routes(&table(&both)).start();
    unreached(&server, format!("http://localhost:{}/a.png", figures.address.port()), "localhost is denied");
    assert_eq!((figures.requests().len(), argo.requests().len()), (2, 2));
}

#[test]
fn a_server_that_breaks_off_or_refuses_is_like_one_that_is_not_there() {
    let argo = Argo::saying("Hi");
    let odd = Argo::start(|_, connection| connection.raw(b"220 mail.lab.gov ESMTP\r\n"));
    let closed = crate::upstream_options::refusing();
    let allowed = format!("allow_hosts: [\"{}\", \"{closed}\"]", odd.address);
    let server = Setup::before(&argo).routes(&table(&allowed)).start();
    unreached(&server, format!("http://{}/", odd.address), "broke off the connection, or sent no valid HTTP");
    unreached(&server, format!("http://{closed}/"), "refuses the connection");
}

#[test]
fn many_images_at_once_wait_and_then_are_refused_for_now() {
    const PLACES: usize = 64;
    let (argo, figures) = (Argo::saying("Hi"), figures());
    let allowed = format!("allow_hosts: [\"{}\"], timeout: 1h", figures.address);
    let server = Setup::before(&argo).config("connect_timeout: 0.5").routes(&table(&allowed)).start();
    let four = with_images(&vec![url(&figures, "/hangs"); 4], json!({}));
    let waiting: Vec<Client> = (0..PLACES / 4)
        .map(|_| {
            let mut client = server.client();
            client.send("POST", "/chat", "", four.as_bytes());
            client
        })
        .collect();
    until("all places are taken", || figures.requests().len() == PLACES);
    let body = with_images(&[url(&figures, "/a.png")], json!({}));
    let answer = server.post("/chat", &body);
    assert_eq!((answer.status, answer.error()["code"].as_str()), (503, Some("too_many_images")), "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(server.post("/chat", &with_images(&[PNG_URL.to_owned()], json!({}))).status, 200);
    drop(waiting);
    until("the places are free", || server.post("/chat", &body).status == 200);
}

#[test]
fn where_fetching_is_off_the_client_learns_how_to_send_an_image() {
    let (argo, figures) = (Argo::saying("Hi"), figures());
    let server = proxy(&argo, &figures, ", fetch: false");
    refused(&server.post("/chat", &with_images(&[url(&figures, "/a.png")], json!({}))), 1, "data:image/png;base64,");
    assert_eq!(server.post("/chat", &with_images(&[PNG_URL.to_owned()], json!({}))).status, 200);
    assert_eq!(sent(&argo.request()), [PNG_URL]);
    assert!(figures.requests().is_empty());
}

#[test]
fn images_and_their_request_stay_below_max_body() {
    let argo = Argo::saying("Hi");
    let figures = Argo::start(|_, connection| connection.whole(200, "", &[PNG, &[0; 6000]].concat()));
    let allowed = format!("allow_hosts: [\"{}\"]", figures.address);
    let server = Setup::before(&argo).config("max_body: 12KiB").routes(&table(&allowed)).start();
    let image = url(&figures, "/a.png");
    assert_eq!(server.post("/chat", &with_images(std::slice::from_ref(&image), json!({}))).status, 200);
    let answer = server.post("/chat", &with_images(&[image.clone(), image], json!({})));
    assert_eq!(answer.status, 400);
    assert!(answer.error()["message"].as_str().unwrap().contains("max_body (12288 bytes)"), "{answer:?}");
    assert_eq!(argo.requests().len(), 1);
}

#[test]
fn an_image_that_hangs_has_a_limit_and_so_has_the_call() {
    let (argo, figures) = (Argo::saying("Hi"), figures());
    let server = proxy(&argo, &figures, ", timeout: 200ms");
    let body = |more| with_images(&[url(&figures, "/hangs")], more);
    refused(&server.post("/chat", &body(json!({"stream": true}))), 1, "longer than 0.2 s (images.timeout");
    let server = proxy(&argo, &figures, ", timeout: 1h");
    let answer = server.post("/chat", &body(json!({"timeout": 0.3})));
    let error = answer.error();
    assert_eq!((answer.status, &error["param"]), (504, &json!("messages[1].content[1].image_url")));
    assert!(error["message"].as_str().unwrap().contains("within 0.3 s (timeout of the request's body)"), "{error}");
    assert!(argo.requests().is_empty());
}

#[test]
fn images_are_found_behind_a_byte_order_mark_and_half_an_emoji() {
    let (figures, argo) = (figures(), Argo::saying("Hi"));
    let body = with_images(&[url(&figures, "/a.png")], json!({"metadata": {"a": "CUT"}})).replace("CUT", r"\ud83d");
    let answer = proxy(&argo, &figures, "").post("/chat", &format!("\u{feff}{body}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let request = argo.request();
    assert_eq!((sent(&request), &request.json()["metadata"]["a"]), (vec![PNG_URL.to_owned()], &json!("\u{fffd}")));
}

#[test]
fn a_client_that_goes_away_ends_the_fetching() {
    let (figures, is_asked, is_gone) = Argo::silent();
    let argo = Argo::saying("Hi");
    let server = proxy(&argo, &figures, ", timeout: 1h");
    let mut client = Client::connect(server.address);
    client.send("POST", "/chat", "", with_images(&[url(&figures, "/a.png")], json!({})).as_bytes());
    is_asked.recv_timeout(Duration::from_secs(20)).unwrap();
    drop(client);
    assert_eq!(is_gone.recv_timeout(Duration::from_secs(20)), Ok(true));
    assert!(argo.requests().is_empty());
}

#[test]
fn a_failure_upstream_keeps_its_status_behind_images() {
    let argo = Argo::start(|_, connection| connection.json(429, "{\"error\": {\"message\": \"slow down\"}}"));
    let figures = figures();
    let server = proxy(&argo, &figures, "");
    for stream in [false, true] {
        let answer = server.post("/chat", &with_images(&[url(&figures, "/a.png")], json!({"stream": stream})));
        assert_eq!(answer.status, 429, "{answer:?}");
        assert!(answer.error()["message"].as_str().unwrap().contains("slow down"));
    }
}

#[test]
fn images_behind_tls_come_from_servers_that_the_system_trusts() {
    let (argo, authority) = (Argo::saying("Hi"), Authority::new());
    let figures = speaking_tls("localhost", &authority, None, |_, connection| connection.whole(200, "", PNG));
    let port = figures.address.port();
    let body = with_images(&[format!("https://localhost:{port}/a.png")], json!({}));
    let setup = || Setup::before(&argo).routes(&table("allow_hosts: [localhost]")).file("ca.pem", &authority.pem());
    unreached(&setup().start(), format!("https://localhost:{port}/a.png"), "localhost could not prove who it is");
    assert!(argo.requests().is_empty());
    assert_eq!(setup().environment("SSL_CERT_FILE", "ca.pem").start().post("/chat", &body).status, 200);
    assert_eq!(sent(&argo.request()), [PNG_URL]);
    assert_eq!(figures.request().header("host"), Some(format!("localhost:{port}").as_str()));
}
