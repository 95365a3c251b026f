//! Axes: which range of numbers, where the ticks are, what they say. Pure arithmetic.

use super::data::Scale;
use super::number::Unit;

/// Beyond this a number is no measurement; kept out so that no coordinate can overflow.
const LARGEST: f64 = 1e30;
const SMALLEST: f64 = 1e-30;

/// The value if it can be drawn at all; the tiniest numbers count as zero.
pub(super) fn drawable(value: f64) -> Option<f64> {
    (value.is_finite() && value.abs() <= LARGEST).then_some(if value.abs() < SMALLEST { 0.0 } else { value })
}

/// The value if it can be drawn on this scale.
pub(super) fn drawable_on(scale: Scale, value: f64) -> Option<f64> {
    drawable(value).filter(|value| scale == Scale::Linear || *value >= SMALLEST)
}

/// An axis: from numbers to lengths, 0 to 1 until it is [`placed`](Axis::placed).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    /// Where the low end is, in SVG units.
    start: f64,
    /// Where the high end is.
    end: f64,
    /// The ticks' values, ascending.
    pub(super) ticks: Vec<f64>,
}

impl Axis {
    /// A linear axis that starts at zero (below, for negative values) and ends at a tick or at the greatest value.
    pub(super) fn linear(values: impl IntoIterator<Item = f64>, unit: &Unit, ticks: usize) -> Self {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for value in values.into_iter().filter_map(drawable) {
            low = low.min(value);
            high = high.max(value);
        }
        if high - low < SMALLEST {
            high = 1.0;
        }
        let step = nice_step((high - low) / ticks.max(1) as f64, unit, high.max(-low));
        let first = (low / step).floor();
        let last = (high / step - 1e-9).ceil();
        let ticks = (0..=(last - first) as usize)
            .map(|index| (first + index as f64) * step)
            .collect();
        Self {
            scale: Scale::Linear,
            low: first * step,
            high: last * step,
            start: 0.0,
            end: 1.0,
            ticks,
        }
    }

    /// A linear axis that begins near the smallest value, so that a change of a few per cent can be seen; at zero, where
    /// the values spread over most of it.
    pub(super) fn near(values: impl IntoIterator<Item = f64>, unit: &Unit, ticks: usize) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter_map(drawable) {
            low = low.min(value);
            high = high.max(value);
        }
        // Written so that no value at all comes here too.
        if !(low > 0.0 && high - low < 0.6 * high) {
            return Self::linear([low, high], unit, ticks);
        }
        // A narrower range than 6 % would have ticks that three digits do not tell apart.
        let middle = (low + high) / 2.0;
        let (low, high) = (low.min(middle * 0.97), high.max(middle * 1.03));
        let step = step_of(&[1.0, 2.0, 5.0, 10.0], (high - low) / ticks.max(1) as f64, unit, high);
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        Self {
            scale: Scale::Linear,
            low: first * step,
            high: last * step,
            start: 0.0,
            end: 1.0,
            ticks: (0..=(last - first) as usize)
                .map(|index| (first + index as f64) * step)
                .collect(),
        }
    }

    /// A logarithmic axis over the values, from one tick to another. Values that are not positive are ignored.
    pub(super) fn log(values: impl IntoIterator<Item = f64>, ticks: usize) -> Self {
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for value in values.into_iter().filter_map(|value| drawable_on(Scale::Log, value)) {
            low = low.min(value);
            high = high.max(value);
        }
        if high <= 0.0 {
            (low, high) = (1.0, 10.0);
        }
        let ticks_max = ticks.max(2);
        for per_decade in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
            let found = log_ticks(low, high, per_decade, 1);
            if found.len() <= ticks_max {
                return Self::from_log_ticks(found);
            }
        }
        let decades = (high / low).log10();
        let every = (decades / (ticks_max - 1) as f64).ceil().max(1.0) as i32;
        Self::from_log_ticks(log_ticks(low, high, &[1.0], every))
    }

    fn from_log_ticks(ticks: Vec<f64>) -> Self {
        let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
        Self {
            scale: Scale::Log,
            low,
            high,
            start: 0.0,
            end: 1.0,
            ticks,
        }
    }

    /// Either kind.
    pub(super) fn of(scale: Scale, values: impl IntoIterator<Item = f64>, unit: &Unit, ticks: usize) -> Self {
        match scale {
            Scale::Linear => Self::linear(values, unit, ticks),
            Scale::Log => Self::log(values, ticks),
        }
    }

    /// The same axis between two other places.
    pub(super) fn placed(mut self, start: f64, end: f64) -> Self {
        (self.start, self.end) = (start, end);
        self
    }

    /// Where a value is, in SVG units; values beyond the ends are at the ends.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value.max(SMALLEST) / self.low).ln() / (self.high / self.low).ln(),
        };
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        self.start + share * (self.end - self.start)
    }

    /// True for equal ratios at equal lengths.
    pub(super) fn is_log(&self) -> bool {
        self.scale == Scale::Log
    }

    /// Where zero (or the low end of a logarithmic axis) is.
    pub(super) fn base(&self) -> f64 {
        match self.scale {
            Scale::Linear => self.at(0.0),
            Scale::Log => self.start,
        }
    }
}

/// 1, 2, 2.5 or 5 times a power of ten, at least `least`; for bytes, in the binary unit that the axis is read in.
fn nice_step(least: f64, unit: &Unit, largest: f64) -> f64 {
    step_of(&[1.0, 2.0, 2.5, 5.0, 10.0], least, unit, largest)
}

fn step_of(multiples: &[f64], least: f64, unit: &Unit, largest: f64) -> f64 {
    let factor = match unit {
        Unit::Bytes => {
            let mut factor = 1.0;
            while largest / factor >= 1024.0 && factor < 1e15 {
                factor *= 1024.0;
            }
            factor
        }
        _ => 1.0,
    };
    let least = (least / factor).max(f64::MIN_POSITIVE * 1e10);
    let power = 10f64.powf(least.log10().floor());
    let step = multiples
        .iter()
        .map(|m| m * power)
        .find(|step| *step >= least * (1.0 - 1e-9));
    step.unwrap_or(10.0 * power) * factor
}

/// Ticks at these multiples of every `every`-th power of ten, from the last at or below `low` to the first at or above
/// `high`; always two or more.
fn log_ticks(low: f64, high: f64, multiples: &[f64], every: i32) -> Vec<f64> {
    let first = (low.log10().floor() as i32).div_euclid(every) * every;
    let last = high.log10().ceil() as i32 + every;
    let mut all = Vec::new();
    let mut power = first;
    while power <= last {
        // Through decimal text: the nearest double to 2e-3, not 2 × 0.001 with its rounding.
        all.extend(multiples.iter().map(|multiple| {
            format!("{multiple}e{power}")
                .parse()
                .unwrap_or(multiple * 10f64.powi(power))
        }));
        power += every;
    }
    let from = all.iter().rposition(|tick| *tick <= low * (1.0 + 1e-9)).unwrap_or(0);
    let to = all
        .iter()
        .position(|tick| *tick >= high * (1.0 - 1e-9))
        .unwrap_or(all.len() - 1);
    if from == to {
        return all[from..(to + 2).min(all.len())].to_vec();
    }
    all[from..=to].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_ticks_are_round_and_cover_the_values() {
        let axis = Axis::linear([1_234_567.0], &Unit::Si(String::new()), 5).placed(0.0, 100.0);
        assert_eq!(
            axis.ticks,
            [0.0, 250_000.0, 500_000.0, 750_000.0, 1_000_000.0, 1_250_000.0]
        );
        assert_eq!(axis.at(0.0), 0.0);
        assert_eq!(axis.at(1_250_000.0), 100.0);
    }

    #[test]
    fn an_axis_near_its_values_shows_small_changes_and_has_distinct_ticks() {
        let unit = Unit::Si(String::new());
        let axis = Axis::near([400_000.0, 412_000.0], &unit, 4).placed(0.0, 100.0);
        assert_eq!(axis.ticks, [390_000.0, 400_000.0, 410_000.0, 420_000.0]);
        assert_eq!(axis.at(390_000.0), 0.0);
        for value in [1.0, 7.3, 10.1, 99.4, 101.0, 2_150.0, 9.99e5, 1_048_576.0] {
            for unit in [Unit::Si(String::new()), Unit::Microseconds, Unit::Bytes] {
                let labels: Vec<String> = Axis::near([value], &unit, 4)
                    .ticks
                    .iter()
                    .map(|tick| unit.tick(*tick))
                    .collect();
                let distinct: std::collections::BTreeSet<&String> = labels.iter().collect();
                assert!(
                    labels.len() >= 2 && distinct.len() == labels.len(),
                    "{value} {unit:?}: {labels:?}"
                );
            }
        }
        assert_eq!(Axis::near([1.0, 100.0], &unit, 4).ticks[0], 0.0);
        assert!(Axis::near([], &unit, 4).ticks.len() >= 2);
    }

    #[test]
    fn byte_ticks_are_round_in_binary() {
        let axis = Axis::linear([1_000_000.0], &Unit::Bytes, 5);
        assert_eq!(axis.ticks[1], 200.0 * 1024.0);
    }

    #[test]
    fn log_ticks_thin_out_with_the_range() {
        let narrow = Axis::log([1_200.0, 18_000.0], 6);
        assert_eq!(narrow.ticks, [1e3, 2e3, 5e3, 1e4, 2e4]);
        let wide = Axis::log([1.0, 1e9], 6);
        assert_eq!(wide.ticks, [1.0, 1e2, 1e4, 1e6, 1e8, 1e10]);
        let one = Axis::log([1000.0], 6);
        assert_eq!(one.ticks, [1e3, 2e3]);
    }

    #[test]
    fn nothing_and_zero_have_an_axis_all_the_same() {
        for values in [vec![], vec![0.0], vec![f64::NAN], vec![f64::INFINITY]] {
            let axis = Axis::linear(values.clone(), &Unit::Ratio, 5);
            assert_eq!((axis.at(0.0), axis.base()), (0.0, 0.0));
            assert!(Axis::log(values, 5).ticks.len() >= 2);
        }
    }
}
