//! The noise floor: by how much identical things differ.

use super::signed_rank;

/// The upper limit of the ratio between identical trials, as its distance from 1 (0.013 for 1.3 %).
///
/// From the interval of the paired log-ratios at `confidence`: the end that is farther from 0, since a ratio and its
/// inverse say the same of identical trials. Pairs in which a value is not positive and finite do not count. None where
/// too few are left for an interval.
pub fn upper_limit(pairs: &[(f64, f64)], confidence: f64) -> Option<f64> {
    let usable = |value: f64| value.is_finite() && value > 0.0;
    let log_ratios: Vec<f64> = pairs
        .iter()
        .filter(|(a, b)| usable(*a) && usable(*b))
        .map(|(a, b)| (b / a).ln())
        .collect();
    let interval = signed_rank::interval(&log_ratios, confidence)?;
    Some(interval.low.abs().max(interval.high.abs()).exp_m1())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_farther_end_whichever_side_it_is_on() {
        // Six pairs at 95 %: the interval is from the smallest to the largest log-ratio.
        let up: Vec<(f64, f64)> = [1.00, 1.01, 1.02, 0.99, 1.05, 1.0]
            .map(|ratio| (200.0, 200.0 * ratio))
            .to_vec();
        assert!((upper_limit(&up, 0.95).unwrap() - 0.05).abs() < 1e-9);
        let down: Vec<(f64, f64)> = up.iter().map(|(a, b)| (*b, *a)).collect();
        assert!((upper_limit(&down, 0.95).unwrap() - 0.05).abs() < 1e-9);
    }

    #[test]
    fn equal_values_have_no_noise_and_five_pairs_say_nothing() {
        assert_eq!(upper_limit(&[(3.0, 3.0); 6], 0.95), Some(0.0));
        assert_eq!(upper_limit(&[(3.0, 3.0); 5], 0.95), None);
        let mut with_unusable = vec![(3.0, 3.0); 6];
        with_unusable.extend([(0.0, 3.0), (3.0, f64::NAN), (-1.0, 1.0)]);
        assert_eq!(upper_limit(&with_unusable, 0.95), Some(0.0));
    }
}
