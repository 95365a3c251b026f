//! How unevenly records spread over partitions. Pure.

/// How unevenly records spread over partitions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Imbalance {
    /// Records of the fullest partition ÷ records per partition in the mean: from 1, even, to the number of partitions.
    pub max_over_mean: f64,
    /// Coefficient of variation: standard deviation over all partitions (not of a sample of them) ÷ mean.
    pub variation: f64,
}

impl Imbalance {
    /// None without records.
    pub fn of(records: &[u64]) -> Option<Imbalance> {
        let partitions = records.len() as f64;
        let mean = records.iter().sum::<u64>() as f64 / partitions;
        if records.is_empty() || mean == 0.0 {
            return None;
        }
        let max = records.iter().copied().max().unwrap_or(0) as f64;
        let squares: f64 = records.iter().map(|&count| (count as f64 - mean).powi(2)).sum();
        Some(Imbalance {
            max_over_mean: max / mean,
            variation: (squares / partitions).sqrt() / mean,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts both figures, to what rounding leaves of a double.
    fn assert_is(records: &[u64], max_over_mean: f64, variation: f64) {
        let found = Imbalance::of(records).unwrap();
        let is_near = |one: f64, other: f64| (one - other).abs() < 1e-12;
        let near = is_near(found.max_over_mean, max_over_mean) && is_near(found.variation, variation);
        assert!(near, "{records:?}: {found:?}, expected {max_over_mean} and {variation}");
    }

    #[test]
    fn even_records_are_even_and_one_full_partition_is_as_uneven_as_can_be() {
        assert_is(&[5, 5, 5], 1.0, 0.0);
        assert_is(&[0, 12, 0, 0], 4.0, 3.0_f64.sqrt());
        // Mean 4, deviations -2 and 2.
        assert_is(&[2, 6], 1.5, 0.5);
        assert_eq!(Imbalance::of(&[0, 0]), None);
        assert_eq!(Imbalance::of(&[]), None);
    }
}
