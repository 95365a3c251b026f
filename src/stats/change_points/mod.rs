//! Where the level of a series changed: E-divisive, in windows.
//!
//! - David S. Matteson, Nicholas A. James: "A Nonparametric Approach for Multiple Change Point Analysis of Multivariate
//!   Data", Journal of the American Statistical Association 109 (2014): the energy statistic and the recursive splitting.
//! - David Daly et al.: "The Use of Change Point Detection to Identify Software Performance Regressions in a Continuous
//!   Integration System", ICPE 2020: its use on benchmark results.
//! - Matt Fleming et al.: "Hunter: Using Change Point Detection to Hunt for Performance Regressions", ICPE 2023: windows,
//!   Student's t-test in the place of permutations, and merging. The program of that paper is Apache Otava today;
//!   [`windowed`] does as Otava does but for one thing: where a point is taken away in merging, both its neighbours are
//!   tested again. Otava (at commit 1ceb1537) leaves out the one before, which then may stay without being significant.
//!
//! Advisory by nature: on pure noise such a detector flags far more series than its p says, since each point is chosen
//! as the best of many before it is tested. [`false_alarms`] simulates how many.
//!
//! Pure: numbers in order, no times, no clock.

mod energy;
mod noise;
mod permutation;
mod segment;
mod windows;

pub use noise::{FalseAlarms, Noise, false_alarms};
pub use permutation::{Permutations, e_divisive};
pub use segment::Segment;
pub use windows::{Beyond, Options, windowed, windowed_beyond};

/// Fewer points than this are not analysed: of six, split in the middle, each side has three, too few to judge by their
/// own spread whether they differ. With seven the t-test flags 1 to 2 % of pure noise.
pub const POINTS_NEEDED: usize = 7;

/// The first point of a new level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// Its place in the series, from 0.
    pub index: usize,
    /// The values since the change point before, or since the series' start.
    pub before: Segment,
    /// The values from here to the next change point, or to the series' end.
    pub after: Segment,
    /// How probable a difference as large as this is by chance, were these two segments given: the smaller, the surer.
    /// Since they were searched for, it is smaller than the probability of a false alarm.
    pub p_value: f64,
}

impl ChangePoint {
    /// The change of the mean as a share of the mean before; none where that is 0.
    pub fn relative_change(&self) -> Option<f64> {
        (self.before.mean != 0.0).then(|| self.after.mean / self.before.mean - 1.0)
    }

    /// The larger of the change forward and the change backward, as shares: halving and doubling are both 1. A mean of 0
    /// leaves out the change that would divide by it, as Otava does.
    pub fn magnitude(&self) -> f64 {
        let change = |from: f64, to: f64| if from == 0.0 { 0.0 } else { (to / from - 1.0).abs() };
        let (before, after) = (self.before.mean, self.after.mean);
        change(before, after).max(change(after, before))
    }
}

/// The change points at these places, each with the segments beside it.
fn between(values: &[f64], places: &[(usize, f64)]) -> Vec<ChangePoint> {
    let ends = places.iter().map(|(index, _)| *index).chain([values.len()]);
    let starts = [0].into_iter().chain(places.iter().map(|(index, _)| *index));
    let segments: Vec<Segment> = starts
        .zip(ends)
        .map(|(start, end)| Segment::of(&values[start..end]))
        .collect();
    places
        .iter()
        .zip(segments.windows(2))
        .map(|(&(index, p_value), sides)| ChangePoint {
            index,
            before: sides[0],
            after: sides[1],
            p_value,
        })
        .collect()
}

#[cfg(test)]
mod tests;
