//! A second listener with TLS and SASL SCRAM on a local cluster, so that secured connections can be tried here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::java;
use super::layout::NodePorts;
use super::toolkit::{Toolkit, run_tool};
use crate::process::Spawner;
use crate::target::error::TargetError;

/// Protects a key that exists for the life of one data directory; PKCS12 wants one.
const STORE_PASSWORD: &str = "kpbench-local";

/// Asks for a SASL_SSL listener with one SCRAM-SHA-512 user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalSecurity {
    /// The user's name; no `,`, `[`, `]`, `=`.
    pub user: String,
    /// The user's password; the same characters are impossible.
    pub password: String,
}

/// How to reach the secured listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecuredListener {
    /// Addresses of all nodes.
    pub bootstrap_servers: String,
    /// The certificate that signs the brokers' (PEM).
    pub ca: PathBuf,
    /// Connection properties in librdkafka's names, with the right password.
    pub connection: BTreeMap<String, String>,
}

/// Makes key and certificate in `directory`; returns the broker settings that the listener needs.
pub(crate) fn prepare(
    spawner: &Spawner,
    toolkit: &Toolkit,
    directory: &Path,
) -> Result<BTreeMap<String, String>, TargetError> {
    let keytool = java::keytool(&toolkit.java).ok_or_else(|| TargetError::Missing {
        missing: "a TLS listener needs `keytool`, which is neither beside java nor on the PATH".to_owned(),
        remedy: "install a Java runtime that has it".to_owned(),
    })?;
    let store = directory.join("broker.p12");
    let mut generate = Command::new(&keytool);
    generate
        .args([
            "-genkeypair",
            "-alias",
            "broker",
            "-keyalg",
            "EC",
            "-groupname",
            "secp256r1",
            "-validity",
            "30",
        ])
        .args([
            "-dname",
            "CN=localhost",
            "-ext",
            "SAN=dns:localhost,ip:127.0.0.1",
            "-ext",
            "bc=ca:true",
        ])
        .args(["-storetype", "PKCS12", "-storepass", STORE_PASSWORD, "-keystore"])
        .arg(&store);
    run_tool(spawner, generate, "keytool")?;
    let mut export = Command::new(&keytool);
    export
        .args([
            "-exportcert",
            "-rfc",
            "-alias",
            "broker",
            "-storepass",
            STORE_PASSWORD,
            "-keystore",
        ])
        .arg(&store)
        .arg("-file")
        .arg(ca(directory));
    run_tool(spawner, export, "keytool")?;
    let pairs = [
        ("ssl.keystore.type", "PKCS12"),
        ("ssl.keystore.location", &store.display().to_string()),
        ("ssl.keystore.password", STORE_PASSWORD),
        ("ssl.key.password", STORE_PASSWORD),
        ("sasl.enabled.mechanisms", "SCRAM-SHA-512"),
        (
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config",
            "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        ),
    ];
    Ok(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into())
}

fn ca(directory: &Path) -> PathBuf {
    directory.join("ca.pem")
}

/// How clients reach what [`prepare`] made. None where no node has such a listener.
pub(crate) fn listener(security: &LocalSecurity, directory: &Path, ports: &[NodePorts]) -> Option<SecuredListener> {
    let addresses: Option<Vec<String>> = ports
        .iter()
        .map(|node| node.secured.map(|port| format!("127.0.0.1:{port}")))
        .collect();
    let ca = ca(directory);
    let pairs = [
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", &security.user),
        ("sasl.password", &security.password),
        ("ssl.ca.location", &ca.display().to_string()),
    ];
    let connection = pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    Some(SecuredListener {
        bootstrap_servers: addresses?.join(","),
        ca,
        connection,
    })
}
