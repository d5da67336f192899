//! Metrics and tolerances as they are typed.

use crate::cli::Failure;
use crate::cli::args::Gate;
use crate::cli::list::unknown;
use crate::experiment::gate::input::Wanted;
use crate::metrics::quantity::Quantity;
use crate::scenario::objective::Tolerance;

/// What is to be gated besides the objectives of scenarios. It belongs to the baseline, so it is asked
/// for when that is written.
pub(super) fn wanted(args: &Gate, is_writing: bool) -> Result<Wanted, Failure> {
    let asked = [
        ("--metric", args.metrics.is_empty()),
        ("--tolerance", args.tolerances.is_empty()),
        ("--reps", args.reps.is_none()),
        ("--seed", args.seed.is_none()),
    ];
    let asked = asked.into_iter().find(|&(_, is_absent)| !is_absent);
    if let Some((option, _)) = asked.filter(|_| !is_writing) {
        return Err(Failure::Input(format!(
            "{option} is part of the baseline: give it with --update or --rebase"
        )));
    }
    let metrics = args.metrics.iter().map(|text| quantity(text));
    let tolerances = args.tolerances.iter().map(|text| tolerance(text));
    Ok(Wanted {
        metrics: metrics.collect::<Result<_, _>>()?,
        tolerances: tolerances.collect::<Result<_, _>>()?,
    })
}

fn quantity(text: &str) -> Result<Quantity, Failure> {
    text.parse()
        .map_err(|no: crate::metrics::quantity::NoQuantity| {
            let (word, known) = no.choices();
            match no {
                crate::metrics::quantity::NoQuantity::Metric { .. } => {
                    unknown("metric", word, &known)
                }
                crate::metrics::quantity::NoQuantity::Entity { .. } => {
                    Failure::Input(format!("{no}; known kinds: {}", known.join(", ")))
                }
            }
        })
}

fn tolerance(text: &str) -> Result<(Quantity, Tolerance), Failure> {
    let Some((metric, amount)) = text.rsplit_once('=') else {
        return Err(Failure::Input(format!(
            "--tolerance {text}: write METRIC=AMOUNT, such as cost=1%"
        )));
    };
    let quantity = quantity(metric)?;
    let read = Tolerance::read(amount, quantity.metric);
    let tolerance = read.map_err(|right| {
        Failure::Input(format!(
            "--tolerance {text}: `{amount}` is no tolerance of {metric}: write {right}"
        ))
    })?;
    Ok((quantity, tolerance))
}
