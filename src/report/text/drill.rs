//! What a lost node or zone costs: loss per failure, frequency, and their product.

use crate::experiment::drill::{Loss, Lost, YearlyLoss};
use crate::metrics::measured::Entity;
use crate::report::figure::{self, Unit};
use crate::report::results::Results;
use crate::report::text::layout::Page;
use crate::scenario::drill::{Frequency, StatedBy};
use crate::stats::Estimate;

/// Most services that get a row of their own.
const ROWS: usize = 6;

/// A row for the cluster, one for each service that loses anything, and one for a year.
pub(super) fn rows(results: &Results<'_>, page: &mut Page) {
    let Some(drill) = &results.summary.drill else {
        return;
    };
    let what = drill.drilled.drill.name();
    let of = |entity: &Entity| -> Vec<&Loss> {
        let losses = drill.losses.iter();
        losses.filter(|loss| loss.entity == *entity).collect()
    };
    let all = of(&Entity::Cluster);
    page.row(&format!("a lost {what}"), per_failure(&all, drill));
    let mut services: Vec<&Loss> = drill
        .losses
        .iter()
        .filter(|loss| loss.what == Lost::Outage && loss.entity != Entity::Cluster)
        .filter(|loss| loss.share.value > 0.0)
        .collect();
    // What it costs most is what a reader looks for.
    services.sort_by(|a, b| b.per_failure.value.total_cmp(&a.per_failure.value));
    for loss in services.iter().take(ROWS) {
        let label = format!("  {}", loss.entity.name());
        page.row(&label, per_failure(&of(&loss.entity), drill));
    }
    page.row("  in a year", per_year(&all, drill));
}

fn per_failure(losses: &[&Loss], drill: &YearlyLoss) -> Vec<String> {
    if losses.is_empty() {
        return vec!["there was nothing to lose: neither requests nor jobs".to_owned()];
    }
    let mut facts: Vec<String> = Vec::new();
    for loss in losses {
        if loss.share.value > 0.0 {
            facts.push(amount(loss.what, &loss.per_failure));
        }
    }
    let most = losses
        .iter()
        .map(|loss| loss.share.value)
        .fold(0.0, f64::max);
    let hit = (most * f64::from(drill.drills)).round();
    facts.push(match drill.drills {
        1 if hit > 0.0 => return facts,
        1 => "lost nothing".to_owned(),
        drills if hit == 0.0 => format!("lost nothing in {drills} drills"),
        drills => format!("lost something in {hit:.0} of {drills} drills"),
    });
    facts
}

/// Both factors and their product.
fn per_year(losses: &[&Loss], drill: &YearlyLoss) -> Vec<String> {
    let Some(Frequency {
        per_year,
        stated_by,
        ..
    }) = drill.drilled.frequency
    else {
        let what = drill.drilled.drill.name();
        return vec![format!(
            "how often a {what} is lost is not stated: --frequency {what}=2/year would say so"
        )];
    };
    let by = match stated_by {
        StatedBy::Scenario => "as the scenario states",
        StatedBy::User => "as stated",
    };
    let mut facts = vec![format!(
        "{} losses {by}",
        figure::number(per_year, Unit::Plain(""))
    )];
    let products = losses.iter().filter(|loss| loss.share.value > 0.0);
    facts.extend(products.filter_map(|loss| {
        let yearly = loss.per_year.as_ref()?;
        Some(format!(
            "× {} = {}",
            amount(loss.what, &loss.per_failure),
            amount(loss.what, yearly)
        ))
    }));
    facts
}

fn amount(what: Lost, estimate: &Estimate) -> String {
    match what {
        Lost::Requests => figure::estimate(estimate, Unit::Plain("requests")),
        Lost::Outage => format!(
            "{} of full outage",
            figure::estimate(estimate, Unit::Seconds)
        ),
        Lost::RunTime => format!(
            "{} of jobs' run time in vain",
            figure::estimate(estimate, Unit::Seconds)
        ),
    }
}
