//! openb: the node and pod lists of Alibaba's production GPU cluster, 2023.
//!
//! Published with "Beware of Fragmentation" (Weng et al., USENIX ATC 2023) in
//! hkust-adsl/kubernetes-scheduler-simulator, `data/csv`, under Apache-2.0. A pod arrives at its
//! creation_time and runs for deletion_time − scheduled_time; columns `qos` and `pod_phase` are
//! not used.

mod choice;
mod copies;
mod fill;
mod history;
mod load;
pub mod options;
pub mod report;
mod rows;
mod write;

use std::num::NonZeroU32;
use std::path::Path;

use crate::import::error::ImportError;
use crate::import::folder::Folder;
use crate::import::openb::copies::Arrival;
use crate::import::openb::history::History;
use crate::import::openb::load::LoadMeter;
use crate::import::openb::options::{Fill, Mode, Options};
use crate::import::openb::report::{
    DURATION_UNKNOWN, Excluded, Filled, Imported, Load, OVER_THE_FILL, Timed,
};
use crate::import::openb::rows::{Node, Pod};
use crate::import::openb::write::Written;
use crate::import::table::Table;
use crate::time::{Duration, Time};
use crate::units::MilliGpu;

/// From when on the trace is dense: all but 58 of its 7,255 pods with a duration arrive later.
/// The mean of the offered load is over what follows, and copies are measured over it.
const DENSE_FROM: Time = Time::from_secs(10_000_000);

/// Reads a node list and a pod list of openb and writes the folder `dir`: `scenario.toml`,
/// `nodes.csv` and `pods.csv`. It appears whole or not at all.
pub fn import(
    node_list: &Path,
    pod_list: &Path,
    dir: &Path,
    options: &Options,
) -> Result<Imported, ImportError> {
    let listed = rows::nodes(Table::open(node_list, rows::NODE_COLUMNS)?)?;
    let mut kept: Vec<&Node> = choice::keep_nodes(&listed, options.nodes.get(), options.seed)
        .into_iter()
        .map(|index| &listed[index])
        .collect();
    if let Mode::ArrivalsOnly { .. } = options.mode {
        fill::shuffle_nodes(&mut kept, options.seed);
    }
    let source = Source {
        node_list,
        pod_list,
        kept: &kept,
        seed: options.seed,
    };
    let folder = Folder::begin(dir, options.existing, &write::FILES)?;
    let pods = match options.mode {
        Mode::Times {
            copies,
            assume_duration,
        } => write_times(&source, &folder, copies, assume_duration)?,
        Mode::ArrivalsOnly { fill } => write_arrivals(&source, &folder, fill)?,
    };
    write::nodes(&folder.file(write::NODES), &kept)?;
    let imported = Imported {
        dir: dir.to_owned(),
        node_list: file_name(node_list),
        pod_list: file_name(pod_list),
        share: options.nodes,
        seed: options.seed,
        models: report::count_models(&listed, &kept),
        gpus: gpus(kept.iter().copied()),
        gpus_listed: gpus(&listed),
        rows: pods.rows,
        written: pods.written.pods,
        fit_nowhere: pods.written.fit_nowhere,
        models_ignored: pods.models_ignored,
        excluded: pods.excluded,
        load: pods.load,
    };
    write::scenario(&folder.file(write::SCENARIO), &imported)?;
    folder.finish()?;
    Ok(imported)
}

/// What is imported, whatever the mode.
struct Source<'a> {
    node_list: &'a Path,
    pod_list: &'a Path,
    kept: &'a [&'a Node],
    seed: u64,
}

/// What became of the pod list.
struct PodsDone {
    rows: u64,
    models_ignored: u64,
    written: Written,
    excluded: Option<Excluded>,
    load: Load,
}

/// Writes the pods of `copies` copies of the trace, with its own times.
fn write_times(
    source: &Source<'_>,
    folder: &Folder,
    copies: NonZeroU32,
    assume: Option<Duration>,
) -> Result<PodsDone, ImportError> {
    let table = Table::open(source.pod_list, rows::TIMED_COLUMNS)?;
    let (pods, times): (Vec<Pod>, Vec<_>) = rows::pods(table, rows::times)?.into_iter().unzip();
    let history = History::new(&pods, &times, assume);
    let left_out = (pods.len() - history.jobs.len()) as u64 * u64::from(copies.get());
    let mut meter = LoadMeter::new(DENSE_FROM, history.end);
    let mut last = Time::ZERO;
    let shifts = copies::shifts(copies, source.seed);
    let arrivals = copies::superpose(history.jobs, shifts).inspect(|arrival| {
        let duration = arrival.duration.expect("a trace's pod has a duration");
        meter.add(arrival.at, duration, pods[arrival.pod].gpu());
        last = arrival.at;
    });
    let written = write_pods(source, folder, &pods, arrivals)?;
    Ok(PodsDone {
        rows: pods.len() as u64,
        models_ignored: models_ignored(&pods),
        written,
        excluded: Excluded::some(DURATION_UNKNOWN, left_out),
        load: Load::Times(Timed {
            copies,
            assumed: assume,
            never_scheduled: history.never_scheduled,
            censored: history.censored,
            dense_from: DENSE_FROM,
            warm_up: (copies.get() > 1 && last >= DENSE_FROM).then_some(DENSE_FROM),
            end: history.end,
            recorded_peak: history.recorded_peak,
            offered_mean: meter.mean(gpus(source.kept.iter().copied())),
            offered_peak: meter.peak(),
        }),
    })
}

/// Writes the pods in a random order, one by one, until they asked for `fill` times all GPUs.
fn write_arrivals(
    source: &Source<'_>,
    folder: &Folder,
    fill: Fill,
) -> Result<PodsDone, ImportError> {
    let capacity = gpus(source.kept.iter().copied());
    if capacity == MilliGpu(0) {
        return Err(ImportError::NoGpusToFill {
            file: source.node_list.to_owned(),
        });
    }
    let target = MilliGpu((capacity.0 as f64 * fill.get()).round() as u64);
    let table = Table::open(source.pod_list, rows::UNTIMED_COLUMNS)?;
    let read = rows::pods(table, |_| Ok(()))?;
    let pods: Vec<Pod> = read.into_iter().map(|(pod, ())| pod).collect();
    let order = fill::order(&pods, target, source.seed).ok_or_else(|| {
        let file = source.pod_list.to_owned();
        ImportError::NoGpusAskedFor { file }
    })?;
    let asked = order.iter().map(|arrival| pods[arrival.pod].gpu().0).sum();
    let rows = pods.len() as u64;
    let arrivals = order.len() as u64;
    Ok(PodsDone {
        rows,
        models_ignored: models_ignored(&pods),
        written: write_pods(source, folder, &pods, order.into_iter())?,
        excluded: Excluded::some(OVER_THE_FILL, rows.saturating_sub(arrivals)),
        load: Load::Arrivals(Filled {
            clones: arrivals.saturating_sub(rows),
            asked: MilliGpu(asked),
        }),
    })
}

fn write_pods(
    source: &Source<'_>,
    folder: &Folder,
    pods: &[Pod],
    arrivals: impl Iterator<Item = Arrival>,
) -> Result<Written, ImportError> {
    let written = write::pods(&folder.file(write::PODS), source.kept, pods, arrivals)?;
    if written.pods == 0 {
        return Err(ImportError::NoPods {
            file: source.pod_list.to_owned(),
        });
    }
    Ok(written)
}

fn gpus<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> MilliGpu {
    MilliGpu(nodes.into_iter().map(|node| node.gpu().0).sum())
}

fn models_ignored(pods: &[Pod]) -> u64 {
    let ignored = |pod: &&Pod| pod.gpus == 0 && !pod.models.is_empty();
    pods.iter().filter(ignored).count() as u64
}

/// The last part of a path: the rest says only where it lay on this machine.
fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
