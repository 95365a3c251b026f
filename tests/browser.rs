//! The page in a real browser: headless Chromium through WebDriver.

mod synthetic;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions, MouseActions, PointerAction};
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use kpbench::report;
use kpbench::store::RunDirectory;
use serde_json::{Value, json};
use synthetic::Run;

const REMEDY: &str = "the browser tests need Chromium and its driver: apt-get install chromium chromium-driver, or put \
                      both on PATH, or name them in KPBENCH_CHROMIUM and KPBENCH_CHROMEDRIVER";

/// chromedriver on a port that it chose itself; ends with this value.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    fn start() -> Driver {
        let program = found("KPBENCH_CHROMEDRIVER", &["chromedriver"]);
        let mut process = Command::new(&program)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} does not start: {error}; {REMEDY}"));
        let output = BufReader::new(process.stdout.take().unwrap());
        let port = output.lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("started successfully on port ")?;
            rest.trim_end_matches('.').parse().ok()
        });
        let port = port.unwrap_or_else(|| panic!("{program} named no port; {REMEDY}"));
        Driver { process, port }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program that a variable names, or the first on PATH; fails with the remedy.
fn found(variable: &str, names: &[&str]) -> String {
    if let Ok(program) = std::env::var(variable) {
        return program;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates =
        std::env::split_paths(&path).flat_map(|directory| names.iter().map(move |name| directory.join(name)));
    let program = candidates.into_iter().find(|candidate| candidate.is_file());
    program
        .unwrap_or_else(|| panic!("{} is not on PATH; {REMEDY}", names.join(" or ")))
        .display()
        .to_string()
}

/// A command that WebDriver leaves to each browser: logs, and Chromium's own protocol.
#[derive(Debug)]
struct Vendor {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}

/// One browser with the page of one run.
#[derive(Clone)]
struct Page {
    client: Client,
    url: String,
}

impl Page {
    async fn vendor(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Vendor { path, body }).await.unwrap()
    }

    async fn protocol(&self, command: &str, parameters: Value) -> Value {
        self.vendor("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
            .await
    }

    /// The browser's log: `browser` is the console, `performance` the protocol's events.
    async fn log(&self, kind: &str) -> Vec<Value> {
        self.vendor("se/log", json!({ "type": kind }))
            .await
            .as_array()
            .unwrap()
            .clone()
    }

    async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    async fn click(&self, selector: &str) {
        self.client
            .find(Locator::Css(selector))
            .await
            .unwrap()
            .click()
            .await
            .unwrap();
    }

    async fn scheme(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.protocol("Emulation.setEmulatedMedia", json!({ "features": features }))
            .await;
    }

    /// Texts of one column's visible cells, top to bottom.
    async fn column(&self, name: &str) -> Vec<String> {
        let script = format!(
            "const heads = [...document.querySelectorAll('#results thead th')];
             const at = heads.findIndex(head => head.querySelector('button').firstChild.textContent.trim() === '{name}');
             return [...document.querySelectorAll('#results tbody tr:not([hidden])')].map(row => row.cells[at].firstChild.textContent);"
        );
        serde_json::from_value(self.run(&script).await).unwrap()
    }

    /// Clicks the head of a column; returns how the column is sorted then.
    async fn sort(&self, name: &str) -> String {
        let script = format!(
            "const head = [...document.querySelectorAll('#results thead th')]
               .find(head => head.querySelector('button').firstChild.textContent.trim() === '{name}');
             head.querySelector('button').click();
             return head.getAttribute('aria-sort');"
        );
        self.run(&script).await.as_str().unwrap().to_owned()
    }

    async fn tip(&self) -> Option<String> {
        let text = self
            .run("const tip = document.getElementById('tip'); return tip.hidden ? null : tip.textContent;")
            .await;
        text.as_str().map(str::to_owned)
    }

    /// Moves the pointer to the middle of the first element that fits, as a person would.
    async fn point_at(&self, selector: &str) {
        let script = format!(
            "const target = document.querySelector({selector:?});
             target.scrollIntoView({{ block: 'center', inline: 'center', behavior: 'instant' }});
             const box = target.getBoundingClientRect();
             return [box.left + box.width / 2, box.top + box.height / 2];"
        );
        let at: [f64; 2] = serde_json::from_value(self.run(&script).await).unwrap();
        let moves = MouseActions::new("mouse".into())
            .then(PointerAction::MoveTo {
                duration: None,
                x: at[0] - 1.0,
                y: at[1],
            })
            .then(PointerAction::MoveTo {
                duration: None,
                x: at[0],
                y: at[1],
            });
        self.client.perform_actions(moves).await.unwrap();
    }

    async fn press(&self, key: Key) {
        let press = KeyActions::new("keys".into())
            .then(KeyAction::Down { value: key.into() })
            .then(KeyAction::Up { value: key.into() });
        self.client.perform_actions(press).await.unwrap();
    }
}

fn capabilities(profile: &Path) -> fantoccini::wd::Capabilities {
    let mut arguments: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    let chromium = found("KPBENCH_CHROMIUM", &["chromium", "chromium-browser", "google-chrome"]);
    let capabilities = json!({
        "goog:chromeOptions": { "binary": chromium, "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    });
    capabilities.as_object().unwrap().clone()
}

/// Opens the report of a run as a file, hands it to `body`, and closes the browser whatever comes of it.
async fn with_page<F, Fut>(run: Run, body: F)
where
    F: FnOnce(Page) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("run");
    let mut stored = RunDirectory::create(&directory, &run.manifest).unwrap();
    run.trials.iter().for_each(|trial| stored.append(trial).unwrap());
    let written = report::write(&directory).unwrap();
    let url = url::Url::from_file_path(&written.html).unwrap().to_string();

    let driver = Driver::start();
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(capabilities(&temporary.path().join("browser")));
    let connected = builder.connect(&format!("http://127.0.0.1:{}", driver.port)).await;
    let client = connected.unwrap_or_else(|error| panic!("no session: {error}; {REMEDY}"));
    let page = Page {
        client: client.clone(),
        url,
    };
    page.client.goto(&page.url).await.unwrap();
    let outcome = tokio::spawn(body(page)).await;
    client.close().await.unwrap();
    if let Err(error) = outcome {
        std::panic::resume_unwind(error.into_panic());
    }
}

fn grid() -> Run {
    Run::grid(
        &[
            ("batch.size", &["16384", "131072", "1000000"]),
            ("linger.ms", &["0", "5", "50"]),
            ("acks", &["0", "all"]),
        ],
        3,
    )
}

/// What the console says that is worse than information.
async fn complaints(page: &Page) -> Vec<String> {
    let worse = |entry: &Value| entry["level"] == "SEVERE" || entry["level"] == "WARNING";
    page.log("browser")
        .await
        .iter()
        .filter(|entry| worse(entry))
        .map(Value::to_string)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_in_both_schemes_without_complaint_and_without_any_request() {
    with_page(grid(), |page| async move {
        for scheme in ["light", "dark"] {
            page.scheme(scheme).await;
            page.client.refresh().await.unwrap();
            let colours = page
                .run("const style = getComputedStyle(document.body); return [style.backgroundColor, style.color];")
                .await;
            let luminance = |text: &str| -> u32 {
                let numbers = text
                    .split(|c: char| !c.is_ascii_digit())
                    .filter_map(|n| n.parse::<u32>().ok());
                numbers.take(3).sum()
            };
            let (ground, ink) = (
                luminance(colours[0].as_str().unwrap()),
                luminance(colours[1].as_str().unwrap()),
            );
            assert!(ground.abs_diff(ink) > 450, "{scheme}: {colours}");
            assert_eq!(ground > ink, scheme == "light", "{scheme}: {colours}");
            let drawn = page.run("return document.querySelectorAll('figure svg').length").await;
            assert!(drawn.as_u64().unwrap() >= 7, "{drawn} charts");
        }
        assert_eq!(complaints(&page).await, Vec::<String>::new());
        let resources = page
            .run("return performance.getEntriesByType('resource').map(entry => entry.name)")
            .await;
        assert_eq!(resources, json!([]));
        let requested: Vec<String> = page
            .log("performance")
            .await
            .iter()
            .filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok())
            .filter(|event| event["message"]["method"] == "Network.requestWillBeSent")
            // The browser's own start page asks for things too.
            .filter(|event| event["message"]["params"]["documentURL"] == page.url.as_str())
            .filter_map(|event| Some(event["message"]["params"]["request"]["url"].as_str()?.to_owned()))
            .collect();
        assert!(requested.contains(&page.url), "the log sees requests: {requested:?}");
        let others: Vec<&String> = requested
            .iter()
            .filter(|url| **url != page.url && !url.starts_with("data:"))
            .collect();
        assert!(others.is_empty(), "{others:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sorts_by_every_kind_of_column() {
    with_page(grid(), |page| async move {
        let throughput = page.column("throughput").await;
        assert_eq!(throughput.len(), 18);
        assert_eq!(
            page.run("return document.querySelectorAll('[aria-sort=descending]').length")
                .await,
            1
        );
        assert_eq!(page.sort("throughput").await, "ascending");
        let reversed: Vec<String> = throughput.into_iter().rev().collect();
        assert_eq!(page.column("throughput").await, reversed);

        assert_eq!(page.sort("linger.ms").await, "ascending");
        let linger = page.column("linger.ms").await;
        assert_eq!(
            (linger[0].as_str(), linger[6].as_str(), linger[12].as_str()),
            ("0", "5", "50"),
            "by number, not by letter"
        );

        for way in ["ascending", "descending"] {
            assert_eq!(page.sort("p99").await, way);
            let p99 = page.column("p99").await;
            assert!(
                p99[9..].iter().all(|text| text == "n/o"),
                "no value comes last, {way}: {p99:?}"
            );
            assert!(p99[..9].iter().all(|text| text != "n/o"));
        }
        assert_eq!(
            page.run("return document.querySelectorAll('th:not([aria-sort=none])[aria-sort]').length")
                .await,
            1
        );
        assert_eq!(complaints(&page).await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_by_text_and_by_axis() {
    with_page(grid(), |page| async move {
        let find = page.client.find(Locator::Id("find")).await.unwrap();
        find.send_keys("acks=all linger.ms=50").await.unwrap();
        assert_eq!(page.column("acks").await, ["all", "all", "all"]);
        assert_eq!(page.column("linger.ms").await, ["50", "50", "50"]);
        let shown = page.client.find(Locator::Id("shown")).await.unwrap();
        assert_eq!(shown.text().await.unwrap(), "3 of 18 configurations");
        let select = page.client.find(Locator::Css("select[data-axis='0']")).await.unwrap();
        select.select_by_label("16384").await.unwrap();
        assert_eq!(page.column("batch.size").await, ["16384"]);
        find.clear().await.unwrap();
        find.send_keys("no such thing").await.unwrap();
        assert!(page.column("batch.size").await.is_empty());
        assert_eq!(complaints(&page).await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_values_under_the_pointer_and_at_the_keyboards_focus() {
    with_page(grid(), |page| async move {
        assert_eq!(page.tip().await, None);
        page.point_at("#fig-throughput .hit").await;
        let tip = page.tip().await.expect("a tip over a bar");
        assert!(tip.contains("records/s"), "{tip}");
        page.point_at("#results tbody td[data-tip]").await;
        let tip = page.tip().await.expect("a tip over a cell");
        assert!(tip.contains("trials: "), "{tip}");
        page.press(Key::Escape).await;
        assert_eq!(page.tip().await, None);

        // From the element before, as a reader without a mouse gets there.
        page.run("document.querySelector('#fig-percentiles .plot').focus()").await;
        page.press(Key::Tab).await;
        let tip = page.tip().await.expect("a tip at the focus");
        assert!(!tip.is_empty());
        let inside = page.run("const box = document.getElementById('tip').getBoundingClientRect(); return box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight;").await;
        assert_eq!(inside, true, "the tip lies within the window");
        assert_eq!(complaints(&page).await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fits_a_phone() {
    with_page(grid(), |page| async move {
        let phone = json!({ "width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": true });
        page.protocol("Emulation.setDeviceMetricsOverride", phone).await;
        page.client.refresh().await.unwrap();
        page.run("document.querySelectorAll('details').forEach(details => { details.open = true; })")
            .await;
        let widths = page
            .run("return [innerWidth, document.documentElement.scrollWidth, document.body.scrollWidth]")
            .await;
        assert_eq!(widths, json!([360, 360, 360]), "the page does not scroll sideways");
        let reachable = page
            .run("const box = document.querySelector('.scroll'); return box.scrollWidth > box.clientWidth")
            .await;
        assert_eq!(reachable, true, "the table does, by itself");
        let charts = page
            .run(
                "const shown = [...document.querySelectorAll('.plot')].filter(plot => plot.offsetParent !== null);
                 const whole = shown.filter(plot => plot.scrollWidth <= plot.clientWidth);
                 const small = [...document.querySelectorAll('figure .plot svg text')]
                   .filter(text => text.checkVisibility() && text.getBoundingClientRect().height < 10);
                 return [document.querySelectorAll('figure').length - shown.length, shown.length - whole.length, small.length];",
            )
            .await;
        assert_eq!(charts, json!([0, 0, 0]), "one chart per figure, whole, in letters that can be read");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_configuration_opens_it() {
    with_page(grid(), |page| async move {
        assert_eq!(
            page.run("return document.querySelectorAll('details.configuration[open]').length")
                .await,
            0
        );
        page.click(".answer .with a").await;
        let mut open = json!(0);
        for _ in 0..50 {
            open = page
                .run("return document.querySelectorAll('details.configuration[open]').length")
                .await;
            if open == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(open, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_from_profiles_runs_nothing() {
    const HOSTILE: &str =
        "</script><script>window.broken=1</script><img src=x onerror=window.broken=2>\"' onfocus=window.broken=3 x='";
    let mut run = Run::grid(
        &[("compression.type", &["none", HOSTILE]), ("linger.ms", &["0", "5"])],
        2,
    )
    .configured(|configuration| configuration.warnings.push(HOSTILE.to_owned()))
    .fail(1, HOSTILE);
    run.manifest.profile_name = HOSTILE.into();
    run.manifest.profile_source = HOSTILE.into();
    with_page(run, |page| async move {
        assert_eq!(page.run("return window.broken === undefined").await, true);
        assert_eq!(
            page.run("return document.querySelectorAll('img, [onfocus], [onerror]').length")
                .await,
            0
        );
        assert_eq!(page.run("return document.title.includes('<script>')").await, true);
        page.point_at("#fig-throughput .hit").await;
        assert_eq!(
            page.run("return document.querySelectorAll('#tip *').length").await,
            0,
            "a tip is text"
        );
        assert_eq!(complaints(&page).await, Vec::<String>::new());
    })
    .await;
}
