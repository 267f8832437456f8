use super::*;
use proptest::prelude::*;

fn shown(url: &HttpUrl) -> String {
    format!("{} {}:{} {} {}", url.tls(), url.host(), url.port(), url.authority(), url.path())
}

#[test]
fn configured_urls_stay_as_they_are_written() {
    for (text, expected) in [
        ("https://Argo.Test/Chat/", "true argo.test:443 Argo.Test /Chat/"),
        ("HTTP://[::1]:8080", "false ::1:8080 [::1]:8080 /"),
        ("http://a:80?x=%2F#y", "false a:80 a:80 /?x=%2F"),
        ("http://a./b/../c", "false a.:80 a. /b/../c"),
        ("http://a:/", "false a:80 a: /"),
    ] {
        let url = HttpUrl::parse(text).unwrap();
        assert_eq!((shown(&url).as_str(), url.as_str()), (expected, text));
    }
}

#[test]
fn faults_are_told_apart() {
    for (text, strict, lenient) in [
        ("a/b", Some(UrlFault::NoAuthority), Some(UrlFault::NoAuthority)),
        ("mailto://a", Some(UrlFault::Scheme), Some(UrlFault::Scheme)),
        ("http://", Some(UrlFault::NoHost), Some(UrlFault::NoHost)),
        ("http://?a", Some(UrlFault::NoHost), Some(UrlFault::NoHost)),
        ("http://:80/", Some(UrlFault::NoHost), Some(UrlFault::NoHost)),
        ("http://u@a/", Some(UrlFault::User), Some(UrlFault::User)),
        ("http://u:p@[::1]:1/", Some(UrlFault::User), Some(UrlFault::User)),
        ("http://@a/", Some(UrlFault::User), Some(UrlFault::User)),
        ("http://a b@c/", Some(UrlFault::User), Some(UrlFault::User)),
        ("http://a:00/", Some(UrlFault::Port), Some(UrlFault::Port)),
        ("http://a:65536/", Some(UrlFault::Port), Some(UrlFault::Port)),
        ("http://a:-1/", Some(UrlFault::Port), Some(UrlFault::Port)),
        ("http://[v1.a]/", Some(UrlFault::Ipv6), Some(UrlFault::Ipv6)),
        ("http://[fe80::1%25en0]/", Some(UrlFault::Ipv6), Some(UrlFault::Ipv6)),
        ("http://127.0.0.1%2f.test/", Some(UrlFault::Host), Some(UrlFault::Host)),
        ("http://a,b/", Some(UrlFault::Host), Some(UrlFault::Host)),
        ("http://::1/", Some(UrlFault::Host), Some(UrlFault::Host)),
        ("http://../", Some(UrlFault::Host), Some(UrlFault::Host)),
        ("http://a\\b/", Some(UrlFault::Character('\\')), None),
        ("http://a/ü", Some(UrlFault::Character('ü')), None),
        ("http://a/b c", Some(UrlFault::Character(' ')), None),
        ("http://a/100%", Some(UrlFault::Character('%')), None),
        ("http://a\t.test/", Some(UrlFault::Character('\t')), Some(UrlFault::Character('\t'))),
        ("http://ü.test/", Some(UrlFault::Character('ü')), Some(UrlFault::Character('ü'))),
        ("http://a\u{3002}test/", Some(UrlFault::Character('\u{3002}')), Some(UrlFault::Character('\u{3002}'))),
    ] {
        assert_eq!(HttpUrl::parse(text).err(), strict, "{text}");
        assert_eq!(HttpUrl::parse_lenient(text).err(), lenient, "{text}");
    }
}

#[test]
fn strangers_urls_are_read_as_browsers_do() {
    for (text, expected) in [
        ("http://Safe.Test\\@evil.test/x", "false safe.test:80 safe.test /%5C@evil.test/x"),
        ("http://a.test#@evil.test/", "false a.test:80 a.test /"),
        ("http://a.test?@evil.test/", "false a.test:80 a.test /?@evil.test/"),
        ("https://a.test.:0443/[x]?y[]=100%&z=%2f", "true a.test:443 a.test /%5Bx%5D?y%5B%5D=100%25&z=%2f"),
        ("http://10.0.0.1.:81/", "false 10.0.0.1:81 10.0.0.1:81 /"),
        ("http://[0:0:0:0:0:0:0:1]/", "false ::1:80 [::1] /"),
    ] {
        assert_eq!(shown(&HttpUrl::parse_lenient(text).unwrap()), expected, "{text}");
    }
}

#[test]
fn redirects_cannot_hide_where_they_lead() {
    let from = HttpUrl::parse_lenient("https://a.test:8443/b/c").unwrap();
    for (location, expected) in [
        ("\\\\evil.test/x", "true a.test:8443 a.test:8443 /b/%5C%5Cevil.test/x"),
        ("/\\evil.test", "true a.test:8443 a.test:8443 /%5Cevil.test"),
        ("//Evil.Test\\@b/x", "true evil.test:443 evil.test /%5C@b/x"),
        ("HTTP://b.test", "false b.test:80 b.test /"),
        ("d?u=http://x@y/", "true a.test:8443 a.test:8443 /b/d?u=http://x@y/"),
    ] {
        assert_eq!(shown(&from.join(location).unwrap()), expected, "{location}");
    }
    for location in ["//u@b/", "http:b", "http:\\\\b", "///b", "https://b:0", "//b%2fc/"] {
        assert!(from.join(location).is_err(), "{location}");
    }
}

proptest! {
    /// A leniently parsed URL also parses strictly, with the same host, from the parts that are connected to and sent.
    #[test]
    fn parts_make_the_same_url_again(text in "(https?|HTTP)://[a-zA-Z0-9.:@\\[\\]\\\\%\u{e9} -]{0,12}([/?#\\\\][ -~\u{e9}]{0,12})?") {
        if let Ok(url) = HttpUrl::parse_lenient(&text) {
            let scheme = if url.tls() { "https" } else { "http" };
            let again = HttpUrl::parse(&format!("{scheme}://{}{}", url.authority(), url.path())).unwrap();
            prop_assert_eq!(shown(&again), shown(&url));
        }
    }

    #[test]
    fn redirects_make_urls_that_can_be_sent(location in "[ -~\u{e9}]{0,20}") {
        let from = HttpUrl::parse_lenient("http://a.test/b/c?d").unwrap();
        if let Ok(url) = from.join(&location) {
            let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
            prop_assert!(url.path().starts_with('/') && url.path().bytes().all(plain));
            prop_assert!(url.host().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)));
        }
    }
}
