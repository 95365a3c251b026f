//! When records are due.

use crate::protocol::Arrival;

/// The slots of an open loop at a constant rate: slot k is due at `k / rate` after the trial's start. Computed from k,
/// never from an accumulated interval, so that nothing drifts; slots are never skipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    us_per_record: f64,
}

impl Schedule {
    /// None where the load is not paced.
    pub fn new(arrival: &Arrival) -> Option<Self> {
        match arrival {
            // A scheduled drain has a driver of its own.
            Arrival::Unpaced | Arrival::ScheduledDrain(_) => None,
            Arrival::Constant { rate_per_s } => Some(Self {
                us_per_record: 1e6 / rate_per_s,
            }),
        }
    }

    /// When slot `k` is due, in µs since the trial's start.
    #[inline]
    pub fn due_us(&self, k: u64) -> u64 {
        // Exact to the µs for hours: k is below 2^53, and the product's relative error is 2^-53.
        (k as f64 * self.us_per_record) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn constant(rate_per_s: f64) -> Schedule {
        Schedule::new(&Arrival::Constant { rate_per_s }).unwrap()
    }

    #[test]
    fn a_million_per_second_is_one_per_microsecond_for_an_hour() {
        let schedule = constant(1e6);
        assert_eq!(schedule.due_us(3_600_000_000), 3_600_000_000);
    }

    #[test]
    fn an_odd_rate_does_not_drift() {
        let schedule = constant(3.0);
        assert_eq!(
            [0, 1, 2, 3].map(|k| schedule.due_us(k)),
            [0, 333_333, 666_666, 1_000_000]
        );
        assert_eq!(schedule.due_us(3 * 86_400), 86_400_000_000);
    }

    #[test]
    fn unpaced_load_has_no_slots() {
        assert_eq!(Schedule::new(&Arrival::Unpaced), None);
    }

    proptest! {
        #[test]
        fn slots_are_in_order_and_at_their_rate(rate in 0.1f64..2e6, k in 0u64..1_000_000_000) {
            let schedule = constant(rate);
            prop_assert!(schedule.due_us(k) <= schedule.due_us(k + 1));
            let exact = k as f64 * 1e6 / rate;
            prop_assert!((schedule.due_us(k) as f64 - exact).abs() <= 1.0 + exact * 1e-12);
        }
    }
}
