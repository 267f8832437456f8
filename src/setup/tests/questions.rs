//! Tests of which questions the setup asks, repeats or skips.

use super::*;
use std::cell::RefCell;

#[test]
fn refused_names_are_asked_for_again_with_the_reason() {
    let folder = Folder::new();
    let path = folder.path("c.yaml");
    let typed = "y\n\nyour_username\njane doe\njdoe@anl.gov\n\"jdoe\"\ncels\n  ac.jdoe \nmaybe\n\n\n";
    let (outcome, screen) = dialogue(&options(&path), typed);
    outcome.unwrap();
    assert_eq!(screen.matches("Enter your username: ").count(), 7);
    for reason in ["is empty", "placeholder", "space", "e-mail", "quotes", "shared account"] {
        assert!(screen.contains(reason), "{reason}: {screen}");
    }
    assert!(screen.contains("Please answer y or n."));
    assert_eq!(load(&path).user.unwrap().as_str(), "ac.jdoe");
}

#[test]
fn names_that_are_not_text_are_refused_and_not_fatal() {
    let folder = Folder::new();
    let path = folder.path("c.yaml");
    let (outcome, screen) = converse(&options(&path), b"y\nj\xffdoe\njdoe\n\n\n", true, &reachable);
    outcome.unwrap();
    assert_eq!(screen.matches("Not accepted").count(), 1);
}

#[test]
fn saying_no_writes_nothing() {
    let folder = Folder::new();
    for typed in ["n\n", "\n", "no\n"] {
        let (outcome, _) = dialogue(&options(&folder.path("c.yaml")), typed);
        let error = outcome.unwrap_err();
        assert!(matches!(error, SetupError::Declined(_)));
        assert_eq!(error.exit_code(), 1);
    }
    assert!(folder.names().is_empty());
}

#[test]
fn the_end_of_the_input_ends_each_question() {
    let folder = Folder::new();
    for typed in ["", "y\n", "y\njdoe\n", "y\nbad name\n", "y\nbad name", "y\njdoe\nwhat"] {
        let (outcome, _) = dialogue(&options(&folder.path("c.yaml")), typed);
        assert!(matches!(outcome, Err(SetupError::InputEnded)), "{typed:?}");
    }
    assert!(folder.names().is_empty());
    let (outcome, _) = dialogue(&options(&folder.path("c.yaml")), "y\njdoe\ny\n");
    assert!(matches!(outcome, Err(SetupError::NotConfirmed(_))));
    assert_eq!(folder.names(), ["c.yaml"]);
}

#[test]
fn what_flags_say_is_not_asked() {
    let folder = Folder::new();
    let path = folder.path("c.yaml");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut known = options(&path);
    known.user = Some("jdoe".to_owned());
    known.port = Some(taken.local_addr().unwrap().port());
    let (outcome, screen) = dialogue(&known, "y\n\n\n");
    outcome.unwrap();
    assert!(!screen.contains("Enter your username"));
    assert!(screen.contains("is in use at the moment"), "{screen}");
    assert_eq!(load(&path).port, taken.local_addr().unwrap().port());
}

#[test]
fn the_three_urls_are_checked_and_none_stops_the_setup() {
    let folder = Folder::new();
    let path = folder.path("c.yaml");
    let asked = RefCell::new(Vec::new());
    let off_site = |urls: &[HttpUrl], limit: Duration| {
        asked.borrow_mut().extend(urls.iter().map(HttpUrl::to_string));
        vec![
            Reachability::UnknownHost("no such name".to_owned()),
            Reachability::Hangs(limit),
            Reachability::Answers(405),
        ]
    };
    let (outcome, screen) = converse(&options(&path), "y\njdoe\n\n\n", true, &off_site);
    outcome.unwrap();
    let config = load(&path);
    assert_eq!(
        *asked.borrow(),
        [config.argo_url, config.argo_stream_url, config.argo_embedding_url].map(|url| url.to_string())
    );
    for line in [
        "  argo_url: host name not found (DNS: no such name)\n",
        "  argo_stream_url: no answer to connecting within 5 s (a firewall?)\n",
        "  argo_embedding_url: works (405",
    ] {
        assert!(screen.contains(line), "{line}: {screen}");
    }
    assert_eq!(screen.matches("VPN").count(), 1, "{screen}");
}
