//! What the answer takes for granted, in words: which assumptions would change it most.

use crate::experiment::assumptions::{Assumption, Effect, Varied};
use crate::metrics::dictionary::Better;
use crate::report::figure::{self, Unit};
use crate::report::page::{Cell, Column, Kind, Narrow, Table, Tone};
use crate::report::text::count;
use crate::stats::Estimate;

/// How many are told.
pub(crate) const TOLD: usize = 3;

/// Smaller differences are within the tolerance, or within the interval.
const FELT: f64 = 1.0;

/// What is changed.
pub(crate) const fn words(assumption: Assumption) -> &'static str {
    match assumption {
        Assumption::Load => "20 % more requests and jobs",
        Assumption::Work => "20 % more work per request and job",
        Assumption::Startup => "containers take twice as long to start",
        Assumption::Failures => "failures come twice as often",
        Assumption::Repairs => "repairs take twice as long",
        Assumption::Detection => {
            "lost nodes are noticed, and their pods evicted, after twice the time"
        }
        Assumption::Metrics => "the autoscaler hears of use after twice the time",
    }
}

/// Those that change the answer most, which are few, each with the effect that says so.
pub(crate) fn told(varied: &[Varied]) -> Vec<(&'static str, &Effect)> {
    let told = varied.iter().filter_map(|one| {
        let effect = worst(one)?;
        let is_felt =
            effect.met_before != effect.met_after || effect.size > Some(FELT) && is_harm(effect);
        is_felt.then_some((words(one.assumption), effect))
    });
    told.take(TOLD).collect()
}

/// Whether it is worse than before; of a metric that knows no better, whether it is other.
fn is_harm(effect: &Effect) -> bool {
    let difference = effect.difference.map_or(0.0, |one| one.value);
    match effect.quantity.metric.better {
        Better::Up => difference < 0.0,
        Better::Down => difference > 0.0,
        Better::Neither => difference != 0.0,
    }
}

/// The effect that turns most runs, and of those the largest.
fn worst(one: &Varied) -> Option<&Effect> {
    let turned = |effect: &Effect| effect.met_before.abs_diff(effect.met_after);
    let size = |effect: &Effect| match is_harm(effect) {
        true => effect.size.unwrap_or(0.0),
        false => 0.0,
    };
    one.effects
        .iter()
        .max_by(|a, b| turned(a).cmp(&turned(b)).then(size(a).total_cmp(&size(b))))
}

/// From what to what, in one line: `availability.requests 99.87 % → 98.2 %`.
pub(crate) fn change(effect: &Effect, currency: &str) -> String {
    let [before, after] = [effect.before.value, effect.after.value];
    let shown = |value| figure::number(value, Unit::of(effect.quantity.metric.unit, currency));
    format!("{} {} → {}", effect.quantity, shown(before), shown(after))
}

/// What became of the bound.
pub(crate) fn verdict(effect: &Effect) -> Option<String> {
    effect.bound?;
    let (before, after, runs) = (effect.met_before, effect.met_after, effect.runs);
    Some(match (before == runs, after == runs) {
        (true, true) => "still met".to_owned(),
        (true, false) if after == 0 => "met → missed".to_owned(),
        (false, true) if before == 0 => "missed → met".to_owned(),
        _ if before == 0 && after == 0 => "still missed".to_owned(),
        _ => format!("met in {before} → {after} of {} runs", runs),
    })
}

/// The few as a table.
pub(crate) fn table(varied: &[Varied], currency: &str) -> Table {
    let row = |(what, effect): (&str, &Effect)| {
        let unit = Unit::of(effect.quantity.metric.unit, currency);
        let difference = effect.difference.map(|one| signed(&one, unit));
        let turned = effect.met_before > effect.met_after;
        let tone = if turned { Tone::Bad } else { Tone::Plain };
        vec![
            Cell::new(what),
            Cell::new(format!("`{}`", effect.quantity)),
            Cell::new(figure::number(effect.before.value, unit)),
            Cell::new(figure::number(effect.after.value, unit)),
            Cell::new(difference.unwrap_or_else(|| "–".to_owned())),
            Cell::toned(verdict(effect).unwrap_or_default(), tone),
        ]
    };
    Table {
        columns: vec![
            Column::new("if", Kind::Text),
            Column::new("then", Kind::Text),
            Column::new("was", Kind::Number),
            Column::new("becomes", Kind::Number),
            Column::new("difference", Kind::Number),
            Column::new("objective", Kind::Text),
        ],
        rows: told(varied).into_iter().map(row).collect(),
        narrow: Narrow::List,
    }
}

/// A difference has a sign, and that of two shares is in points.
fn signed(difference: &Estimate, unit: Unit<'_>) -> String {
    let shown = figure::estimate(difference, unit);
    let shown = match unit {
        Unit::Ratio => shown.replace('%', figure::POINTS),
        Unit::Seconds | Unit::Bytes | Unit::Money(_) | Unit::Plain(_) => shown,
    };
    match difference.value > 0.0 {
        true => format!("+{shown}"),
        false => shown,
    }
}

/// How it was found, and what that does not say.
pub(crate) fn method(varied: &[Varied], runs: usize) -> String {
    let tried: Vec<&str> = varied.iter().map(|one| words(one.assumption)).collect();
    format!(
        "Found by {} more: each of {} was made worse by itself, under the same seeds ({}). What two of them do \
         together was not tried, and how likely each is, nobody asked.",
        count((varied.len() * runs) as u64, "run"),
        count(varied.len() as u64, "assumption"),
        tried.join("; ")
    )
}
