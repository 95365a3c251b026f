//! Parts of the window of a load whose rate varies: what was due in each, and what became of it.

use hdrhistogram::Histogram;

use super::shard::{growing, record};

/// The parts, one after the other; none for a load that has no such parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    edges_us: Vec<u64>,
}

impl Levels {
    /// Parts between these moments, in µs since the trial's start, in order.
    pub fn between(edges_us: Vec<u64>) -> Self {
        Self { edges_us }
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.edges_us.len() < 2
    }

    /// Begin and end of each, in µs since the trial's start.
    pub fn bounds(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.edges_us.windows(2).map(|pair| (pair[0], pair[1]))
    }

    /// The number of the part that holds this moment.
    #[inline]
    pub fn index(&self, at_us: u64) -> Option<usize> {
        let edges_before = self.edges_us.partition_point(|edge_us| *edge_us <= at_us);
        edges_before
            .checked_sub(1)
            .filter(|index| index + 1 < self.edges_us.len())
    }
}

/// What was seen of one part.
#[derive(Clone, Debug)]
pub struct LevelSeen {
    /// Which.
    pub(super) index: usize,
    /// Acknowledgements that arrived in it.
    pub acknowledged: u64,
    /// Response latencies of the records that were due in it.
    pub response: Histogram<u64>,
}

impl LevelSeen {
    fn new(index: usize) -> Self {
        Self {
            index,
            acknowledged: 0,
            response: growing(),
        }
    }
}

/// What one thread saw in one interval: of few parts, since records are acknowledged soon after they are due.
#[derive(Debug, Default)]
pub(super) struct SeenByLevel(Vec<LevelSeen>);

impl SeenByLevel {
    #[inline]
    pub fn responded(&mut self, level: usize, latency_us: u64, records: u64) {
        record(&mut self.level(level).response, latency_us, records);
    }

    pub fn arrived(&mut self, level: usize, acknowledged: u64) {
        self.level(level).acknowledged += acknowledged;
    }

    #[inline]
    fn level(&mut self, index: usize) -> &mut LevelSeen {
        let place = self.0.iter().position(|seen| seen.index == index);
        let place = place.unwrap_or_else(|| {
            self.0.push(LevelSeen::new(index));
            self.0.len() - 1
        });
        &mut self.0[place]
    }

    /// Takes everything of another one in.
    pub fn add(&mut self, other: &SeenByLevel) {
        for seen in &other.0 {
            let own = self.level(seen.index);
            own.acknowledged += seen.acknowledged;
            // Both grow as far as any latency reaches.
            let _ = own.response.add(&seen.response);
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What was seen of each of so many parts.
    pub fn all(&self, levels: usize) -> Vec<LevelSeen> {
        let of = |index: usize| self.0.iter().find(|seen| seen.index == index).cloned();
        (0..levels)
            .map(|index| of(index).unwrap_or_else(|| LevelSeen::new(index)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_lies_in_the_part_that_begins_with_it() {
        let levels = Levels::between(vec![10, 20, 50]);
        let found: Vec<Option<usize>> = [9, 10, 19, 20, 49, 50].map(|at_us| levels.index(at_us)).to_vec();
        assert_eq!(found, [None, Some(0), Some(0), Some(1), Some(1), None]);
        assert_eq!(levels.bounds().collect::<Vec<_>>(), [(10, 20), (20, 50)]);
        assert!(Levels::default().is_empty() && Levels::default().index(5).is_none());
    }

    #[test]
    fn what_several_threads_saw_comes_together() {
        let (mut one, mut other) = (SeenByLevel::default(), SeenByLevel::default());
        one.responded(1, 100, 1);
        one.arrived(1, 3);
        other.responded(1, 90_000_000, 1);
        other.responded(0, 5, 1);
        one.add(&other);
        let all = one.all(3);
        let counts: Vec<(u64, u64)> = all
            .iter()
            .map(|seen| (seen.acknowledged, seen.response.len()))
            .collect();
        assert_eq!(counts, [(0, 1), (3, 2), (0, 0)]);
        assert!(all[1].response.max() >= 90_000_000);
    }
}
