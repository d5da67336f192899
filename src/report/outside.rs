//! What a reader must know of the outside world that a scenario was run in.

use crate::report::figure::{self, Unit};
use crate::scenario::Scenario;
use crate::scenario::drill::{Drill, Drilled, StatedBy};
use crate::script::strike::Strike;
use crate::time::{Duration, Time};

/// Whether it is exact, a drill, or a resampled trace.
pub fn notes(scenario: &Scenario) -> Vec<String> {
    let outline = &scenario.outline;
    let resampled = outline.resample.map(|rule| {
        let from = match rule.keeps_time_of_day() {
            true => "each from the same time of some day",
            false => "each from any time",
        };
        let (measured, rest) = match rule.from == Time::ZERO {
            true => ("of it", ""),
            false => ("after the warm-up", "the pods of the warm-up, "),
        };
        format!(
            "the pods of the trace are drawn anew for every replication, in blocks of {}, {from} \
             {measured} (block bootstrap); {rest}node events and load of the trace stay as they are",
            length(rule.block)
        )
    });
    let drilled = scenario.drill.zip(outline.strike.as_ref());
    let drilled = drilled.map(|(drilled, strike)| drill(scenario, drilled, strike));
    let exact = scenario.is_exact().then(|| exact(scenario));
    resampled.into_iter().chain(drilled).chain(exact).collect()
}

fn exact(scenario: &Scenario) -> String {
    let other = match scenario.outline.trace.is_empty() {
        true => "",
        false => "; other weeks may differ, and --resample draws some from the trace",
    };
    format!(
        "nothing here is random, and the policies throw no dice: one run says all, and more would \
         repeat it{other}"
    )
}

fn drill(scenario: &Scenario, Drilled { drill, frequency }: Drilled, strike: &Strike) -> String {
    let what = drill.name();
    let (from, until) = (at(strike.from), at(strike.until));
    let weights = || strike.places.iter().map(|place| place.weight);
    let listed = strike.places.len() == places(scenario, drill);
    let evenly = listed && weights().all(|weight| Some(weight) == weights().next());
    let places = match frequency {
        _ if evenly => "each with the same probability",
        Some(_) => "each as often as the scenario says that it fails",
        None => "each with the same probability",
    };
    let mut downs = strike.places.iter().map(|place| place.down.is_some());
    let down = match (downs.clone().all(|back| back), downs.any(|back| back)) {
        (true, _) => format!("it is down for as long as the scenario's failures of {what}s are"),
        (false, true) => {
            format!("it is down for as long as the scenario's failures of {what}s are, or for good")
        }
        (false, false) => "it does not come back".to_owned(),
    };
    format!(
        "a drill: every run loses one {what}, at any time from {from} to {until}, {places}; {down}; the \
         scenario's own failures of nodes and zones, at random and at given times, are left out"
    )
}

/// How many there are that a drill could take.
fn places(scenario: &Scenario, drill: Drill) -> usize {
    let nodes = scenario.catalog.nodes.as_slice();
    match drill {
        Drill::Node => nodes.len(),
        Drill::Zone => {
            let zones: std::collections::BTreeSet<_> = nodes.iter().map(|node| node.zone).collect();
            zones.len()
        }
    }
}

fn at(time: Time) -> String {
    figure::number(time.secs_f64(), Unit::Seconds)
}

fn length(length: Duration) -> String {
    figure::number(length.secs_f64(), Unit::Seconds)
}

/// Who says how often something fails.
pub(crate) const fn stated_by(by: StatedBy) -> &'static str {
    match by {
        StatedBy::Scenario => "scenario",
        StatedBy::User => "user",
    }
}
