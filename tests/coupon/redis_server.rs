//! A real Redis on loopback.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use kpbench::process::{Signal, send_signal};

use crate::support::{Bench, wait_until};

/// A `redis-server` of its own, ended by its process id.
pub struct Redis {
    child: Child,
    pub url: String,
}

impl Redis {
    pub fn start(bench: &Bench) -> Redis {
        loop {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut child = Command::new("redis-server")
                .args([
                    "--port",
                    &port.to_string(),
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                ])
                .current_dir(bench.path("."))
                .stdout(Stdio::null())
                .spawn()
                .expect("redis-server: Debian's package redis-server has it");
            let url = format!("redis://127.0.0.1:{port}/0");
            let mut is_up = false;
            wait_until("redis-server's end or its answer", || {
                is_up = kpbench::load::drain::probe(&url).is_ok();
                is_up || child.try_wait().unwrap().is_some()
            });
            // A port that somebody else took meanwhile ends the server at once.
            if is_up && child.try_wait().unwrap().is_none() {
                return Redis { child, url };
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
