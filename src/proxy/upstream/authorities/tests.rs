//! Tests of what the variables may name.

use super::*;
use rcgen::{CertificateParams, KeyPair};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// The PEM of a new certificate.
fn certificate() -> String {
    let key = KeyPair::generate().unwrap();
    CertificateParams::new(vec!["authority.test".to_owned()]).unwrap().self_signed(&key).unwrap().pem()
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("argo-authorities-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn read(vars: &[(&str, &str)], system: &[&str]) -> (usize, Vec<Problem>) {
    let env = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let found = Authorities::read(&env, system);
    (found.certificates.len(), found.problems)
}

const DAMAGED: &str = "-----BEGIN CERTIFICATE-----\nMIIBroken\n-----END CERTIFICATE-----\n";

#[test]
fn what_is_wrong_is_named_and_what_is_sound_is_used() {
    let folder = folder("file");
    let path = |name: &str, text: &str| {
        fs::write(folder.join(name), text).unwrap();
        folder.join(name).display().to_string()
    };
    let system = path("system.pem", &format!("{}{}", certificate(), certificate()));
    let system = [system.as_str()];
    let (one, damaged) = (certificate(), path("damaged.pem", &format!("{}{DAMAGED}{}", certificate(), certificate())));
    let windows = path("windows.pem", &format!("{}{DAMAGED}", one.replace('\n', "\r\n")));
    let cut = path("cut.pem", &format!("{one}{}", &one[..one.len() / 2]));
    let (empty, der) = (path("empty.pem", ""), path("der.pem", "\u{1}\u{2}"));
    for (file, count, says) in [
        (damaged.as_str(), 2, "1 of 3 certificates"),
        (&windows, 1, "1 of 2 certificates"),
        (&cut, 1, "1 of 2 certificates"),
        (&empty, 2, "holds no sound certificate in PEM"),
        (&der, 2, "holds no sound certificate in PEM"),
        ("/opt/conda/gone.pem", 2, "/opt/conda/gone.pem cannot be read"),
    ] {
        let (found, problems) = read(&[(FILE, file)], &system);
        assert_eq!((found, problems.len()), (count, 1), "{file}: {problems:?}");
        let shown = problems[0].to_string();
        assert!(!problems[0].is_error() && shown.starts_with("environment variable SSL_CERT_FILE"), "{shown}");
        assert!(shown.contains(says) && shown.contains(file), "{shown}");
        assert_eq!(shown.contains("The system's authorities are used instead"), count == 2 && file != damaged);
    }
    // Set to nothing is not set.
    let (found, problems) = read(&[(FILE, ""), (DIRECTORY, "")], &system);
    assert_eq!((found, problems), (2, Vec::new()));
    // Nothing at all is an error.
    let (found, problems) = read(&[(FILE, &empty)], &[]);
    assert!(found == 0 && problems.iter().filter(|problem| problem.is_error()).count() == 1, "{problems:?}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_folder_tells_its_files_that_cannot_be_used() {
    let folder = folder("folder");
    for (name, text) in [("0123abcd.0", certificate()), ("0123abcd.1", DAMAGED.to_owned()), ("README", "x".to_owned())]
    {
        fs::write(folder.join(name), text).unwrap();
    }
    std::os::unix::fs::symlink("gone", folder.join("89abcdef.0")).unwrap();
    // Root reads everything, so that it is a directory that cannot be read as a file.
    fs::create_dir(folder.join("456789ab.0")).unwrap();
    let text = folder.display().to_string();
    let (found, problems) = read(&[(DIRECTORY, &text)], &[]);
    let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
    assert_eq!((found, shown.len()), (1, 2), "{shown:?}");
    assert!(shown[0].contains("0123abcd.1 is damaged") && shown[1].contains("456789ab.0 cannot be read"), "{shown:?}");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    fs::remove_dir_all(folder).unwrap();
}
