//! Signals to a process or a process group.

use std::io;

/// The signals that this program sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: what Ctrl-C sends.
    Interrupt,
    /// SIGTERM: a request to end.
    Terminate,
    /// SIGKILL: an end without a word.
    Kill,
    /// SIGSTOP: pause.
    Stop,
    /// SIGCONT: go on.
    Continue,
}

impl Signal {
    fn number(self) -> libc::c_int {
        match self {
            Signal::Interrupt => libc::SIGINT,
            Signal::Terminate => libc::SIGTERM,
            Signal::Kill => libc::SIGKILL,
            Signal::Stop => libc::SIGSTOP,
            Signal::Continue => libc::SIGCONT,
        }
    }
}

/// Sends `signal` to the process `pid`.
///
/// # Errors
/// `NotFound` (as ESRCH) where there is no such process, `PermissionDenied` where it is not ours, `InvalidInput` for an
/// id that no process can have.
pub fn send_signal(pid: u32, signal: Signal) -> io::Result<()> {
    kill(positive(pid)?, signal)
}

/// Sends `signal` to every process of the group that `leader` leads.
///
/// # Errors
/// As [`send_signal`].
pub fn send_signal_to_group(leader: u32, signal: Signal) -> io::Result<()> {
    kill(-positive(leader)?, signal)
}

/// 0 and 1 would reach this program's own group and every process there is.
fn positive(pid: u32) -> io::Result<libc::pid_t> {
    match libc::pid_t::try_from(pid) {
        Ok(pid) if pid > 1 => Ok(pid),
        _ => Err(io::Error::from(io::ErrorKind::InvalidInput)),
    }
}

#[allow(unsafe_code)]
fn kill(pid: libc::pid_t, signal: Signal) -> io::Result<()> {
    // SAFETY: kill takes two integers and touches no memory of ours.
    if unsafe { libc::kill(pid, signal.number()) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_mean_many_processes_are_refused() {
        for pid in [0, 1, u32::MAX] {
            assert_eq!(
                send_signal(pid, Signal::Continue).unwrap_err().kind(),
                io::ErrorKind::InvalidInput
            );
            assert_eq!(
                send_signal_to_group(pid, Signal::Continue).unwrap_err().kind(),
                io::ErrorKind::InvalidInput
            );
        }
    }
}
