//! Student's t distribution: how probable a t as large as this is by chance.

/// The probability that |t| is this large or larger with `degrees` of freedom: the regularised incomplete beta function
/// I_x(degrees / 2, 1 / 2) at x = degrees / (degrees + t²); NIST Digital Library of Mathematical Functions, 8.17.
/// 0 where `t` is infinite; none where it is not a number or there is no degree of freedom.
pub fn two_sided(t: f64, degrees: f64) -> Option<f64> {
    if t.is_nan() || !degrees.is_finite() || degrees <= 0.0 {
        return None;
    }
    if t.is_infinite() {
        return Some(0.0);
    }
    let square = t * t;
    Some(incomplete_beta(
        degrees / 2.0,
        0.5,
        degrees / (degrees + square),
        square / (degrees + square),
    ))
}

/// I_x(a, b), with y = 1 − x given beside it, since close to 1 that difference has no digits left.
fn incomplete_beta(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * y.ln()).exp();
    // The continued fraction converges quickly on this side of the mean only (DLMF 8.17.4 for the other).
    let result = if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(a, b, x) / a
    } else {
        1.0 - front * continued_fraction(b, a, y) / b
    };
    result.clamp(0.0, 1.0)
}

/// DLMF 8.17.22, evaluated by Lentz's method.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const TERMS: u32 = 500;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for term in 1..=TERMS {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut step = 1.0;
        for numerator in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + numerator * d);
            c = away_from_zero(1.0 + numerator / c);
            step = c * d;
            value *= step;
        }
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// ln Γ(x) for x > 0: C. Lanczos, "A Precision Approximation of the Gamma Function", SIAM Journal on Numerical Analysis
/// B 1 (1964), with the nine coefficients for g = 7.
fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        // Reflection.
        let pi = std::f64::consts::PI;
        return (pi / (pi * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let sum = COEFFICIENTS
        .iter()
        .zip(1..)
        .fold(0.999_999_999_999_809_9, |sum, (coefficient, place)| {
            sum + coefficient / (x + f64::from(place))
        });
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_closed_forms_and_with_tables() {
        // One degree of freedom is Cauchy's distribution; two have a closed form too.
        for t in [0.0_f64, 0.1, 0.9, 1.0, 2.5, 40.0, 1e6] {
            let cauchy = 1.0 - 2.0 / std::f64::consts::PI * t.atan();
            assert!((two_sided(t, 1.0).unwrap() - cauchy).abs() < 1e-14, "{t}");
            let two = 1.0 - t / (2.0 + t * t).sqrt();
            assert!((two_sided(t, 2.0).unwrap() - two).abs() < 1e-14, "{t}");
        }
        // Critical values of Student's t, NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
        for (t, degrees, p) in [
            (2.228, 10.0, 0.05),
            (3.169, 10.0, 0.01),
            (2.042, 30.0, 0.05),
            (3.390, 100.0, 0.001),
        ] {
            let found = two_sided(t, degrees).unwrap();
            assert!((found / p - 1.0).abs() < 2e-3, "{t} {degrees}: {found}");
        }
    }

    #[test]
    fn tails_are_small_and_never_lost() {
        let far = two_sided(60.0, 200.0).unwrap();
        assert!(far > 0.0 && far < 1e-120, "{far}");
        assert_eq!(two_sided(f64::INFINITY, 5.0), Some(0.0));
        assert_eq!(two_sided(f64::NAN, 5.0), None);
        assert_eq!(two_sided(1.0, 0.0), None);
        assert_eq!(two_sided(-2.0, 7.0), two_sided(2.0, 7.0));
    }
}
