//! What a shell is owed: pipes that close, and Ctrl-C.

use std::fs;
use std::process::{Command, Stdio};

use crate::shared::{SMALL, Scratch};

#[test]
fn a_closed_pipe_ends_quietly() {
    let scratch = Scratch::new("pipe");
    scratch.write("small.toml", SMALL);
    for args in [
        "metrics",
        "schema",
        "policies",
        "run small.toml --no-plots --format json",
    ] {
        let mut child = scratch
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), stderr.as_str()),
            (Some(0), ""),
            "{args}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_run_writes_nothing() {
    let scratch = Scratch::new("interrupt");
    // A hundred years: far longer than the test waits.
    let without_jobs = SMALL.split("[[jobs]]").next().unwrap();
    scratch.write(
        "long.toml",
        &without_jobs.replace("duration = \"1h\"", "duration = \"876000h\""),
    );
    let child = scratch
        .command("run long.toml")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !catches_interrupts(child.id()) {
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert_eq!(stderr, "error: interrupted; nothing was written\n");
    assert_eq!(scratch.names(), ["long.toml"]);
}

/// Whether the process has a handler for signal 2.
#[cfg(target_os = "linux")]
fn catches_interrupts(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & (1 << 1) != 0
}
