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
    windowed_testing_again(values, options, both_neighbours)
}

/// Change points, and those of them that are no change that matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beyond {
    /// Those whose [`magnitude`](ChangePoint::magnitude) is larger than the floor. Levels that differ by less were taken
    /// together before, so that small steps in one direction add up to one that shows.
    pub beyond: Vec<ChangePoint>,
    /// What [`windowed`] finds in addition.
    pub within: Vec<ChangePoint>,
}

/// As [`windowed`], then merged further until no change is as small as `floor`, a share.
pub fn windowed_beyond(values: &[f64], options: &Options, floor: f64) -> Option<Beyond> {
    let mut merging = merged(values, options, both_neighbours)?;
    let all = merging.points.clone();
    let floored = Options {
        min_magnitude: options.min_magnitude.max(floor),
        ..*options
    };
    merging.merge(&floored, both_neighbours);
    let stays = |point: &ChangePoint| merging.points.iter().any(|kept| kept.index == point.index);
    Some(Beyond {
        within: all.into_iter().filter(|point| !stays(point)).collect(),
        beyond: merging.points,
    })
}

/// The places of the points that are beside one that was taken away at a place.
fn both_neighbours(gone: usize) -> [Option<usize>; 2] {
    [gone.checked_sub(1), Some(gone)]
}

/// As [`windowed`], with a choice of the points that are tested again where the point at a place is taken away: the two
/// beside it, which then are at the place before and at that place itself. Otava takes that place and the one behind, so
/// that the point before keeps the p that it had between other neighbours.
pub(super) fn windowed_testing_again(
    values: &[f64],
    options: &Options,
    again: fn(usize) -> [Option<usize>; 2],
) -> Option<Vec<ChangePoint>> {
    merged(values, options, again).map(|merging| merging.points)
}

fn merged(values: &[f64], options: &Options, again: fn(usize) -> [Option<usize>; 2]) -> Option<Merging> {
    if values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut merging = Merging::new(values, weak_points(values, options));
    merging.merge(options, again);
    Some(merging)
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

/// Points, and the segments before, between and behind them.
struct Merging {
    segments: Vec<Segment>,
    points: Vec<ChangePoint>,
}

impl Merging {
    fn new(values: &[f64], weak: Vec<usize>) -> Self {
        let untested: Vec<(usize, f64)> = weak.into_iter().map(|index| (index, 1.0)).collect();
        let points = between(values, &untested);
        let first = points.first().map(|point| point.before);
        let mut merging = Self {
            segments: first
                .into_iter()
                .chain(points.iter().map(|point| point.after))
                .collect(),
            points,
        };
        (0..merging.points.len()).for_each(|place| merging.test(place));
        merging
    }

    fn merge(&mut self, options: &Options, again: fn(usize) -> [Option<usize>; 2]) {
        while let Some(weakest) = self.weakest(options) {
            self.take_away(weakest, again);
        }
    }

    fn test(&mut self, place: usize) {
        if let Some(point) = self.points.get_mut(place) {
            (point.before, point.after) = (self.segments[place], self.segments[place + 1]);
            point.p_value = point.before.p_value(&point.after);
        }
    }

    /// The next point to go: while one is not significant, that with the largest p, then that with the smallest
    /// magnitude while it is too small; of equals the first.
    fn weakest(&self, options: &Options) -> Option<usize> {
        let least = |key: fn(&ChangePoint) -> f64| {
            let keys = self.points.iter().map(key).enumerate();
            keys.min_by(|one, other| one.1.total_cmp(&other.1))
                .map(|(place, _)| place)
        };
        let by_p = least(|point| -point.p_value)?;
        if self.points[by_p].p_value >= options.max_pvalue {
            return Some(by_p);
        }
        least(ChangePoint::magnitude).filter(|place| self.points[*place].magnitude() <= options.min_magnitude)
    }

    fn take_away(&mut self, place: usize, again: fn(usize) -> [Option<usize>; 2]) {
        self.points.remove(place);
        let behind = self.segments.remove(place + 1);
        self.segments[place] = self.segments[place].joined(&behind);
        again(place).into_iter().flatten().for_each(|place| self.test(place));
    }
}
