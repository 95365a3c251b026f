//! Comparisons over stored trials: what is better, by how much, and how sure that is. Pure but for threads: knows the
//! stored run's documents and `stats`; no clock, no broker, no file.

mod axes;
mod best;
mod comparable;
mod comparison;
mod effect;
mod fair;
mod floors;
mod gate;
mod metric;
mod observations;
mod pacing;
mod session;
mod trial;

pub use axes::{AXIS_METRICS, AxisVerdict, Disagreement, axis_verdicts};
pub use best::{BestSet, best_set};
pub use comparable::{Side, changed_settings, differences, remarks};
pub use comparison::{COMPARED, Comparison, Contrast, ONE_AFTER_THE_OTHER, Run, compare, missing_trials};
pub use effect::{ALPHA, Design, Effect, Sample, family};
pub use fair::incomparable;
pub use floors::{DEFAULT_FLOOR, Floors};
pub use gate::{
    Asked, Basis, GateRow, GateVerdict, Judged, Look, Pair, Question, Repeated, Threshold, against_stored, confirm,
    interleaved, may_be_excused, not_confirmed, pairs_of, thresholds, thresholds_of_run, whole_verdict,
};
pub(crate) use metric::Style;
pub use metric::{Better, Metric};
pub use observations::{Observations, Pairs, Series};
pub use pacing::{behind, offered_per_s, saturation};
pub use session::session_of;
pub use trial::{CompletedTrial, completed_result, megabytes_per_s, records_per_s, throughput};
pub(crate) use trial::{percentiles, produce_requests, ratio};
