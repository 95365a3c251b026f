//! Every chart with ordinary and with extreme data.

use kpbench::report::charts::*;

/// Not random, only uneven: the same numbers each time.
fn wobble(seed: usize) -> f64 {
    ((seed.wrapping_mul(2_654_435_761) >> 7) % 1_000) as f64 / 1_000.0
}

fn trials(centre: f64, count: usize, seed: usize) -> Vec<f64> {
    (0..count)
        .map(|index| centre * (0.94 + 0.12 * wobble(seed * 31 + index)))
        .collect()
}

pub fn throughput() -> Measure {
    Measure::new("Throughput", Unit::Si("records/s".into()), Better::Higher)
}

pub fn p99() -> Measure {
    Measure::new("p99 service latency", Unit::Microseconds, Better::Lower)
}

fn frame(id: &str, title: &str) -> Frame {
    Frame::new(
        id,
        title,
        "Bar: median of the trials; line and dots: each trial. Client and broker share 2 cores, measured with librdkafka.",
    )
}

pub fn range_bars_of(id: &str, count: usize, long: bool) -> Chart {
    let rows = (0..count)
        .map(|index| RangeRow {
            label: if long {
                format!("compression.type=zstd linger.ms={index} batch.size=1048576 acks=all send.mode=fire-and-forget client=librdkafka")
            } else {
                format!("linger.ms={} batch.size=64 KiB", index * 5)
            },
            sample: match index {
                3 => Sample::missing("not observable with acks=0"),
                5 => Sample { at_least: true, ..Sample::of(trials(1.1e6, 3, index)) },
                _ => Sample::of(trials(4e5 + 2.1e6 * wobble(index), 5, index)),
            },
            mark: Mark::new(0),
            highlight: index == 2,
        })
        .collect();
    range_bars(&RangeBars {
        frame: frame(id, "Throughput by setting"),
        measure: throughput(),
        rows,
    })
    .unwrap()
}

pub fn heat_map_of(id: &str, columns: usize, rows: usize, scale: impl Fn(f64) -> f64) -> Chart {
    let cells = (0..rows)
        .map(|y| {
            (0..columns)
                .map(|x| {
                    if (x * 7 + y * 3) % 11 == 10 {
                        Sample::missing("trial failed: broker gone")
                    } else {
                        Sample::of(trials(
                            scale((x + 1) as f64 * (y + 2) as f64 * (0.7 + 0.3 * wobble(x * 10 + y))),
                            3,
                            x + y,
                        ))
                    }
                })
                .collect()
        })
        .collect();
    heat_map(&HeatMap {
        frame: frame(id, "Throughput by batch.size and linger.ms"),
        measure: throughput(),
        x_name: "linger.ms".into(),
        x_labels: (0..columns).map(|x| (x * 5).to_string()).collect(),
        y_name: "batch.size".into(),
        y_labels: (0..rows)
            .map(|y| Unit::Bytes.bare(16_384.0 * f64::powi(2.0, y as i32)))
            .collect(),
        cells,
    })
    .unwrap()
}

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];

pub fn curves_of(id: &str, count: usize) -> Chart {
    let names: Vec<String> = (0..count)
        .map(|index| format!("{} linger.ms={}", CODECS[index % 5], index * 3))
        .collect();
    let palette = Palette::assign(&names);
    let percentiles = [50.0, 75.0, 90.0, 99.0, 99.9, 99.99, 99.999];
    let curves = names
        .iter()
        .enumerate()
        .map(|(index, name)| Curve {
            category: palette.category(name),
            points: percentiles
                .iter()
                .enumerate()
                .map(|(step, percentile)| CurvePoint {
                    percentile: *percentile,
                    value: 900.0 * (1.0 + index as f64 * 0.4) * f64::powf(1.9 + 0.5 * wobble(index), step as f64),
                    at_least: index == 1 && step > 3,
                })
                .collect(),
            records: Some([1_500_000, 4_000_000, 80_000, 9_000, 2_000_000][index % 5]),
        })
        .collect();
    percentile_curves(&PercentileCurves {
        frame: frame(id, "Service latency by percentile"),
        measure: Measure::new("Service latency", Unit::Microseconds, Better::Lower),
        curves,
    })
    .unwrap()
}

pub fn multiples_of(id: &str, categories: usize, panels: usize) -> Chart {
    let names: Vec<String> = (0..categories)
        .map(|index| {
            CODECS
                .get(index)
                .map_or(format!("zstd level {index}"), |name| (*name).into())
        })
        .collect();
    let palette = Palette::assign(&names);
    let measures = [
        Measure::new("Compression ratio", Unit::Ratio, Better::Higher),
        Measure::new("Client CPU", Unit::Plain("s per GB".into()), Better::Lower),
        throughput(),
        p99(),
        Measure::new("Peak memory of the trial's process", Unit::Bytes, Better::Lower),
        Measure::new("Batches", Unit::Si("per s".into()), Better::Neither),
    ];
    let centre = [2.3, 4.1, 1.2e6, 18_000.0, 5e7, 1_200.0];
    let panels = (0..panels)
        .map(|panel| Panel {
            measure: measures[panel % 6].clone(),
            samples: (0..categories)
                .map(|index| match (panel, index) {
                    (1, 2) => Sample::missing("CPU time cannot be read on this system"),
                    _ => Sample::of(trials(
                        centre[panel % 6] * (0.3 + wobble(panel * 17 + index)),
                        5,
                        panel + index,
                    )),
                })
                .collect(),
        })
        .collect();
    small_multiples(&SmallMultiples {
        frame: frame(id, "Codecs side by side"),
        category_name: "compression.type".into(),
        categories: names.iter().map(|name| palette.category(name)).collect(),
        panels,
    })
    .unwrap()
}

pub fn scatter_of(id: &str, count: usize, scale: Scale) -> Chart {
    let palette = Palette::assign(CODECS);
    let points = (0..count)
        .map(|index| {
            let x = 2e5 + 2.2e6 * wobble(index + 1);
            ScatterPoint {
                label: format!(
                    "{} batch.size={} KiB linger.ms={}",
                    CODECS[index % 5],
                    16 << (index % 5),
                    index % 9
                ),
                group: index % 5,
                x,
                y: 2_000.0 + x * x / 4e7 * (0.2 + 3.0 * wobble(index * 3 + 2)),
                y_at_least: index % 9 == 4,
            }
        })
        .collect();
    scatter_with_frontier(&Scatter {
        frame: frame(id, "Throughput against p99 latency"),
        x: throughput(),
        y: p99(),
        x_scale: Scale::Linear,
        y_scale: scale,
        group_name: "compression.type".into(),
        groups: CODECS.iter().map(|name| palette.category(name)).collect(),
        points,
    })
    .unwrap()
}

pub fn stacks_of(id: &str, count: usize) -> Chart {
    let palette = Palette::assign(["queue", "socket", "broker"]);
    let rows = (0..count)
        .map(|index| StackRow {
            label: format!("linger.ms={} acks=all", index * 5),
            values: match index {
                2 => vec![Some(900.0), None, Some(4_000.0)],
                4 => vec![None, None, None],
                _ => vec![
                    Some(200.0 + 9_000.0 * wobble(index)),
                    Some(40.0 + 600.0 * wobble(index + 9)),
                    Some(900.0 + 3_000.0 * wobble(index + 5)),
                ],
            },
            note: if index == 4 {
                "acks=0 gets no answer from the broker".into()
            } else {
                String::new()
            },
        })
        .collect();
    stacked_bars(&StackedBars {
        frame: frame(id, "Where the time goes"),
        measure: Measure::new("Mean time per request", Unit::Microseconds, Better::Lower),
        parts: ["queue", "socket", "broker"]
            .iter()
            .map(|name| palette.category(name))
            .collect(),
        rows,
    })
    .unwrap()
}

pub fn series_of(id: &str, configurations: usize, repetitions: usize, seconds: usize) -> Chart {
    let names: Vec<String> = (0..configurations)
        .map(|index| format!("{} linger.ms={}", CODECS[index % 5], index * 3))
        .collect();
    let palette = Palette::assign(&names);
    let lines = (0..configurations * repetitions)
        .map(|index| TimeLine {
            category: palette.category(&names[index / repetitions]),
            name: format!("trial {}", index % repetitions + 1),
            points: (0..seconds)
                .map(|second| {
                    let ramp = (second as f64 + 1.0).min(4.0) / 4.0;
                    let value =
                        4e5 * (1.0 + (index / repetitions) as f64) * ramp * (0.9 + 0.2 * wobble(index * 97 + second));
                    (second as f64, if index == 1 && second == 6 { f64::NAN } else { value })
                })
                .collect(),
        })
        .collect();
    time_series(&TimeSeries {
        frame: frame(id, "Throughput over time"),
        measure: throughput(),
        window_s: Some((3.0, seconds as f64 - 2.0)),
        lines,
    })
    .unwrap()
}

pub fn history_of(id: &str, panels: usize, runs: usize, every: usize) -> Chart {
    let panel = |index: usize| RunPanel {
        name: format!("compression.type={} linger.ms={}", CODECS[index % 5], index * 5),
        points: (0..runs)
            .map(|run| RunPoint {
                time: format!("{:02}-{:02}", run / 28 % 12 + 1, run % 28 + 1),
                value: 4e5
                    * (1.0 + index as f64 - 0.1 * (run / every % 2) as f64)
                    * (0.98 + 0.04 * wobble(index * 97 + run)),
                tip: format!("run {run}"),
            })
            .collect(),
        changes: (every..runs)
            .step_by(every)
            .map(|index| LevelChange {
                index,
                name: format!("−{index}.4 % worse b4e8d21a{}", index % 10),
                tip: format!("level changed at run {index}"),
            })
            .collect(),
    };
    run_history(&RunHistory {
        frame: frame(id, "Throughput from run to run"),
        measure: throughput(),
        panels: (0..panels).map(panel).collect(),
    })
    .unwrap()
}

/// Name and chart.
pub fn all() -> Vec<(&'static str, Chart)> {
    vec![
        ("range-12", range_bars_of("range-12", 12, false)),
        ("range-1", range_bars_of("range-1", 1, false)),
        ("range-60", range_bars_of("range-60", 60, true)),
        ("range-0", range_bars_of("range-0", 0, true)),
        ("heat-6x5", heat_map_of("heat-6x5", 6, 5, |value| value * 40_000.0)),
        ("heat-1x1", heat_map_of("heat-1x1", 1, 1, |value| value)),
        ("heat-2x2-equal", heat_map_of("heat-2x2-equal", 2, 2, |_| 0.0)),
        ("heat-40x20", heat_map_of("heat-40x20", 40, 20, |value| value.powi(4))),
        ("curves-5", curves_of("curves-5", 5)),
        ("curves-1", curves_of("curves-1", 1)),
        ("curves-30", curves_of("curves-30", 30)),
        ("multiples-5", multiples_of("multiples-5", 5, 4)),
        ("multiples-1", multiples_of("multiples-1", 1, 1)),
        ("multiples-12", multiples_of("multiples-12", 12, 6)),
        ("scatter-40", scatter_of("scatter-40", 40, Scale::Linear)),
        ("scatter-log", scatter_of("scatter-log", 40, Scale::Log)),
        ("scatter-2", scatter_of("scatter-2", 2, Scale::Linear)),
        ("scatter-1000", scatter_of("scatter-1000", 1_000, Scale::Log)),
        ("stacks-7", stacks_of("stacks-7", 7)),
        ("stacks-40", stacks_of("stacks-40", 40)),
        ("series-4", series_of("series-4", 4, 3, 30)),
        ("series-1", series_of("series-1", 1, 1, 5)),
        ("series-40", series_of("series-40", 40, 5, 60)),
        ("history-3x60", history_of("history-3x60", 3, 60, 25)),
        ("history-1x1", history_of("history-1x1", 1, 1, 2)),
        ("history-busy", history_of("history-busy", 2, 100, 4)),
        ("history-late", history_of("history-late", 2, 60, 58)),
        ("history-10000", history_of("history-10000", 1, 10_000, 3_000)),
    ]
}
