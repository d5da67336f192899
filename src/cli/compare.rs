//! `plimsoll compare`.

mod asked;
mod variants;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::cli::args::{Compare, Format};
use crate::cli::compare::asked::{Asking, Count, asking};
use crate::cli::compare::variants::{Read, read};
use crate::cli::out::print;
use crate::cli::outside::suffix;
use crate::cli::progress::Progress;
use crate::cli::usage::{cpu_seconds, look, peak_memory};
use crate::cli::{Failure, command, interrupt};
use crate::experiment::compare::{Chance, Comparison, compare, sample_until};
use crate::experiment::replicate::{threads, with_threads};
use crate::experiment::sample::{How, Samples, Variant};
use crate::folder::{self, Folder};
use crate::report::compare::json::json;
use crate::report::compare::text::{self, Shown};
use crate::report::compare::{Compared, output, twin_notes};
use crate::report::run_json::Effort;
use crate::report::text::Written;
use crate::rng;
use crate::run::Ended;

pub(super) fn run(args: Compare) -> Result<(), Failure> {
    interrupt::listen()?;
    let Read { variants, twins } = read(&args)?;
    let asking = asking(&args, &variants)?;
    if !args.results.quiet {
        for twin in twin_notes(&variants, &twins) {
            drop(writeln!(io::stderr(), "warning: {twin}"));
        }
    }
    let dir = match &args.results.out {
        Some(dir) => dir.clone(),
        None => default_dir(&args, &variants),
    };
    folder::check_replaceable(&dir, output::is_result)?;
    let ends = variants.iter().map(|variant| variant.scenario.end);
    let progress = Progress::of_variants(ends.collect(), args.results.quiet);
    let sampled = with_threads(args.machine.threads, || {
        sample(&args, &variants, &twins, &asking, &progress)
    });
    progress.finish();
    let sampled = sampled.map_err(Failure::Environment)??;
    let compared = Compared {
        variants: &variants,
        samples: &sampled.samples,
        comparison: &sampled.comparison,
        seed: args.chance.seed,
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
    let files = match compared.interrupted {
        // What an earlier comparison ended with is worth more.
        Some(_) if dir.exists() => None,
        Some(_) | None => {
            let command = command::compare(&args, &compared.variants[0].scenario);
            Some(write(&dir, &compared, &effort, &command)?)
        }
    };
    let written = files.as_ref().map(|files| Written { dir: &dir, files });
    say(&args, &compared, &effort, written)?;
    match compared.interrupted {
        Some(_) => Err(Failure::Cut),
        None => Ok(()),
    }
}

/// What was run, and what it says.
struct Sampled {
    samples: Samples,
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
    twins: &[(usize, usize)],
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
    let mut samples = Samples::new(variants.len(), args.chance.seed, 1);
    let (primary, confidence) = (&asking.primary, asking.confidence);
    let mut planned = 0;
    let ran = match asking.count {
        Count::Exact => {
            planned = 1;
            progress.expect(1);
            samples.extend(variants, 1, how).map(|()| false)
        }
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
    let chance = match asking.count {
        Count::Exact => Chance::Exact,
        Count::Default(_) | Count::Number(_) | Count::Precision(_) => Chance::Random,
    };
    let all = (0..variants.len()).flat_map(|variant| samples.runs(variant));
    Ok(Sampled {
        comparison: compare(&samples, variants.len(), twins, primary, chance, confidence),
        reached: ran == Ok(true),
        interrupted,
        events: all.map(|run| run.events).sum(),
        threads: threads(),
        samples,
    })
}

/// `results/<scenario>/compare-<variants>-<seed>`, and what else was asked for; where values of the file
/// were changed, by the first 8 digits of a hash over all variants which ones they are.
fn default_dir(args: &Compare, variants: &[Variant]) -> PathBuf {
    let names: Vec<&str> = variants.iter().map(|one| one.name.as_str()).collect();
    let mut run = format!(
        "compare-{}-{}",
        file_name(&names.join("-vs-")),
        args.chance.seed
    );
    run += &suffix(&args.outside);
    if variants.iter().any(|one| !one.scenario.changes.is_empty()) {
        let hashes: Vec<&str> = variants
            .iter()
            .map(|one| one.scenario.hash.as_str())
            .collect();
        run += &format!("-changed-{}", digits(&hashes.concat()));
    }
    ["results", &variants[0].scenario.name, &run]
        .iter()
        .collect()
}

/// Longest name of variants in a path.
const NAME: usize = 100;

/// A name without what a shell or a file system may stumble on; cut where it is long.
fn file_name(name: &str) -> String {
    let plain = |char: char| match char {
        char if char.is_ascii_alphanumeric() || "._=".contains(char) => char,
        _ => '-',
    };
    let mut text: String = name.chars().map(plain).collect();
    while text.contains("--") {
        text = text.replace("--", "-");
    }
    match text.len() <= NAME {
        true => text.trim_end_matches('-').to_owned(),
        false => format!("{}-{}", &text[..NAME], digits(name)),
    }
}

fn digits(text: &str) -> String {
    format!("{:032x}", rng::fnv1a_128(text.as_bytes()))[..8].to_owned()
}

fn write(
    dir: &Path,
    compared: &Compared<'_>,
    effort: &Effort,
    command: &str,
) -> Result<Vec<String>, Failure> {
    let folder = Folder::begin(dir)?;
    let files = output::write(&folder, compared, effort, command)?;
    folder.finish()?;
    Ok(files)
}

fn say(
    args: &Compare,
    compared: &Compared<'_>,
    effort: &Effort,
    written: Option<Written<'_>>,
) -> Result<(), Failure> {
    let shown = Shown {
        all: args.all,
        variance: args.variance,
    };
    match args.results.printed.format {
        Format::Json => print(&json(compared)),
        Format::Text if args.results.quiet => Ok(()),
        Format::Text => print(&text::page(compared, effort, written, shown, look())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variants_become_names_of_files() {
        assert_eq!(file_name("kube-vs-kube-binpack"), "kube-vs-kube-binpack");
        assert_eq!(file_name("spread-vs-spread (2)"), "spread-vs-spread-2");
        let setting = "a.b={ c = \"d/e\" } + f";
        assert_eq!(file_name(setting), "a.b=-c-=-d-e-f");
        let long = "x".repeat(200);
        assert_eq!(file_name(&long).len(), NAME + 9);
    }
}
