//! Waiting queues and their scheduler: one trial against a scripted twin of a client, and against a real Redis.

mod memory;
mod redis;
#[allow(dead_code, reason = "shared with the tests of whole runs")]
#[path = "../support/redis_server.rs"]
mod redis_server;
mod stopped;
mod support;
