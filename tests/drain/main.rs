//! Waiting queues and their scheduler: one trial against a scripted twin of a client, and against a real Redis.

mod memory;
mod redis;
mod stopped;
mod support;
