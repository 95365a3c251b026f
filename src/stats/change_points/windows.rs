//! E-divisive in windows, then merging: the method of Hunter and Otava.

use super::energy::{Candidate, Sums};
use super::{ChangePoint, Segment, between};

/// What [`windowed`] goes by. The names and the defaults are Otava's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Points that are looked at together; at least 2. Windows overlap by half.
    pub window: usize,
    /// A change point's p is smaller than this.
    pub max_pvalue: f64,
    /// A change point's [`magnitude`](ChangePoint::magnitude) is larger than this share.
    pub min_magnitude: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            window: 50,
            max_pvalue: 0.001,
            min_magnitude: 0.0,
        }
    }
}

impl Options {
    /// The p that is asked for within windows: looser, since what is found there is tested again between longer segments.
    fn first_pass_pvalue(&self) -> f64 {
        match self.max_pvalue {
            p if p < 0.05 => p * 10.0,
            p if p < 0.5 => p * 2.0,
            p => p,
        }
    }
}

/// The change points of a series, in order: weak ones from each window, then merged until all of them are significant
/// between their neighbours. Takes time of order n × window. None where a value is not finite.
pub fn windowed(values: &[f64], options: &Options) -> Option<Vec<ChangePoint>> {
    if values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let weak = weak_points(values, options);
    Some(merged(values, weak, options))
}

/// The union of what the windows show.
fn weak_points(values: &[f64], options: &Options) -> Vec<usize> {
    let window = options.window.max(2);
    let mut sums = Sums::default();
    let mut points = Vec::new();
    let mut start = 0;
    while start < values.len() {
        let end = (start + window).min(values.len());
        let found = split(&values[start..end], options.first_pass_pvalue(), &mut sums);
        let last = found.last().map_or(0, |last| start + last);
        points.extend(found.iter().map(|index| start + index));
        // From the last change on the level is a new one: a window that begins there sees nothing of the old.
        start = last.max(start + window / 2);
    }
    points.sort_unstable();
    points.dedup();
    points
}

/// A stretch of a window, and where it would be split.
struct Stretch {
    start: usize,
    end: usize,
    candidate: Option<Candidate>,
}

/// Splits where Q̂ is largest, as long as the t-test between both parts is significant.
fn split(values: &[f64], max_pvalue: f64, sums: &mut Sums) -> Vec<usize> {
    let mut stretch = |start: usize, end: usize| Stretch {
        start,
        end,
        candidate: sums.candidate(&values[start..end]),
    };
    let mut stretches = vec![stretch(0, values.len())];
    while let Some((place, candidate)) = best(&stretches) {
        let Stretch { start, end, .. } = stretches[place];
        let middle = start + candidate.index;
        let p_value = Segment::of(&values[start..middle]).p_value(&Segment::of(&values[middle..end]));
        if p_value > max_pvalue {
            break;
        }
        let halves = [stretch(start, middle), stretch(middle, end)];
        stretches.splice(place..=place, halves);
    }
    stretches.iter().skip(1).map(|stretch| stretch.start).collect()
}

/// The stretch with the largest Q̂; of equals the first.
fn best(stretches: &[Stretch]) -> Option<(usize, Candidate)> {
    let candidates = stretches.iter().enumerate();
    candidates
        .filter_map(|(place, stretch)| Some((place, stretch.candidate?)))
        .fold(None, |best: Option<(usize, Candidate)>, next| match best {
            Some(best) if best.1.q_hat >= next.1.q_hat => Some(best),
            _ => Some(next),
        })
}

/// Takes away the weakest point until all are significant and large enough: while one is not significant that with the
/// largest p, then that with the smallest magnitude.
fn merged(values: &[f64], weak: Vec<usize>, options: &Options) -> Vec<ChangePoint> {
    let with_any_p: Vec<(usize, f64)> = weak.iter().map(|index| (*index, 1.0)).collect();
    let mut points = between(values, &with_any_p);
    for point in &mut points {
        point.p_value = point.before.p_value(&point.after);
    }
    while let Some(weakest) = weakest(&points, options) {
        let gone = points.remove(weakest);
        let joined = gone.before.joined(&gone.after);
        // The neighbours now border on the joined segment.
        if let Some(before) = weakest.checked_sub(1).and_then(|place| points.get_mut(place)) {
            before.after = joined;
            before.p_value = before.before.p_value(&joined);
        }
        if let Some(after) = points.get_mut(weakest) {
            after.before = joined;
            after.p_value = joined.p_value(&after.after);
        }
    }
    points
}

fn weakest(points: &[ChangePoint], options: &Options) -> Option<usize> {
    let least = |key: fn(&ChangePoint) -> f64| {
        let keys = points.iter().map(key).enumerate();
        keys.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(place, _)| place)
    };
    let by_p = least(|point| -point.p_value)?;
    if points[by_p].p_value >= options.max_pvalue {
        return Some(by_p);
    }
    least(ChangePoint::magnitude).filter(|place| points[*place].magnitude() <= options.min_magnitude)
}
