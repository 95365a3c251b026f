//! Charts as a reader and a browser meet them: well-formed, escaped, inside their frame, the same on every machine.
//!
//! With `CHARTS_OUT=DIR` the gallery is written there as SVG, PNG and one HTML page, to be looked at.

use kpbench::report::charts::*;

#[path = "charts/any.rs"]
mod any;
#[path = "charts/check.rs"]
mod check;
#[path = "charts/gallery.rs"]
mod gallery;
#[path = "charts/xml.rs"]
mod xml;

use check::check;

#[test]
fn gallery_is_sound_and_light() {
    let gallery = gallery::all();
    for (name, chart) in &gallery {
        println!("{name}: {} hits, {} KB", chart.hits.len(), chart.svg.len() / 1000);
        check(chart);
        assert!(chart.svg.len() <= 150_000, "{name}: {}", chart.svg.len());
    }
    assert_eq!(
        check::ids(gallery.iter().map(|(_, chart)| chart.svg.as_str())).len(),
        gallery.len()
    );
    if let Ok(directory) = std::env::var("CHARTS_OUT") {
        write(std::path::Path::new(&directory), &gallery);
    }
}

fn write(directory: &std::path::Path, gallery: &[(&str, Chart)]) {
    std::fs::create_dir_all(directory).unwrap();
    let mut page = format!(
        "<!doctype html><meta charset=utf-8><style>{}body{{background:var(--chart-bg);margin:0 auto;max-width:760px}}\
         svg{{margin:0 0 12px}}</style>",
        stylesheet()
    );
    for (name, chart) in gallery {
        std::fs::write(directory.join(format!("{name}.svg")), chart.standalone_svg().unwrap()).unwrap();
        chart.write_png(&directory.join(format!("{name}.png"))).unwrap();
        page += &format!("<h3>{name}</h3>");
        page += &chart.svg;
    }
    std::fs::write(directory.join("page.html"), page).unwrap();
}

#[test]
fn narrow_and_wide_frames_hold_their_content() {
    for width in [0, Frame::MIN_WIDTH, Frame::NARROW_WIDTH, 480, 1_200] {
        for chart in any::each_kind(&any::Words::usual(), width, 9) {
            check(&chart);
            assert_eq!(chart.width, width.max(Frame::MIN_WIDTH));
        }
    }
}

#[test]
fn hostile_text_stays_text() {
    let hostile = "</title><script>alert(1)</script> \" ' & <svg onload=x> ]]> \u{0} \u{1b}[31m \u{202e}abc 漢字";
    for (index, chart) in any::each_kind(&any::Words::all(hostile), 760, 3).iter().enumerate() {
        let texts = check(chart).join("\n");
        assert!(
            chart
                .hits
                .iter()
                .any(|hit| hit.text.contains("<script>alert(1)</script>")),
            "chart {index}"
        );
        assert!(
            texts.contains("</title><script>") && !chart.svg.contains("<script"),
            "chart {index}"
        );
        assert!(
            !chart.svg.contains('\u{202e}') && !chart.svg.contains('\u{1b}'),
            "chart {index}"
        );
    }
    let id = "a\"><script>{}";
    let chart = range_bars(&RangeBars {
        frame: Frame::new(id, "t", "s"),
        measure: gallery::p99(),
        rows: vec![],
    })
    .unwrap();
    check(&chart);
    assert!(chart.svg.contains("id=\"a---script---\""));
}

#[test]
fn very_long_words_are_shortened_and_whole_in_the_tip() {
    let long = "batch.size=".repeat(60);
    for chart in any::each_kind(&any::Words::all(&long), 480, 4) {
        check(&chart);
        assert!(chart.hits.iter().any(|hit| hit.text.contains(&long)));
    }
}

#[test]
fn the_same_data_gives_the_same_bytes() {
    let make = || {
        let chart = gallery::curves_of("same", 7);
        (chart.svg.clone(), chart.standalone_svg().unwrap(), chart.png().unwrap())
    };
    let first = make();
    let second = std::thread::spawn(make).join().unwrap();
    assert!(first == second);
}

#[test]
fn png_is_twice_the_size_of_the_svg() {
    let chart = gallery::heat_map_of("png", 4, 3, |value| value);
    let png = chart.png().unwrap();
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!((number(16), number(20)), (2 * chart.width, 2 * chart.height));
    let empty = gallery::range_bars_of("png", 0, false).png().unwrap();
    assert!(png.len() > 2 * empty.len(), "a chart has more to it than a sentence");
}

#[test]
fn nothing_to_draw_is_said_with_its_reason() {
    for chart in any::each_kind(&any::Words::usual(), 760, 0) {
        let texts = check(&chart).join(" ");
        assert!(texts.contains("Nothing to draw: "), "{texts}");
        assert!(chart.hits.is_empty());
    }
}

#[test]
fn a_missing_value_is_never_a_zero() {
    let rows = vec![RangeRow {
        label: "acks=0".into(),
        sample: Sample::missing("not observable with acks=0"),
        mark: Mark::default(),
        highlight: false,
    }];
    let frame = Frame::new("missing", "t", "s");
    let chart = range_bars(&RangeBars {
        frame,
        measure: gallery::p99(),
        rows,
    })
    .unwrap();
    let texts = check(&chart);
    assert!(texts.iter().any(|text| text == "–") && texts.iter().any(|text| text == "not observable with acks=0"));
    assert!(
        chart.hits[0]
            .text
            .ends_with("p99 service latency: –\nnot observable with acks=0")
    );
    assert!(!chart.svg.contains("--chart-1-tint"), "no bar");
}

#[test]
fn a_curve_ends_where_fewer_than_ten_records_lie_beyond() {
    let point = |percentile| CurvePoint {
        percentile,
        value: 1_000.0 * percentile,
        at_least: false,
    };
    let curve = |records| Curve {
        category: Category {
            name: "lz4".into(),
            mark: Mark::default(),
        },
        points: [50.0, 99.0, 99.9].map(point).to_vec(),
        records: Some(records),
    };
    let chart = |records| {
        let frame = Frame::new("curve", "t", "s");
        percentile_curves(&PercentileCurves {
            frame,
            measure: gallery::p99(),
            curves: vec![curve(records)],
        })
        .unwrap()
    };
    let tips = |records| {
        chart(records)
            .hits
            .iter()
            .map(|hit| hit.text.clone())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert!(tips(9_999).contains("p99:") && !tips(9_999).contains("p99.9:"));
    assert!(tips(10_000).contains("p99.9:"));
    assert!(
        check(&chart(9_999))
            .iter()
            .any(|text| text.contains("fewer than 10 records"))
    );
    assert!(check(&chart(19)).join(" ").contains("Nothing to draw"));
}

#[test]
fn the_best_cell_follows_the_direction_and_skips_bounds() {
    let bound = Sample {
        interval: None,
        at_least: true,
        ..Sample::single(1.0)
    };
    let chart = |better| {
        heat_map(&HeatMap {
            frame: Frame::new("best", "t", "s"),
            measure: Measure::new("p99", Unit::Microseconds, better),
            x_name: "linger.ms".into(),
            x_labels: vec!["0".into(), "5".into(), "10".into()],
            y_name: "acks".into(),
            y_labels: vec!["1".into()],
            cells: vec![vec![bound.clone(), Sample::single(2_000.0), Sample::single(3_000.0)]],
        })
        .unwrap()
    };
    let said = |better| {
        check(&chart(better))
            .into_iter()
            .find(|text| text.starts_with("Framed"))
    };
    assert!(said(Better::Lower).unwrap().contains("linger.ms = 5"));
    assert!(said(Better::Higher).unwrap().contains("linger.ms = 10"));
    assert_eq!(said(Better::Neither), None);
}

#[test]
fn marks_keep_their_colour_across_charts() {
    let palette = Palette::assign(["none", "zstd"]);
    let colour = format!("var(--chart-{},", palette.mark("zstd").colour() + 1);
    assert_eq!(colour, "var(--chart-2,");
    let category = palette.category("zstd");
    let row = StackRow {
        label: "a".into(),
        values: vec![Some(1.0)],
        note: String::new(),
    };
    let stack = StackedBars {
        frame: Frame::new("stack", "t", "s"),
        measure: gallery::p99(),
        parts: vec![category.clone()],
        rows: vec![row],
    };
    let line = TimeLine {
        category,
        name: "trial 1".into(),
        points: vec![(0.0, 1.0), (1.0, 2.0)],
    };
    let frame = Frame::new("time", "t", "s");
    let series = TimeSeries {
        frame,
        measure: gallery::throughput(),
        window_s: None,
        lines: vec![line],
    };
    for svg in [stacked_bars(&stack).unwrap().svg, time_series(&series).unwrap().svg] {
        assert!(svg.contains(&colour) && !svg.contains("var(--chart-1,"));
    }
}

#[test]
fn the_page_gives_every_colour_that_charts_ask_for() {
    let sheet = stylesheet();
    for (_, chart) in gallery::all() {
        for part in chart.svg.split("var(--chart-").skip(1) {
            let name = part.split([',', ')']).next().unwrap();
            assert!(
                name == "font" || sheet.matches(&format!("--chart-{name}:")).count() == 3,
                "{name}"
            );
        }
    }
}
