//! What a chart is made from: plain names and numbers. Knows nothing of Kafka, of stored runs or of drawing.

use super::number::Measure;
use super::palette::Mark;

/// What every chart says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Prefix of every id and style in the SVG: unique on its page; anything but letters, digits and `-` becomes `-`.
    pub id: String,
    /// The headline: what is drawn.
    pub title: String,
    /// How to read it, and what was not measured. Wrapped over as many lines as it takes.
    pub subtitle: String,
    /// Lines under the chart: what was left out, and why.
    pub notes: Vec<String>,
    /// Width in SVG units, at least [`Frame::MIN_WIDTH`]. The height follows from the content.
    pub width: u32,
}

impl Frame {
    /// The width that fits a page's column.
    pub const DEFAULT_WIDTH: u32 = 760;
    /// The width of a small screen.
    pub const NARROW_WIDTH: u32 = 360;
    /// The least width that every chart can still be laid out in.
    pub const MIN_WIDTH: u32 = 340;

    /// A frame of the default width, without notes.
    pub fn new(id: impl Into<String>, title: impl Into<String>, subtitle: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            subtitle: subtitle.into(),
            notes: Vec::new(),
            width: Self::DEFAULT_WIDTH,
        }
    }

    /// The same frame with one more note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// One measured value: its median and the trials that it was made from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    /// The value that is drawn; `None` (or a number that is not finite) is drawn as "–", never as zero.
    pub median: Option<f64>,
    /// Each trial's value, in any order; empty where there is no spread to show.
    pub trials: Vec<f64>,
    /// The interval of the median: whiskers span it; without one, the smallest to the largest trial.
    pub interval: Option<(f64, f64)>,
    /// True where the value is a lower bound only (`≥`).
    pub at_least: bool,
    /// A sentence for the tip: why there is no value ("not observable with acks=0"), or what to know about it.
    pub note: String,
}

impl Sample {
    /// The median of `trials`, of which those that are not finite are left out.
    pub fn of(trials: impl Into<Vec<f64>>) -> Self {
        let mut trials: Vec<f64> = trials.into();
        trials.retain(|value| value.is_finite());
        trials.sort_by(f64::total_cmp);
        let middle = trials.len() / 2;
        let median = match trials.len() {
            0 => None,
            n if n % 2 == 1 => Some(trials[middle]),
            _ => Some(trials[middle - 1] / 2.0 + trials[middle] / 2.0),
        };
        Self {
            median,
            trials,
            ..Self::default()
        }
    }

    /// One value without spread.
    pub fn single(value: f64) -> Self {
        Self {
            median: Some(value),
            ..Self::default()
        }
    }

    /// No value, and why.
    pub fn missing(why: impl Into<String>) -> Self {
        Self {
            note: why.into(),
            ..Self::default()
        }
    }
}

/// A named thing that keeps its mark across a page: a codec, a send mode, one part of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// As printed.
    pub name: String,
    /// From [`Palette::mark`](super::Palette::mark).
    pub mark: Mark,
}

/// One value per configuration with the spread of its trials, drawn as horizontal bars from zero.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeBars {
    /// Title, subtitle, notes.
    pub frame: Frame,
    /// What the axis measures.
    pub measure: Measure,
    /// One row each, top to bottom; about 60 at most.
    pub rows: Vec<RangeRow>,
}

/// One row of [`RangeBars`].
#[derive(Debug, Clone, PartialEq)]
pub struct RangeRow {
    /// Shortened when too long; whole in the tip.
    pub label: String,
    /// The value.
    pub sample: Sample,
    /// Colour of the row; the first of the palette by default.
    pub mark: Mark,
    /// True for rows to stand out; when any row is highlighted the others step back.
    pub highlight: bool,
}

/// One value for each pair of two axes' values.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatMap {
    /// Title, subtitle, notes.
    pub frame: Frame,
    /// What a cell's colour and number mean; which way is better decides which cell is marked as best.
    pub measure: Measure,
    /// Name of the horizontal axis, unit included (`linger.ms`).
    pub x_name: String,
    /// Its values as printed, in their numeric order.
    pub x_labels: Vec<String>,
    /// Name of the vertical axis.
    pub y_name: String,
    /// Its values as printed, in their numeric order; the first is drawn at the bottom.
    pub y_labels: Vec<String>,
    /// `cells[y][x]`; a missing row or cell is drawn as not measured.
    pub cells: Vec<Vec<Sample>>,
}

/// Latency by percentile on an axis of nines.
#[derive(Debug, Clone, PartialEq)]
pub struct PercentileCurves {
    /// Title, subtitle, notes.
    pub frame: Frame,
    /// What the vertical axis measures.
    pub measure: Measure,
    /// One line each.
    pub curves: Vec<Curve>,
}

/// One line of [`PercentileCurves`].
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Name and mark.
    pub category: Category,
    /// In any order; points outside 0 to 100 % exclusively are left out.
    pub points: Vec<CurvePoint>,
    /// How many records the curve stands for, unresolved ones included: points with fewer than 10 records beyond
    /// them are not drawn. `None` draws every point given.
    pub records: Option<u64>,
}

/// One point of a [`Curve`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// In percent: 99.9 for the 99.9th.
    pub percentile: f64,
    /// Positive, in the measure's unit.
    pub value: f64,
    /// True where the value is a lower bound only.
    pub at_least: bool,
}

/// Several measures of the same few things, side by side, each panel with an axis of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct SmallMultiples {
    /// Title, subtitle, notes.
    pub frame: Frame,
    /// What the categories are values of (`compression.type`).
    pub category_name: String,
    /// The bars of every panel, in order.
    pub categories: Vec<Category>,
    /// The panels, in order.
    pub panels: Vec<Panel>,
}

/// One panel of [`SmallMultiples`].
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What this panel measures.
    pub measure: Measure,
    /// One per category; a missing one is drawn as not observable.
    pub samples: Vec<Sample>,
}

/// How an axis maps numbers to lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Proportional, from zero.
    #[default]
    Linear,
    /// Equal ratios, equal lengths; zero and negative values cannot be drawn and are counted in a note.
    Log,
}

/// Two measures against each other, with the frontier of what nothing else beats in both.
#[derive(Debug, Clone, PartialEq)]
pub struct Scatter {
    /// Title, subtitle, notes.
    pub frame: Frame,
    /// Horizontal.
    pub x: Measure,
    /// Vertical.
    pub y: Measure,
    /// Horizontal scale.
    pub x_scale: Scale,
    /// Vertical scale.
    pub y_scale: Scale,
    /// What groups are values of (`compression.type`); heads the legend.
    pub group_name: String,
    /// The groups, for the legend.
    pub groups: Vec<Category>,
    /// The points.
    pub points: Vec<ScatterPoint>,
}

/// One point of a [`Scatter`].
#[derive(Debug, Clone, PartialEq)]
pub struct ScatterPoint {
    /// Whole in the tip, shortened beside points of the frontier.
    pub label: String,
    /// Index into the groups.
    pub group: usize,
    /// Horizontal value.
    pub x: f64,
    /// Vertical value.
    pub y: f64,
    /// True where the vertical value is a lower bound only: drawn with an arrow, never part of the frontier.
    pub y_at_least: bool,
}

/// Sums of parts.
#[derive(Debug, Clone, PartialEq)]
pub struct StackedBars {
    /// Title, subtitle, notes.
    pub frame: Frame,
    /// What the parts and their sum measure.
    pub measure: Measure,
    /// The parts, from the axis outwards.
    pub parts: Vec<Category>,
    /// One bar each.
    pub rows: Vec<StackRow>,
}

/// One bar of [`StackedBars`].
#[derive(Debug, Clone, PartialEq)]
pub struct StackRow {
    /// Shortened when too long; whole in the tip.
    pub label: String,
    /// One per part; with one missing the total is printed as `≥`.
    pub values: Vec<Option<f64>>,
    /// A sentence for the tip; the reason where nothing was measured.
    pub note: String,
}

/// A measure over the seconds of many trials.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeSeries {
    /// Title, subtitle, notes (say there how many lines were left out).
    pub frame: Frame,
    /// What the vertical axis measures.
    pub measure: Measure,
    /// The measurement window in seconds since the start; before it is warm-up. Shaded and labelled.
    pub window_s: Option<(f64, f64)>,
    /// One line each; lines with equal marks share one entry of the legend.
    pub lines: Vec<TimeLine>,
}

/// One trial of [`TimeSeries`].
#[derive(Debug, Clone, PartialEq)]
pub struct TimeLine {
    /// The configuration, with its mark.
    pub category: Category,
    /// What tells this line from others of its configuration (`trial 3`).
    pub name: String,
    /// Seconds since the start, and the value; a value that is not finite breaks the line.
    pub points: Vec<(f64, f64)>,
}

/// A measure from run to run, with the places where its level changed.
#[derive(Debug, Clone, PartialEq)]
pub struct RunHistory {
    /// Title, subtitle, notes (say there how many panels were left out).
    pub frame: Frame,
    /// What the vertical axes measure; they need not begin at zero.
    pub measure: Measure,
    /// One panel each, from top to bottom; about 24 at most.
    pub panels: Vec<RunPanel>,
}

/// One panel of [`RunHistory`].
#[derive(Debug, Clone, PartialEq)]
pub struct RunPanel {
    /// Its headline.
    pub name: String,
    /// The runs in order, drawn at equal distances.
    pub points: Vec<RunPoint>,
    /// The changes, in any order.
    pub changes: Vec<LevelChange>,
}

/// One run of a [`RunPanel`].
#[derive(Debug, Clone, PartialEq)]
pub struct RunPoint {
    /// Below the axis, as short as can be: `03-11`.
    pub time: String,
    /// In the measure's unit; where it is not finite, the line breaks.
    pub value: f64,
    /// What its tip says before the value.
    pub tip: String,
}

/// Where a level changed.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelChange {
    /// The first point of the new level.
    pub index: usize,
    /// Beside its line: `−11.4 % worse b4e8d21`.
    pub name: String,
    /// All about it.
    pub tip: String,
}
