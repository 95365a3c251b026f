//! Chart renderers: plain data in, a [`Chart`] out, as SVG for a page, as an SVG file and as PNG.
//!
//! Knows names, numbers and units; must not know Kafka, stored runs or files. Everything is drawn through plotters'
//! backends with a font that the program carries, so the same data gives the same bytes on every machine.

mod data;
mod font;
mod heat_map;
mod ink;
mod labels;
mod number;
mod palette;
mod percentile_curves;
mod plot;
mod png;
mod range_bars;
mod run_history;
mod scatter;
mod scene;
mod small_multiples;
mod stacked_bars;
mod svg;
mod ticks;
mod time_series;

pub use data::{
    Category, Curve, CurvePoint, Frame, HeatMap, LevelChange, Panel, PercentileCurves, RangeBars, RangeRow, RunHistory,
    RunPanel, RunPoint, Sample, Scale, Scatter, ScatterPoint, SmallMultiples, StackRow, StackedBars, TimeLine,
    TimeSeries,
};
pub use heat_map::heat_map;
pub use number::{Better, Measure, Unit};
pub use palette::{Mark, Palette, Shape};
pub use percentile_curves::percentile_curves;
pub use range_bars::range_bars;
pub use run_history::run_history;
pub use scatter::scatter_with_frontier;
pub use scene::TextBox;
pub use small_multiples::small_multiples;
pub use stacked_bars::stacked_bars;
pub use time_series::time_series;

use ink::Ink;
use scene::Scene;

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
    /// properties ([`stylesheet`]), one focusable `<rect class="hit" data-tip="…">` per hit. Title, subtitle and notes
    /// are not in it: as text of the page they wrap, and keep their size on a small screen.
    pub svg: String,
    /// The headline.
    pub title: String,
    /// How to read it.
    pub subtitle: String,
    /// What stands below: the frame's notes, then the chart's own.
    pub notes: Vec<String>,
    /// Width of the chart with all of its text, as in its files.
    pub width: u32,
    /// Height of the same.
    pub height: u32,
    /// The places that say more, as in the SVG.
    pub hits: Vec<Hit>,
    scene: Scene,
}

impl Chart {
    /// The chart as a file of its own: light, and dark where the viewer asks for it.
    pub fn standalone_svg(&self) -> Result<String, ChartError> {
        svg::render(&self.scene, svg::Use::Standalone)
    }

    /// The chart as PNG, in light colours, two pixels per SVG unit. The same chart gives the same bytes.
    pub fn png(&self) -> Result<Vec<u8>, ChartError> {
        png::bytes(&self.scene)
    }

    /// Like [`Chart::png`], into a file whose name must end in `.png`.
    pub fn write_png(&self, path: &std::path::Path) -> Result<(), ChartError> {
        png::write(&self.scene, path)
    }

    /// Every line of text with the space it takes, as the widest usual font sets it.
    pub fn texts(&self) -> &[TextBox] {
        &self.scene.texts
    }
}

/// The custom properties that inline charts take their colours from, light and dark: once per page, in a `<style>`.
/// Dark by the reader's preference, or by `data-theme="dark"` (`"light"`) on the root element; always light on paper.
pub fn stylesheet() -> String {
    let declarations = |colour: fn(Ink) -> (u8, u8, u8)| -> String {
        let declare = |ink: Ink| {
            ink.variable()
                .map(|variable| format!("{variable}:{};", ink::hex(colour(ink))))
        };
        Ink::themed().into_iter().filter_map(declare).collect()
    };
    let (light, dark) = (declarations(Ink::light), declarations(Ink::dark));
    format!(
        ":root{{{light}}}\n\
         @media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n\
         @media screen{{:root[data-theme=dark]{{{dark}}}}}\n\
         svg.chart{{display:block;width:100%;height:auto}}\n"
    )
}
