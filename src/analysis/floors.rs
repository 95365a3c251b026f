//! The noise floor: by how much identical trials differ on this machine and target. A difference counts only beyond it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Metric;
use crate::store::{Manifest, UsedNoiseFloor};

/// Without a measured floor: 1 %.
pub const DEFAULT_FLOOR: f64 = 0.01;

/// The floors that verdicts use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Floors {
    /// Measured ones: a ratio's distance from 1, as in 0.013.
    pub measured: BTreeMap<Metric, f64>,
    /// Where the others stand.
    pub default: f64,
    /// Where the measured ones come from, in a sentence; or that there are none.
    pub origin: String,
}

impl Default for Floors {
    fn default() -> Floors {
        Floors {
            measured: BTreeMap::new(),
            default: DEFAULT_FLOOR,
            origin: "No noise floor was measured on this machine and target (kpbench noise does it): 1 % is assumed, \
                     and what identical trials differ by is not known."
                .to_owned(),
        }
    }
}

impl Floors {
    /// Those that a run was stored with; the default where none was measured.
    pub fn of_run(manifest: &Manifest) -> Floors {
        let Some(UsedNoiseFloor { floor, .. }) = &manifest.noise_floor else {
            return Floors::default();
        };
        let measured = |metric: &Metric| Some((*metric, *floor.floors.get(metric.id())?));
        Floors {
            measured: Metric::ALL.iter().filter_map(measured).collect(),
            default: DEFAULT_FLOOR,
            origin: format!(
                "Noise floors of this machine and target, measured {} in {} blocks of {:?}; 1 % is assumed for \
                 figures that have none.{}",
                floor.created_at.strftime("%Y-%m-%d"),
                floor.blocks,
                floor.configuration,
                other_window(floor.measure_ms, manifest.run.measure_ms),
            ),
        }
    }

    /// Of each metric the larger: what may not be called real on one side is not real between the two.
    pub fn larger(&self, other: &Floors) -> Floors {
        let metrics = self.measured.keys().chain(other.measured.keys());
        Floors {
            measured: metrics
                .map(|metric| (*metric, self.of(*metric).max(other.of(*metric))))
                .collect(),
            default: self.default.max(other.default),
            origin: match (self.measured.is_empty(), other.measured.is_empty()) {
                (false, false) if self.origin != other.origin => format!("{} {}", self.origin, other.origin),
                (false, _) => self.origin.clone(),
                (true, _) => other.origin.clone(),
            },
        }
    }

    /// The floor of one metric, as a ratio's distance from 1.
    pub fn of(&self, metric: Metric) -> f64 {
        self.measured
            .get(&metric)
            .copied()
            .filter(|floor| floor.is_finite() && *floor >= 0.0)
            .unwrap_or(self.default)
    }
}

/// That the floors are those of another window, in a sentence with a blank before it; nothing where they are not.
fn other_window(measured_ms: u64, used_ms: u64) -> String {
    let than = match measured_ms.cmp(&used_ms) {
        Ordering::Equal => return String::new(),
        Ordering::Less => {
            "shorter ones differ by more, so these floors may be too wide, and a real difference may pass for none"
        }
        Ordering::Greater => {
            "longer ones differ by less, so these floors may be too narrow, and chance may pass for a difference"
        }
    };
    let seconds = |ms: u64| ms as f64 / 1e3;
    format!(
        " They were measured in windows of {} s, and here windows are {} s: {than}.",
        seconds(measured_ms),
        seconds(used_ms)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{NoiseFloor, samples};

    fn measured(measure_ms: u64) -> Manifest {
        let mut manifest = samples::manifest();
        manifest.noise_floor = Some(UsedNoiseFloor {
            from: "noise/x.json".into(),
            floor: NoiseFloor {
                schema_version: 1,
                created_at: manifest.created_at,
                kpbench_version: "0.1.0".to_owned(),
                client_version: "librdkafka 2.12.1".to_owned(),
                host: manifest.host.clone(),
                target: manifest.target.clone(),
                configuration: "lz4".to_owned(),
                measure_ms,
                blocks: 20,
                confidence: 0.95,
                floors: BTreeMap::from([(Metric::Throughput.id().to_owned(), 0.034)]),
            },
        });
        manifest
    }

    #[test]
    fn a_run_has_the_floors_that_it_was_stored_with() {
        assert_eq!(Floors::of_run(&samples::manifest()), Floors::default());
        let floors = Floors::of_run(&measured(1_000));
        assert_eq!(floors.of(Metric::Throughput), 0.034);
        assert_eq!(floors.of(Metric::LatencyP99), DEFAULT_FLOOR);
        assert!(
            floors.origin.contains("2026-01-02") && floors.origin.contains("20 blocks"),
            "{}",
            floors.origin
        );
    }

    #[test]
    fn floors_of_another_window_are_told() {
        assert!(!Floors::of_run(&measured(1_000)).origin.contains("windows"));
        let shorter = Floors::of_run(&measured(500)).origin;
        assert!(
            shorter.contains("in windows of 0.5 s, and here windows are 1 s: shorter ones differ by more"),
            "{shorter}"
        );
        let longer = Floors::of_run(&measured(2_500));
        assert!(longer.origin.contains("2.5 s") && longer.origin.contains("chance may pass for a difference"));
        let both = Floors::of_run(&measured(1_000)).larger(&longer).origin;
        assert!(
            both.contains("2.5 s") && both.matches("Noise floors of").count() == 2,
            "{both}"
        );
        let same = longer.larger(&longer).origin;
        assert_eq!(same, longer.origin);
    }
}
