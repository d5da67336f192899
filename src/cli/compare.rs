//! `plimsoll compare`.

mod asked;
mod variants;

use std::ops::ControlFlow;

use crate::cli::args::{Compare, Format};
use crate::cli::compare::asked::{Asking, Count, asking};
use crate::cli::compare::variants::{Read, read};
use crate::cli::out::print;
use crate::cli::progress::Progress;
use crate::cli::usage::{cpu_seconds, look, peak_memory};
use crate::cli::{Failure, interrupt};
use crate::experiment::compare::{Chance, Comparison, compare, sample_until};
use crate::experiment::replicate::{threads, with_threads};
use crate::experiment::sample::{How, Samples, Variant};
use crate::report::compare::Compared;
use crate::report::compare::text::{self, Shown};
use crate::report::run_json::Effort;
use crate::run::Ended;

pub(super) fn run(args: Compare) -> Result<(), Failure> {
    interrupt::listen()?;
    let Read { variants, twins } = read(&args)?;
    let asking = asking(&args, &variants[0].scenario)?;
    let ends = variants.iter().map(|variant| variant.scenario.end);
    let progress = Progress::of_variants(ends.collect(), args.quiet);
    let sampled = with_threads(args.threads, || {
        sample(&args, &variants, &asking, &progress)
    });
    progress.finish();
    let sampled = sampled.map_err(Failure::Environment)??;
    let compared = Compared {
        variants: &variants,
        comparison: &sampled.comparison,
        seed: args.seed,
        asked: asking.asked(sampled.reached),
        interrupted: sampled.interrupted,
        twins: &twins,
    };
    let effort = Effort {
        wall_seconds: progress.seconds(),
        cpu_seconds: cpu_seconds(),
        peak_memory_bytes: peak_memory(),
        events: sampled.events,
        threads: sampled.threads,
    };
    say(&args, &compared, &effort)?;
    match compared.interrupted {
        Some(_) => Err(Failure::Cut),
        None => Ok(()),
    }
}

/// What was run, and what it says.
struct Sampled {
    comparison: Comparison,
    /// Whether the precision asked for was reached.
    reached: bool,
    /// How many replications there would have been, if the user had not stopped it.
    interrupted: Option<u32>,
    events: u64,
    threads: usize,
}

/// Runs all variants. Stopped by the user, it keeps the replications that all of them finished.
fn sample(
    args: &Compare,
    variants: &[Variant],
    asking: &Asking,
    progress: &Progress,
) -> Result<Sampled, Failure> {
    let how = How {
        watch: &|run, now| {
            progress.variant_reached(run.variant, run.seed.replication, now);
            match interrupt::asked() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        },
        ..How::PLAIN
    };
    let mut samples = Samples::new(variants.len(), args.seed, 1);
    let (primary, confidence) = (&asking.primary, asking.confidence);
    let mut planned = 0;
    let ran = match asking.count {
        Count::Default(count) | Count::Number(count) => {
            planned = count;
            progress.expect(count);
            samples.extend(variants, count, how).map(|()| false)
        }
        Count::Precision(goal) => {
            let mut look = |runs| {
                planned = runs;
                progress.expect(runs);
            };
            sample_until(
                &mut samples,
                variants,
                primary,
                goal,
                confidence,
                how,
                &mut look,
            )
        }
    };
    let interrupted = match ran {
        Ok(_) => None,
        Err(Ended::Interrupted) if samples.replications() > 1 => Some(planned),
        Err(Ended::Interrupted) => return Err(Failure::Interrupted),
        Err(Ended::Stopped(stop)) => return Err(Failure::Environment(stop.reason)),
    };
    let all = (0..variants.len()).flat_map(|variant| samples.runs(variant));
    Ok(Sampled {
        comparison: compare(
            &samples,
            variants.len(),
            primary,
            Chance::Random,
            confidence,
        ),
        reached: ran == Ok(true),
        interrupted,
        events: all.map(|run| run.events).sum(),
        threads: threads(),
    })
}

fn say(args: &Compare, compared: &Compared<'_>, effort: &Effort) -> Result<(), Failure> {
    let shown = Shown {
        all: args.all,
        variance: args.variance,
    };
    match args.format {
        Format::Json => Ok(()),
        Format::Text if args.quiet => Ok(()),
        Format::Text => print(&text::page(compared, effort, None, shown, look())),
    }
}
