//! The variants that were typed.

use std::path::PathBuf;

use crate::cli::args::Compare;
use crate::cli::outside::with_outside;
use crate::cli::{Failure, validate};
use crate::experiment::sample::Variant;
use crate::experiment::variants::{Change, Dimension, Plan, edits, twins};
use crate::scenario::policies::PolicyKind;
use crate::scenario::{Scenario, Setting, Source};

/// All variants, the baseline first.
pub(super) struct Read {
    pub(super) variants: Vec<Variant>,
    /// Which of them are the same, in pairs.
    pub(super) twins: Vec<(usize, usize)>,
}

/// Reads the scenario file once, and changes it as each variant asks.
pub(super) fn read(args: &Compare) -> Result<Read, Failure> {
    let plan = Plan::new(&dimensions(args)?);
    if plan.variants.len() < 2 {
        return Err(Failure::Input(
            "there is nothing to compare the scenario with\n  = list several policies \
             (`--scheduler kube,binpack`) or values (`--set nodes.worker.count=10,12`), or give one \
             thing to change (`--with peak.toml`)"
                .to_owned(),
        ));
    }
    let source = Source::read(&args.scenario).map_err(validate::refused)?;
    let mut warned = Vec::new();
    let mut scenarios = Vec::new();
    for changes in &plan.variants {
        let changed = scenario(&source, changes, args.results.quiet, &mut warned)?;
        scenarios.push(with_outside(changed, &args.outside, None)?);
    }
    let (names, twins) = (plan.names(&scenarios), twins(&scenarios));
    let variants = names.into_iter().zip(scenarios);
    let variants = variants.map(|(name, scenario)| Variant { name, scenario });
    Ok(Read {
        variants: variants.collect(),
        twins,
    })
}

/// One variant. Its warnings are shown, unless others have had them all.
fn scenario(
    source: &Source,
    changes: &[Change],
    quiet: bool,
    warned: &mut Vec<String>,
) -> Result<Scenario, Failure> {
    let loaded = source.load(&edits(changes)).map_err(validate::refused)?;
    let mut scenario = loaded.scenario;
    if !quiet
        && scenario
            .warnings
            .iter()
            .any(|warning| !warned.contains(warning))
    {
        validate::show(&loaded.warnings)?;
        warned.extend(scenario.warnings.iter().cloned());
    }
    for change in changes {
        if let Change::Policy(kind, name) = change {
            let chosen = scenario.with_policy(*kind, name);
            scenario = chosen.map_err(|wrong| Failure::Input(wrong.to_string()))?;
        }
    }
    Ok(scenario)
}

fn dimensions(args: &Compare) -> Result<Vec<Dimension>, Failure> {
    let policies = [
        (PolicyKind::Scheduler, &args.scheduler),
        (PolicyKind::Autoscaler, &args.autoscaler),
        (PolicyKind::Healer, &args.healer),
    ];
    let policies = policies.into_iter().filter(|(_, names)| !names.is_empty());
    let mut dimensions: Vec<Dimension> = policies
        .map(|(kind, names)| {
            let names = names.iter().cloned();
            names.map(|name| Change::Policy(kind, name)).collect()
        })
        .collect();
    for files in &args.overlays {
        let files = files.split(',').map(PathBuf::from);
        dimensions.push(files.map(Change::Overlay).collect());
    }
    for text in &args.settings {
        let settings = Setting::each(text).map_err(validate::refused)?;
        dimensions.push(settings.into_iter().map(Change::Setting).collect());
    }
    Ok(dimensions)
}
