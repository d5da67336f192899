//! Shards, and the engines that run them.

use crate::shared::said;
use crate::sweep::planned;

#[test]
fn a_shard_takes_its_number_from_the_engine() {
    let scratch = planned("auto");
    let with = |vars: &[(&str, &str)], args: &str| {
        let mut command = scratch.command(&format!("sweep plan.toml --out out {args}"));
        command.envs(vars.iter().copied());
        said(command.output().unwrap())
    };
    let slurm = ("SLURM_ARRAY_TASK_ID", "3");
    let (code, text, _) = with(&[slurm, ("JOB_COMPLETION_INDEX", "1")], "--shard auto/8");
    assert_eq!(code, Some(0));
    assert!(
        text.starts_with("plan, shard 3 of 8 (counted from 0): 1 chunk made\n"),
        "{text}"
    );
    assert!(scratch.chunk("out", 3).exists());
    let (_, text, _) = with(
        &[slurm, ("HQ_TASK_ID", "8")],
        "--shard auto/8 --first-index 1",
    );
    assert!(text.starts_with("plan, shard 7 of 8"), "{text}");
    let (code, _, stderr) = with(&[("JOB_COMPLETION_INDEX", "8")], "--shard auto/8");
    assert_eq!(code, Some(2));
    assert_eq!(
        stderr,
        "error: there is no shard 8 (JOB_COMPLETION_INDEX): the 8 shards are 0 to 7; with \
         --first-index 1 they count from 1\n"
    );
    let (code, _, stderr) = with(&[], "--shard 0/8 --first-index 1");
    assert_eq!(
        (code, stderr.as_str()),
        (
            Some(2),
            "error: there is no shard 0: the 8 shards are 1 to 8\n"
        )
    );
    let (code, _, stderr) = with(&[], "--shard auto/8");
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("none of HQ_TASK_ID, SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX is set"),
        "{stderr}"
    );
    assert_eq!(with(&[], "--shard 1/0").0, Some(2));
    assert_eq!(with(&[], "--shard 1").0, Some(2));
}

#[test]
fn submit_prints_what_an_engine_runs_and_runs_nothing() {
    let scratch = planned("submit");
    let text = scratch.fine("sweep plan.toml --out out --submit slurm --shards 4");
    assert!(
        text.contains("#SBATCH --array=0-3\n") && text.contains("--shard auto/4 --out out"),
        "{text}"
    );
    let last = text.lines().last().unwrap();
    assert_eq!(last, "# When all are done: plimsoll merge plan.toml out");
    assert_eq!(
        scratch.said("sweep plan.toml --submit slurm").0,
        Some(2),
        "how many shards?"
    );
    let image = scratch.said("sweep plan.toml --submit kubernetes --shards 4");
    assert_eq!(image.0, Some(2), "which image?");
    assert!(!scratch.0.join("out").exists());
}
