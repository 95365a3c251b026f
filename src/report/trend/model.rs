//! The document that `trend --format json` prints and `trend.json` holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of [`Trend`]; raised when a field changes its meaning or goes away.
pub const TREND_SCHEMA_VERSION: u32 = 2;

/// Where the level of series changed. Advisory: never a verdict, and nothing to fail a job by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trend {
    /// [`TREND_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Version of kpbench that analysed.
    pub kpbench_version: String,
    /// What the change points are worth, in sentences: to be read with every one of them.
    pub advisory: String,
    /// What they were searched with.
    pub settings: TrendSettings,
    /// Runs whose values were used; 0 where the series come from a CSV file.
    pub runs: u64,
    /// Runs that were not used, and why.
    pub left_out: Vec<LeftOut>,
    /// What else a reader must know.
    pub notes: Vec<String>,
    /// The series: metric by metric, configuration by configuration.
    pub series: Vec<TrendSeries>,
    /// Simulated: how often series as long as these are flagged where nothing changed. Empty with the method
    /// `e-divisive`, which needs none.
    pub false_alarms: Vec<SimulatedNoise>,
    /// How many of the analysed series are expected to show a change point if nothing ever changed and their values
    /// were independent.
    pub false_alarms_expected: f64,
}

/// What change points were searched with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrendSettings {
    /// How.
    pub method: TrendMethod,
    /// Points looked at together; null with the method `e-divisive`, which has no window.
    pub window: Option<u32>,
    /// The largest p of a change point.
    pub max_pvalue: f64,
    /// A change is larger than this share, forward or backward.
    pub min_magnitude: f64,
    /// Series with fewer points are not analysed.
    pub points_needed: u32,
    /// Where each series' floor comes from, in a sentence.
    pub floor: String,
}

/// How change points are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrendMethod {
    /// In windows, tested by Student's t-test, then merged: the method of Apache Otava.
    WindowedEDivisive,
    /// The whole series at once, tested by permutation.
    EDivisive,
}

/// A run that was not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// Its directory.
    pub run: String,
    /// Why.
    pub reason: String,
}

/// One series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrendSeries {
    /// Label of the configuration; of a CSV file, what its label column says, else the file's name.
    pub label: String,
    /// Id of the configuration; null in a CSV file.
    pub configuration_id: Option<String>,
    /// The metric's id, as in `throughput_records_per_s`; null in a CSV file.
    pub metric: Option<String>,
    /// The metric's name.
    pub name: String,
    /// Unit of every value; empty where it is not known.
    pub unit: String,
    /// Which way is better.
    pub better: TrendBetter,
    /// The values in order of time, one per run: the median of its completed trials.
    pub points: Vec<TrendPoint>,
    /// The smallest change that counts as one, as a share: the noise floor of this metric, 0.01 where none is known, or what
    /// was asked for.
    pub floor: f64,
    /// Where the level changed by more than the floor, in order. Levels that differ by less are taken together, so that
    /// small steps in one direction add up.
    pub change_points: Vec<TrendChange>,
    /// Where else it changed, as far as the p alone can tell, in order: between levels that differ by no more than the floor,
    /// or that do not once such levels are taken together. No changes that matter.
    pub below_floor: Vec<TrendChange>,
    /// Why it was not analysed; null where it was.
    pub not_analysed: Option<String>,
}

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrendBetter {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither, or not known.
    Neither,
}

/// One value of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrendPoint {
    /// When the run began (RFC 3339); of a CSV file, the time as it is written there.
    pub time: String,
    /// The value.
    pub value: f64,
    /// Git commit of the directory that the run was started in.
    pub commit: Option<String>,
    /// The run's directory; null in a CSV file.
    pub run: Option<String>,
}

/// A change of the level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrendChange {
    /// The first point of the new level, from 0.
    pub index: u64,
    /// Its time.
    pub time: String,
    /// Its commit.
    pub commit: Option<String>,
    /// The commit of the point before: the change lies between the two.
    pub commit_before: Option<String>,
    /// Its run.
    pub run: Option<String>,
    /// The level before, back to the change point before or to the series' start.
    pub before: Level,
    /// The level from here to the next change point or to the series' end.
    pub after: Level,
    /// The change of the mean in per cent of the mean before; null where that is 0.
    pub change_percent: Option<f64>,
    /// Which way it went.
    pub direction: Direction,
    /// Whether that way is better.
    pub effect: Effect,
    /// The p of the difference between both levels, as if their border had not been searched for: too small by that.
    pub p_value: f64,
    /// What else was different from the run before, in words: versions, the machine, the length of the window, the seed, the
    /// number of blocks.
    pub changed_too: Vec<String>,
}

/// Points without a change between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Level {
    /// How many.
    pub points: u64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, with n − 1; null of a single point.
    pub standard_deviation: Option<f64>,
}

/// Which way a level went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The mean is larger than before.
    Up,
    /// The mean is smaller than before.
    Down,
}

/// Whether a change is for the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It is.
    Better,
    /// It is for the worse.
    Worse,
    /// Neither way is better, or it is not known which.
    Neither,
}

/// What a simulation of pure noise found: independent normal values, the same settings, a fixed seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SimulatedNoise {
    /// Points of each series.
    pub points: u64,
    /// Series simulated.
    pub simulated: u64,
    /// Of these, series with at least one change point.
    pub flagged: u64,
    /// `flagged` ÷ `simulated`.
    pub share: f64,
}

impl Trend {
    /// Series that were analysed.
    pub fn analysed(&self) -> impl Iterator<Item = &TrendSeries> {
        self.series.iter().filter(|series| series.not_analysed.is_none())
    }

    /// Change points of all series, those below the floor left out.
    pub fn changes(&self) -> impl Iterator<Item = (&TrendSeries, &TrendChange)> {
        self.series
            .iter()
            .flat_map(|series| series.change_points.iter().map(move |change| (series, change)))
    }
}
