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
    let mut number = 0;
    let mut frame = || {
        number += 1;
        let note = words.word("A note.");
        let frame = Frame::new(
            format!("any-{number}"),
            words.word("Title"),
            words.word("How to read it."),
        )
        .note(note);
        Frame { width, ..frame }
    };
    let count = values.len();
    let categories = words.categories(count);
    let measure = || words.measure(unit.clone(), Better::Higher);
    let latency = || words.measure(Unit::Microseconds, Better::Lower);
    let sample = |index: usize| Sample {
        note: words.word(""),
        at_least: index % 5 == 4,
        median: values.get(index).copied(),
        trials: values.iter().copied().skip(index).take(3).collect(),
    };
    let name = |index: usize| words.numbered("linger.ms=", index);
    let rows = (0..count)
        .map(|index| RangeRow {
            label: name(index),
            sample: sample(index),
            mark: Mark::new(index),
            highlight: index == 1,
        })
        .collect();
    let curves = categories
        .iter()
        .enumerate()
        .map(|(index, category)| Curve {
            category: category.clone(),
            points: [50.0, 90.0, 99.0, 99.99]
                .iter()
                .enumerate()
                .map(|(step, percentile)| CurvePoint {
                    percentile: *percentile,
                    value: values[(index + step) % count],
                    at_least: step + index > 4,
                })
                .collect(),
            records: None,
        })
        .collect();
    let panels = (0..count.min(5))
        .map(|_| Panel {
            measure: measure(),
            samples: (0..count).map(sample).collect(),
        })
        .collect();
    let points = (0..count)
        .map(|index| ScatterPoint {
            label: name(index),
            group: index,
            x: values[index],
            y: values[(index * 7 + 3) % count],
            y_at_least: index % 6 == 5,
        })
        .collect();
    let stacks = (0..count)
        .map(|index| StackRow {
            label: name(index),
            values: vec![Some(values[index]), values.get(index + 1).copied()],
            note: words.word(""),
        })
        .collect();
    let lines = categories
        .iter()
        .map(|category| TimeLine {
            category: category.clone(),
            name: words.word("trial 1"),
            points: values
                .iter()
                .enumerate()
                .map(|(second, value)| (second as f64, *value))
                .collect(),
        })
        .collect();
    vec![
        range_bars(&RangeBars {
            frame: frame(),
            measure: measure(),
            rows,
        })
        .unwrap(),
        heat_map(&HeatMap {
            frame: frame(),
            measure: measure(),
            x_name: words.word("linger.ms"),
            x_labels: (0..count).map(name).collect(),
            y_name: words.word("batch.size"),
            y_labels: (0..count.min(3)).map(name).collect(),
            cells: (0..count.min(3))
                .map(|row| (row..count).map(sample).collect())
                .collect(),
        })
        .unwrap(),
        percentile_curves(&PercentileCurves {
            frame: frame(),
            measure: latency(),
            curves,
        })
        .unwrap(),
        small_multiples(&SmallMultiples {
            frame: frame(),
            category_name: words.word("compression.type"),
            categories: categories.clone(),
            panels,
        })
        .unwrap(),
        scatter_with_frontier(&Scatter {
            frame: frame(),
            x: measure(),
            y: latency(),
            x_scale: if count % 2 == 0 { Scale::Linear } else { Scale::Log },
            y_scale: if count % 3 == 0 { Scale::Linear } else { Scale::Log },
            group_name: words.word("compression.type"),
            groups: categories.clone(),
            points,
        })
        .unwrap(),
        stacked_bars(&StackedBars {
            frame: frame(),
            measure: latency(),
            parts: words.categories(if count == 0 { 0 } else { 2 }),
            rows: stacks,
        })
        .unwrap(),
        time_series(&TimeSeries {
            frame: frame(),
            measure: measure(),
            window_s: Some((1.0, 3.0)),
            lines,
        })
        .unwrap(),
    ]
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
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

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
