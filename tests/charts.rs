//! Charts as a reader and a browser meet them: well-formed, escaped, inside their frame, the same on every machine.
//!
//! With `CHARTS_OUT=DIR` the gallery is written there as SVG, PNG and one HTML page, to be looked at.

use kpbench::report::charts::*;

#[path = "charts/gallery.rs"]
mod gallery;
#[path = "charts/xml.rs"]
mod xml;

#[test]
fn gallery_can_be_looked_at() {
    let Ok(directory) = std::env::var("CHARTS_OUT") else {
        return;
    };
    let directory = std::path::Path::new(&directory);
    std::fs::create_dir_all(directory).unwrap();
    let mut page = format!(
        "<!doctype html><meta charset=utf-8><style>{}body{{background:var(--chart-bg);margin:0 auto;max-width:760px}}svg{{margin:0 0 12px}}</style>",
        stylesheet()
    );
    for (name, chart) in gallery::all() {
        std::fs::write(directory.join(format!("{name}.svg")), chart.standalone_svg().unwrap()).unwrap();
        chart.write_png(&directory.join(format!("{name}.png"))).unwrap();
        println!(
            "{name}: {} x {}, {} KB, {} hits",
            chart.width,
            chart.height,
            chart.svg.len() / 1000,
            chart.hits.len()
        );
        page += &chart.svg;
    }
    std::fs::write(directory.join("page.html"), page).unwrap();
}
