//! `--with` and `--set`.

use std::fs;

use crate::shared::{SMALL, Scratch, names};

#[test]
fn a_changed_scenario_says_so_and_leaves_the_results_of_the_other_alone() {
    let scratch = Scratch::new("changed");
    scratch.write("small.toml", SMALL);
    scratch.write("peak.toml", "services = [{ name = \"web\", load = 90 }]\n");
    let run = "run small.toml --no-plots";
    assert_eq!(scratch.said(run).0, Some(0));
    let changes = "--with peak.toml --set nodes.worker.count=4";
    let (code, stdout, stderr) = scratch.said(&format!("{run} {changes}"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let note = "note: changed: `--with peak.toml`, `--set nodes.worker.count=4`";
    assert!(stdout.contains(note), "{stdout}");
    assert!(stdout.contains("4 nodes in 3 zones"), "{stdout}");
    let folders = names(&scratch.0.join("results/small"));
    let [plain, changed] = &folders[..] else {
        panic!("{folders:?}");
    };
    assert_eq!(plain, "least-allocated-fixed-kubernetes-1");
    let json = |folder: &str| {
        let path = scratch.0.join("results/small").join(folder);
        let text = fs::read_to_string(path.join("summary.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["scenario"].take()
    };
    assert_eq!(json(plain)["changes"], serde_json::json!([]));
    let scenario = json(changed);
    let expected = ["--with peak.toml", "--set nodes.worker.count=4"];
    assert_eq!(scenario["changes"], serde_json::json!(expected));
    let hash = &scenario["hash"].as_str().unwrap()[..8];
    assert_eq!(*changed, format!("{plain}-changed-{hash}"));
    assert_ne!(json(plain)["hash"], scenario["hash"]);
    // The same changes give the same folder.
    assert_eq!(scratch.said(&format!("{run} {changes}")).0, Some(0));
    assert_eq!(names(&scratch.0.join("results/small")), folders);
}

#[test]
fn wrong_changes_are_told_by_every_command_that_takes_them() {
    let scratch = Scratch::new("unchanged");
    scratch.write("small.toml", SMALL);
    scratch.write("peak.toml", "[[services]]\nname = \"web\"\nlaod = 90\n");
    for command in ["run", "validate", "explain"] {
        let wrong = "small.toml --with peak.toml --set nodes.wroker.count=4";
        let (code, stdout, stderr) = scratch.said(&format!("{command} {wrong}"));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        for said in [
            "peak.toml:3:1",
            "did you mean `load`?",
            "--set:1:7",
            "did you mean `worker`?",
            "2 errors in small.toml as changed by peak.toml and --set. Nothing was run.",
        ] {
            assert!(stderr.contains(said), "{said}:\n{stderr}");
        }
        let (code, _, stderr) = scratch.said(&format!("{command} small.toml --with nowhere.toml"));
        assert_eq!(code, Some(2));
        assert!(stderr.contains("there is no file nowhere.toml"), "{stderr}");
    }
    assert_eq!(scratch.names(), ["peak.toml", "small.toml"]);
}
