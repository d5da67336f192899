//! What an openb import did.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::import::openb::copies::SHIFT_WITHIN;
use crate::import::openb::fill::BETWEEN_ARRIVALS;
use crate::import::openb::options::Share;
use crate::import::openb::rows::Node;
use crate::time::{Duration, Time};
use crate::units::{MilliGpu, WHOLE_GPU, thousands};

/// Why pods that were never scheduled are left out.
pub(crate) const DURATION_UNKNOWN: &str = "duration unknown";
/// Why pods of a list that asks for more than the fill are left out.
pub(crate) const OVER_THE_FILL: &str = "over the fill";

/// An offered load below this leaves a scheduler nothing to decide.
const LIGHT: f64 = 0.1;
/// The mean load that the number of copies is suggested for.
const HEAVY: f64 = 0.9;

/// What an import did. Displayed as one note per line.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The folder written.
    pub dir: PathBuf,
    /// File name of the node list.
    pub node_list: String,
    /// File name of the pod list.
    pub pod_list: String,
    /// The part of the nodes that was asked for.
    pub share: Share,
    /// Seed of every random choice.
    pub seed: u64,
    /// Nodes of each GPU model, most listed first.
    pub models: Vec<ModelNodes>,
    /// GPUs of the nodes kept.
    pub gpus: MilliGpu,
    /// GPUs of all nodes listed.
    pub gpus_listed: MilliGpu,
    /// Pods of the list.
    pub rows: u64,
    /// Pods written, all copies and clones included.
    pub written: u64,
    /// Pods written that no kept node could host even if it were empty.
    pub fit_nowhere: u64,
    /// Pods of the list without a GPU whose `gpu_spec` was ignored, as in the published procedure.
    pub models_ignored: u64,
    /// Pods left out, in every copy.
    pub excluded: Option<Excluded>,
    /// What the pods written ask of the GPUs.
    pub load: Load,
}

/// The nodes of one GPU model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelNodes {
    /// The model; empty for nodes without a GPU.
    pub model: String,
    /// How many are kept.
    pub kept: u64,
    /// How many are listed.
    pub listed: u64,
}

/// Pods left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excluded {
    /// Why.
    pub reason: &'static str,
    /// How many.
    pub pods: u64,
}

/// What the pods written ask of the GPUs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// They come and go.
    Times(Timed),
    /// They come and stay.
    Arrivals(Filled),
}

/// Load of pods that come and go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timed {
    /// How many times the trace is laid over itself.
    pub copies: NonZeroU32,
    /// How long the pods run that were never scheduled; `None` leaves them out.
    pub assumed: Option<Duration>,
    /// Pods of the list that were never scheduled.
    pub never_scheduled: u64,
    /// Pods of the list that ran until the trace's end: their duration is a lower bound.
    pub censored: u64,
    /// From when on the trace is dense: start of the window of the mean.
    pub dense_from: Time,
    /// When the scenario begins to measure: where copies make a load of the dense part. `None`: at
    /// the start.
    pub warm_up: Option<Time>,
    /// End of the trace and of the window of the mean.
    pub end: Time,
    /// Most GPU in use at once in the trace itself, from scheduled_time to deletion_time, each pod
    /// with its part of a GPU.
    pub recorded_peak: MilliGpu,
    /// Mean GPU in use over the window if every pod ran from its arrival ÷ GPUs of the nodes kept;
    /// `None` if the trace ends before the window or no node has a GPU.
    pub offered_mean: Option<f64>,
    /// Most GPU in use at once, at any time, if every pod ran from its arrival.
    pub offered_peak: MilliGpu,
}

/// Load of pods that come and stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Pods that were appended once more.
    pub clones: u64,
    /// GPU asked for in all.
    pub asked: MilliGpu,
}

impl Excluded {
    pub(crate) fn some(reason: &'static str, pods: u64) -> Option<Excluded> {
        (pods > 0).then_some(Excluded { reason, pods })
    }
}

impl Imported {
    /// When the scenario begins to measure, if not at the start.
    pub(crate) fn warm_up(&self) -> Option<Time> {
        match &self.load {
            Load::Times(timed) => timed.warm_up,
            Load::Arrivals(_) => None,
        }
    }

    /// The comment at the head of the scenario, one paragraph each: question, source, licence and
    /// what was done.
    pub(crate) fn comment(&self) -> Vec<String> {
        let mut paragraphs = vec![
            "Which scheduler serves Alibaba's openb GPU cluster best?".to_owned(),
            format!(
                "Source: openb, a production GPU cluster of Alibaba, 2023 \
                 (hkust-adsl/kubernetes-scheduler-simulator, data/csv): {}, {}.",
                self.node_list.escape_debug(),
                self.pod_list.escape_debug()
            ),
            "Licence: Apache-2.0, as that repository; alibaba/clusterdata, which has the same \
             lists, states none for them."
                .to_owned(),
            "Import:".to_owned(),
        ];
        paragraphs.extend(self.notes().into_iter().map(|note| format!("- {note}")));
        paragraphs
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![self.nodes_note()];
        match &self.load {
            Load::Times(timed) => self.timed_notes(timed, &mut notes),
            Load::Arrivals(filled) => self.filled_notes(filled, &mut notes),
        }
        if self.models_ignored > 0 {
            notes.push(format!(
                "Pods listed that name a GPU model but ask for no GPU: {}; the model is ignored, \
                 as in the published procedure.",
                thousands(self.models_ignored)
            ));
        }
        if self.fit_nowhere > 0 {
            notes.push(format!(
                "Pods written that fit no node, not even an empty one: {}.",
                thousands(self.fit_nowhere)
            ));
        }
        notes
    }

    fn nodes_note(&self) -> String {
        let kept: u64 = self.models.iter().map(|model| model.kept).sum();
        let listed: u64 = self.models.iter().map(|model| model.listed).sum();
        let gpus = gpus(self.gpus);
        if self.share == Share::ALL {
            let each = self.models.iter().map(|model| {
                let count = thousands(model.listed);
                format!("{count} {}", model.label())
            });
            let each = each.collect::<Vec<_>>().join(", ");
            return format!("{} nodes with {gpus} GPUs: {each}.", thousands(listed));
        }
        let each = self.models.iter().map(|model| {
            let (kept, listed) = (thousands(model.kept), thousands(model.listed));
            format!("{kept} of {listed} {}", model.label())
        });
        let each = each.collect::<Vec<_>>().join(", ");
        format!(
            "{} of {} nodes ({}, by largest remainder over the GPU models, seed {}) with {gpus} \
             GPUs: {each}.",
            thousands(kept),
            thousands(listed),
            shortest_percent(self.share.get()),
            self.seed
        )
    }

    fn timed_notes(&self, timed: &Timed, notes: &mut Vec<String>) {
        notes.push(
            "Arrival = creation_time, duration = deletion_time − scheduled_time; qos and pod_phase \
             are not used."
                .to_owned(),
        );
        let fate = match timed.assumed {
            None => "left out; --assume-duration would keep them".to_owned(),
            Some(duration) => format!("kept, with an assumed duration of {duration} s"),
        };
        notes.push(format!(
            "Pods listed: {}; never scheduled, so that their duration is unknown: {} ({fate}).",
            thousands(self.rows),
            thousands(timed.never_scheduled)
        ));
        notes.push(format!(
            "Pods listed that ran until the trace's end ({} s), so that their duration is a lower \
             bound: {}.",
            seconds(timed.end),
            thousands(timed.censored)
        ));
        if timed.copies.get() > 1 {
            notes.push(format!(
                "Copies of the trace: {}; all but the first come later, each by a random time \
                 within {} s (seed {}).",
                thousands(u64::from(timed.copies.get())),
                seconds(Time::ZERO + SHIFT_WITHIN),
                self.seed
            ));
        }
        notes.push(format!(
            "Pods written: {}; left out: {}.",
            thousands(self.written),
            thousands(self.left_out())
        ));
        notes.push(self.offered_note(timed));
        notes.extend(timed.warm_up.map(|from| {
            let from = seconds(from);
            format!(
                "The trace is dense from {from} s on: the scenario measures from then on (warm_up)."
            )
        }));
        notes.extend(self.light_note(timed));
    }

    fn left_out(&self) -> u64 {
        self.excluded.map_or(0, |excluded| excluded.pods)
    }

    fn offered_note(&self, timed: &Timed) -> String {
        let mean = match timed.offered_mean {
            Some(mean) => format!(
                "mean {} over {} to {} s, ",
                percent(mean),
                seconds(timed.dense_from),
                seconds(timed.end)
            ),
            None => String::new(),
        };
        format!(
            "Offered GPU load, if every pod ran from its arrival: {mean}peak {} of {} GPUs.",
            gpus(timed.offered_peak),
            gpus(self.gpus)
        )
    }

    /// Says that the trace alone is no load, and how many copies would be one.
    fn light_note(&self, timed: &Timed) -> Option<String> {
        let mean = timed
            .offered_mean
            .filter(|&mean| mean > 0.0 && mean < LIGHT)?;
        if timed.copies.get() > 1 || self.gpus_listed == MilliGpu(0) {
            return None;
        }
        let used = timed.recorded_peak.0 as f64 / self.gpus_listed.0 as f64;
        Some(format!(
            "The trace's own times load its cluster to about {:.0} % at most: from scheduled_time \
             to deletion_time, each pod with its part of a GPU, {} of {} GPUs were in use at once. \
             --copies {:.0} would offer a mean of about {:.0} %.",
            100.0 * used,
            gpus(timed.recorded_peak),
            gpus(self.gpus_listed),
            HEAVY / mean,
            100.0 * HEAVY
        ))
    }

    fn filled_notes(&self, filled: &Filled, notes: &mut Vec<String>) {
        notes.push(format!(
            "Pods listed: {}; clones of random pods appended: {}; random pods left out: {}; \
             written: {}.",
            thousands(self.rows),
            thousands(filled.clones),
            thousands(self.left_out()),
            thousands(self.written)
        ));
        notes.push(format!(
            "They arrive in a random order (seed {}), {BETWEEN_ARRIVALS} s apart, and never leave; \
             qos, pod_phase and all times are not used. Nodes are in a random order too: it is the \
             order of ties.",
            self.seed
        ));
        notes.push(format!(
            "They ask for {} GPUs in all, {} of the {} there are.",
            gpus(filled.asked),
            percent(filled.asked.0 as f64 / self.gpus.0 as f64),
            gpus(self.gpus)
        ));
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.notes().join("\n"))
    }
}

impl ModelNodes {
    fn label(&self) -> &str {
        if self.model.is_empty() {
            "without GPU"
        } else {
            &self.model
        }
    }
}

/// The nodes of each GPU model, most listed first, then by name.
pub(crate) fn count_models(listed: &[Node], kept: &[&Node]) -> Vec<ModelNodes> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for node in listed {
        counts.entry(&node.model).or_default().0 += 1;
    }
    for node in kept {
        counts.entry(&node.model).or_default().1 += 1;
    }
    let mut models: Vec<ModelNodes> = counts
        .into_iter()
        .map(|(model, (listed, kept))| ModelNodes {
            model: model.to_owned(),
            kept,
            listed,
        })
        .collect();
    models.sort_by_key(|model| std::cmp::Reverse(model.listed));
    models
}

/// `65590` thousandths as `65.59`.
fn gpus(amount: MilliGpu) -> String {
    let whole = u64::from(WHOLE_GPU);
    let part = format!("{:03}", amount.0 % whole);
    let text = format!("{}.{part}", thousands(amount.0 / whole));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Whole seconds of a trace's time.
fn seconds(time: Time) -> String {
    thousands(time.since(Time::ZERO).nanos() / 1_000_000_000)
}

/// `0.893` as `89.3 %`, below a tenth one decimal more.
fn percent(ratio: f64) -> String {
    let decimals = if ratio < 0.1 { 2 } else { 1 };
    format!("{:.decimals$} %", 100.0 * ratio)
}

/// `0.025` as `2.5 %`, `0.01` as `1 %`: a ratio as it was asked for, to a hundredth of a percent.
fn shortest_percent(ratio: f64) -> String {
    format!("{} %", (10_000.0 * ratio).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_readers() {
        let asked = [0.01, 0.025, 0.07, 0.7].map(shortest_percent);
        assert_eq!(asked, ["1 %", "2.5 %", "7 %", "70 %"]);
        let amounts = [0, 65_590, 6_212_000, 5, 10_000].map(|n| gpus(MilliGpu(n)));
        assert_eq!(amounts, ["0", "65.59", "6,212", "0.005", "10"]);
        assert_eq!(
            [0.893, 0.005_822, 1.3].map(percent),
            ["89.3 %", "0.58 %", "130.0 %"]
        );
    }
}
