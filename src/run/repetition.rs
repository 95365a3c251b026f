//! Repetition until the intervals are narrow, or until a gate is decided: whether another block begins, how many it will
//! take, and how it ended. The rules themselves are `plan`'s and the gate's; here they meet the stored trials, the time
//! budget and the manifest.

use std::time::Duration;

use super::coordinator::Session;
use super::{BlocksExpected, Looked, RunError};
use crate::analysis::{Question, session_of};
use crate::plan;
use crate::plan::stopping::{CONFIDENCE, Decision, StopRule};
use crate::profile::{Configuration, Precision, Until};
use crate::stats::{order_statistics, signed_rank};
use crate::store::{Imprecise, Manifest, PlannedTrial, StoppedBy, Stopping};

/// An estimate is told again where it differs from the last one by a quarter, and by three blocks.
const TELL_AGAIN: (f64, u32) = (0.25, 3);

/// What the blocks so far say.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    /// Half-width of each comparison's interval, as a share of the ratio; none where no interval exists.
    half_widths: Vec<Option<f64>>,
    /// Whether all of them are narrow enough, be the blocks many or few.
    precise: bool,
    /// Blocks that it will take in all, where that can be told.
    needed: Option<u32>,
}

impl Session<'_> {
    /// The trials of the next block, once the plan was extended by them and stored. None where enough was measured, or
    /// where the number of repetitions alone decides.
    pub(super) fn next_block(&mut self) -> Result<Vec<PlannedTrial>, RunError> {
        let Some(rule) = self.request.profile.run.precision else {
            return Ok(Vec::new());
        };
        let mut manifest = self.directory.manifest().clone();
        let begun = blocks_begun(&manifest);
        let budget = rule.time_budget_ms.map(Duration::from_millis);
        let fits = budget.is_none_or(|budget| self.history.spent() + self.history.next_block() <= budget);
        let ended = match &self.request.question {
            Some(question) if rule.until == Until::Decided => self.by_question(&rule, question, begun, fits)?,
            _ => self.by_width(&rule, begun, fits),
        };
        let first_new = manifest.plan.len();
        if let Some(stopping) = ended {
            self.listener.repetition_ended(&stopping, &manifest.configurations);
            manifest.stopping = Some(stopping);
        } else {
            let ids: Vec<&str> = manifest.configurations.iter().map(|one| one.id.as_str()).collect();
            manifest.plan = plan::plan(&ids, begun + 1, manifest.run.order, manifest.run.seed);
            manifest.stopping = None;
        }
        let more = manifest.plan[first_new..].to_vec();
        self.tally.planned = manifest.plan.len();
        self.directory.set_manifest(manifest)?;
        Ok(more)
    }

    /// How the run ends after these blocks by the width of its intervals; none where another block begins.
    fn by_width(&mut self, rule: &Precision, begun: u32, fits: bool) -> Option<Stopping> {
        let configurations = &self.request.profile.configurations;
        let differences = self.history.differences(configurations);
        let state = match (&configurations[..], &differences[..]) {
            ([_], [logarithms]) => look_at_one(rule, logarithms, begun),
            _ => look(rule, &differences, begun),
        };
        let ended = stopped_by(rule, &state, begun, fits);
        if ended.is_none() {
            self.tell(rule, &state, begun);
        }
        Some(Stopping {
            rule: *rule,
            ended: ended?,
            blocks: begun,
            imprecise: imprecise(rule, &state, configurations),
        })
    }

    /// How the run ends after these blocks by what a gate asks; none where another block begins.
    fn by_question(
        &mut self,
        rule: &Precision,
        question: &Question,
        begun: u32,
        fits: bool,
    ) -> Result<Option<Stopping>, RunError> {
        let Some(ended) = Question::due(rule, begun, fits) else {
            return Ok(None);
        };
        let stopping = Stopping {
            rule: *rule,
            ended,
            blocks: begun,
            imprecise: Vec::new(),
        };
        let mut manifest = self.directory.manifest().clone();
        manifest.stopping = Some(stopping.clone());
        let look = question.look(&session_of(
            &manifest,
            &self.directory.trials()?,
            "",
            manifest.created_at,
        ));
        if ended != StoppedBy::Decided || look.open == 0 {
            return Ok(Some(stopping));
        }
        // Where the spread is not known yet, the largest number of blocks is as good a guess as any.
        let needed = look.blocks_needed.unwrap_or(rule.max_blocks);
        let blocks = self.expected(rule, needed, begun);
        self.tally.blocks = blocks;
        self.listener.looked(Looked {
            done: begun,
            look,
            blocks,
            time_left: self.history.next_block() * (blocks - begun),
        });
        Ok(None)
    }

    /// Blocks that will be run in all where so many are needed: between the limits, and within the time budget.
    fn expected(&self, rule: &Precision, needed: u32, begun: u32) -> u32 {
        let affordable = rule.time_budget_ms.map_or(u32::MAX, |budget_ms| {
            let left = Duration::from_millis(budget_ms).saturating_sub(self.history.spent());
            let blocks = left.as_secs_f64() / self.history.next_block().as_secs_f64().max(1e-3);
            begun.saturating_add(blocks as u32)
        });
        needed
            .max(rule.min_blocks)
            .min(rule.max_blocks)
            .min(affordable)
            .max(begun + 1)
    }

    /// Keeps the estimate for the progress, and tells it where it is new.
    fn tell(&mut self, rule: &Precision, state: &State, begun: u32) {
        let Some(needed) = state.needed else { return };
        let blocks = self.expected(rule, needed, begun);
        self.tally.blocks = blocks;
        let last = self.told_blocks.replace(needed);
        if last.is_some_and(|last| !is_news(last, needed, rule.max_blocks)) {
            self.told_blocks = last;
            return;
        }
        self.listener.blocks_expected(BlocksExpected {
            done: begun,
            needed,
            blocks,
            precision: rule.half_width,
            metric: rule.metric,
            widest: state.half_widths.iter().copied().flatten().reduce(f64::max),
            time_left: self.history.next_block() * (blocks - begun),
        });
    }
}

/// Whether an estimate differs much from the one that was told last. Beyond what is allowed, it does not matter by how
/// much.
fn is_news(told: u32, needed: u32, max_blocks: u32) -> bool {
    let (share, blocks) = TELL_AGAIN;
    let change = told.abs_diff(needed);
    told.min(needed) <= max_blocks && change >= blocks && f64::from(change) > share * f64::from(told)
}

/// Blocks in a plan.
pub(super) fn blocks_begun(manifest: &Manifest) -> u32 {
    manifest.plan.iter().map(|planned| planned.block).max().unwrap_or(0)
}

fn stop_rule(rule: &Precision) -> StopRule {
    StopRule {
        precision: rule.half_width,
        min_blocks: rule.min_blocks,
        max_blocks: rule.max_blocks,
    }
}

/// What the differences so far say after this many blocks: one list per comparison, with a family-wise confidence of
/// 95 % by Bonferroni.
fn look(rule: &Precision, differences: &[Vec<f64>], begun: u32) -> State {
    let confidence = 1.0 - (1.0 - CONFIDENCE) / differences.len().max(1) as f64;
    let half_widths: Vec<Option<f64>> = differences
        .iter()
        .map(|one| Some(signed_rank::interval(one, confidence)?.half_width().exp_m1()))
        .collect();
    // A configuration that never came to its end will not do so by repetition: the others are not kept waiting.
    let waited_for: Vec<Vec<f64>> = differences
        .iter()
        .filter(|one| begun < rule.min_blocks || !one.is_empty())
        .cloned()
        .collect();
    let decision = stop_rule(rule).decide_at(&waited_for, confidence);
    State {
        half_widths,
        precise: decision == Decision::Precise,
        needed: match decision {
            Decision::Continue { estimated_blocks } => estimated_blocks,
            _ => None,
        },
    }
}

/// Of a run with one configuration: the interval of its median from order statistics. `logarithms` are those of the
/// figure that decides.
fn look_at_one(rule: &Precision, logarithms: &[f64], begun: u32) -> State {
    let half_width = order_statistics::median_interval(logarithms, CONFIDENCE).map(|interval| interval.half_width());
    let wanted = rule.half_width.ln_1p();
    // The half-width of a median's interval shrinks with the square root of the number of blocks.
    let needed = half_width.map(|half_width| (logarithms.len() as f64 * (half_width / wanted).powi(2)).ceil() as u32);
    State {
        half_widths: vec![half_width.map(f64::exp_m1)],
        precise: begun >= rule.min_blocks && half_width.is_some_and(|half_width| half_width <= wanted),
        needed: needed.map(|needed| needed.max(rule.min_blocks).max(begun + 1)),
    }
}

/// Why no further block begins; none where one does.
fn stopped_by(rule: &Precision, state: &State, begun: u32, fits: bool) -> Option<StoppedBy> {
    if begun == 0 {
        return None;
    }
    if state.precise {
        Some(StoppedBy::Precise)
    } else if begun >= rule.max_blocks {
        Some(StoppedBy::MaxBlocks)
    } else if !fits {
        Some(StoppedBy::TimeBudget)
    } else {
        None
    }
}

/// Configurations whose interval is wider than asked for, the widest first; those without an interval before them.
fn imprecise(rule: &Precision, state: &State, configurations: &[Configuration]) -> Vec<Imprecise> {
    // The first configuration is what the others are compared with, unless it is alone.
    let compared = match configurations {
        [only] => std::slice::from_ref(only),
        [_, others @ ..] => others,
        [] => &[],
    };
    let mut imprecise: Vec<Imprecise> = compared
        .iter()
        .zip(&state.half_widths)
        .filter(|(_, half_width)| half_width.is_none_or(|half_width| half_width > rule.half_width))
        .map(|(configuration, half_width)| Imprecise {
            configuration_id: configuration.id.clone(),
            half_width: *half_width,
        })
        .collect();
    let width = |one: &Imprecise| one.half_width.unwrap_or(f64::INFINITY);
    imprecise.sort_by(|a, b| width(b).total_cmp(&width(a)));
    imprecise
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::PrecisionMetric;
    use crate::store::samples;

    const RULE: Precision = Precision {
        metric: PrecisionMetric::Throughput,
        half_width: 0.03,
        min_blocks: 8,
        max_blocks: 30,
        time_budget_ms: None,
        until: Until::Narrow,
    };

    /// Log-ratios evenly spread between ± `width`.
    fn spread(blocks: u32, width: f64) -> Vec<f64> {
        let place = |block: u32| (2.0 * f64::from(block) + 1.0) / f64::from(blocks) - 1.0;
        (0..blocks).map(|block| width * place(block)).collect()
    }

    #[test]
    fn the_first_block_always_begins_and_then_the_rule_the_maximum_and_the_budget_decide() {
        let wide = look(&RULE, &[spread(8, 0.5)], 8);
        let narrow = look(&RULE, &[spread(8, 0.01)], 8);
        assert_eq!(stopped_by(&RULE, &wide, 0, false), None);
        assert_eq!(stopped_by(&RULE, &wide, 8, true), None);
        assert_eq!(stopped_by(&RULE, &narrow, 8, true), Some(StoppedBy::Precise));
        assert_eq!(stopped_by(&RULE, &wide, 8, false), Some(StoppedBy::TimeBudget));
        assert_eq!(stopped_by(&RULE, &wide, 30, false), Some(StoppedBy::MaxBlocks));
    }

    #[test]
    fn a_clear_difference_with_a_wide_interval_is_no_reason_to_stop() {
        let clear: Vec<f64> = spread(20, 0.3).into_iter().map(|difference| difference + 2.0).collect();
        assert!(signed_rank::p_value(&clear).unwrap() < 0.001);
        assert_eq!(stopped_by(&RULE, &look(&RULE, &[clear], 20), 20, true), None);
    }

    #[test]
    fn more_comparisons_make_wider_intervals() {
        let one = look(&RULE, &[spread(12, 0.05)], 12).half_widths[0].unwrap();
        let of_five = look(&RULE, &vec![spread(12, 0.05); 5], 12).half_widths[0].unwrap();
        assert!(of_five > one, "{of_five} {one}");
    }

    #[test]
    fn a_configuration_without_any_trial_is_not_waited_for_but_told() {
        let configurations = ["c-1", "c-2", "c-3"].map(samples::configuration);
        let state = look(&RULE, &[spread(8, 0.01), Vec::new()], 8);
        assert_eq!(stopped_by(&RULE, &state, 8, true), Some(StoppedBy::Precise));
        let imprecise = imprecise(&RULE, &state, &configurations);
        assert_eq!(imprecise.len(), 1);
        assert_eq!(
            (imprecise[0].configuration_id.as_str(), imprecise[0].half_width),
            ("c-3", None)
        );
        let before = look(&RULE, &[spread(7, 0.01), Vec::new()], 7);
        assert!(!before.precise);
    }

    #[test]
    fn one_configuration_is_held_to_the_interval_of_its_median() {
        let state = look_at_one(&RULE, &spread(10, 0.02), 10);
        assert!(state.precise, "{state:?}");
        let wide = look_at_one(&RULE, &spread(10, 0.2), 10);
        assert!(!wide.precise);
        assert!(wide.needed.unwrap() > 30, "{wide:?}");
        assert_eq!(look_at_one(&RULE, &spread(3, 0.2), 3).needed, None, "no interval yet");
        let alone = [samples::configuration("c-1")];
        assert_eq!(imprecise(&RULE, &wide, &alone)[0].configuration_id, "c-1");
    }

    #[test]
    fn an_estimate_is_told_again_only_where_it_changed_much() {
        assert!(!is_news(20, 24, 50));
        assert!(!is_news(4, 6, 50), "two blocks are no news");
        assert!(is_news(20, 26, 50) && is_news(26, 15, 50));
        assert!(!is_news(200, 400, 50), "out of reach as before");
        assert!(is_news(200, 40, 50) && is_news(40, 200, 50));
    }
}
