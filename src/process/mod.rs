//! Child processes that never outlive this process, and the identity of running processes.
//!
//! Knows the operating system's process calls; knows nothing of Kafka, trials or targets.
//!
//! On Linux a child asks for SIGKILL at its parent's death (`PR_SET_PDEATHSIG`). The kernel takes "parent" to mean the
//! *thread* that spawned the child, so children of a thread pool die when the pool retires a thread. Therefore every
//! child comes from one thread that never ends. Elsewhere a small supervisor process reads a pipe that this process
//! holds open, and kills the child's process group at end-of-file.

mod identity;
#[cfg(unix)]
mod signal;
mod spawner;

pub use identity::{ProcessIdentity, cpu_time_us};
#[cfg(unix)]
pub use signal::{Signal, send_signal, send_signal_to_group};
pub use spawner::{Spawner, spawn_detached};
