//! The noise floor: by how much identical trials differ on this machine and target. A difference counts only beyond it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Metric;
use crate::store::Manifest;

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
        let Some(used) = &manifest.noise_floor else {
            return Floors::default();
        };
        let measured = used.floor.floors.iter();
        let blocks = used.floor.blocks;
        Floors {
            measured: measured
                .filter_map(|(id, floor)| Some((Metric::of_id(id)?, *floor)))
                .collect(),
            origin: format!(
                "The noise floor was measured on this machine and target on {}, over {blocks} blocks of identical trials; \
                 1 % is assumed for figures that it does not hold.",
                used.floor.created_at.strftime("%Y-%m-%d")
            ),
            ..Floors::default()
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
