//! What a verdict on all services together leaves unsaid.

use super::Compared;
use crate::experiment::compare::{Against, Row};
use crate::metrics::dictionary::Better;
use crate::metrics::measured::Entity;
use crate::report::figure;
use crate::scenario::objective;
use crate::units;

/// Of a verdict on the availability of several services together: that it is, and which of them go the
/// other way by themselves.
pub(super) fn notes(compared: &Compared<'_>) -> Vec<String> {
    let pooled = objective::availability();
    let rows = &compared.comparison.rows;
    let is_judged = |row: &&Row| row.quantity == pooled && row.primary.is_some();
    let Some(judged) = rows.iter().find(is_judged) else {
        return Vec::new();
    };
    let is_own = |row: &&Row| {
        row.quantity.metric == pooled.metric && matches!(row.quantity.entity, Entity::Service(_))
    };
    let own: Vec<&Row> = rows.iter().filter(is_own).collect();
    let Some(first) = own.first().filter(|_| own.len() > 1) else {
        return Vec::new();
    };
    let mut notes = vec![format!(
        "`{pooled}` is that of the requests of all {} services together; `--metric {}` judges one of \
         them",
        own.len(),
        first.quantity
    )];
    for variant in 1..compared.variants.len() {
        let others: Vec<String> = own
            .iter()
            .filter_map(|row| contrary(compared, judged, row, variant))
            .collect();
        if !others.is_empty() {
            notes.push(format!(
                "under {} by itself {}",
                compared.variants[variant].name,
                units::and(&others)
            ));
        }
    }
    notes
}

/// `cart is worse (−0.0042 points ± 0.0007)`, where all together are not.
fn contrary(compared: &Compared<'_>, judged: &Row, row: &Row, variant: usize) -> Option<String> {
    let all = judged.cells[variant].against.as_ref()?;
    let own = row.cells[variant].against.as_ref()?;
    let sign = |against: &Against| against.estimate.value.signum();
    let is_sure = own.estimate.interval.is_some_and(|i| !i.contains(0.0));
    if !is_sure || sign(all) == sign(own) {
        return None;
    }
    let word = match (row.quantity.metric.better, sign(own) > 0.0) {
        (Better::Up, true) | (Better::Down, false) => "better",
        (Better::Up, false) | (Better::Down, true) => "worse",
        (Better::Neither, _) => "different",
    };
    let difference = figure::difference(&own.estimate, compared.unit(&row.quantity));
    let name = row.quantity.entity.name();
    Some(format!("{name} is {word} ({difference})"))
}
