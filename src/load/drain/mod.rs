//! Waiting queues and the scheduler that drains them: a driver of its own beside the senders. Users arrive by their own
//! schedule; a record is intended for its user's arrival, so that waiting for the scheduler is part of its latency.
//!
//! Knows what senders know, and Redis; knows nothing of brokers or runs.

mod arrivals;
mod driver;
mod growth;
mod log;
mod message;
mod outcome;
mod queue;
mod redis_queue;
#[cfg(test)]
mod samples;
mod scheduler;
mod sender;

pub use arrivals::{Arrivals, User};
pub(super) use driver::Driver;
pub use message::{Messages, TRACE_HEADER, TYPE_HEADER};
pub use queue::{MemoryQueues, QueueError, WaitingQueue};
pub use redis_queue::{PASSWORD_VARIABLE, RedisQueues, forget, list_name, probe};
