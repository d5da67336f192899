//! `plimsoll compact`.

use std::fs;

use crate::shared::{SMALL, Scratch, names};

#[test]
fn compact_packs_the_pods_of_a_moment_and_writes_what_it_found() {
    let scratch = Scratch::new("compact");
    scratch.write("small.toml", SMALL);
    let args = "compact small.toml --at 10m --scheduler first-fit,least-allocated --out out";
    let (code, stdout, stderr) = scratch.said(args);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(
        stdout.contains(" needs ") && stdout.contains(" for the "),
        "{stdout}"
    );
    for told in [
        "requests alone",
        "--picky",
        "--handful",
        "--soft-over",
        "--copies",
        "--confirm",
    ] {
        assert!(stdout.contains(told), "{told} in {stdout}");
    }
    let files = [
        "compaction.csv",
        "compaction.json",
        "compaction.png",
        "compaction.svg",
    ];
    assert_eq!(names(&scratch.0.join("out")), files);
    let written = fs::read_to_string(scratch.0.join("out/compaction.json")).unwrap();
    let (_, json, _) = scratch.said(&format!("{args} --format json --threads 1"));
    assert_eq!(json, written, "the same with one thread");
    let csv = fs::read_to_string(scratch.0.join("out/compaction.csv")).unwrap();
    // Eleven trials of two schedulers and of the requests, and the header.
    assert_eq!(csv.lines().count(), 3 * 11 + 1);
}

#[test]
fn compact_refuses_what_it_cannot_do() {
    let scratch = Scratch::new("compact-wrong");
    scratch.write("small.toml", SMALL);
    for (args, said) in [
        ("--scheduler spred", "unknown scheduler `spred`"),
        ("--scheduler spread,spread", "names `spread` twice"),
        ("--at 2h", "after the end of the run"),
        ("--picky 101%", "at most 1"),
        ("--trials 0", "--trials"),
    ] {
        let (code, stdout, stderr) = scratch.said(&format!("compact small.toml {args}"));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{args}");
        assert!(stderr.contains(said), "{args}: {stderr}");
    }
    assert_eq!(scratch.names(), ["small.toml"], "nothing was written");
}
