//! Mean, standard deviation and lag-1 autocorrelation, sound where the values are large against their spread.
//!
//! Two passes: the second one works on deviations from the first one's mean and takes back what that mean's rounding
//! adds. Source: T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for Computing the Sample Variance: Analysis and
//! Recommendations", The American Statistician 37 (1983). Checked against NIST's Statistical Reference Datasets.

/// The arithmetic mean. None of no values, or where one is not finite.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let n = values.len() as f64;
    let rough = values.iter().sum::<f64>() / n;
    Some(rough + values.iter().map(|value| value - rough).sum::<f64>() / n)
}

/// The standard deviation of a sample (n − 1 degrees of freedom). None of fewer than two values, or where one is not
/// finite.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values)?;
    let n = values.len() as f64;
    let (mut squares, mut rest) = (0.0, 0.0);
    for value in values {
        let deviation = value - mean;
        squares += deviation * deviation;
        rest += deviation;
    }
    Some((f64::max(squares - rest * rest / n, 0.0) / (n - 1.0)).sqrt())
}

/// The lag-1 autocorrelation: Σ (xᵢ − x̄)(xᵢ₊₁ − x̄) ÷ Σ (xᵢ − x̄)², as NIST defines it. None of fewer than two values,
/// where one is not finite, or where all are equal.
pub fn autocorrelation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let products: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    (squares > 0.0).then(|| products / squares)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_by_hand() {
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        assert_eq!(mean(&values), Some(5.0));
        assert!((standard_deviation(&values).unwrap() - (32.0_f64 / 7.0).sqrt()).abs() < 1e-15);
        // (3·1 + 1·1 + 1·1 + 0 + 0 + 0 + 2·4) / 32
        assert!((autocorrelation(&values).unwrap() - 13.0 / 32.0).abs() < 1e-15);
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[1.0, f64::NAN]), None);
        assert_eq!(standard_deviation(&[1.0]), None);
        assert_eq!(standard_deviation(&[f64::INFINITY, 1.0]), None);
        assert_eq!(autocorrelation(&[3.0; 5]), None);
        assert_eq!(autocorrelation(&[3.0]), None);
    }

    proptest! {
        #[test]
        fn a_shift_leaves_spread_and_autocorrelation(
            values in prop::collection::vec(-100_i32..100, 2..40),
            shift in -1_000_000_000..1_000_000_000_i64,
        ) {
            let plain: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
            let moved: Vec<f64> = plain.iter().map(|value| value + shift as f64).collect();
            let (one, other) = (standard_deviation(&plain).unwrap(), standard_deviation(&moved).unwrap());
            prop_assert!((one - other).abs() <= 1e-6 * (1.0 + one), "{} {}", one, other);
            if let (Some(one), Some(other)) = (autocorrelation(&plain), autocorrelation(&moved)) {
                prop_assert!((-1.0..=1.0).contains(&one));
                prop_assert!((one - other).abs() < 1e-6, "{} {}", one, other);
            }
        }
    }
}
