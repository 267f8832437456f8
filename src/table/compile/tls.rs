//! Compiles TLS of an upstream. Its PEM files are read and checked here, so that no request fails because of them.

use super::expansion::{expanded, relative_to_table};
use crate::diagnostics::file_trust::remedy_or;
use crate::table::raw;
use crate::table::{Identity, Tls, Variables};
use crate::wire::pem;
use crate::yaml::{At, Source};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

/// Compiles `tls`; `None` when something in it is wrong. `used` is true if any URL is https.
pub fn compile(row: &raw::Upstream, used: bool, source: &mut Source<'_>, variables: &Variables<'_>) -> Option<Tls> {
    let Some(tls) = &row.tls else { return Some(Tls::default()) };
    let name = format!("upstreams.{}.tls", row.name.value);
    if !used {
        let help = "write https:// in the URLs, or remove it".to_owned();
        source.warn(&tls.path, format!("{name}: it does nothing, since no URL is https"), Some(help));
    }
    let verify = tls.verify.as_ref().is_none_or(|verify| verify.value);
    if let (Some(at), false) = (&tls.verify, verify) {
        let message = format!(
            "{name}.verify: the upstream's certificate is not checked: whoever is in between can read and change everything"
        );
        source.warn(&at.path, message, Some("name the authority to trust instead: `ca: FILE`".to_owned()));
    }
    let mut reader = Reader { name: &name, source, variables };
    let authorities = match &tls.ca {
        Some(ca) if !verify => {
            let message = format!("{name}.ca: nobody asks for authorities when `verify` is false");
            // An error, not a warning: the author of `ca` expects a check that would never happen.
            reader.source.error(&ca.path, message, Some("remove `verify: false`, or `ca`".to_owned()));
            None
        }
        Some(ca) => reader.authorities(ca),
        None => Some(Vec::new()),
    };
    let identity = match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => reader.identity(certificate, key).map(Some),
        (None, None) => Some(None),
        (Some(alone), None) | (None, Some(alone)) => {
            let missing = if tls.key.is_none() { "key" } else { "certificate" };
            let message = format!("{name}: a certificate and its key go together, and `{missing}` is missing");
            reader.source.error(&alone.path, message, Some(format!("add `{missing}: FILE`")));
            None
        }
    };
    Some(Tls { verify, authorities: authorities?, identity: identity? })
}

struct Reader<'r, 's, 'v> {
    name: &'r str,
    source: &'r mut Source<'s>,
    variables: &'r Variables<'v>,
}

impl Reader<'_, '_, '_> {
    fn authorities(&mut self, ca: &At<String>) -> Option<Vec<Vec<u8>>> {
        let found = self.certificates("ca", ca)?;
        let mut store = RootCertStore::empty();
        for certificate in &found {
            if let Err(e) = store.add(CertificateDer::from(certificate.as_slice())) {
                return self.wrong(
                    "ca",
                    ca,
                    &format!("it holds a certificate that cannot be an authority: {e}"),
                    pem::CERTIFICATE_HELP,
                );
            }
        }
        Some(found)
    }

    fn identity(&mut self, certificate: &At<String>, key: &At<String>) -> Option<Identity> {
        let chain = self.certificates("certificate", certificate);
        let bytes = self.file("key", key)?;
        let der = match pem::key(&bytes) {
            Ok(der) => der,
            Err(why) => return self.wrong("key", key, &why, pem::KEY_HELP),
        };
        let chain = chain?;
        let certificates = chain.iter().map(|certificate| CertificateDer::from(certificate.clone())).collect();
        match pem::pair(certificates, der.clone_key()) {
            Ok(_) => Some(Identity { chain, key: der.secret_der().to_vec() }),
            Err(why) => self.wrong("key", key, &why, pem::PAIR_HELP),
        }
    }

    fn certificates(&mut self, key: &str, written: &At<String>) -> Option<Vec<Vec<u8>>> {
        let bytes = self.file(key, written)?;
        match pem::certificates(&bytes) {
            Ok(found) => Some(found.into_iter().map(|der| der.to_vec()).collect()),
            Err(why) => self.wrong(key, written, &why, pem::CERTIFICATE_HELP),
        }
    }

    fn file(&mut self, key: &str, written: &At<String>) -> Option<Vec<u8>> {
        let path = expanded(&format!("{}.{key}", self.name), written, self.source, self.variables)?.text;
        let path = relative_to_table(self.source, written, &path);
        match (self.variables.files)(&path.to_string_lossy()) {
            Ok(bytes) => Some(bytes),
            Err(e) => {
                let help = "name a file that can be read; a relative path begins where this table lies";
                self.wrong(key, written, &format!("it cannot be read: {e}"), &remedy_or(&e, help))
            }
        }
    }

    fn wrong<T>(&mut self, key: &str, written: &At<String>, why: &str, help: &str) -> Option<T> {
        let message = format!("{}.{key}: '{}' cannot be used: {why}", self.name, written.value);
        self.source.error(&written.path, message, Some(help.to_owned()));
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::table::{Table, Variables};
    use rcgen::{Certificate, CertificateParams, KeyPair};

    fn signed() -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::new(vec!["me.test".to_owned()]).unwrap().self_signed(&key).unwrap(), key)
    }

    /// Returns the problems of an upstream's `tls`, in a folder with these files.
    fn wrong(tls: &str, files: &[(&str, Vec<u8>)]) -> Vec<String> {
        let text = format!(
            "version: 1\nupstreams:\n  a: {{ url: \"https://a/\", dialect: argo, tls: {{ {tls} }} }}\nmodels:\n  m: {{ show: {{ owned_by: x, created: 1 }}, names: {{ x: y }} }}\nroutes:\n  - {{ path: /a, upstream: a, models: m, transformer: openai_chat_completions }}\n"
        );
        let read = |name: &str| {
            let found = files.iter().find(|(known, _)| *known == name);
            found.map(|(_, bytes)| bytes.clone()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
        };
        let variables = Variables { config: &|_| None, environment: &|_| None, files: &read };
        let problems = Table::load("t.yaml", &text, &variables).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn files_are_proved_when_the_table_is_read() {
        let ((certificate, key), (other, other_key)) = (signed(), signed());
        let (pem, key) = (certificate.pem().into_bytes(), key.serialize_pem().into_bytes());
        let damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
        let files = [
            ("me.pem", pem.clone()),
            ("me.key", key.clone()),
            ("both.pem", [pem.clone(), key].concat()),
            ("chain.pem", [pem, other.pem().into_bytes()].concat()),
            ("other.key", other_key.serialize_pem().into_bytes()),
            ("damaged.pem", damaged),
            ("cut.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n".to_vec()),
        ];
        for sound in [
            "certificate: me.pem, key: me.key",
            "certificate: chain.pem, key: me.key, ca: chain.pem",
            "certificate: both.pem, key: both.pem, verify: false",
        ] {
            assert_eq!(wrong(sound, &files), Vec::<String>::new(), "{sound}");
        }
        for (tls, why) in [
            ("certificate: me.pem, key: other.key", "tls.key: 'other.key' cannot be used: it is not the key of"),
            ("certificate: me.key, key: me.key", "tls.certificate: 'me.key' cannot be used: it holds no certificate"),
            ("certificate: me.pem, key: me.pem", "tls.key: 'me.pem' cannot be used: it holds no private key"),
            (
                "certificate: damaged.pem, key: me.key",
                "tls.certificate: 'damaged.pem' cannot be used: it holds a certificate that is damaged",
            ),
            ("ca: damaged.pem", "it holds a certificate that is damaged"),
            ("ca: cut.pem", "tls.ca: 'cut.pem' cannot be used: it is no sound PEM file"),
            ("ca: none.pem", "tls.ca: 'none.pem' cannot be used: it cannot be read"),
        ] {
            let problems = wrong(tls, &files);
            assert!(matches!(problems.as_slice(), [one] if one.contains(why)), "{tls}: {problems:?}");
        }
    }
}
