//! What compaction found, on a terminal: the answer first.

use std::path::Path;

use super::{Effort, Told};
use crate::experiment::compaction::{Compaction, Order, Packed, Size, Spread};
use crate::report::figure::{self, Unit};
use crate::report::text::layout::Page;
use crate::report::text::{Look, count};
use crate::stats::Ecdf;
use crate::units::Resource;

/// The page: what was found, what was allowed, where the files are.
pub fn text(told: &Told<'_>, effort: Effort, dir: &Path, files: &[String], look: Look) -> String {
    let compaction = told.compaction;
    let mut page = Page::new(look);
    page.text(&answer(compaction));
    page.gap();
    for line in table(compaction) {
        page.line(&line);
    }
    page.gap();
    page.row("packed", packed(told));
    page.row("how", how(compaction));
    page.row("allowed", allowed(compaction));
    let changes = &told.scenario.changes;
    if !changes.is_empty() {
        page.hanging("note: ", &format!("changed: `{}`", changes.join("`, `")));
    }
    for note in notes(compaction) {
        page.hanging("note: ", &note);
    }
    page.gap();
    let packings = compaction
        .schedulers
        .iter()
        .flat_map(|packed| &packed.trials);
    let packings: u64 = packings.map(|trial| u64::from(trial.packings)).sum();
    page.text(&format!(
        "{} in {} on {}",
        count(packings, "packing"),
        figure::number(effort.wall_seconds, Unit::Seconds),
        count(effort.threads as u64, "thread")
    ));
    let dir = dir.display();
    page.names(&format!("{dir}{}   ", std::path::MAIN_SEPARATOR), files);
    page.finish()
}

/// A share of 1 as a percentile where it is a whole one: `90th percentile`, `0.975 quantile`.
pub(crate) fn percentile(quantile: f64) -> String {
    let percent = 100.0 * quantile;
    if (percent - percent.round()).abs() > 1e-9 {
        return format!("{quantile} quantile");
    }
    let whole = percent.round() as u64;
    let ending = match (whole % 10, whole % 100) {
        (1, last) if last != 11 => "st",
        (2, last) if last != 12 => "nd",
        (3, last) if last != 13 => "rd",
        _ => "th",
    };
    format!("{whole}{ending} percentile")
}

/// The answer in a sentence or two.
fn answer(compaction: &Compaction) -> String {
    let mut answers: Vec<(&Packed, f64)> = compaction
        .schedulers
        .iter()
        .map(|packed| (packed, compaction.nodes(packed.sizes()).answer))
        .collect();
    answers.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let (least, nodes) = answers[0];
    let cell = compaction.workload.nodes;
    let pods = count(u64::from(compaction.workload.pods), "pod");
    let name = least.scheduler.name;
    let of = percentile(compaction.plan.quantile);
    let trials = compaction.plan.trials;
    let copies = u64::from(compaction.plan.copies);
    let mut said = match nodes {
        nodes if nodes.is_infinite() => return too_many(compaction, name),
        nodes if nodes > f64::from(cell) => format!(
            "{name} needs {} for the {pods}, {} more than the cell has, which was cloned for it ({of} of \
             {trials} trials).",
            whole(nodes),
            whole(nodes - f64::from(cell)),
        ),
        nodes => format!(
            "{name} needs {} of {} for the {pods}: {} could go ({of} of {trials} trials).",
            whole(nodes),
            count(u64::from(cell), "node"),
            whole(f64::from(cell) - nodes),
        ),
    };
    if let [_, .., (most, nodes)] = answers[..] {
        let name = most.scheduler.name;
        said.push_str(&match nodes.is_finite() {
            true => format!(" {name} needs {}.", whole(nodes)),
            false => format!(" {name} needs more than {copies} copies of the cell have."),
        });
    }
    said
}

/// That the best of all schedulers, or any, needs more than there is.
fn too_many(compaction: &Compaction, name: &str) -> String {
    let workload = &compaction.workload;
    let pods = count(u64::from(workload.pods), "pod");
    let nodes = count(u64::from(workload.nodes), "node");
    let all = match compaction.plan.copies {
        1 => format!("the {nodes}"),
        copies => format!("{copies} copies of the {nodes}"),
    };
    if compaction.floor.iter().all(|floor| floor.nodes.is_none()) {
        return format!("The {pods} request more than {all} have: no scheduler can fit them in.");
    }
    format!(
        "The {pods} do not fit into {all} under {name} ({} of {} trials).",
        percentile(compaction.plan.quantile),
        compaction.plan.trials
    )
}

fn whole(nodes: f64) -> String {
    figure::thousands(nodes as u64)
}

/// The table, row by row, its columns aligned.
fn table(compaction: &Compaction) -> Vec<String> {
    let first = &compaction.schedulers[0];
    let resources: Vec<Resource> = Resource::ALL
        .into_iter()
        .filter(|&resource| compaction.workload.room.get(resource) > 0)
        .collect();
    let mut head = vec![
        "".to_owned(),
        "nodes".to_owned(),
        "min–max".to_owned(),
        "of the cell".to_owned(),
    ];
    head.extend(
        resources
            .iter()
            .map(|&resource| spoken(resource).to_owned()),
    );
    if compaction.schedulers.len() > 1 {
        head.push(format!("more than {}", first.scheduler.name));
    }
    let mut rows = vec![head];
    for (at, packed) in compaction.schedulers.iter().enumerate() {
        let sizes: Vec<Size> = packed.sizes().collect();
        let mut row = row(compaction, packed.scheduler.name, &sizes, &resources);
        match at {
            0 => {}
            _ => row.push(more(packed, first)),
        }
        rows.push(row);
    }
    rows.push(row(
        compaction,
        "requests alone",
        &compaction.floor,
        &resources,
    ));
    aligned(&rows)
}

fn row(compaction: &Compaction, name: &str, sizes: &[Size], resources: &[Resource]) -> Vec<String> {
    let nodes = compaction.nodes(sizes.iter().copied());
    let all = u64::from(compaction.workload.nodes * compaction.plan.copies);
    let shown = |value: f64| match value.is_finite() {
        true => whole(value),
        false => format!("> {}", figure::thousands(all)),
    };
    let Spread {
        least,
        answer,
        most,
    } = nodes;
    let share = |value: f64| match value.is_finite() {
        true => format!("{:.1} %", 100.0 * value),
        false => "—".to_owned(),
    };
    let mut row = vec![
        name.to_owned(),
        shown(answer),
        match least.is_finite() {
            true => format!("{}–{}", shown(least), shown(most)),
            false => "—".to_owned(),
        },
        share(answer / f64::from(compaction.workload.nodes)),
    ];
    row.extend(resources.iter().map(|&resource| {
        let of = compaction.share(sizes.iter().copied(), resource);
        share(of.map_or(f64::INFINITY, |of| of.answer))
    }));
    row
}

/// The median of the differences within trials, and their range.
fn more(packed: &Packed, first: &Packed) -> String {
    let differences = packed.more_than(first).into_iter().flatten();
    let differences: Vec<f64> = differences.map(|more| more as f64).collect();
    let is_whole = differences.len() == packed.trials.len();
    let ecdf = Ecdf::new(differences);
    let at = |p| ecdf.quantile(p).filter(|_| is_whole);
    match (at(0.0), at(0.5), at(1.0)) {
        (Some(least), Some(median), Some(most)) => {
            format!("{} ({} to {})", signed(median), signed(least), signed(most))
        }
        _ => "—".to_owned(),
    }
}

fn signed(value: f64) -> String {
    let size = figure::thousands(value.abs() as u64);
    match value {
        value if value > 0.0 => format!("+{size}"),
        value if value < 0.0 => format!("−{size}"),
        _ => size,
    }
}

/// Columns padded to the widest: the first to the right, the others to the left.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(column, (cell, &width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

const fn spoken(resource: Resource) -> &'static str {
    match resource {
        Resource::Cpu => "its CPU",
        Resource::Memory => "memory",
        Resource::Gpu => "GPUs",
    }
}

/// What was packed.
fn packed(told: &Told<'_>) -> Vec<String> {
    let workload = &told.compaction.workload;
    let at = figure::number(told.at.secs_f64(), Unit::Seconds);
    let scheduler = told.scenario.policy.scheduler.name;
    let requested = Resource::ALL.into_iter().filter_map(|resource| {
        let whole = workload.room.get(resource);
        let share = workload.requested.get(resource) as f64 / whole as f64;
        (whole > 0).then(|| format!("{} {:.1} %", resource.name(), 100.0 * share))
    });
    let requested: Vec<String> = requested.collect();
    let mut facts = vec![
        told.scenario.name.clone(),
        format!("the pods at {at} under {scheduler}"),
        format!(
            "{}, {} of them waiting then",
            count(u64::from(workload.pods), "pod"),
            figure::thousands(u64::from(workload.waiting))
        ),
        format!("they request {} of the cell", requested.join(", ")),
    ];
    if workload.unhealthy > 0 {
        facts.push(format!(
            "{} not ready or cordoned then, counted like the others",
            count(u64::from(workload.unhealthy), "node")
        ));
    }
    if workload.left_waiting > 0 {
        facts.push(format!(
            "{} that waited left out (--pods all takes them)",
            count(u64::from(workload.left_waiting), "pod")
        ));
    }
    if workload.tied > 0 {
        facts.push(format!(
            "{} tied to a node left out",
            count(u64::from(workload.tied), "pod")
        ));
    }
    facts
}

/// How it was done.
fn how(compaction: &Compaction) -> Vec<String> {
    let plan = &compaction.plan;
    let order = match plan.order {
        Order::Random => "then at random",
        Order::Creation => "then as they were created",
        Order::Largest => "then the largest first",
    };
    vec![
        "nodes leave at random".to_owned(),
        "every size is packed from scratch".to_owned(),
        format!("pods by priority, {order} (--order)"),
        "in one trial all schedulers meet the same orders".to_owned(),
        format!(
            "a size counts if the next {} larger fit too (--confirm)",
            plan.confirm
        ),
        "Borg paper (EuroSys 2015), section 5.1".to_owned(),
    ]
}

/// The allowances, all of them.
fn allowed(compaction: &Compaction) -> Vec<String> {
    let (plan, workload) = (&compaction.plan, &compaction.workload);
    let softened = match workload.softened.as_slice() {
        [] => "none".to_owned(),
        some => some.join(", "),
    };
    vec![
        format!(
            "{} of the pods may wait (--picky) if at most {} could hold them (--handful): {} that \
             picky, {} may wait",
            figure::exact_percent(plan.picky),
            count(u64::from(plan.handful), "node"),
            match workload.picky {
                1 => "1 is".to_owned(),
                picky => format!("{} are", figure::thousands(u64::from(picky))),
            },
            workload.may_wait
        ),
        format!(
            "rules are soft for services of more pods than {} of the nodes (--soft-over): {softened}",
            figure::exact_percent(plan.soft_over)
        ),
        format!(
            "up to {} of the cell (--copies)",
            match plan.copies {
                1 => "1 copy".to_owned(),
                copies => format!("{copies} copies"),
            }
        ),
    ]
}

/// What a reader must know of the result.
fn notes(compaction: &Compaction) -> Vec<String> {
    let mut notes = Vec::new();
    let cell = compaction.workload.nodes;
    let under = |is_it: &dyn Fn(Size) -> bool| {
        let schedulers = compaction.schedulers.iter();
        let names = schedulers.filter(|packed| packed.sizes().any(is_it));
        let names: Vec<&str> = names.map(|packed| packed.scheduler.name).collect();
        names.join(", ")
    };
    let cloned = under(&|size| size.nodes.is_some_and(|nodes| nodes > cell));
    if !cloned.is_empty() {
        notes.push(format!(
            "the whole cell was too small in at least one trial under {cloned}; it was cloned there."
        ));
    }
    let failed = under(&|size| size.nodes.is_none());
    if !failed.is_empty() {
        notes.push(format!(
            "even all copies of the cell were too small in at least one trial under {failed}."
        ));
    }
    let trials = || {
        compaction
            .schedulers
            .iter()
            .flat_map(|packed| &packed.trials)
    };
    let relapsed = trials().filter(|trial| trial.relapses > 0).count();
    if relapsed > 0 {
        notes.push(format!(
            "in {relapsed} of {} a smaller size would do where a larger one did not; the larger ones \
             that do count.",
            count(trials().count() as u64, "trial")
        ));
    }
    let waits = trials().map(|trial| trial.waiting).max().unwrap_or(0);
    if waits > 0 {
        notes.push(format!(
            "up to {} in the smallest cells.",
            match waits {
                1 => "1 picky pod waits".to_owned(),
                waits => format!("{waits} picky pods wait"),
            }
        ));
    }
    notes
}
