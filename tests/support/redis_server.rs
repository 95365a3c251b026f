//! A real Redis on loopback.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kpbench::load::drain::probe;
use kpbench::process::{Signal, send_signal};
use tempfile::TempDir;

/// A `redis-server` of its own, ended by its process id.
pub struct Redis {
    child: Child,
    pub url: String,
    _directory: TempDir,
}

impl Redis {
    pub fn start() -> Redis {
        let directory = tempfile::tempdir().unwrap();
        // A port that somebody else took meanwhile ends the server at once.
        loop {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut child = Command::new("redis-server")
                .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
                .args(["--save", "", "--appendonly", "no"])
                .current_dir(directory.path())
                .stdout(Stdio::null())
                .spawn()
                .expect("redis-server: Debian's package redis-server has it");
            let (url, begun) = (format!("redis://127.0.0.1:{port}/0"), Instant::now());
            while child.try_wait().unwrap().is_none() {
                // The answer may be that of whoever has the port: this server has ended by then.
                if probe(&url).is_ok() && child.try_wait().unwrap().is_none() {
                    return Redis {
                        child,
                        url,
                        _directory: directory,
                    };
                }
                assert!(
                    begun.elapsed() < Duration::from_secs(120),
                    "redis-server does not come up"
                );
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The lists that kpbench has there.
    pub fn lists(&self) -> Vec<String> {
        self.ask(&["KEYS", "kpbench:*"])
    }

    pub fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(self.url.as_str()).unwrap();
        let mut connection = client.get_connection().unwrap();
        let mut command = redis::cmd(words[0]);
        words[1..].iter().for_each(|word| {
            command.arg(*word);
        });
        command.query(&mut connection).unwrap()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = send_signal(self.child.id(), Signal::Kill);
        let _ = self.child.wait();
    }
}
