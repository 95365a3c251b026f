//! Several tests at once: Holm's correction.
//!
//! Source: S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6
//! (1979). With it the probability of a single false rejection among all tests stays below α, however they depend on
//! each other.

/// The adjusted p-values, in the order given: a test is rejected at level α exactly where its adjusted p-value is at
/// most α. A p-value that is not a number counts as 1: a test that could not be made is one that finds nothing.
pub fn adjusted(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![1.0; p.len()];
    let mut largest: f64 = 0.0;
    for (step, place) in by_size(p).into_iter().enumerate() {
        largest = largest.max((p.len() - step) as f64 * known(p[place])).min(1.0);
        adjusted[place] = largest;
    }
    adjusted
}

/// The level of each test's own interval, in the order given.
///
/// The smallest p-value is held to α ÷ m, the next to α ÷ (m − 1), and so on up to the first that is not rejected: that
/// one and all after it have one level. So an interval at its test's level excludes "no difference" exactly where
/// Holm's procedure rejects (where the test has neither ties nor zeros).
pub fn levels(p: &[f64], alpha: f64) -> Vec<f64> {
    let mut levels = vec![alpha; p.len()];
    let mut stopped = None;
    for (step, place) in by_size(p).into_iter().enumerate() {
        let level = alpha / (p.len() - step) as f64;
        if stopped.is_none() && known(p[place]) > level {
            stopped = Some(level);
        }
        levels[place] = stopped.unwrap_or(level);
    }
    levels
}

/// Places from the smallest p-value to the largest; ties in the order given.
fn by_size(p: &[f64]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..p.len()).collect();
    places.sort_by(|&a, &b| known(p[a]).total_cmp(&known(p[b])));
    places
}

fn known(p: f64) -> f64 {
    if p.is_nan() { 1.0 } else { p }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_example_by_hand() {
        let p = [0.01, 0.04, 0.03, 0.005];
        let expected = [0.03, 0.06, 0.06, 0.02];
        for (adjusted, expected) in adjusted(&p).into_iter().zip(expected) {
            assert!((adjusted - expected).abs() < 1e-12);
        }
        // 0.005 at 0.05 / 4 and 0.01 at 0.05 / 3 are rejected; 0.03 is not at 0.05 / 2, and there it stops.
        assert_eq!(levels(&p, 0.05), [0.05 / 3.0, 0.025, 0.025, 0.0125]);
    }

    #[test]
    fn no_tests_and_unknown_ones() {
        assert!(adjusted(&[]).is_empty() && levels(&[], 0.05).is_empty());
        assert_eq!(adjusted(&[f64::NAN, 0.01]), [1.0, 0.02]);
        assert_eq!(levels(&[f64::NAN, 0.01], 0.05), [0.05, 0.025]);
    }

    proptest! {
        #[test]
        fn levels_reject_what_adjusted_values_reject(p in prop::collection::vec(0.0..0.2_f64, 0..30)) {
            let alpha = 0.05;
            let (adjusted, levels) = (adjusted(&p), levels(&p, alpha));
            for place in 0..p.len() {
                prop_assert!(adjusted[place] >= p[place] && adjusted[place] <= 1.0);
                prop_assert!(levels[place] <= alpha && levels[place] >= alpha / p.len() as f64);
                // Rounding may separate the two at the border alone.
                if (adjusted[place] - alpha).abs() > 1e-12 {
                    prop_assert_eq!(adjusted[place] <= alpha, p[place] <= levels[place]);
                }
            }
        }

        #[test]
        fn order_does_not_matter(p in prop::collection::vec(0.0..1.0_f64, 0..30)) {
            let mut reversed = p.clone();
            reversed.reverse();
            let mut back = adjusted(&reversed);
            back.reverse();
            prop_assert_eq!(back, adjusted(&p));
        }
    }
}
