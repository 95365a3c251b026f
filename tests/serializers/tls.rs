//! The Schema Registry behind a TLS listener: whom kpbench trusts, and what it shows of itself.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::records::{kept, profile};
use crate::registry::{Registry, behind_tls};
use crate::support::{Bench, Broker, Said};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Certificate and key of `name`, as PEM.
fn signed(authority: &Authority, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

/// A listener with a certificate for `name`; with `clients`, only for those whose certificate it signed.
fn listener(authority: &Authority, name: &str, clients: bool) -> ServerConfig {
    let (chain, key) = signed(authority, name);
    let chain = vec![CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let builder = ServerConfig::builder();
    let builder = match clients {
        false => builder.with_no_client_auth(),
        true => {
            let mut roots = RootCertStore::empty();
            roots
                .add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap())
                .unwrap();
            builder.with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
        }
    };
    builder.with_single_cert(chain, key).unwrap()
}

const TRUST: &str = "schema.registry.ssl.truststore.location = \"ca.pem\"\n";
const OWN: &str =
    "schema.registry.ssl.certificate.location = \"own.pem\"\nschema.registry.ssl.key.location = \"own.key\"\n";

/// A sweep of one trial with Avro values, whose registry is at `url`; the first of `trusted` signed whom it trusts.
fn sweep(broker: &Broker, url: &str, section: &str, trusted: &Authority) -> (Bench, Said) {
    let workload = "record = \"coupon-issue\"\nvalue-serializer = \"avro\"";
    let section = format!("[schema-registry]\nurl = \"{url}\"\n{section}");
    let bench = Bench::new(&profile(broker, workload, &section));
    let (chain, key) = signed(trusted, "kpbench");
    for (file, text) in [("ca.pem", trusted.pem()), ("own.pem", chain), ("own.key", key)] {
        std::fs::write(bench.path(file), text).unwrap();
    }
    let said = bench.sweep(&["--keep-topics"]);
    (bench, said)
}

#[test]
fn a_registry_behind_tls_is_trusted_by_its_authority_only() {
    let (broker, registry) = (Broker::shared(), Registry::start());
    let (right, wrong) = (authority(), authority());
    let open = behind_tls(&registry, listener(&right, "127.0.0.1", false));
    let guarded = behind_tls(&registry, listener(&right, "127.0.0.1", true));
    let elsewhere = behind_tls(&registry, listener(&right, "registry.example.com", false));

    for (url, section) in [(&open, TRUST.to_owned()), (&guarded, format!("{TRUST}{OWN}"))] {
        let (bench, said) = sweep(&broker, url, &section, &right);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let (topic, values) = &kept(&bench, &broker)["default"];
        let version = registry.get(&format!("/subjects/{topic}-value/versions/latest"));
        let (id, _) = kpbench::serialize::read_header(&values[0]).unwrap();
        assert_eq!(version["id"], id);
    }

    let plain = registry.url.replace("http:", "https:");
    for (url, section, trusted, words) in [
        (&open, "", &right, &["p.toml:", "truststore.location"][..]),
        (&open, TRUST, &wrong, &["p.toml:", "certificate", "truststore.location"]),
        (
            &guarded,
            TRUST,
            &right,
            &["ssl.certificate.location", "ssl.key.location"],
        ),
        (
            &elsewhere,
            TRUST,
            &right,
            &["registry.example.com", "schema.registry.url"],
        ),
        (&plain, TRUST, &right, &["does not speak TLS"]),
    ] {
        let (bench, said) = sweep(&broker, url, section, trusted);
        assert_eq!(said.code, 2, "{}", said.stderr);
        for words in words {
            assert!(said.stderr.contains(words), "{words:?} is not in {}", said.stderr);
        }
        assert!(!bench.run_directory().exists(), "{}", said.stderr);
    }
}
