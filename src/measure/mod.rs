//! What is measured while a trial runs: latencies, counts, processor time, memory, the client's own statistics.
//! Knows the trial protocol's documents; knows no client and no broker.

mod collector;
mod levels;
mod process;
mod recorder;
mod shard;
mod statistics;
mod tag;
mod timeline;

pub use collector::{Collector, LatencyKinds};
pub use levels::{LevelSeen, Levels};
pub use process::{cpu_time, peak_memory_bytes, thread_cpu_ns, wake_on_time};
pub use recorder::{AckRecorder, Hub, SendRecorder};
pub use shard::Failure;
pub use statistics::StatisticsAccumulator;
pub use tag::SendTag;
pub use timeline::{Timeline, TrialClock};
