//! What a shell is owed: pipes that close, Ctrl-C, colours, and completions.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use crate::shared::{SHOP, SMALL, Scratch};

#[test]
fn a_closed_pipe_ends_quietly() {
    let scratch = Scratch::with("pipe", "small.toml", SMALL);
    for args in [
        "metrics",
        "schema",
        "policies",
        "completions bash",
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

#[test]
fn bash_takes_the_script_that_completes_every_command() {
    let scratch = Scratch::new("completions");
    let script = scratch.fine("completions bash");
    let bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn();
    let Ok(mut bash) = bash else {
        writeln!(std::io::stderr(), "skipped: completions, there is no bash").unwrap();
        return;
    };
    let mut stdin = bash.stdin.take().unwrap();
    stdin.write_all(script.as_bytes()).unwrap();
    drop(stdin);
    assert!(bash.wait().unwrap().success());
    let help = scratch.fine("--help");
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    let names: Vec<&str> = commands
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty())
        .collect();
    assert!(names.len() >= 16, "{names:?}");
    for name in names {
        let offered = format!("plimsoll,{name})");
        assert!(script.contains(&offered), "{offered}");
    }
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = scratch.fine(&format!("completions {shell}"));
        assert!(script.contains("completions"), "{shell}");
    }
    assert_eq!(scratch.said("completions csh").0, Some(2));
}

/// What a command writes to a terminal of this kind, and its exit code; `script` of util-linux is the
/// terminal.
#[cfg(target_os = "linux")]
fn on_a_terminal(scratch: &Scratch, args: &str, variables: &[(&str, &str)]) -> Option<String> {
    let typed = format!("{} {args}", env!("CARGO_BIN_EXE_plimsoll"));
    let output = Command::new("script")
        .args(["-q", "-e", "-c", &typed, "/dev/null"])
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .envs(variables.iter().copied())
        .current_dir(&scratch.0)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    Some(String::from_utf8(output.stdout).unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_without_colours_gets_no_escape_codes() {
    let scratch = Scratch::with("colours", "small.toml", SMALL);
    scratch.write("shop.toml", SHOP);
    scratch.write("wrong.toml", &SMALL.replace("least-allocated", "least"));
    scratch.write("plan.toml", crate::sweep::PLAN);
    scratch.fine("gate small.toml --baseline b.json --update --reps 2 --tolerance availability.requests@service:web=0.05%");
    // Some of these show colours, where they are wanted, and some work for seconds.
    let colourful = "run wrong.toml";
    let commands = [
        colourful,
        "--help",
        "run --help",
        "run --speed 9",
        "run small.toml --reps 2 --no-plots",
        "run small.toml --reps 200 --no-plots",
        "compare small.toml --scheduler spread,binpack --reps 200",
        "explain small.toml --pod web-1",
        "capacity small.toml --step 1 --to 4",
        "compact small.toml --at 10m --trials 200",
        "gate small.toml --baseline b.json --scheduler binpack",
        "sweep plan.toml",
        "validate small.toml wrong.toml",
        "policies spread",
        "metrics cost",
        "report results/small/least-allocated-fixed-kubernetes-1",
    ];
    for args in commands {
        for variables in [
            &[("TERM", "xterm-256color"), ("NO_COLOR", "1")][..],
            &[("TERM", "dumb")],
            &[("TERM", "dumb"), ("CI", "true")],
        ] {
            let Some(shown) = on_a_terminal(&scratch, args, variables) else {
                writeln!(std::io::stderr(), "skipped: colours, there is no script").unwrap();
                return;
            };
            assert!(!shown.is_empty(), "{args}");
            assert!(!shown.contains('\u{1b}'), "{args}, {variables:?}: {shown}");
        }
    }
    let wanted = [("TERM", "xterm-256color")];
    let shown = on_a_terminal(&scratch, colourful, &wanted).unwrap();
    assert!(shown.contains('\u{1b}'), "the test sees no colours at all");
}

/// Starts a command that takes far longer than the test waits, and presses Ctrl-C.
#[cfg(target_os = "linux")]
fn interrupted(scratch: &Scratch, args: &str) -> (Option<i32>, String) {
    let child = scratch
        .command(args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !catches_interrupts(&child) {
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &pid]).status();
    assert!(killed.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), stderr)
}

/// Whether the process has a handler for signal 2.
#[cfg(target_os = "linux")]
fn catches_interrupts(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & (1 << 1) != 0
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_run_writes_nothing() {
    // A hundred years.
    let without_jobs = SMALL.split("[[jobs]]").next().unwrap();
    let long = without_jobs.replace("duration = \"1h\"", "duration = \"876000h\"");
    let scratch = Scratch::with("interrupt", "long.toml", &long);
    let told = interrupted(&scratch, "run long.toml");
    let nothing = "error: interrupted; nothing was written\n".to_owned();
    assert_eq!(told, (Some(130), nothing));
    assert_eq!(scratch.names(), ["long.toml"]);
}

#[cfg(target_os = "linux")]
#[test]
fn interrupted_experiments_write_nothing() {
    let without_jobs = SMALL.split("[[jobs]]").next().unwrap();
    let long = without_jobs.replace("duration = \"1h\"", "duration = \"876000h\"");
    let scratch = Scratch::with("interrupt-all", "long.toml", &long);
    for args in [
        "compare long.toml --scheduler spread,binpack",
        "capacity long.toml",
        "compact long.toml",
        "explain long.toml",
        "gate long.toml --update --baseline new/b.json --tolerance availability.requests@service:web=0.05%",
    ] {
        let told = interrupted(&scratch, args);
        let nothing = "error: interrupted; nothing was written\n".to_owned();
        assert_eq!(told, (Some(130), nothing), "{args}");
        assert_eq!(scratch.names(), ["long.toml"], "{args}");
    }
}
