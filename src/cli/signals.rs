//! Ctrl-C and SIGTERM: the first asks a run to stop, the second ends everything at once.

use std::future::Future;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::output;
use crate::run::CancelSource;

/// Runs `work`; asks it to stop at the first signal. None where a second one came: then `work` is dropped, which kills
/// what it had started.
///
/// # Errors
/// Where signals cannot be heard.
pub async fn interruptible<T>(source: &CancelSource, work: impl Future<Output = T>) -> io::Result<Option<T>> {
    let mut signals = Signals::new()?;
    tokio::pin!(work);
    let mut asked = false;
    loop {
        tokio::select! {
            done = &mut work => return Ok(Some(done)),
            () = signals.next() => {
                if asked {
                    return Ok(None);
                }
                asked = true;
                source.cancel();
                output::note("Stopping: what is at work ends, finished trials are kept. Once more to stop at once.");
            }
        }
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
