//! Processor time and memory of the own process.

use crate::protocol::CpuTime;

/// User and system time of this process so far.
#[allow(unsafe_code)]
pub fn cpu_time() -> CpuTime {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to memory of the right size, which getrusage fills; zeroed memory is a valid rusage.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let micros = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    CpuTime {
        user_us: micros(usage.ru_utime),
        system_us: micros(usage.ru_stime),
    }
}

/// User and system time of the calling thread so far, in ns. A system call: not for every record.
#[allow(unsafe_code)]
pub fn thread_cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec, which clock_gettime fills; where the clock is not there it stays zero.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Largest resident memory of this process so far, in bytes. `VmHWM` where there is one: `getrusage` would count what
/// the process that started this one had resident.
pub fn peak_memory_bytes() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
        })
        .map_or(0, |kib| kib * 1_024)
}

/// Lets the calling thread's sleeps end when they are due: Linux may otherwise let each last 50 µs longer, so as to
/// wake several threads at once.
#[allow(unsafe_code)]
pub fn wake_on_time() {
    #[cfg(target_os = "linux")]
    // SAFETY: changes nothing but the calling thread's timer slack, to 1 ns.
    unsafe {
        libc::prctl(libc::PR_SET_TIMERSLACK, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_grows_with_work() {
        let before = cpu_time();
        let mut sum = 0u64;
        while cpu_time().user_us + cpu_time().system_us < before.user_us + before.system_us + 2_000 {
            sum = sum.wrapping_mul(31).wrapping_add(7);
        }
        assert!(std::hint::black_box(sum) != 1);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn peak_memory_is_known() {
        assert!(peak_memory_bytes() > 100_000);
    }
}
