//! What is said of chunks: what was made, and what is missing.

use std::path::Path;

use crate::experiment::sweep::plan::Sweep;
use crate::experiment::sweep::shard::Shard;
use crate::experiment::sweep::store::{Other, Store, Unusable};
use crate::experiment::sweep::work::Done;
use crate::report::figure;
use crate::report::text::count;

/// Most files that are named one by one.
const NAMED: usize = 10;

/// A shard that is done.
pub fn shard_done(sweep: &Sweep, store: &Store, shard: Shard, done: Done) -> String {
    format!(
        "{}, shard {} of {} (counted from 0): {}{}\n{}\n",
        sweep.plan.name,
        shard.index(),
        shard.count(),
        count(u64::from(done.made), "chunk"),
        match done.kept {
            0 => " made".to_owned(),
            kept => format!(
                " made, {} there already",
                figure::thousands(u64::from(kept))
            ),
        },
        store.folder().display()
    )
}

/// What was kept of a sweep that did not come to its end, and how it goes on.
pub fn kept(sweep: &Sweep, store: &Store, shard: Shard, done: Done) -> String {
    let all = shard.chunks(sweep.plan.chunks()).count() as u64;
    format!(
        "{} of {} are done and kept in {}: the same command goes on from there",
        figure::thousands(u64::from(done.made + done.kept)),
        count(all, "chunk"),
        store.folder().display()
    )
}

/// A chunk that is made again.
pub fn again(store: &Store, chunk: u32, why: &Unusable) -> String {
    let file = store.path(chunk);
    format!("{}: {why}; it is made again", file.display())
}

/// Chunks that are missing or wrong, and the command that makes them.
pub fn gaps(
    sweep: &Sweep,
    store: &Store,
    gaps: &[(u32, Unusable)],
    plan: &Path,
    dir: &Path,
) -> String {
    let all = count(u64::from(sweep.plan.chunks()), "chunk");
    let is_missing = |why: &Unusable| matches!(why, Unusable::Missing);
    let missing: Vec<u32> = gaps
        .iter()
        .filter(|(_, why)| is_missing(why))
        .map(|&(chunk, _)| chunk)
        .collect();
    let wrong: Vec<&(u32, Unusable)> = gaps.iter().filter(|(_, why)| !is_missing(why)).collect();
    let mut lines = vec![format!(
        "{} of {all} cannot be used, so nothing was merged",
        figure::thousands(gaps.len() as u64)
    )];
    if !missing.is_empty() {
        lines.push(format!("  missing: {}", ranges(&missing)));
    }
    for (chunk, why) in wrong.iter().take(NAMED) {
        lines.push(format!("  {}: {why}", store.path(*chunk).display()));
    }
    if wrong.len() > NAMED {
        let more = figure::thousands((wrong.len() - NAMED) as u64);
        lines.push(format!("  and {more} more that are wrong"));
    }
    lines.extend(store.others().iter().map(other));
    lines.push(format!(
        "Try: plimsoll sweep {} --out {}\n(it makes these alone)",
        plan.display(),
        dir.display()
    ));
    lines.join("\n")
}

fn other(other: &Other) -> String {
    let version = match &other.version {
        Some(version) if version != env!("CARGO_PKG_VERSION") => {
            format!(
                "made by plimsoll {version}, this is {}",
                env!("CARGO_PKG_VERSION")
            )
        }
        Some(_) | None => "another plan, or other inputs".to_owned(),
    };
    format!(
        "  {}: {} of another sweep ({version})",
        other.hash,
        count(u64::from(other.chunks), "chunk")
    )
}

/// Ascending numbers in short: `0-3, 7, 9-12`.
fn ranges(numbers: &[u32]) -> String {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => spans.push((number, number)),
        }
    }
    let span = |&(first, last): &(u32, u32)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}-{last}"),
    };
    spans.iter().map(span).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_each_other_are_one_range() {
        assert_eq!(ranges(&[0, 1, 2, 3, 7, 9, 10]), "0-3, 7, 9-10");
        assert_eq!(ranges(&[5]), "5");
    }
}
