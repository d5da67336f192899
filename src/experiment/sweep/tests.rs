//! Sweeps over a small scenario, through files.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process;

use expect_test::expect;
use sha2::{Digest, Sha256};

use super::chunk::{self, Bad, Cell, Kept};
use super::deal::Dealer;
use super::merge::{Gap, merge};
use super::plan::{Sweep, hex};
use super::shard::Shard;
use super::store::{Store, Unusable};
use super::work::{Done, Watch, work};
use crate::experiment::replicate::with_threads;
use crate::metrics::measured::Measured;
use crate::scenario::plan::load;
use crate::stats::{Estimate, Interval, Method};

const SCENARIO: &str = r#"
    duration = "10m"
    nodes = [{ name = "n", count = 2, cpu = "4", memory = "8Gi" }]
    jobs = [{
        name = "j",
        rate = "120/h",
        sizes = [{ cpu = "1", memory = "1Gi" }],
        duration = { exponential = { mean = "2m" } },
    }]
"#;

const PLAN: &str = r#"
    scenario = "s.toml"
    replications = 3
    metrics = ["pending.p99", "evictions"]
    chunk = 2
    [grid]
    "nodes.n.count" = [1, 2, 3]
    scheduler = ["spread", "first-fit", "random"]
"#;

/// A fresh folder for one test, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("plimsoll-{name}-{}", process::id()));
        fs::create_dir_all(&dir).unwrap();
        Scratch(dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn sweep(scratch: &Scratch) -> Sweep {
    fs::write(scratch.0.join("s.toml"), SCENARIO).unwrap();
    fs::write(scratch.0.join("p.toml"), PLAN).unwrap();
    checked(&scratch.0.join("p.toml"))
}

fn checked(plan: &Path) -> Sweep {
    let plan = load(plan).unwrap();
    Sweep::check(plan, &|| ()).unwrap()
}

/// Nobody watches.
struct Blind;

impl Watch for Blind {
    fn is_stopped(&self) -> bool {
        false
    }
    fn cell(&self) {}
    fn kept(&self, _cells: u32) {}
    fn again(&self, _chunk: u32, _why: &Unusable) {}
}

#[test]
fn what_is_in_a_chunk_depends_on_neither_threads_nor_shards() {
    let scratch = Scratch::new("sweep-work");
    let sweep = sweep(&scratch);
    let made = |name: &str, threads: usize, shards: u32| {
        let store = Store::new(&scratch.0.join(name), &sweep);
        let mut done = Done::default();
        for index in 0..shards {
            let shard = Shard::new(index, shards).unwrap();
            let one = with_threads(NonZeroUsize::new(threads), || {
                work(&sweep, &store, shard, &Blind).unwrap()
            });
            done.made += one.unwrap().made;
        }
        assert_eq!(done.made, 5, "9 cells by 2");
        let texts = (0..5).map(|chunk| fs::read_to_string(store.path(chunk)).unwrap());
        texts.collect::<Vec<_>>()
    };
    let one = made("one", 1, 1);
    assert_eq!(made("two", 2, 1), one);
    assert_eq!(made("four", 4, 1), one);
    assert_eq!(made("three", 1, 3), one);
    let store = Store::new(&scratch.0.join("one"), &sweep);
    let mut cells = 0;
    let merged = merge(&sweep, &store, |cell, _| {
        assert_eq!(cell, cells);
        cells += 1;
        Ok(())
    });
    assert_eq!((merged.unwrap().cells.len(), cells), (9, 9));
    fs::remove_file(store.path(3)).unwrap();
    let gaps = match merge(&sweep, &store, |_, _| Ok(())) {
        Err(Gap::Chunks(gaps)) => gaps,
        other => panic!("{other:?}"),
    };
    assert!(matches!(gaps[..], [(3, Unusable::Missing)]), "{gaps:?}");
}

#[test]
fn a_chunk_is_read_back_as_it_was_written_and_nothing_else_passes() {
    let scratch = Scratch::new("sweep-chunk");
    let sweep = sweep(&scratch);
    let estimate = |value, interval, method| Estimate {
        value,
        interval,
        method,
    };
    let interval = Interval {
        low: 0.1 + 0.2,
        high: f64::INFINITY,
    };
    let cell = Cell {
        metrics: vec![
            Kept {
                values: vec![Some(0.1), None, Some(f64::INFINITY)],
                estimate: Some(estimate(1e-17, Some(interval), Method::Bootstrap)),
            },
            Kept {
                values: vec![None; 3],
                estimate: None,
            },
        ],
    };
    let cells = vec![cell.clone(), cell];
    let text = chunk::text(&sweep, 1, &cells);
    assert_eq!(chunk::read(&sweep, 1, &text), Ok(cells));
    assert_eq!(chunk::read(&sweep, 2, &text), Err(Bad::Other));
    assert_eq!(chunk::read(&sweep, 1, ""), Err(Bad::Header));
    assert_eq!(chunk::read(&sweep, 1, &text[1..]), Err(Bad::Header));
    assert_eq!(
        chunk::read(&sweep, 1, &text.replace("0.1,", "0.2,")),
        Err(Bad::Checksum)
    );
    // 2 cells, 2 metrics, 3 replications and what they say together: 16 rows.
    let cut = &text[..text.trim_end().rfind('\n').unwrap() + 1];
    assert_eq!(
        chunk::read(&sweep, 1, cut),
        Err(Bad::Rows {
            said: 16,
            found: 15
        })
    );
    let torn = &text[..text.len() - 1];
    assert_eq!(
        chunk::read(&sweep, 1, torn),
        Err(Bad::Rows {
            said: 16,
            found: 15
        })
    );
    // Whole, with the right checksum, and wrong all the same.
    let (first, body) = text.split_once('\n').unwrap();
    let swapped = body.replacen("2,pending.p99,cluster,1,", "2,pending.p99,cluster,2,", 1);
    let head = first.split_once(" sha256=").unwrap().0;
    let forged = format!(
        "{head} sha256={}\n{swapped}",
        hex(&Sha256::digest(&swapped))
    );
    assert_eq!(chunk::read(&sweep, 1, &forged), Err(Bad::Content));
}

#[test]
fn runs_are_dealt_cell_by_cell_and_chunks_that_are_there_are_left_out() {
    let scratch = Scratch::new("sweep-deal");
    let sweep = sweep(&scratch);
    let mut dealer = Dealer::new([1, 3, 4].into_iter());
    let mut dealt = Vec::new();
    while let Some(run) = dealer.next(&sweep, |chunk| chunk == 3) {
        dealt.push((run.chunk(), run.cell(), run.replication));
        let is_last = run.replication == 3;
        let handed_in = run.hand_in(Measured::default());
        assert_eq!(handed_in.map(|runs| runs.len()), is_last.then_some(3));
    }
    let cell = |chunk, cell| (1..=3).map(move |replication| (chunk, cell, replication));
    let expected: Vec<_> = cell(1, 2).chain(cell(1, 3)).chain(cell(4, 8)).collect();
    assert_eq!(dealt, expected);
}

#[test]
fn cells_that_are_refused_for_one_reason_are_told_once() {
    let scratch = Scratch::new("sweep-refused");
    sweep(&scratch);
    let path = scratch.0.join("wrong.toml");
    fs::write(
        &path,
        PLAN.replace("[1, 2, 3]", "[1, 0, 3]")
            .replace("\"random\"", "\"rand\""),
    )
    .unwrap();
    let refused = Sweep::check(load(&path).unwrap(), &|| ()).unwrap_err();
    let mut told = Vec::new();
    refused.render(&mut told, false).unwrap();
    let told = String::from_utf8(told).unwrap();
    let path = path.display().to_string();
    // No nodes: cells 3 to 5. No such scheduler: 2, 5 and 8.
    expect![[r#"
        error: a group has at least one node
          ┌─ wrong.toml:7:27
          │
        7 │     "nodes.n.count" = [1, 0, 3]
          │                           ^
          │
          = cell 3: nodes.n.count = 0, scheduler = spread; and 2 more

        error: unknown scheduler `rand`
          ┌─ wrong.toml:8:41
          │
        8 │     scheduler = ["spread", "first-fit", "rand"]
          │                                         ^^^^^^ did you mean `random`?
          │
          = known: least-allocated, most-allocated, binpack, spread, first-fit, best-fit, worst-fit, borg-stranded, tetris, power-of-two, fgd, gpu-bestfit, gpu-dotprod, gpu-packing, gpu-clustering, gpu-random, swarm, nomad, kube, kube-1.34, kube-binpack, random
          = cell 2: nodes.n.count = 1, scheduler = rand; and 2 more

        2 errors in wrong.toml. Nothing was run.
    "#]]
    .assert_eq(&told.replace(&path, "wrong.toml"));
}

#[test]
fn of_many_errors_some_are_told_and_all_are_counted() {
    let scratch = Scratch::new("sweep-many-errors");
    sweep(&scratch);
    let path = scratch.0.join("wrong.toml");
    let wrong: Vec<String> = (1..=25).map(|count| format!("-{count}")).collect();
    let wrong = format!("[{}]", wrong.join(", "));
    fs::write(&path, PLAN.replace("[1, 2, 3]", &wrong)).unwrap();
    let refused = Sweep::check(load(&path).unwrap(), &|| ()).unwrap_err();
    assert_eq!(refused.iter().count(), 20);
    let total = refused.to_string();
    assert!(total.starts_with("25 errors in "), "{total}");
    assert!(
        total.ends_with("20 of the errors are told. Nothing was run."),
        "{total}"
    );
}

#[test]
fn cells_without_chance_are_run_once() {
    let scratch = Scratch::new("sweep-exact");
    sweep(&scratch);
    let exact = r#"
        duration = "10m"
        nodes = [{ name = "n", count = 2, cpu = "4", memory = "8Gi" }]
        services = [{ name = "s", requests = { cpu = "1", memory = "1Gi" } }]
    "#;
    fs::write(scratch.0.join("s.toml"), exact).unwrap();
    let sweep = checked(&scratch.0.join("p.toml"));
    // The scheduler `random` throws dice: 3 of 9 cells.
    assert_eq!(sweep.exact, 6);
    let store = Store::new(&scratch.0.join("out"), &sweep);
    work(&sweep, &store, Shard::WHOLE, &Blind).unwrap();
    let values = |cell: usize| {
        let cells = store.read(&sweep, cell as u32 / 2).unwrap();
        let kept = &cells[cell % 2].metrics[0];
        let method = kept.estimate.unwrap().method;
        (kept.values.iter().flatten().count(), method)
    };
    assert_eq!(values(0), (1, Method::TooFew));
    assert_eq!(values(2), (3, Method::MostlyConstant));
}

#[test]
fn every_shipped_plan_suits_its_scenario() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/sweeps");
    let plans = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let plans: Vec<_> = plans.collect();
    assert!(plans.len() >= 2, "{plans:?}");
    for path in plans {
        let sweep = checked(&path);
        assert!(
            sweep.plan.question.ends_with('?'),
            "{}",
            sweep.plan.question
        );
        assert_eq!(sweep.notes, [], "{}", path.display());
        assert!(sweep.plan.pareto.is_some());
    }
}
