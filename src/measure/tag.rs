//! What a delivery report must bring back to be timed, in the 64 bits of the client's opaque value.

const LAG_BITS: u32 = 28;
const MAX_LAG_US: u64 = (1 << LAG_BITS) - 1;

/// Intended send time and schedule lag of a record: 36 bits of µs since the trial's start (19 hours) and 28 bits of µs
/// of lag (268 s; a longer lag is kept as that, and its service latency is then too long, never too short).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendTag(u64);

impl SendTag {
    /// Longest trial, in µs, that a tag can time.
    pub const MAX_TIME_US: u64 = (1 << (64 - LAG_BITS)) - 1;

    /// A record intended for `intended_us` whose send call was entered at `entry_us`. Without pacing both are the same.
    #[inline]
    pub fn new(intended_us: u64, entry_us: u64) -> Self {
        let lag_us = entry_us.saturating_sub(intended_us).min(MAX_LAG_US);
        Self((intended_us.min(Self::MAX_TIME_US) << LAG_BITS) | lag_us)
    }

    /// The value for the client's opaque pointer.
    #[inline]
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The inverse of [`SendTag::to_bits`].
    #[inline]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Intended send time in µs since the trial's start.
    #[inline]
    pub fn intended_us(self) -> u64 {
        self.0 >> LAG_BITS
    }

    /// Entry into the send call in µs since the trial's start.
    #[inline]
    pub fn entry_us(self) -> u64 {
        self.intended_us() + (self.0 & MAX_LAG_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_times_come_back(intended in 0..SendTag::MAX_TIME_US - MAX_LAG_US, lag in 0..=MAX_LAG_US) {
            let tag = SendTag::from_bits(SendTag::new(intended, intended + lag).to_bits());
            prop_assert_eq!((tag.intended_us(), tag.entry_us()), (intended, intended + lag));
        }
    }

    #[test]
    fn a_lag_too_long_for_the_tag_never_shortens_a_latency() {
        let tag = SendTag::new(5, 5 + 2 * MAX_LAG_US);
        assert_eq!(tag.intended_us(), 5);
        assert!(tag.entry_us() <= 5 + 2 * MAX_LAG_US);
    }
}
