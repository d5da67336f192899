//! What is said of a difference, in words.

use super::Compared;
use crate::experiment::compare::{Against, Chance, Row};
use crate::experiment::verdict::Verdict;
use crate::metrics::dictionary::Better;
use crate::report::figure;
use crate::report::text::layout::Tone;
use crate::stats;

/// A verdict in words: the word, what belongs to it, and how it is meant.
pub(crate) struct Words {
    pub(crate) word: String,
    pub(crate) detail: String,
    pub(crate) tone: Option<Tone>,
}

/// What a verdict says.
pub(crate) fn verdict(compared: &Compared<'_>, row: &Row, verdict: Verdict) -> Words {
    let within = |within: Option<bool>| match within {
        Some(true) => "within tolerance".to_owned(),
        Some(false) | None => String::new(),
    };
    let words = |word: &str, detail: String, tone| Words {
        word: word.to_owned(),
        detail,
        tone,
    };
    match verdict {
        Verdict::Better { within_tolerance } => {
            words("better", within(within_tolerance), Some(Tone::Good))
        }
        Verdict::Worse { within_tolerance } => {
            words("worse", within(within_tolerance), Some(Tone::Bad))
        }
        Verdict::Different { within_tolerance } => {
            words("different", within(within_tolerance), None)
        }
        Verdict::Equivalent => {
            let tolerance = tolerance(compared, row);
            let tolerance = tolerance.map(|tolerance| format!("(within {tolerance})"));
            words("equivalent", tolerance.unwrap_or_default(), None)
        }
        Verdict::Undecided { runs } => match runs {
            Some(runs) => words("undecided:", needs(runs, compared), None),
            None => words("undecided", String::new(), None),
        },
        Verdict::Identical { runs: None } => words("identical", String::new(), None),
        Verdict::Identical { runs: Some(runs) } => {
            words("identical", format!("in all {runs} runs"), None)
        }
    }
}

/// How many runs would probably decide, in one or two digits.
pub(crate) fn needs(runs: usize, compared: &Compared<'_>) -> String {
    let done = compared.comparison.replications as usize;
    match runs <= done {
        // Chance had it otherwise this time.
        true => format!("needs more than {} runs", figure::thousands(done as u64)),
        false => format!("needs about {} runs", figure::thousands(rounded_up(runs))),
    }
}

/// Two digits, or three where that keeps it within a tenth.
pub(crate) fn rounded_up(runs: usize) -> u64 {
    let mut step = 1;
    while runs > 100 * step {
        step *= 10;
    }
    (runs.div_ceil(step) * step) as u64
}

/// How much does not matter, with its unit; that of shares in points.
pub(crate) fn tolerance(compared: &Compared<'_>, row: &Row) -> Option<String> {
    let tolerance = row.primary.flatten()?;
    let baseline = row.cells[0].estimate?.value;
    let amount = tolerance.amount(baseline);
    let unit = compared.unit(&row.quantity);
    Some(figure::tolerance(tolerance, amount, unit))
}

/// A difference: with its interval, or in how many runs it is there; where none differs, how many could.
pub(crate) fn difference(compared: &Compared<'_>, row: &Row, against: &Against) -> Vec<String> {
    let unit = compared.unit(&row.quantity);
    let is_told_by_signs = against.estimate.interval.is_none();
    if !is_told_by_signs || compared.comparison.chance == Chance::Exact {
        return vec![figure::difference(&against.estimate, unit)];
    }
    let (up, down) = (against.signs.only_here, against.signs.only_baseline);
    if up + down == 0 {
        return alike(against);
    }
    let (word, count) = match row.quantity.metric.better {
        Better::Up => ("worse", down),
        Better::Down => ("worse", up),
        Better::Neither => ("more", up),
    };
    vec![
        format!("differs in {} of {} runs", up + down, against.signs.pairs),
        format!("({word} in {count}),"),
    ]
}

/// That no run differs, and of how many that may be chance.
fn alike(against: &Against) -> Vec<String> {
    let pairs = against.signs.pairs;
    let may = stats::at_most(0, pairs, against.confidence);
    let all = match pairs {
        1 => "equal in the only run".to_owned(),
        _ => format!("equal in all {pairs} runs"),
    };
    let may = figure::exact_percent((100.0 * may).ceil() / 100.0);
    vec![all, format!("(up to {may} may differ),")]
}
