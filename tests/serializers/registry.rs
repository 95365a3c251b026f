//! A real Schema Registry on loopback, and what may stand in front of one: somebody who wants credentials, somebody slow.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kpbench::serialize::registry::{Registry as Client, RegistrySettings};

/// Where `scripts/test` installs it.
fn program() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned();
    let program = target.join("schema-registry/bin/rivven-schema");
    assert!(
        program.exists(),
        "{} is missing: scripts/test installs it",
        program.display()
    );
    program
}

/// A registry; dies with its owner.
pub struct Registry {
    child: Child,
    pub url: String,
}

impl Registry {
    /// Starts one on a free port. It binds the port itself, so the free one may be gone by then: it says so, and another
    /// is taken.
    pub fn start() -> Registry {
        loop {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut child = Command::new(program())
                .args(["serve", "--host", "127.0.0.1", "--port", &port.to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap())
                .lines()
                .map_while(Result::ok);
            if lines.any(|line| line.contains("server listening on")) {
                std::thread::spawn(move || lines.count());
                return Registry {
                    child,
                    url: format!("http://127.0.0.1:{port}"),
                };
            }
            child.wait().unwrap();
        }
    }

    /// Ends it, as a crash does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// kpbench's own client for it, with further settings.
    pub fn client(&self, further: &[(&str, &str)]) -> Client {
        let url = [("schema.registry.url", self.url.as_str())];
        let all = url.iter().chain(further);
        let map = all
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Client::new(RegistrySettings::from_properties(&map).unwrap()).unwrap()
    }

    /// What it answers to a plain GET.
    pub fn get(&self, path: &str) -> serde_json::Value {
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://")).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: registry\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// Its subjects.
    pub fn subjects(&self) -> Vec<String> {
        serde_json::from_value(self.get("/subjects")).unwrap()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What stands in front of a registry.
#[derive(Clone)]
pub enum Door {
    /// Lets requests through that carry this `Authorization`; answers 401 to others.
    Credentials(&'static str),
    /// Never answers.
    Silent,
    /// Lets so many connections through, and closes the next ones.
    Connections(usize),
}

/// Listens on loopback in front of `registry`; the port stays open as long as the test.
pub fn in_front_of(registry: &Registry, door: Door) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let behind = registry.url.trim_start_matches("http://").to_owned();
    let seen = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (behind, door) = (behind.clone(), door.clone());
            let number = seen.fetch_add(1, Ordering::Relaxed);
            std::thread::spawn(move || match door {
                Door::Silent => std::thread::sleep(Duration::from_secs(600)),
                Door::Connections(most) if number >= most => {}
                Door::Connections(_) => pass(stream, &behind, None),
                Door::Credentials(wanted) => pass(stream, &behind, Some(wanted)),
            });
        }
    });
    url
}

/// One connection, its requests one after the other.
fn pass(mut stream: TcpStream, behind: &str, wanted: Option<&str>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut server = TcpStream::connect(behind).unwrap();
    let mut answers = BufReader::new(server.try_clone().unwrap());
    loop {
        let Some((head, body)) = message(&mut reader) else {
            return;
        };
        let says = wanted.is_none_or(|wanted| head.contains(&format!("uthorization: {wanted}\r\n")));
        if !says {
            let refusal = r#"{"error_code":401,"message":"Unauthorized"}"#;
            let _ = write!(
                stream,
                "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{refusal}",
                refusal.len()
            );
            continue;
        }
        server.write_all(head.as_bytes()).unwrap();
        server.write_all(&body).unwrap();
        let Some((head, body)) = message(&mut answers) else {
            return;
        };
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(&body);
    }
}

/// A TLS listener on loopback in front of `registry`: what arrives there goes to the registry without TLS.
pub fn behind_tls(registry: &Registry, config: rustls::ServerConfig) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let behind = registry.url.trim_start_matches("http://").to_owned();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (behind, config) = (behind.clone(), Arc::clone(&config));
            std::thread::spawn(move || {
                let session = rustls::ServerConnection::new(config).unwrap();
                let mut client = BufReader::new(rustls::StreamOwned::new(session, stream));
                let mut server = BufReader::new(TcpStream::connect(behind).unwrap());
                // Without a handshake that both sides accept there is no message.
                while let Some((head, body)) = message(&mut client) {
                    server.get_mut().write_all(&[head.as_bytes(), &body].concat()).unwrap();
                    let Some((head, body)) = message(&mut server) else {
                        return;
                    };
                    client.get_mut().write_all(&[head.as_bytes(), &body].concat()).unwrap();
                    client.get_mut().flush().unwrap();
                }
            });
        }
    });
    url
}

/// Head and body of one HTTP message whose length is told.
fn message(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}
