//! `plimsoll report`.

use std::fs;

use crate::shared::{SMALL, Scratch};

#[test]
fn report_makes_the_same_page_again_and_lays_several_side_by_side() {
    let scratch = Scratch::new("report");
    scratch.write("small.toml", SMALL);
    for (scheduler, out) in [("spread", "a"), ("binpack", "b")] {
        let done = scratch.run(&format!(
            "run small.toml --reps 2 --quiet --scheduler {scheduler} --out {out}"
        ));
        assert!(done.status.success());
    }
    let page = |path: &str| fs::read_to_string(scratch.0.join(path)).unwrap();
    let before = page("a/report.html");
    fs::remove_file(scratch.0.join("a/report.html")).unwrap();
    let (code, stdout, stderr) = scratch.said("report a");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.ends_with("\na/report.html\n"), "{stdout}");
    assert!(page("a/report.html") == before);

    let (code, stdout, _) = scratch.said("report a b");
    assert_eq!(code, Some(0));
    assert!(
        stdout.starts_with("spread: ") && stdout.contains("\nbinpack: "),
        "{stdout}"
    );
    assert!(page("results/side-by-side.html").contains("2 runs side by side"));
    // A page of ours may be replaced, and nothing else.
    let (code, ..) = scratch.said("report a b --out results/side-by-side.html");
    assert_eq!(code, Some(0));
    let (code, _, stderr) = scratch.said("report a b --out small.toml");
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("small.toml is no page of plimsoll"),
        "{stderr}"
    );
    assert_eq!(page("small.toml"), SMALL);
    let (code, _, stderr) = scratch.said("report a nowhere");
    assert_eq!(
        (code, stderr.as_str()),
        (Some(2), "error: nowhere: there is no such folder\n")
    );
}
