//! A comparison in one sentence, from its verdicts.

use super::{Compared, words};
use crate::experiment::compare::{Against, Chance, Row};
use crate::experiment::verdict::Verdict;
use crate::report::figure;
use crate::units;

/// What a reader who reads one sentence should know; absent without verdicts.
pub(crate) fn sentence(compared: &Compared<'_>) -> Option<String> {
    let variants = 1..compared.variants.len();
    let said: Vec<String> = variants
        .filter_map(|variant| of_variant(compared, variant))
        .collect();
    let baseline = &compared.baseline().name;
    (!said.is_empty()).then(|| format!("against {baseline}, {}.", said.join("; ")))
}

fn of_variant(compared: &Compared<'_>, variant: usize) -> Option<String> {
    let rows = compared.comparison.rows.iter();
    let judged = rows.filter_map(|row| {
        let against = row.cells[variant].against.as_ref()?;
        Some((row, against, against.verdict?))
    });
    let judged: Vec<(&Row, &Against, Verdict)> = judged.collect();
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (row, against, verdict) in judged {
        let (is, what) = (is(compared, verdict), what(compared, row, against, verdict));
        match groups.iter_mut().find(|(other, _)| *other == is) {
            Some((_, all)) => all.push(what),
            None => groups.push((is, vec![what])),
        }
    }
    if groups.is_empty() {
        return None;
    }
    let said = groups.iter();
    let said: Vec<String> = said
        .map(|(is, what)| format!("{is} in {}", units::and(what)))
        .collect();
    let name = &compared.variants[variant].name;
    Some(format!("{name} is {}", units::and(&said)))
}

fn is(compared: &Compared<'_>, verdict: Verdict) -> String {
    match verdict {
        Verdict::Better {
            within_tolerance: Some(false) | None,
        } => "better",
        Verdict::Better {
            within_tolerance: Some(true),
        } => "better within the tolerance",
        Verdict::Worse {
            within_tolerance: Some(false) | None,
        } => "worse",
        Verdict::Worse {
            within_tolerance: Some(true),
        } => "worse within the tolerance",
        Verdict::Different { .. } => "different",
        Verdict::Equivalent => "equivalent",
        Verdict::Undecided { .. } => match compared.comparison.replications {
            1 => "undecided after one run",
            _ => "undecided",
        },
        Verdict::Identical { .. } => "identical",
    }
    .to_owned()
}

/// The metric, and how large the difference is where there is one.
fn what(compared: &Compared<'_>, row: &Row, against: &Against, verdict: Verdict) -> String {
    let name = row.quantity.to_string();
    let is_measured =
        against.estimate.interval.is_some() || compared.comparison.chance == Chance::Exact;
    let unit = compared.unit(&row.quantity);
    let detail = match verdict {
        Verdict::Better { .. } | Verdict::Worse { .. } | Verdict::Different { .. } => {
            match is_measured {
                true => figure::difference(&against.estimate, unit),
                false => told_by_signs(compared, row, against),
            }
        }
        Verdict::Equivalent => match words::tolerance(compared, row) {
            Some(tolerance) => format!("within {tolerance}"),
            None => String::new(),
        },
        Verdict::Undecided { runs: Some(runs) } => words::needs(runs, compared),
        Verdict::Undecided { runs: None } => told_by_signs(compared, row, against),
        Verdict::Identical { runs: Some(runs) } => format!("in all {runs} runs"),
        Verdict::Identical { runs: None } => String::new(),
    };
    match detail.as_str() {
        "" => name,
        // One pair of brackets is enough.
        detail => format!("{name} ({})", detail.replace(" (", ", ").replace(')', "")),
    }
}

/// In how many runs there is a difference.
fn told_by_signs(compared: &Compared<'_>, row: &Row, against: &Against) -> String {
    match against.estimate.interval {
        None => {
            let said = words::difference(compared, row, against).join(" ");
            said.trim_end_matches(',').to_owned()
        }
        Some(_) => String::new(),
    }
}
