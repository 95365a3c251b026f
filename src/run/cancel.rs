//! The request to stop a run, from wherever it comes (Ctrl-C, SIGTERM, a test).

use tokio::sync::watch;

/// Where a request to stop is made.
#[derive(Debug)]
pub struct CancelSource {
    sender: watch::Sender<bool>,
}

/// Where a request to stop is heard.
#[derive(Clone, Debug)]
pub struct Cancel {
    receiver: watch::Receiver<bool>,
}

impl CancelSource {
    /// Both ends.
    pub fn new() -> (CancelSource, Cancel) {
        let (sender, receiver) = watch::channel(false);
        (CancelSource { sender }, Cancel { receiver })
    }

    /// Asks the run to stop: to let the trial at work drain briefly, save and clean up.
    pub fn cancel(&self) {
        self.sender.send_replace(true);
    }
}

impl Cancel {
    /// True once the run was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        *self.receiver.borrow()
    }

    /// The request as a value: `true` once it is made.
    pub fn receiver(&self) -> watch::Receiver<bool> {
        self.receiver.clone()
    }

    /// Ends once the run is asked to stop.
    pub async fn cancelled(&self) {
        let mut receiver = self.receiver.clone();
        // A source that is gone can never ask: then this waits for ever.
        if receiver.wait_for(|&cancelled| cancelled).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
