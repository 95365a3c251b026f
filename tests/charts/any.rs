//! Charts of every kind from arbitrary numbers and words.

use kpbench::report::charts::*;
use proptest::prelude::*;

use crate::check::check;

/// The text in every place that takes some.
pub struct Words {
    text: Option<String>,
}

impl Words {
    /// Ordinary ones.
    pub fn usual() -> Self {
        Self { text: None }
    }

    /// The same everywhere.
    pub fn all(text: &str) -> Self {
        Self {
            text: Some(text.to_owned()),
        }
    }

    fn word(&self, usual: &str) -> String {
        self.text.clone().unwrap_or_else(|| usual.to_owned())
    }

    fn numbered(&self, usual: &str, index: usize) -> String {
        format!("{}{index}", self.word(usual))
    }

    fn measure(&self, unit: Unit, better: Better) -> Measure {
        Measure::new(self.word("Throughput"), unit, better)
    }

    fn categories(&self, count: usize) -> Vec<Category> {
        let names: Vec<String> = (0..count).map(|index| self.numbered("codec ", index)).collect();
        let palette = Palette::assign(&names);
        names.iter().map(|name| palette.category(name)).collect()
    }
}

/// One chart of every kind with `count` ordinary things in it.
pub fn each_kind(words: &Words, width: u32, count: usize) -> Vec<Chart> {
    let values: Vec<f64> = (0..count).map(|index| 1_000.0 * (index + 1) as f64).collect();
    of_values(words, width, &values, Unit::Microseconds)
}

/// One chart of every kind made of these values.
pub fn of_values(words: &Words, width: u32, values: &[f64], unit: Unit) -> Vec<Chart> {
    let make = Make {
        words,
        width,
        values,
        unit,
    };
    vec![
        make.bars(),
        make.heat(),
        make.curves(),
        make.multiples(),
        make.scatter(),
        make.stacks(),
        make.series(),
        make.history(),
    ]
}

struct Make<'a> {
    words: &'a Words,
    width: u32,
    values: &'a [f64],
    unit: Unit,
}

impl Make<'_> {
    fn count(&self) -> usize {
        self.values.len()
    }

    fn frame(&self, id: &str) -> Frame {
        let frame = Frame::new(id, self.words.word("Title"), self.words.word("How to read it."));
        Frame {
            width: self.width,
            ..frame.note(self.words.word("A note."))
        }
    }

    fn measure(&self) -> Measure {
        self.words.measure(self.unit.clone(), Better::Higher)
    }

    fn latency(&self) -> Measure {
        self.words.measure(Unit::Microseconds, Better::Lower)
    }

    fn sample(&self, index: usize) -> Sample {
        Sample {
            interval: None,
            note: self.words.word(""),
            at_least: index % 5 == 4,
            median: self.values.get(index).copied(),
            trials: self.values.iter().copied().skip(index).take(3).collect(),
        }
    }

    fn name(&self, index: usize) -> String {
        self.words.numbered("linger.ms=", index)
    }

    fn bars(&self) -> Chart {
        let row = |index| RangeRow {
            label: self.name(index),
            sample: self.sample(index),
            mark: Mark::new(index),
            highlight: index == 1,
        };
        let rows = (0..self.count()).map(row).collect();
        range_bars(&RangeBars {
            frame: self.frame("bars"),
            measure: self.measure(),
            rows,
        })
        .unwrap()
    }

    fn heat(&self) -> Chart {
        let rows = self.count().min(3);
        heat_map(&HeatMap {
            frame: self.frame("heat"),
            measure: self.measure(),
            x_name: self.words.word("linger.ms"),
            x_labels: (0..self.count()).map(|index| self.name(index)).collect(),
            y_name: self.words.word("batch.size"),
            y_labels: (0..rows).map(|index| self.name(index)).collect(),
            cells: (0..rows)
                .map(|row| (row..self.count()).map(|index| self.sample(index)).collect())
                .collect(),
        })
        .unwrap()
    }

    fn curves(&self) -> Chart {
        let point = |index: usize, step: usize, percentile: f64| CurvePoint {
            percentile,
            value: self.values[(index + step) % self.count()],
            at_least: step + index > 4,
        };
        let curve = |(index, category)| Curve {
            category,
            points: [50.0, 90.0, 99.0, 99.99]
                .into_iter()
                .enumerate()
                .map(|(step, p)| point(index, step, p))
                .collect(),
            records: None,
        };
        let curves = self
            .words
            .categories(self.count())
            .into_iter()
            .enumerate()
            .map(curve)
            .collect();
        percentile_curves(&PercentileCurves {
            frame: self.frame("curves"),
            measure: self.latency(),
            curves,
        })
        .unwrap()
    }

    fn multiples(&self) -> Chart {
        let panel = |_| Panel {
            measure: self.measure(),
            samples: (0..self.count()).map(|index| self.sample(index)).collect(),
        };
        small_multiples(&SmallMultiples {
            frame: self.frame("multiples"),
            category_name: self.words.word("compression.type"),
            categories: self.words.categories(self.count()),
            panels: (0..self.count().min(5)).map(panel).collect(),
        })
        .unwrap()
    }

    fn scatter(&self) -> Chart {
        let point = |index: usize| ScatterPoint {
            label: self.name(index),
            group: index,
            x: self.values[index],
            y: self.values[(index * 7 + 3) % self.count()],
            y_at_least: index % 6 == 5,
        };
        let log_unless = |linear| if linear { Scale::Linear } else { Scale::Log };
        scatter_with_frontier(&Scatter {
            frame: self.frame("scatter"),
            x: self.measure(),
            y: self.latency(),
            x_scale: log_unless(self.count().is_multiple_of(2)),
            y_scale: log_unless(self.count().is_multiple_of(3)),
            group_name: self.words.word("compression.type"),
            groups: self.words.categories(self.count()),
            points: (0..self.count()).map(point).collect(),
        })
        .unwrap()
    }

    fn stacks(&self) -> Chart {
        let row = |index| StackRow {
            label: self.name(index),
            values: vec![Some(self.values[index]), self.values.get(index + 1).copied()],
            note: self.words.word(""),
        };
        stacked_bars(&StackedBars {
            frame: self.frame("stacks"),
            measure: self.latency(),
            parts: self.words.categories(self.count().min(2)),
            rows: (0..self.count()).map(row).collect(),
        })
        .unwrap()
    }

    fn series(&self) -> Chart {
        let line = |category| TimeLine {
            category,
            name: self.words.word("trial 1"),
            points: self
                .values
                .iter()
                .enumerate()
                .map(|(second, value)| (second as f64, *value))
                .collect(),
        };
        let lines = self.words.categories(self.count()).into_iter().map(line).collect();
        let (frame, measure) = (self.frame("series"), self.measure());
        time_series(&TimeSeries {
            frame,
            measure,
            window_s: Some((1.0, 3.0)),
            lines,
        })
        .unwrap()
    }
}

impl Make<'_> {
    fn history(&self) -> Chart {
        let panel = |_| RunPanel {
            name: self.words.word("linger.ms=5"),
            points: (0..self.count())
                .map(|index| RunPoint {
                    time: self.words.word("03-11"),
                    value: self.values[index],
                    tip: self.words.word("a run"),
                })
                .collect(),
            changes: (0..self.count())
                .step_by(3)
                .map(|index| LevelChange {
                    index,
                    name: self.words.word("−5 % worse"),
                    tip: self.words.word("a change"),
                })
                .collect(),
        };
        run_history(&RunHistory {
            frame: self.frame("history"),
            measure: self.measure(),
            panels: (0..self.count().min(3)).map(panel).collect(),
        })
        .unwrap()
    }
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..3e6_f64,
        2 => (-300..300_i32).prop_map(|power| 10f64.powi(power)),
        1 => Just(0.0),
        1 => prop::num::f64::ANY,
    ]
}

fn unit() -> impl Strategy<Value = Unit> {
    prop_oneof![
        Just(Unit::Si("records/s".into())),
        Just(Unit::Plain("MB/s".into())),
        Just(Unit::Microseconds),
        Just(Unit::Bytes),
        Just(Unit::Ratio),
        Just(Unit::Percent),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_numbers_make_sound_charts(values in prop::collection::vec(number(), 0..24), unit in unit(), width in 300..1_400_u32) {
        for chart in of_values(&Words::usual(), width, &values, unit) {
            check(&chart);
        }
    }

    #[test]
    fn any_text_makes_sound_charts(text in "\\PC{0,40}", control in any::<String>(), count in 1..12_usize) {
        for chart in each_kind(&Words::all(&format!("{text} {control}")), 760, count) {
            check(&chart);
        }
    }

    #[test]
    fn the_frontier_is_what_nothing_else_beats(places in prop::collection::vec((1..30_u32, 1..30_u32), 1..40)) {
        let point = |(index, (x, y)): (usize, &(u32, u32))| ScatterPoint {
            label: format!("point {index}."),
            group: 0,
            x: f64::from(*x),
            y: f64::from(*y),
            y_at_least: false,
        };
        let chart = scatter_with_frontier(&Scatter {
            frame: Frame::new("frontier", "t", "s"),
            x: Measure::new("x", Unit::Plain(String::new()), Better::Higher),
            y: Measure::new("y", Unit::Plain(String::new()), Better::Lower),
            x_scale: Scale::Linear,
            y_scale: Scale::Linear,
            group_name: String::new(),
            groups: vec![],
            points: places.iter().enumerate().map(point).collect(),
        })
        .unwrap();
        check(&chart);
        for (index, (x, y)) in places.iter().enumerate() {
            // Of equals the first stands for all.
            let beaten = places.iter().enumerate().any(|(other, (other_x, other_y))| {
                other_x >= x && other_y <= y && ((other_x, other_y) != (x, y) || other < index)
            });
            let tip = chart.hits.iter().find(|hit| hit.text.starts_with(&format!("point {index}."))).unwrap();
            prop_assert_eq!(tip.text.ends_with("on the frontier"), !beaten, "{} in {:?}", index, places);
        }
    }
}
