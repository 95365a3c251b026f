//! HdrHistogram's percentile distribution as text: `.hgrm`, as its plotting tools read it.
//!
//! Format, steps and rounding are those of `AbstractHistogram.outputPercentileDistribution`, `PercentileIterator` and
//! `java.util.Formatter`, HdrHistogram 2.2.2 on Java 17: the same histogram gives the same bytes.

use std::fmt::Write as _;

use hdrhistogram::Histogram;

/// Steps per halved distance to 100 %, as Java's tools have them where nothing else is asked for.
const TICKS_PER_HALF_DISTANCE: i64 = 5;

/// The percentile distribution, each value divided by `unit_ratio`.
pub fn render(histogram: &Histogram<u64>, unit_ratio: f64) -> String {
    let decimals = usize::from(histogram.sigfig());
    let scaled = |value: f64| format!("{:>12}", fixed(value / unit_ratio, decimals));
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    for step in steps(histogram) {
        let share = step.level / 100.0;
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{} {} {:>10}",
            scaled(step.value as f64),
            fixed(share, 12),
            step.count
        );
        if step.level != 100.0 {
            let _ = write!(text, " {:>14}", fixed(1.0 / (1.0 - share), 2));
        }
        text.push('\n');
    }
    let (mean, deviation) = mean_and_deviation(histogram);
    let _ = write!(
        text,
        "#[Mean    = {}, StdDeviation   = {}]\n#[Max     = {}, Total count    = {:>12}]\n\
         #[Buckets = {:>12}, SubBuckets     = {:>12}]\n",
        scaled(mean),
        scaled(deviation),
        scaled(histogram.max() as f64),
        histogram.len(),
        histogram.buckets(),
        // What the precision asks for: values up to 2 × 10^digits one by one, as a power of two.
        (2 * 10_u64.pow(u32::from(histogram.sigfig()))).next_power_of_two(),
    );
    text
}

/// Mean and standard deviation (of all values, not of a sample), each bucket's values taken to lie in its middle. 0 where
/// there is no value.
pub fn mean_and_deviation(histogram: &Histogram<u64>) -> (f64, f64) {
    if histogram.is_empty() {
        return (0.0, 0.0);
    }
    let total = histogram.len() as f64;
    let buckets = || {
        histogram.iter_recorded().map(|bucket| {
            (
                histogram.median_equivalent(bucket.value_iterated_to()) as f64,
                bucket.count_at_value() as f64,
            )
        })
    };
    let mean = buckets().map(|(value, count)| value * count).sum::<f64>() / total;
    let squares: f64 = buckets()
        .map(|(value, count)| (value - mean) * (value - mean) * count)
        .sum();
    (mean, (squares / total).sqrt())
}

/// One line of the distribution.
struct Step {
    /// The bucket's highest value.
    value: u64,
    /// The percentile that the line stands for, 0 to 100.
    level: f64,
    /// Values up to this one.
    count: u64,
}

/// Every bucket may stand for several levels, the last one for the first that it reaches and for 100 %.
fn steps(histogram: &Histogram<u64>) -> Vec<Step> {
    let total = histogram.len();
    let mut steps = Vec::new();
    let (mut level, mut count) = (0.0, 0);
    for bucket in histogram.iter_recorded() {
        let value = bucket.value_iterated_to();
        count += bucket.count_at_value();
        if count >= total {
            steps.push(Step { value, level, count });
            steps.push(Step {
                value,
                level: 100.0,
                count,
            });
            break;
        }
        while 100.0 * count as f64 / total as f64 >= level {
            steps.push(Step { value, level, count });
            level = next_level(level);
        }
    }
    steps
}

/// Steps get half as wide with every halved distance to 100 %.
fn next_level(level: f64) -> f64 {
    if level >= 100.0 {
        return f64::INFINITY;
    }
    let halvings = ((100.0 / (100.0 - level)).ln() / 2_f64.ln()) as i32 + 1;
    let ticks = TICKS_PER_HALF_DISTANCE.saturating_mul(2_f64.powi(halvings) as i64);
    level + 100.0 / ticks as f64
}

/// A number with so many decimals, rounded as Java's `%.nf` does: half up, and on the shortest decimal digits that stand
/// for the number, not on its exact binary value.
fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "NaN" } else { "Infinity" }.to_owned();
    }
    let scientific = format!("{:e}", value.abs());
    // Rust always writes the exponent; without one the number would be its own mantissa.
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let mut digits: Vec<u8> = mantissa
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect();
    let mut before_point = exponent.parse::<i64>().unwrap_or(0) + 1;
    let kept = before_point + decimals as i64;
    if kept < digits.len() as i64 {
        let up = kept >= 0 && digits[kept as usize] >= 5;
        digits.truncate(kept.max(0) as usize);
        if up && !increment(&mut digits) {
            digits.insert(0, 1);
            before_point += 1;
        }
    }
    let digit = |place: i64| match usize::try_from(place).ok().and_then(|place| digits.get(place)) {
        Some(digit) => char::from(b'0' + digit),
        None => '0',
    };
    let mut text = String::new();
    if value < 0.0 && digits.iter().any(|&digit| digit != 0) {
        text.push('-');
    }
    (0..before_point).for_each(|place| text.push(digit(place)));
    if before_point <= 0 {
        text.push('0');
    }
    if decimals > 0 {
        text.push('.');
        (0..decimals as i64).for_each(|place| text.push(digit(before_point + place)));
    }
    text
}

/// Adds one to the last digit. False where all were nines: they are zeros then, and a one is carried out.
fn increment(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return true;
        }
        *digit = 0;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `String.format(Locale.US, "%.nf", value)` of Java 17.
    #[test]
    fn numbers_are_rounded_as_java_rounds() {
        let cases = [
            (0.125, 2, "0.13"),
            (1.005, 2, "1.01"),
            (0.0, 3, "0.000"),
            (0.0006, 3, "0.001"),
            (0.0004, 3, "0.000"),
            (0.00004, 3, "0.000"),
            (9.9996, 3, "10.000"),
            (999.9995, 3, "1000.000"),
            (1234567.0, 3, "1234567.000"),
            (1e22, 1, "10000000000000000000000.0"),
            (0.5, 0, "1"),
            (0.05, 0, "0"),
            (12.5, 0, "13"),
            (-0.25, 1, "-0.3"),
        ];
        for (value, decimals, text) in cases {
            assert_eq!(fixed(value, decimals), text, "{value} to {decimals}");
        }
    }

    #[test]
    fn an_empty_histogram_has_no_line_and_a_footer() {
        let text = render(&Histogram::<u64>::new_with_bounds(1, 1_000, 3).unwrap(), 1.0);
        assert_eq!(
            text,
            "       Value     Percentile TotalCount 1/(1-Percentile)\n\n\
             #[Mean    =        0.000, StdDeviation   =        0.000]\n\
             #[Max     =        0.000, Total count    =            0]\n\
             #[Buckets =            1, SubBuckets     =         2048]\n"
        );
    }

    #[test]
    fn mean_and_deviation_are_those_of_all_values() {
        let mut histogram = Histogram::<u64>::new_with_bounds(1, 1_000, 3).unwrap();
        [2, 4, 4, 4, 5, 5, 7, 9]
            .iter()
            .for_each(|&value| histogram.record(value).unwrap());
        assert_eq!(mean_and_deviation(&histogram), (5.0, 2.0));
    }
}
