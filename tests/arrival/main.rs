//! Arrival patterns: what profiles take and refuse, what is sent when, what becomes of a pause, and how it is reported.

mod broker;
mod messages;
mod pages;
mod pauses;
mod spec;
#[path = "../end_to_end/support.rs"]
#[allow(dead_code)] // Shared: each test program uses a part of it.
mod support;
mod twin;
