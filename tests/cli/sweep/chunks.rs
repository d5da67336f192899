//! Chunks that are damaged, missing or of another sweep.

use std::fs;
use std::process::{Command, Stdio};

use crate::shared::SHOP;
use crate::sweep::{count_chunks, planned};

#[test]
fn chunks_that_were_changed_or_cut_off_are_made_again() {
    let scratch = planned("corrupt");
    scratch.fine("sweep plan.toml --out out");
    let expected = scratch.merged("out");
    let (changed, cut, other) = (
        scratch.chunk("out", 1),
        scratch.chunk("out", 2),
        scratch.chunk("out", 5),
    );
    let text = fs::read_to_string(&changed).unwrap();
    let at = text.rfind("0.").unwrap() + 2;
    let digit = if text.as_bytes()[at] == b'7' {
        "8"
    } else {
        "7"
    };
    fs::write(
        &changed,
        format!("{}{digit}{}", &text[..at], &text[at + 1..]),
    )
    .unwrap();
    let text = fs::read_to_string(&cut).unwrap();
    fs::write(&cut, &text[..text.len() / 2]).unwrap();
    fs::copy(scratch.chunk("out", 6), &other).unwrap();

    let (code, stdout, stderr) = scratch.said("merge plan.toml out");
    assert_eq!((code, stdout.as_str()), (Some(3), ""));
    assert!(
        stderr.contains("error: 3 of 8 chunks cannot be used, so nothing was merged"),
        "{stderr}"
    );
    assert!(
        stderr.contains("chunk-000001.csv: its checksum is wrong"),
        "{stderr}"
    );
    assert!(
        stderr.contains("chunk-000002.csv: it says 60 rows and has "),
        "{stderr}"
    );
    assert!(
        stderr.contains("chunk-000005.csv: it belongs to another"),
        "{stderr}"
    );
    assert_eq!(
        scratch.merged("out"),
        expected,
        "what was merged before stays"
    );

    let (code, _, stderr) = scratch.said("sweep plan.toml --out out");
    assert_eq!(code, Some(0));
    assert!(stderr.contains("warning: out/"), "{stderr}");
    assert_eq!(stderr.matches("it is made again").count(), 3, "{stderr}");
    assert_eq!(scratch.merged("out"), expected);
}

#[test]
fn missing_chunks_are_listed_with_the_command_that_makes_them() {
    let scratch = planned("missing");
    scratch.fine("sweep plan.toml --out out --shard 0/3");
    let (code, stdout, stderr) = scratch.said("merge plan.toml out");
    assert_eq!((code, stdout.as_str()), (Some(3), ""));
    // Of chunks 0 to 7, shard 0 of 3 makes 0, 3 and 6.
    assert_eq!(
        stderr,
        "error: 5 of 8 chunks cannot be used, so nothing was merged\n  missing: 1-2, 4-5, 7\n\
         Try: plimsoll sweep plan.toml --out out\n(it makes these alone)\n"
    );
    assert!(!scratch.0.join("out/merged").exists());
    scratch.fine("sweep plan.toml --out out");
    scratch.fine("merge plan.toml out");
}

#[test]
fn chunks_of_another_version_or_input_do_not_count() {
    let scratch = planned("other");
    scratch.fine("sweep plan.toml --out out");
    let old = scratch.chunks("out");
    let text = fs::read_to_string(old.join("chunk-000000.csv")).unwrap();
    let version = format!("version={}", env!("CARGO_PKG_VERSION"));
    fs::write(
        old.join("chunk-000000.csv"),
        text.replace(&version, "version=0.0.9"),
    )
    .unwrap();
    let (code, _, stderr) = scratch.said("merge plan.toml out");
    assert_eq!(code, Some(3));
    assert!(
        stderr.contains("chunk-000000.csv: it belongs to another sweep"),
        "{stderr}"
    );

    scratch.write("shop.toml", &SHOP.replace("load = 30", "load = 31"));
    let (code, _, stderr) = scratch.said("merge plan.toml out");
    assert_eq!(code, Some(3));
    assert!(stderr.contains("missing: 0-7"), "{stderr}");
    let hash = old.file_name().unwrap().to_str().unwrap();
    let expected = format!(
        "  {hash}: 8 chunks of another sweep (made by plimsoll 0.0.9, this is {})",
        env!("CARGO_PKG_VERSION")
    );
    assert!(stderr.contains(&expected), "{stderr}");
}

#[test]
fn a_full_disk_is_said_and_costs_no_finished_chunk() {
    let scratch = planned("full");
    let disk = scratch.0.join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = |args: &[&str]| {
        let done = Command::new("mount")
            .args(args)
            .arg(&disk)
            .stderr(Stdio::null())
            .status();
        done.is_ok_and(|status| status.success())
    };
    if !mount(&["-t", "tmpfs", "-o", "size=28k", "tmpfs"]) {
        use std::io::Write as _;
        writeln!(
            std::io::stderr(),
            "skipped: a full disk, for want of the right to mount one"
        )
        .unwrap();
        return;
    }
    let (code, stdout, stderr) = scratch.said("sweep plan.toml --out disk --threads 1");
    let left = count_chunks(&scratch, "disk");
    let partial = fs::read_dir(scratch.chunks("disk")).unwrap().count() - left;
    let umount = Command::new("mount")
        .args(["-o", "remount,size=1m"])
        .arg(&disk)
        .status();
    let grown = umount.is_ok_and(|status| status.success());
    let resumed = grown.then(|| scratch.said("sweep plan.toml --out disk --threads 1"));
    let unmounted = Command::new("umount")
        .arg(&disk)
        .status()
        .unwrap()
        .success();
    assert!(unmounted && grown);
    assert_eq!((code, stdout.as_str()), (Some(3), ""), "{stderr}");
    assert!(
        stderr.contains("cannot be written: No space left on device"),
        "{stderr}"
    );
    assert!(
        stderr.contains(&format!("{left} of 8 chunks are done and kept")),
        "{stderr}"
    );
    assert!(
        (1..8).contains(&left) && partial == 0,
        "{left} and {partial}"
    );
    let (code, _, stderr) = resumed.unwrap();
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}
