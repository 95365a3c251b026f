//! Who a process id belongs to: ids are given out again, so an id alone does not say.

use serde::{Deserialize, Serialize};

/// A process, told apart from later ones with the same id by its start time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessIdentity {
    /// Its id.
    pub pid: u32,
    /// When it started, as the system words it: boot and clock ticks since then on Linux, `ps -o lstart` elsewhere.
    pub started: String,
}

impl ProcessIdentity {
    /// The identity of the running process `pid`; none where there is none, or where it has ended and nobody has
    /// waited for it yet.
    pub fn of(pid: u32) -> Option<ProcessIdentity> {
        Some(ProcessIdentity {
            pid,
            started: started(pid)?,
        })
    }

    /// This process's identity; none where the system does not say.
    pub fn own() -> Option<ProcessIdentity> {
        ProcessIdentity::of(std::process::id())
    }

    /// Whether this very process still runs.
    pub fn is_alive(&self) -> bool {
        ProcessIdentity::of(self.pid).as_ref() == Some(self)
    }
}

#[cfg(target_os = "linux")]
fn started(pid: u32) -> Option<String> {
    let stat = Stat::read(pid)?;
    if matches!(stat.state, 'Z' | 'X') {
        return None;
    }
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    Some(format!("{} {}", boot.trim(), stat.start_ticks))
}

#[cfg(not(target_os = "linux"))]
fn started(pid: u32) -> Option<String> {
    let output = std::process::Command::new("ps")
        .env("LC_ALL", "C")
        .args(["-o", "stat=,lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let (state, started) = text.split_once(char::is_whitespace)?;
    (!state.starts_with('Z')).then(|| started.trim().to_owned())
}

/// User and system time that the process `pid` has used so far, in µs, at the kernel's grain (10 ms as a rule). None
/// where it has ended or the system does not say.
pub fn cpu_time_us(pid: u32) -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let stat = Stat::read(pid)?;
        Some((stat.user_ticks + stat.system_ticks) * 1_000_000 / ticks_per_second())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = pid;
        None
    }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn ticks_per_second() -> u64 {
    // SAFETY: sysconf takes an integer and returns one.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).ok().filter(|ticks| *ticks > 0).unwrap_or(100)
}

/// The fields of `/proc/PID/stat` that are used here (proc_pid_stat(5)).
#[cfg(target_os = "linux")]
#[derive(Debug, PartialEq)]
struct Stat {
    state: char,
    user_ticks: u64,
    system_ticks: u64,
    start_ticks: u64,
}

#[cfg(target_os = "linux")]
impl Stat {
    fn read(pid: u32) -> Option<Stat> {
        Stat::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The second field, the program's name in parentheses, may itself hold spaces and parentheses.
    fn parse(line: &str) -> Option<Stat> {
        let (_, rest) = line.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // fields[0] is field 3 of the manual page.
        let number = |field: usize| fields.get(field - 3)?.parse().ok();
        Some(Stat {
            state: fields.first()?.chars().next()?,
            user_ticks: number(14)?,
            system_ticks: number(15)?,
            start_ticks: number(22)?,
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_is_read_past() {
        let line = "7 (a b) c) S 1 7 7 0 -1 4194560 1 2 3 4 111 22 0 0 20 0 1 0 9876 0 0";
        assert_eq!(
            Stat::parse(line),
            Some(Stat {
                state: 'S',
                user_ticks: 111,
                system_ticks: 22,
                start_ticks: 9876
            })
        );
        assert_eq!(Stat::parse("7 (x) S 1"), None);
    }

    #[test]
    fn own_process_is_alive_and_uses_cpu() {
        let own = ProcessIdentity::own().unwrap();
        assert!(own.is_alive());
        let before = cpu_time_us(own.pid).unwrap();
        let mut sum = 0_u64;
        while cpu_time_us(own.pid).unwrap() == before {
            sum = sum.wrapping_mul(31).wrapping_add(7);
        }
        assert!(std::hint::black_box(sum) != 1);
    }

    #[test]
    fn an_id_with_another_start_time_is_another_process() {
        let own = ProcessIdentity::own().unwrap();
        let other = ProcessIdentity {
            started: format!("{}1", own.started),
            ..own
        };
        assert!(!other.is_alive());
    }

    #[test]
    fn an_ended_child_nobody_waited_for_is_not_alive() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        while ProcessIdentity::of(pid).is_some() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert_eq!(cpu_time_us(pid), None);
    }
}
