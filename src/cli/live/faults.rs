//! Faults as they are typed.

use crate::cli::Failure;
use crate::cli::args::Live;
use crate::live::fault::{ENGINE_FAULTS, Fault, HARDSHIPS, Hardship, What};
use crate::scenario::{Scenario, quantity};
use crate::time::{Duration, Time};

/// The faults that were typed.
pub(super) fn read(
    args: &Live,
    scenario: &Scenario,
    published: bool,
) -> Result<Vec<Fault>, Failure> {
    let fault = |text: &String| {
        let fault = fault(text, scenario, args.on.sandbox.is_some(), published);
        fault.map_err(|said| Failure::Input(format!("--fault {text}: {said}")))
    };
    args.faults.iter().map(fault).collect()
}

fn fault(text: &str, scenario: &Scenario, private: bool, published: bool) -> Result<Fault, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let [at, what, target, length] = parts[..] else {
        return Err("write AT:WHAT:TARGET:LENGTH, such as 40s:hang:worker-1:10s".to_owned());
    };
    let hardship = HARDSHIPS.iter().find(|(name, _)| *name == what);
    let engine = ENGINE_FAULTS.iter().find(|(name, _)| *name == what);
    let catalog = &scenario.catalog;
    let what = match (hardship, engine) {
        (Some((_, Hardship::Cut)), _) if published => {
            return Err(
                "replicas that listen on 127.0.0.1 are not cut off: their ports would change"
                    .to_owned(),
            );
        }
        (Some(&(_, hardship)), _) => {
            let services = catalog.services.iter();
            let names = services.map(|(id, service)| (id, service.name.as_str()));
            What::Containers(hardship, named(target, "service", names)?)
        }
        (None, Some(_)) if !private => {
            return Err("only private engines (--sandbox) are made to fail".to_owned());
        }
        (None, Some(&(_, fault))) => {
            let nodes = catalog
                .nodes
                .iter()
                .map(|(id, node)| (id, node.name.as_str()));
            What::Engine(fault, named(target, "node", nodes)?)
        }
        (None, None) => {
            return Err(format!(
                "unknown fault `{what}`\n  = known: pause, cut, of services; stop, kill, hang, of nodes"
            ));
        }
    };
    let at = Time::ZERO + time(at)?;
    let length = time(length)?;
    if at >= scenario.end {
        return Err(format!(
            "the run is over after {} s",
            scenario.end.secs_f64()
        ));
    }
    if length.is_zero() {
        return Err("it lasts no time\n  = give a LENGTH above 0".to_owned());
    }
    Ok(Fault { at, what, length })
}

fn named<'a, I: Copy>(
    name: &str,
    what: &str,
    all: impl Iterator<Item = (I, &'a str)>,
) -> Result<I, String> {
    let all: Vec<(I, &str)> = all.collect();
    let found = all.iter().find(|(_, known)| *known == name);
    let known = || {
        all.iter()
            .map(|&(_, known)| known)
            .collect::<Vec<_>>()
            .join(", ")
    };
    found
        .map(|&(id, _)| id)
        .ok_or_else(|| format!("unknown {what} `{name}`\n  = known: {}", known()))
}

fn time(text: &str) -> Result<Duration, String> {
    let bad = |bad: quantity::Bad| format!("`{text}` {}: {}", bad.what, bad.form);
    quantity::duration(text).map_err(bad)
}
