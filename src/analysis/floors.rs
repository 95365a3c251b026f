//! The noise floor: by how much identical trials differ on this machine and target. A difference counts only beyond it.

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
                 figures that have none.",
                floor.created_at.strftime("%Y-%m-%d"),
                floor.blocks,
                floor.configuration,
            ),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{NoiseFloor, samples};

    #[test]
    fn a_run_has_the_floors_that_it_was_stored_with() {
        let mut manifest = samples::manifest();
        assert_eq!(Floors::of_run(&manifest), Floors::default());
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
                measure_ms: 1_000,
                blocks: 20,
                confidence: 0.95,
                floors: BTreeMap::from([(Metric::Throughput.id().to_owned(), 0.034)]),
            },
        });
        let floors = Floors::of_run(&manifest);
        assert_eq!(floors.of(Metric::Throughput), 0.034);
        assert_eq!(floors.of(Metric::LatencyP99), DEFAULT_FLOOR);
        assert!(
            floors.origin.contains("2026-01-02") && floors.origin.contains("20 blocks"),
            "{}",
            floors.origin
        );
    }
}
