//! How long the present nodes will do.

use std::fs;

use super::{Question, check_dir, failure};
use crate::cli::progress::Counter;
use crate::cli::usage::look;
use crate::cli::{Failure, command, validate};
use crate::experiment::capacity::confirm::Claim;
use crate::experiment::capacity::growth::{self, Date, MONTH_DAYS};
use crate::experiment::capacity::runway::{Growth, Step, factor, runway, steps_to};
use crate::experiment::capacity::survive::cases;
use crate::experiment::capacity::trials::Lab;
use crate::experiment::replicate::with_threads;
use crate::report::capacity::runway::{ToldRunway, runway_json, runway_text, runway_write};
use crate::scenario::Setting;
use crate::stats::Confidence;

/// Largest factor of the load that is looked for.
const MOST: f64 = 100.0;

pub(super) fn run(question: &Question<'_>) -> Result<(), Failure> {
    let args = question.args;
    let growth = growth(question)?;
    let horizon = horizon(&args.horizon)?;
    let start = match &args.start {
        None => None,
        Some(text) => Some(Date::read(text).ok_or_else(|| {
            Failure::Input(format!("--start {text} is no day: write it as 2026-11-28"))
        })?),
    };
    let dir = question.dir("runway");
    check_dir(&dir)?;
    let counter = Counter::new(args.results.quiet);
    let base = question.scenario.load_factor;
    let conditions = |step: Step| {
        let settings = match step {
            0 => Vec::new(),
            _ => {
                let value = (base * factor(step)).to_string();
                vec![Setting::new("load_factor", &value).map_err(validate::refused)?]
            }
        };
        Ok(cases(question.with(settings)?, &[], None))
    };
    let watch = |runs| question.watch(&counter, runs);
    let error = growth.error_of_factor(args.confidence.level());
    let claim = Claim {
        confidence: Confidence::new(1.0 - error).expect("between the confidence and 1"),
        ..question.claim
    };
    let within = (growth.high.ln_1p() * horizon).exp().min(MOST);
    let most = steps_to(within);
    let is_exact = question.scenario.is_exact();
    let found = with_threads(args.machine.threads, || {
        let mut lab = Lab::new(&conditions, args.chance.seed, is_exact, &watch);
        let found = runway(&mut lab, most, 1, claim)?;
        let seen = lab.sizes().into_iter().filter_map(|step| {
            let (phase, trials) = lab.known(step, 0)?;
            Some((step, phase, trials.clone()))
        });
        let seen: Vec<_> = seen.collect();
        Ok((found, seen))
    });
    counter.finish();
    let (found, seen) = found.map_err(Failure::Environment)?.map_err(failure)?;
    let told = ToldRunway {
        scenario: &question.scenario,
        seed: args.chance.seed,
        confidence: args.confidence,
        growth: &growth,
        start,
        horizon,
        runway: &found,
        seen: &seen,
    };
    let command = command::capacity(args, &question.scenario);
    question.tell(
        &dir,
        |folder| runway_write(folder, &told, &command),
        || runway_json(&told),
        |files| runway_text(&told, &dir, files, counter.seconds(), look()),
    )
}

/// Growth as it was typed, or fitted to a file.
fn growth(question: &Question<'_>) -> Result<Growth, Failure> {
    let args = question.args;
    match (&args.growth, &args.growth_fit) {
        (Some(text), _) => growth::read(text).map_err(Failure::Input),
        (None, Some(path)) => {
            let shown = path.display();
            let text = fs::read_to_string(path)
                .map_err(|error| Failure::Input(format!("cannot read {shown}: {error}")))?;
            // Half of the error is that of growth.
            let level = 1.0 - (1.0 - args.confidence.level()) / 2.0;
            let confidence = Confidence::new(level).expect("between the confidence and 1");
            let growth = growth::fit(&text, confidence)
                .map_err(|wrong| Failure::Input(format!("{shown}: {wrong}")))?;
            match growth.high > 0.0 {
                true => Ok(growth),
                false => Err(Failure::Input(format!(
                    "{shown}: the load does not grow, so no objective breaks"
                ))),
            }
        }
        (None, None) => Err(Failure::Input(
            "how does the load grow?\n  = write --growth 3%..5%/month, or --growth-fit loads.csv"
                .to_owned(),
        )),
    }
}

/// Months to look ahead: `24mo`, `2y`, `90d`.
fn horizon(text: &str) -> Result<f64, Failure> {
    let units = [
        ("mo", 1.0),
        ("y", 12.0),
        ("w", 7.0 / MONTH_DAYS),
        ("d", 1.0 / MONTH_DAYS),
    ];
    let read = units.into_iter().find_map(|(unit, months)| {
        let number: f64 = text.trim().strip_suffix(unit)?.trim().parse().ok()?;
        Some(number * months)
    });
    read.filter(|months| *months > 0.0 && *months <= 1200.0)
        .ok_or_else(|| {
            Failure::Input(format!(
                "--horizon {text} is no length of time up to a hundred years: write 24mo, 2y, 26w or 90d"
            ))
        })
}
