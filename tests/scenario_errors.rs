//! What a wrong scenario file is told: every case is an input and the whole answer to it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use expect_test::{Expect, expect};
use plimsoll::scenario::{self, Loaded, problem::Problems};

/// A scenario without faults, to which faults are added.
const GOOD: &str = r#"# Does the shop stay up?
duration = "1h"

[[nodes]]
name = "worker"
count = 3
cpu = "4"
memory = "8Gi"
zones = ["a", "b", "c"]

[[services]]
name = "cart"
requests = { cpu = "1", memory = "1Gi" }
"#;

/// A trace of pods, to follow the good scenario.
const TRACE: &str = "\n[trace]\npods = \"pods.csv\"\n";

/// Files beside the scenario, by path.
type Files<'a> = BTreeMap<&'a str, String>;

fn parse(text: &str, files: &Files<'_>) -> Result<Loaded, Problems> {
    let read = |path: &Path| match files.get(path.to_str().unwrap()) {
        Some(text) => Ok(text.clone().into_bytes()),
        None => Err(io::ErrorKind::NotFound.into()),
    };
    scenario::parse(Path::new("shop.toml"), text, &read)
}

fn rendered(problems: &Problems) -> String {
    let mut out = Vec::new();
    problems.render(&mut out, false).unwrap();
    String::from_utf8(out).unwrap()
}

/// What is said of a file that is refused.
fn check(text: &str, expected: Expect) {
    check_with(text, &Files::new(), expected);
}

/// The same with one file beside it.
fn check_table(text: &str, name: &str, table: &str, expected: Expect) {
    check_with(text, &Files::from([(name, table.to_owned())]), expected);
}

fn check_with(text: &str, files: &Files<'_>, expected: Expect) {
    let problems = parse(text, files).map(|_| "it was accepted").unwrap_err();
    expected.assert_eq(&rendered(&problems));
}

/// What is said of a file that is accepted.
fn check_warnings(text: &str, files: &Files<'_>, expected: Expect) {
    let loaded = parse(text, files).map_err(|problems| rendered(&problems));
    expected.assert_eq(&rendered(&loaded.unwrap().warnings));
}

/// The good scenario with something else in the place of `old`.
fn but(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    GOOD.replacen(old, new, 1)
}

/// The good scenario with something more at its end.
fn and(more: &str) -> String {
    format!("{GOOD}{more}")
}

/// A pod table of `n` rows.
fn pods(n: usize) -> String {
    let rows: String = (0..n).map(|i| format!("p{i},{i}.5,60,100,128\n")).collect();
    format!("name,arrival_s,duration_s,cpu_milli,memory_mib\n{rows}")
}

#[test]
fn a_good_scenario_is_accepted_in_silence() {
    check_warnings(GOOD, &Files::new(), expect![[""]]);
}

#[test]
fn five_mistakes_are_reported_together() {
    check(
        r#"# Five mistakes.
duration = "-24h"
warm_up = 30

[[nodes]]
name = "worker"
cpu = "16"
memory = "64Gb"

[[services]]
name = "cart"
replica = 4
requests = { cpu = "1", memory = "1Gi" }

[[failures]]
containers = "crat"
after = "1h"
"#,
        expect![[r#"
            error: duration `-24h` is negative
              ┌─ shop.toml:2:12
              │
            2 │ duration = "-24h"
              │            ^^^^^^
              │
              = a length of time is numbers with units ns, us, ms, s, m, h or d, such as "1h30m"

            error: `warm_up` must be a length of time such as "30s", not a number
              ┌─ shop.toml:3:11
              │
            3 │ warm_up = 30
              │           ^^

            error: memory `64Gb` is not a quantity
              ┌─ shop.toml:8:10
              │
            8 │ memory = "64Gb"
              │          ^^^^^^ did you mean Gi (1024³ bytes) or G (1000³)?
              │
              = a size is a number and a suffix: Ki, Mi, Gi, Ti (powers of 1024) or k, M, G, T (powers of 1000), such as "64Gi"

            error: unknown key `replica`
               ┌─ shop.toml:12:1
               │
            12 │ replica = 4
               │ ^^^^^^^ did you mean `replicas`?
               │
               = known: name, replicas, image, requests, limits, work, memory_use, startup, readiness, shutdown, min_available, slo, load, hpa, priority

            error: there is no service `crat`
               ┌─ shop.toml:16:14
               │
            16 │ containers = "crat"
               │              ^^^^^^ did you mean `cart`?
               │
               = known: cart

            5 errors in shop.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn an_unknown_policy_is_told_the_nearest_one() {
    let text = and("\n[policy]\nscheduler = \"least-alocated\"\n");
    let said = rendered(&parse(&text, &Files::new()).unwrap_err());
    assert!(
        said.starts_with("error: unknown scheduler `least-alocated`\n"),
        "{said}"
    );
    assert!(
        said.contains("^ did you mean `least-allocated`?\n"),
        "{said}"
    );
}

#[test]
fn quantities_say_what_was_probably_meant() {
    let memory = |memory| but(r#"memory = "8Gi""#, memory);
    check(
        &memory(r#"memory = "8192""#),
        expect![[r#"
        error: memory `8192` has no unit
          ┌─ shop.toml:8:10
          │
        8 │ memory = "8192"
          │          ^^^^^^
          │
          = a size is a number and a suffix: Ki, Mi, Gi, Ti (powers of 1024) or k, M, G, T (powers of 1000), such as "64Gi"

        1 error in shop.toml. Nothing was run.
    "#]],
    );
    check(
        &memory("memory = 8"),
        expect![[r#"
        error: `memory` must be a size with its unit such as "64Gi", not a number
          ┌─ shop.toml:8:10
          │
        8 │ memory = 8
          │          ^

        1 error in shop.toml. Nothing was run.
    "#]],
    );
    check(
        &memory(r#"memory = "512m""#),
        expect![[r#"
        error: memory `512m` is not a quantity
          ┌─ shop.toml:8:10
          │
        8 │ memory = "512m"
          │          ^^^^^^ m is a thousandth of a byte: did you mean Mi (1024² bytes)?
          │
          = a size is a number and a suffix: Ki, Mi, Gi, Ti (powers of 1024) or k, M, G, T (powers of 1000), such as "64Gi"

        1 error in shop.toml. Nothing was run.
    "#]],
    );
    check(
        &but(r#"cpu = "4""#, "cpu = 0.0005"),
        expect![[r#"
        error: cpu `0.0005` is finer than a thousandth of a core
          ┌─ shop.toml:7:7
          │
        7 │ cpu = 0.0005
          │       ^^^^^^
          │
          = CPU is cores such as "2" or 0.5, or thousandths of a core such as "500m"

        1 error in shop.toml. Nothing was run.
    "#]],
    );
    check(
        &but(r#""1h""#, r#""1 hour""#),
        expect![[r#"
        error: duration `1 hour` is not a length of time
          ┌─ shop.toml:2:12
          │
        2 │ duration = "1 hour"
          │            ^^^^^^^^
          │
          = a length of time is numbers with units ns, us, ms, s, m, h or d, such as "1h30m"

        1 error in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn bare_words_are_to_be_quoted_and_the_rest_is_still_read() {
    let bare = but(r#"memory = "8Gi""#, "memory = 8Gi");
    check(
        &bare.replace("requests", "request"),
        expect![[r#"
        error: `8Gi` must be quoted
          ┌─ shop.toml:8:10
          │
        8 │ memory = 8Gi
          │          ^^^ write "8Gi"

        error: `requests` is missing
           ┌─ shop.toml:11:1
           │
        11 │ [[services]]
           │ ^^^^^^^^^^^^ needs `requests`
           │
           = requests: What the scheduler reserves for each replica.

        error: unknown key `request`
           ┌─ shop.toml:13:1
           │
        13 │ request = { cpu = "1", memory = "1Gi" }
           │ ^^^^^^^ did you mean `requests`?
           │
           = known: name, replicas, image, requests, limits, work, memory_use, startup, readiness, shutdown, min_available, slo, load, hpa, priority

        3 errors in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn a_damaged_file_is_not_said_to_lack_what_was_lost() {
    let damaged = but("[[nodes]]", "[[nodes]");
    check(
        &damaged.replace("count", "cuont"),
        expect![[r#"
        error: this is not TOML: unclosed array table, expected `]`
          ┌─ shop.toml:4:9
          │
        4 │ [[nodes]
          │         ^

        1 error in shop.toml. Nothing was run.
    "#]],
    );
    check(
        &and("name = \"again\"\n"),
        expect![[r#"
        error: this is not TOML: duplicate key
           ┌─ shop.toml:14:1
           │
        14 │ name = "again"
           │ ^^^^

        1 error in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn missing_keys_are_named_with_their_meaning() {
    check(
        &but("cpu = \"4\"\n", ""),
        expect![[r#"
        error: `cpu` is missing
          ┌─ shop.toml:4:1
          │
        4 │ [[nodes]]
          │ ^^^^^^^^^ needs `cpu`
          │
          = cpu: CPU that pods may request of each node (Kubernetes: allocatable), such as "16".

        1 error in shop.toml. Nothing was run.
    "#]],
    );
    check(
        &but("duration = \"1h\"\n", ""),
        expect![[r#"
        error: `duration` is missing
          ┌─ shop.toml:1:1
          │
        1 │ # Does the shop stay up?
          │ ^ write duration = "24h" before the first [section]
          │
          = only a trace of pods can end a run without it

        1 error in shop.toml. Nothing was run.
    "#]],
    );
    check(
        "duration = \"1h\"\n",
        expect![[r#"
        error: there are no nodes
         = a cluster is [[nodes]] with a count above zero, or [trace] nodes

        error: nothing runs on the nodes
         = give at least one of [[services]], [[jobs]] and [trace] pods

        2 errors in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn zero_nodes_are_refused() {
    check(
        &but("count = 3", "count = 0"),
        expect![[r#"
            error: a group has at least one node
              ┌─ shop.toml:6:9
              │
            6 │ count = 0
              │         ^

            1 error in shop.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn impossible_counts_are_refused_with_their_memory_before_anything_is_built() {
    check(
        &but("count = 3", "count = 1_000_000_000_000"),
        expect![[r#"
            error: with 1,000,000,000,000 nodes a run needs about 931 TiB of memory, more than the 16 GiB it may use
              ┌─ shop.toml:6:9
              │
            6 │ count = 1_000_000_000_000
              │         ^^^^^^^^^^^^^^^^^

            1 error in shop.toml. Nothing was run.
        "#]],
    );
    check(
        &and("replicas = 1_000_000_000_000\n"),
        expect![[r#"
            error: with 1,000,000,000,000 replicas a run needs about 465 TiB of memory, more than the 16 GiB it may use
               ┌─ shop.toml:14:12
               │
            14 │ replicas = 1_000_000_000_000
               │            ^^^^^^^^^^^^^^^^^

            1 error in shop.toml. Nothing was run.
        "#]],
    );
    check(
        &and("replicas = 4_000_000_000\n"),
        expect![[r#"
            error: with 4,000,000,000 replicas a run needs about 1 TiB of memory, more than the 16 GiB it may use
               ┌─ shop.toml:14:12
               │
            14 │ replicas = 4_000_000_000
               │            ^^^^^^^^^^^^^

            1 error in shop.toml. Nothing was run.
        "#]],
    );
    check(
        &and(r#"
[[jobs]]
name = "pod"
every = { exponential = { mean = "4ns" } }
sizes = [{ cpu = "1", memory = "1Gi" }]
duration = "1m"

[[jobs]]
name = "all-at-once"
every = "0s"
sizes = [{ cpu = "1", memory = "1Gi" }]
duration = "1m"

[[jobs]]
name = "counted"
every = "0s"
count = 1_000_000_000_000
sizes = [{ cpu = "1", memory = "1Gi" }]
duration = "1m"
"#),
        expect![[r#"
            error: with 900,000,000,000 jobs `pod` a run needs about 419 TiB of memory, more than the 16 GiB it may use
               ┌─ shop.toml:15:1
               │
            15 │ [[jobs]]
               │ ^^^^^^^^

            error: `every` must be above zero on average
               ┌─ shop.toml:23:9
               │
            23 │ every = "0s"
               │         ^^^^ or give `count`

            error: with 1,000,000,000,000 jobs `counted` a run needs about 465 TiB of memory, more than the 16 GiB it may use
               ┌─ shop.toml:27:1
               │
            27 │ [[jobs]]
               │ ^^^^^^^^

            3 errors in shop.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn a_table_too_large_for_memory_is_refused_unread() {
    // 2^25 rows at 512 bytes each are 16 GiB; the end of the header counts as one more.
    let table = pods(0) + &"\n".repeat(1 << 25);
    check_table(
        &and(TRACE),
        "pods.csv",
        &table,
        expect![[r#"
            error: with 33,554,433 rows of pods a run needs about 16 GiB of memory, more than the 16 GiB it may use
               ┌─ shop.toml:16:8
               │
            16 │ pods = "pods.csv"
               │        ^^^^^^^^^^

            1 error in shop.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn numbers_that_contradict_each_other_are_refused() {
    check(
        &but("\"1h\"", "\"1h\"\nwarm_up = \"1h\""),
        expect![[r#"
            error: nothing is left to measure: the run ends at 3600 s, its warm-up at 3600 s
              ┌─ shop.toml:3:11
              │
            3 │ warm_up = "1h"
              │           ^^^^

            1 error in shop.toml. Nothing was run.
        "#]],
    );
    check(
        &and("replicas = 9\nhpa = { min = 2, max = 6 }\n"),
        expect![[r#"
        error: 9 replicas are outside the hpa's 2 to 6
           ┌─ shop.toml:14:12
           │
        14 │ replicas = 9
           │            ^

        1 error in shop.toml. Nothing was run.
    "#]],
    );
    check(
        &and("min_available = 2\n"),
        expect![[r#"
            error: `min_available` 2 is more than there are ever
               ┌─ shop.toml:14:17
               │
            14 │ min_available = 2
               │                 ^
               │
               = the most replicas are 1

            1 error in shop.toml. Nothing was run.
        "#]],
    );
    check(
        &and("hpa = { min = 7, max = 6, cpu = 0.333 }\n"),
        expect![[r#"
        error: `min` must be at most 6
           ┌─ shop.toml:14:15
           │
        14 │ hpa = { min = 7, max = 6, cpu = 0.333 }
           │               ^

        error: `cpu` must be a share in whole percent, such as 0.6
           ┌─ shop.toml:14:33
           │
        14 │ hpa = { min = 7, max = 6, cpu = 0.333 }
           │                                 ^^^^^
           │
           = Kubernetes' averageUtilization is a whole number of percent

        2 errors in shop.toml. Nothing was run.
    "#]],
    );
    check(
        &and("limits = { cpu = \"500m\" }\n"),
        expect![[r#"
        error: the cpu limit is below the request
           ┌─ shop.toml:14:18
           │
        13 │ requests = { cpu = "1", memory = "1Gi" }
           │                    --- the request
        14 │ limits = { cpu = "500m" }
           │                  ^^^^^^

        1 error in shop.toml. Nothing was run.
    "#]],
    );
    check(
        &and("slo = { availability = 99.9, window = \"30d\" }\n"),
        expect![[r#"
            error: `availability` must be above 0 and below 1
               ┌─ shop.toml:14:24
               │
            14 │ slo = { availability = 99.9, window = "30d" }
               │                        ^^^^
               │
               = 99.9 % is written 0.999

            1 error in shop.toml. Nothing was run.
        "#]],
    );
    check(
        &but(
            r#"cpu = "1", memory"#,
            r#"cpu = "0", gpu_milli = 500, memory"#,
        )
        .replace(
            "cpu = \"4\"",
            "cpu = \"4\"\ngpu = 17\ngpu_model = \"A100\"\nmax_pods = 0\nprice_per_hour = -1",
        ),
        expect![[r#"
            error: `gpu` must be at most 16
              ┌─ shop.toml:8:7
              │
            8 │ gpu = 17
              │       ^^

            error: `max_pods` must be at least 1
               ┌─ shop.toml:10:12
               │
            10 │ max_pods = 0
               │            ^

            error: `price_per_hour` is negative
               ┌─ shop.toml:11:18
               │
            11 │ price_per_hour = -1
               │                  ^^

            error: a `gpu_milli`, but no `gpu`
               ┌─ shop.toml:17:37
               │
            17 │ requests = { cpu = "0", gpu_milli = 500, memory = "1Gi" }
               │                                     ^^^

            4 errors in shop.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn names_are_unique_and_references_known() {
    check(
        &and(r#"
[[services]]
name = "cart"
requests = { cpu = "1", memory = "1Gi" }
image = { name = "shop", size = "1Gi" }

[[services]]
name = "search"
requests = { cpu = "1", memory = "1Gi" }
image = { name = "shop", size = "2Gi" }

[[nodes]]
name = "worker"
cpu = "1"
memory = "1Gi"

[[failures]]
nodes = ["worker-0", "wroker"]
at = "10m"
count = 2
down = "5m"

[[failures]]
zones = "d"
at = "10m"
down = "forever"
"#),
        expect![[r#"
            error: there is a service `cart` already
               ┌─ shop.toml:16:8
               │
            12 │ name = "cart"
               │        ------ here
               ·
            16 │ name = "cart"
               │        ^^^^^^

            warning: sizes of images mean nothing without `delays.pull_bandwidth`: all images are taken to be on every node
               ┌─ shop.toml:18:33
               │
            18 │ image = { name = "shop", size = "1Gi" }
               │                                 ^^^^^

            error: the image `shop` has two sizes
               ┌─ shop.toml:23:33
               │
            18 │ image = { name = "shop", size = "1Gi" }
               │                                 ----- the other
               ·
            23 │ image = { name = "shop", size = "2Gi" }
               │                                 ^^^^^

            error: there is a node or group of nodes `worker` already
               ┌─ shop.toml:26:8
               │
             5 │ name = "worker"
               │        -------- here
               ·
            26 │ name = "worker"
               │        ^^^^^^^^

            error: there is no zone `d`
               ┌─ shop.toml:37:9
               │
            37 │ zones = "d"
               │         ^^^
               │
               = known: a, b, c

            4 errors and 1 warning in shop.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn a_failure_says_what_when_and_how_long() {
    check(
        &and(r#"
[[failures]]
at = "10m"

[[failures]]
name = "both"
nodes = "worker"
zones = "a"
at = "10m"
after = "1h"

[[failures]]
nodes = "worker"
after = "0s"
down = "5m"

[[failures]]
nodes = "worker-1"
at = "10m"

[[failures]]
nodes = "worker-1"
at = "10m"
count = 2
down = "1m"

[[failures]]
containers = "cart"
after = "10m"
count = 1
down = "1m"
"#),
        expect![[r#"
            error: how long is it down?
               ┌─ shop.toml:15:1
               │
            15 │ [[failures]]
               │ ^^^^^^^^^^^^ needs `down`
               │
               = for good: down = "forever"

            error: what fails?
               ┌─ shop.toml:15:1
               │
            15 │ [[failures]]
               │ ^^^^^^^^^^^^ needs one of `nodes`, `zones` and `containers`

            error: how long is it down?
               ┌─ shop.toml:18:1
               │
            18 │ [[failures]]
               │ ^^^^^^^^^^^^ needs `down`
               │
               = for good: down = "forever"

            error: what fails?
               ┌─ shop.toml:18:1
               │
            18 │ [[failures]]
               │ ^^^^^^^^^^^^ needs one of `nodes`, `zones` and `containers`

            error: when does it fail?
               ┌─ shop.toml:18:1
               │
            18 │ [[failures]]
               │ ^^^^^^^^^^^^ needs one of `at` and `after`

            error: `after` must be above zero
               ┌─ shop.toml:27:9
               │
            27 │ after = "0s"
               │         ^^^^

            error: how long is it down?
               ┌─ shop.toml:30:1
               │
            30 │ [[failures]]
               │ ^^^^^^^^^^^^ needs `down`
               │
               = for good: down = "forever"

            error: there is a failure `nodes worker-1` already
               ┌─ shop.toml:34:1
               │
            30 │ [[failures]]
               │ ------------ here
               ·
            34 │ [[failures]]
               │ ^^^^^^^^^^^^

            error: `count` must be at most 1
               ┌─ shop.toml:37:9
               │
            37 │ count = 2
               │         ^

            error: `count` belongs to `at`
               ┌─ shop.toml:43:9
               │
            43 │ count = 1
               │         ^
               │
               = with `after`, each of them fails by itself

            error: containers are back when they are restarted
               ┌─ shop.toml:44:8
               │
            44 │ down = "1m"
               │        ^^^^ means nothing here

            11 errors in shop.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn distributions_and_loads_are_possible() {
    check(
        &and(r#"
startup = { weibull = { shape = 0, scale = "5s" } }
load = [
    -5,
    { diurnal = { mean = 10, amplitude = 1.5, peak_at = "20h" } },
    { ramp = { from = 1, to = 2, start = "2h", end = "1h" } },
    { sawtooth = { mean = 10 } },
    { constant = 1, csv = "load.csv" },
    "a lot",
]
"#),
        expect![[r#"
            error: shape 0 is impossible for the weibull distribution: it must be a finite number above 0
               ┌─ shop.toml:15:11
               │
            15 │ startup = { weibull = { shape = 0, scale = "5s" } }
               │           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            error: `load` is negative
               ┌─ shop.toml:17:5
               │
            17 │     -5,
               │     ^^

            error: `amplitude` must be from 0 to 1
               ┌─ shop.toml:18:42
               │
            18 │     { diurnal = { mean = 10, amplitude = 1.5, peak_at = "20h" } },
               │                                          ^^^ a share of the mean

            error: the ramp ends before it starts
               ┌─ shop.toml:19:5
               │
            19 │     { ramp = { from = 1, to = 2, start = "2h", end = "1h" } },
               │     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            error: unknown key `sawtooth`
               ┌─ shop.toml:20:7
               │
            20 │     { sawtooth = { mean = 10 } },
               │       ^^^^^^^^
               │
               = known: constant, diurnal, step, spike, ramp, csv

            error: `load` needs exactly one key
               ┌─ shop.toml:21:5
               │
            21 │     { constant = 1, csv = "load.csv" },
               │     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
               │
               = one of: constant, diurnal, step, spike, ramp, csv

            error: `load` must be requests per second or a shape such as { step = { before = 100, after = 300, at = "1h" } }, not text
               ┌─ shop.toml:22:5
               │
            22 │     "a lot",
               │     ^^^^^^^

            7 errors in shop.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn numbers_that_could_not_be_added_up_are_refused() {
    check_with(
        &and(r#"
load = [
    { constant = 1e300 },
    { diurnal = { mean = 2e12, amplitude = 0.5, peak_at = "20h" } },
    { step = { before = 1e13, after = 1e14, at = "1h" } },
    { spike = { base = 1e13, peak = 1e14, at = "1h", hold = "1h" } },
    { ramp = { from = 1e13, to = 1e14, start = "1h", end = "2h" } },
    1e-300,
]

[[services]]
name = "peak"
requests = { cpu = "1", memory = "1Gi" }
load = { diurnal = { mean = 6e11, amplitude = 1.0, peak_at = "20h" } }

[[services]]
name = "sum"
requests = { cpu = "1", memory = "1Gi" }
load = [6e11, { step = { before = 0, after = 6e11, at = "1h" } }]

[[services]]
name = "wide"
requests = { cpu = "999999999", memory = "1Gi" }
hpa = { max = 10000 }

[[services]]
name = "endless"
requests = { cpu = "1", memory = "1Gi" }
hpa = { max = 4000000000 }

[[services]]
name = "rows"
requests = { cpu = "1", memory = "1Gi" }
load = { csv = "load.csv" }

[[jobs]]
name = "report"
rate = "1/h"
sizes = [{ cpu = "1", memory = "1Gi", weight = 1e308 }]
duration = { empirical = "lengths.csv" }

[[nodes]]
name = "gold"
cpu = "1"
memory = "1Gi"
price_per_hour = 1e300

[trace]
nodes = "nodes.csv"
load = "loads.csv"
excluded = { late = 9000000000000000000, early = 9000000000000000000, odd = 9000000000000000000 }
"#),
        &Files::from([
            (
                "load.csv",
                "time_s,rate_per_s\n0,1e300\n1,1e-300\n".to_owned(),
            ),
            ("lengths.csv", "duration_s,weight\n1e300,1e300\n".to_owned()),
            (
                "nodes.csv",
                "name,cpu_milli,memory_mib,price_per_hour\nn,1,1,1e300\n".to_owned(),
            ),
            (
                "loads.csv",
                "time_s,service,rate_per_s\n0,wide,1e300\n".to_owned(),
            ),
        ]),
        expect![[r#"
            error: `constant` must be at most 1e12
               ┌─ shop.toml:16:18
               │
            16 │     { constant = 1e300 },
               │                  ^^^^^

            error: `mean` must be at most 1e12
               ┌─ shop.toml:17:26
               │
            17 │     { diurnal = { mean = 2e12, amplitude = 0.5, peak_at = "20h" } },
               │                          ^^^^

            error: `before` must be at most 1e12
               ┌─ shop.toml:18:25
               │
            18 │     { step = { before = 1e13, after = 1e14, at = "1h" } },
               │                         ^^^^

            error: `after` must be at most 1e12
               ┌─ shop.toml:18:39
               │
            18 │     { step = { before = 1e13, after = 1e14, at = "1h" } },
               │                                       ^^^^

            error: `base` must be at most 1e12
               ┌─ shop.toml:19:24
               │
            19 │     { spike = { base = 1e13, peak = 1e14, at = "1h", hold = "1h" } },
               │                        ^^^^

            error: `peak` must be at most 1e12
               ┌─ shop.toml:19:37
               │
            19 │     { spike = { base = 1e13, peak = 1e14, at = "1h", hold = "1h" } },
               │                                     ^^^^

            error: `from` must be at most 1e12
               ┌─ shop.toml:20:23
               │
            20 │     { ramp = { from = 1e13, to = 1e14, start = "1h", end = "2h" } },
               │                       ^^^^

            error: `to` must be at most 1e12
               ┌─ shop.toml:20:34
               │
            20 │     { ramp = { from = 1e13, to = 1e14, start = "1h", end = "2h" } },
               │                                  ^^^^

            error: `load` must be zero or at least 1e-12
               ┌─ shop.toml:21:5
               │
            21 │     1e-300,
               │     ^^^^^^

            error: the load reaches 1.2e12 requests per second: more than 1e12 are refused
               ┌─ shop.toml:27:8
               │
            27 │ load = { diurnal = { mean = 6e11, amplitude = 1.0, peak_at = "20h" } }
               │        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            error: the load reaches 1.2e12 requests per second: more than 1e12 are refused
               ┌─ shop.toml:32:8
               │
            32 │ load = [6e11, { step = { before = 0, after = 6e11, at = "1h" } }]
               │        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            error: 10,000 replicas ask for more than 1e12 cores together
               ┌─ shop.toml:36:20
               │
            36 │ requests = { cpu = "999999999", memory = "1Gi" }
               │                    ^^^^^^^^^^^

            error: with 4,000,000,000 replicas a run needs about 1 TiB of memory, more than the 16 GiB it may use
               ┌─ shop.toml:42:15
               │
            42 │ hpa = { max = 4000000000 }
               │               ^^^^^^^^^^

            error: `weight` must be at most 1e12
               ┌─ shop.toml:52:48
               │
            52 │ sizes = [{ cpu = "1", memory = "1Gi", weight = 1e308 }]
               │                                                ^^^^^

            error: `price_per_hour` must be at most 1e12
               ┌─ shop.toml:59:18
               │
            59 │ price_per_hour = 1e300
               │                  ^^^^^

            error: `excluded` adds up to more than 1e12
               ┌─ shop.toml:64:12
               │
            64 │ excluded = { late = 9000000000000000000, early = 9000000000000000000, odd = 9000000000000000000 }
               │            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            error: `price_per_hour` `1e300` is larger than 1e12
              ┌─ nodes.csv:2:7
              │
            2 │ n,1,1,1e300
              │       ^^^^^

            error: `rate_per_s` `1e300` is larger than 1e12
              ┌─ load.csv:2:3
              │
            2 │ 0,1e300
              │   ^^^^^

            error: `rate_per_s` `1e-300` is above zero, but less than 1e-12
              ┌─ load.csv:3:3
              │
            3 │ 1,1e-300
              │   ^^^^^^

            error: `rate_per_s` `1e300` is larger than 1e12
              ┌─ loads.csv:2:8
              │
            2 │ 0,wide,1e300
              │        ^^^^^

            error: `duration_s` `1e300` is larger than 1e10
              ┌─ lengths.csv:2:1
              │
            2 │ 1e300,1e300
              │ ^^^^^

            error: `weight` `1e300` is larger than 1e12
              ┌─ lengths.csv:2:7
              │
            2 │ 1e300,1e300
              │       ^^^^^

            22 errors in shop.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn arrivals_need_a_distance_that_is_known() {
    let jobs = |name: &str, every: &str| {
        format!(
            "\n[[jobs]]\nname = \"{name}\"\nevery = {every}\nduration = \"1s\"\n\
             sizes = [{{ cpu = \"1\", memory = \"1Gi\" }}]\n"
        )
    };
    let pareto = r#"{ pareto = { shape = 1, scale = "1s" } }"#;
    let text = and(&format!(
        "{}{}{}",
        jobs("zero", "\"0s\""),
        jobs("none", r#"{ uniform = { low = "0s", high = "0s" } }"#),
        jobs("far", pareto)
    ));
    check(
        &text,
        expect![[r#"
        error: `every` must be above zero on average
           ┌─ shop.toml:17:9
           │
        17 │ every = "0s"
           │         ^^^^ or give `count`

        error: `every` must be above zero on average
           ┌─ shop.toml:23:9
           │
        23 │ every = { uniform = { low = "0s", high = "0s" } }
           │         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ or give `count`

        error: `every` must have a finite mean
           ┌─ shop.toml:29:9
           │
        29 │ every = { pareto = { shape = 1, scale = "1s" } }
           │         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ or give `count`

        3 errors in shop.toml. Nothing was run.
    "#]],
    );
    // As many as are counted may come at once, or with an infinite mean between them.
    let counted = jobs("zero", "\"0s\"\ncount = 3") + &jobs("far", &format!("{pareto}\ncount = 3"));
    check_warnings(&and(&counted), &Files::new(), expect![[""]]);
}

#[test]
fn all_mistakes_of_a_row_are_reported() {
    let table = "name,cpu_milli,memory_mib,gpu,gpu_model,price_per_hour\n\
                 worker-1,many,-1,17,T4,free\n";
    check_table(
        &and("\n[trace]\nnodes = \"nodes.csv\"\n"),
        "nodes.csv",
        table,
        expect![[r#"
            error: `name` `worker-1` is taken: names of nodes are unique
              ┌─ nodes.csv:2:1
              │
            2 │ worker-1,many,-1,17,T4,free
              │ ^^^^^^^^

            error: `cpu_milli` `many` is not a whole number
              ┌─ nodes.csv:2:10
              │
            2 │ worker-1,many,-1,17,T4,free
              │          ^^^^

            error: `memory_mib` `-1` is negative
              ┌─ nodes.csv:2:15
              │
            2 │ worker-1,many,-1,17,T4,free
              │               ^^

            error: `gpu` `17` is larger than 16
              ┌─ nodes.csv:2:18
              │
            2 │ worker-1,many,-1,17,T4,free
              │                  ^^

            error: `price_per_hour` `free` is not a number
              ┌─ nodes.csv:2:24
              │
            2 │ worker-1,many,-1,17,T4,free
              │                        ^^^^

            5 errors in shop.toml. Nothing was run.
        "#]],
    );
    let table = "duration_s,name,arrival_s,cpu_milli,memory_mib,gpu,gpu_milli,gpu_model,priority\n\
                 x,,-1,a,b,0,500,T4,high\n";
    check_table(
        &and(TRACE),
        "pods.csv",
        table,
        expect![[r#"
        error: `duration_s` `x` is not a number of seconds, such as 12.5
          ┌─ pods.csv:2:1
          │
        2 │ x,,-1,a,b,0,500,T4,high
          │ ^

        error: `name` is empty
          ┌─ pods.csv:2:3
          │
        2 │ x,,-1,a,b,0,500,T4,high
          │   ^

        error: `arrival_s` `-1` is negative
          ┌─ pods.csv:2:4
          │
        2 │ x,,-1,a,b,0,500,T4,high
          │    ^^

        error: `cpu_milli` `a` is not a whole number
          ┌─ pods.csv:2:7
          │
        2 │ x,,-1,a,b,0,500,T4,high
          │       ^

        error: `memory_mib` `b` is not a whole number
          ┌─ pods.csv:2:9
          │
        2 │ x,,-1,a,b,0,500,T4,high
          │         ^

        error: `gpu_milli` `500` is given, but no gpu
          ┌─ pods.csv:2:13
          │
        2 │ x,,-1,a,b,0,500,T4,high
          │             ^^^

        error: `gpu_model` `T4` is given, but no gpu
          ┌─ pods.csv:2:17
          │
        2 │ x,,-1,a,b,0,500,T4,high
          │                 ^^

        error: `priority` `high` is not a whole number within 32 bits
          ┌─ pods.csv:2:20
          │
        2 │ x,,-1,a,b,0,500,T4,high
          │                    ^^^^

        8 errors in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn wrong_types_are_named() {
    check(
        r#"
duration = 24
nodes = { name = "worker" }
services = "cart"
jobs = [1]
failures = []
trace = true

[policy]
scheduler = ["least-allocated"]
healer = { none = {}, other = {} }

[delays]
heartbeat = "0s"
pull_bandwidth = "100MB/s"
"#,
        expect![[r#"
            error: `duration` must be a length of time such as "30s", not a number
              ┌─ shop.toml:2:12
              │
            2 │ duration = 24
              │            ^^

            error: `nodes` must be a list of tables, each `[[nodes]]`, not a table
              ┌─ shop.toml:3:9
              │
            3 │ nodes = { name = "worker" }
              │         ^^^^^^^^^^^^^^^^^^^

            error: `services` must be a list, not text
              ┌─ shop.toml:4:12
              │
            4 │ services = "cart"
              │            ^^^^^^

            error: `jobs` must be a table, not a number
              ┌─ shop.toml:5:9
              │
            5 │ jobs = [1]
              │         ^

            error: `trace` must be a table, not true or false
              ┌─ shop.toml:7:9
              │
            7 │ trace = true
              │         ^^^^

            error: `scheduler` must be the name of a policy, or a table with it, not a list
               ┌─ shop.toml:10:13
               │
            10 │ scheduler = ["least-allocated"]
               │             ^^^^^^^^^^^^^^^^^^^

            error: `healer` needs exactly one policy
               ┌─ shop.toml:11:10
               │
            11 │ healer = { none = {}, other = {} }
               │          ^^^^^^^^^^^^^^^^^^^^^^^^^

            error: `heartbeat` must be above zero
               ┌─ shop.toml:14:13
               │
            14 │ heartbeat = "0s"
               │             ^^^^

            error: pull_bandwidth `100MB/s` is not a quantity
               ┌─ shop.toml:15:18
               │
            15 │ pull_bandwidth = "100MB/s"
               │                  ^^^^^^^^^ did you mean Mi (1024² bytes) or M (1000²)?
               │
               = a size is a number and a suffix: Ki, Mi, Gi, Ti (powers of 1024) or k, M, G, T (powers of 1000), such as "64Gi"

            9 errors in shop.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn a_missing_table_is_named() {
    check(
        &and(TRACE),
        expect![[r#"
        error: there is no file pods.csv
           ┌─ shop.toml:16:8
           │
        16 │ pods = "pods.csv"
           │        ^^^^^^^^^^

        1 error in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn a_bad_number_in_row_1000_is_shown_where_it_stands() {
    // The header is row 1, so row 1,000 holds pod 998.
    let table = pods(2000).replace("p998,998.5,60,100,128", "p998,998.5,60,1OO,128");
    check_table(
        &and(TRACE),
        "pods.csv",
        &table,
        expect![[r#"
        error: `cpu_milli` `1OO` is not a whole number
             ┌─ pods.csv:1000:15
             │
        1000 │ p998,998.5,60,1OO,128
             │               ^^^

        1 error in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn rows_are_refused_one_by_one() {
    let table = "memory_mib,name,arrival_s,duration_s,cpu_milli,gpu,gpu_milli,gpu_model,priority\n\
                 128,a,-1,60,100,,,,\n\
                 128,b,0,60,100,1,1001,,\n\
                 128,\"c, d\",0,60,100,0,500,,\n\
                 \n\
                 128,d,0,60,100\n\
                 128,e,0,60,100,17,,,\n\
                 128,f,0,60,100,1,0,,\n\
                 128,,0,60,100,,,,\n\
                 128,h,0,1e3,100,,,,\n\
                 128,i,0,60,100,,,,urgent\n";
    check_table(
        &and(TRACE),
        "pods.csv",
        table,
        expect![[r#"
        error: `arrival_s` `-1` is negative
          ┌─ pods.csv:2:7
          │
        2 │ 128,a,-1,60,100,,,,
          │       ^^

        error: `gpu_milli` `1001` is larger than 1000
          ┌─ pods.csv:3:18
          │
        3 │ 128,b,0,60,100,1,1001,,
          │                  ^^^^

        error: `gpu_milli` `500` is given, but no gpu
          ┌─ pods.csv:4:23
          │
        4 │ 128,"c, d",0,60,100,0,500,,
          │                       ^^^

        error: a row of 5 cells in a table of 9 columns
          ┌─ pods.csv:6:1
          │
        6 │ 128,d,0,60,100
          │ ^^^^^^^^^^^^^^

        error: `gpu` `17` is larger than 16
          ┌─ pods.csv:7:16
          │
        7 │ 128,e,0,60,100,17,,,
          │                ^^

        error: `gpu_milli` `0` is zero, but there is a gpu
          ┌─ pods.csv:8:18
          │
        8 │ 128,f,0,60,100,1,0,,
          │                  ^

        error: `name` is empty
          ┌─ pods.csv:9:5
          │
        9 │ 128,,0,60,100,,,,
          │     ^

        error: `duration_s` `1e3` is not a number of seconds, such as 12.5
           ┌─ pods.csv:10:9
           │
        10 │ 128,h,0,1e3,100,,,,
           │         ^^^

        error: `priority` `urgent` is not a whole number within 32 bits
           ┌─ pods.csv:11:19
           │
        11 │ 128,i,0,60,100,,,,urgent
           │                   ^^^^^^

        9 errors in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn columns_are_refused_by_name() {
    let table = "nane,arrival_s,cpu,arrival_s\n";
    check_table(
        &and(TRACE),
        "pods.csv",
        table,
        expect![[r#"
        error: unknown column `nane`
          ┌─ pods.csv:1:1
          │
        1 │ nane,arrival_s,cpu,arrival_s
          │ ^^^^ did you mean `name`?
          │
          = columns: name,arrival_s,duration_s,cpu_milli,memory_mib[,gpu,gpu_milli,gpu_model,priority,workload]

        error: unknown column `cpu`
          ┌─ pods.csv:1:16
          │
        1 │ nane,arrival_s,cpu,arrival_s
          │                ^^^ did you mean `cpu_milli`?
          │
          = columns: name,arrival_s,duration_s,cpu_milli,memory_mib[,gpu,gpu_milli,gpu_model,priority,workload]

        error: the column `arrival_s` is there twice
          ┌─ pods.csv:1:20
          │
        1 │ nane,arrival_s,cpu,arrival_s
          │                    ^^^^^^^^^
          │
          = columns: name,arrival_s,duration_s,cpu_milli,memory_mib[,gpu,gpu_milli,gpu_model,priority,workload]

        error: pods.csv lacks the column `name`, `duration_s`, `cpu_milli`, `memory_mib`
          ┌─ pods.csv:1:1
          │
        1 │ nane,arrival_s,cpu,arrival_s
          │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          │
          = columns: name,arrival_s,duration_s,cpu_milli,memory_mib[,gpu,gpu_milli,gpu_model,priority,workload]

        4 errors in shop.toml. Nothing was run.
    "#]],
    );
    check_table(
        &and(TRACE),
        "pods.csv",
        "",
        expect![[r#"
        error: pods.csv is empty
         = columns: name,arrival_s,duration_s,cpu_milli,memory_mib[,gpu,gpu_milli,gpu_model,priority,workload]

        1 error in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn names_of_pods_are_unique() {
    let table = pods(100).replace("p70,", "p7,").replace("p90,", "p7,");
    check_table(
        &and(TRACE),
        "pods.csv",
        &table,
        expect![[r#"
        error: `name` `p7` is taken: names of pods are unique
           ┌─ pods.csv:72:1
           │
        72 │ p7,70.5,60,100,128
           │ ^^

        error: `name` `p7` is taken: names of pods are unique
           ┌─ pods.csv:92:1
           │
        92 │ p7,90.5,60,100,128
           │ ^^

        2 errors in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn ten_mistakes_of_a_table_are_shown_and_the_others_counted() {
    let table = pods(1000).replace(",100,128", ",many,-1");
    let files = Files::from([("pods.csv", table)]);
    let said = rendered(&parse(&and(TRACE), &files).unwrap_err());
    assert_eq!(said.matches("is not a whole number").count(), 5);
    assert_eq!(said.matches("is negative").count(), 5);
    assert!(said.contains("pods.csv: and 1990 more mistakes"), "{said}");
    let twice = pods(20) + &pods(12)["name,arrival_s,duration_s,cpu_milli,memory_mib\n".len()..];
    let files = Files::from([("pods.csv", twice)]);
    let said = rendered(&parse(&and(TRACE), &files).unwrap_err());
    assert_eq!(said.matches("is taken").count(), 10);
    assert!(said.contains("pods.csv: and 2 more mistakes"), "{said}");
}

#[test]
fn unknown_names_in_rows_are_told_the_nearest_ones() {
    let text = and("\n[trace]\nnode_events = \"events.csv\"\nload = \"load.csv\"\n");
    let events = "time_s,node,event\n10,wroker-1,fial\n20,worker,drain\n";
    let load = "time_s,service,rate_per_s\n0,crat,5\n";
    let files = Files::from([
        ("events.csv", events.to_owned()),
        ("load.csv", load.to_owned()),
    ]);
    check_with(
        &text,
        &files,
        expect![[r#"
        error: `node` `wroker-1` is not the name of a node
          ┌─ events.csv:2:4
          │
        2 │ 10,wroker-1,fial
          │    ^^^^^^^^ did you mean `worker-1`?
          │
          = known: worker-0, worker-1, worker-2

        error: `event` `fial` is no event
          ┌─ events.csv:2:13
          │
        2 │ 10,wroker-1,fial
          │             ^^^^ did you mean `fail`?
          │
          = known: add, remove, fail, recover, drain, undrain

        error: `node` `worker` is not the name of a node
          ┌─ events.csv:3:4
          │
        3 │ 20,worker,drain
          │    ^^^^^^ did you mean `worker-0`?
          │
          = known: worker-0, worker-1, worker-2

        error: `service` `crat` is not the name of a service
          ┌─ load.csv:2:3
          │
        2 │ 0,crat,5
          │   ^^^^ did you mean `cart`?
          │
          = known: cart

        4 errors in shop.toml. Nothing was run.
    "#]],
    );
    let text = text.replace("count = 3", "count = 30");
    let said = rendered(&parse(&text, &files).unwrap_err());
    assert!(said.contains("and 14 more"), "{said}");
}

#[test]
fn nodes_of_a_trace_are_checked_like_those_of_the_file() {
    let table = "name,cpu_milli,memory_mib,gpu,gpu_model,price_per_hour\n\
                 worker-1,1000,1024,0,,\n\
                 n1,1000,1024,0,T4,\n\
                 n2,1000,1024,1,T4,-2\n\
                 n3,1000,9999999999,1,T4,2\n";
    let text = and("\n[trace]\nnodes = \"nodes.csv\"\n");
    check_table(
        &text,
        "nodes.csv",
        table,
        expect![[r#"
        error: `name` `worker-1` is taken: names of nodes are unique
          ┌─ nodes.csv:2:1
          │
        2 │ worker-1,1000,1024,0,,
          │ ^^^^^^^^

        error: `gpu_model` `T4` is given, but no gpu
          ┌─ nodes.csv:3:16
          │
        3 │ n1,1000,1024,0,T4,
          │                ^^

        error: `price_per_hour` `-2` is negative
          ┌─ nodes.csv:4:19
          │
        4 │ n2,1000,1024,1,T4,-2
          │                   ^^

        error: `memory_mib` `9999999999` is larger than 1073741824
          ┌─ nodes.csv:5:9
          │
        5 │ n3,1000,9999999999,1,T4,2
          │         ^^^^^^^^^^

        4 errors in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn node_events_happen_to_nodes_that_can_have_them() {
    let text = and("\n[trace]\nnode_events = \"events.csv\"\n");
    let events = "time_s,node,event\n\
                  10,worker-0,fail\n\
                  40,worker-9,drain\n\
                  50,worker,drain\n\
                  60,worker-2,explode\n";
    check_table(
        &text,
        "events.csv",
        events,
        expect![[r#"
            error: `node` `worker-9` is not the name of a node
              ┌─ events.csv:3:4
              │
            3 │ 40,worker-9,drain
              │    ^^^^^^^^ did you mean `worker-0`?
              │
              = known: worker-0, worker-1, worker-2

            error: `node` `worker` is not the name of a node
              ┌─ events.csv:4:4
              │
            4 │ 50,worker,drain
              │    ^^^^^^ did you mean `worker-0`?
              │
              = known: worker-0, worker-1, worker-2

            error: `event` `explode` is no event
              ┌─ events.csv:5:13
              │
            5 │ 60,worker-2,explode
              │             ^^^^^^^
              │
              = known: add, remove, fail, recover, drain, undrain

            3 errors in shop.toml. Nothing was run.
        "#]],
    );
    let events = "time_s,node,event\n\
                  30,worker-1,recover\n\
                  20,worker-0,fail\n\
                  10,worker-0,fail\n\
                  70,worker-2,remove\n\
                  80,worker-2,drain\n";
    check_table(
        &text,
        "events.csv",
        events,
        expect![[r#"
        error: `event` `fail` cannot be: the node is down already
          ┌─ events.csv:3:13
          │
        3 │ 20,worker-0,fail
          │             ^^^^

        error: `event` `recover` cannot be: the node is not down
          ┌─ events.csv:2:13
          │
        2 │ 30,worker-1,recover
          │             ^^^^^^^

        error: `event` `drain` cannot be: the node is not there
          ┌─ events.csv:6:13
          │
        6 │ 80,worker-2,drain
          │             ^^^^^

        3 errors in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn loads_of_a_trace_belong_to_services_without_one() {
    let text = and("\n[trace]\nload = \"load.csv\"\n");
    let load = "time_s,service,rate_per_s\n0,cart,10\n0,cart,20\n0,crat,5\n9,cart,-5\n";
    check_table(
        &text,
        "load.csv",
        load,
        expect![[r#"
            warning: `cart` has a load but no `work`: its requests cost nothing, it is never overloaded
               ┌─ shop.toml:12:8
               │
            12 │ name = "cart"
               │        ^^^^^^

            error: `time_s` `0` is not later than the time before it
              ┌─ load.csv:3:1
              │
            3 │ 0,cart,20
              │ ^

            error: `service` `crat` is not the name of a service
              ┌─ load.csv:4:3
              │
            4 │ 0,crat,5
              │   ^^^^ did you mean `cart`?
              │
              = known: cart

            error: `rate_per_s` `-5` is negative
              ┌─ load.csv:5:8
              │
            5 │ 9,cart,-5
              │        ^^

            3 errors and 1 warning in shop.toml. Nothing was run.
        "#]],
    );
    let text = and("load = 5\n\n[trace]\nload = \"load.csv\"\n");
    let load = "time_s,service,rate_per_s\n0,cart,10\n";
    check_table(
        &text,
        "load.csv",
        load,
        expect![[r#"
        warning: `cart` has a load but no `work`: its requests cost nothing, it is never overloaded
           ┌─ shop.toml:12:8
           │
        12 │ name = "cart"
           │        ^^^^^^

        error: `cart` has a load of its own and one in load.csv
           ┌─ shop.toml:17:8
           │
        17 │ load = "load.csv"
           │        ^^^^^^^^^^

        1 error and 1 warning in shop.toml. Nothing was run.
    "#]],
    );
}

#[test]
fn what_is_rarely_meant_is_a_warning() {
    let text = but("\"1h\"", "\"1h\"\nwarm_up = \"10m\"")
        + r#"
image = { name = "cart", size = "200Mi" }
load = 100
shutdown = "1m"
memory_use = { base = "2Gi" }
limits = { memory = "1Gi" }
hpa = { min = 1, max = 6 }
min_available = 2

[[services]]
name = "giant"
requests = { cpu = "5", memory = "1Gi" }
slo = { availability = 0.99, window = "30d" }

[[nodes]]
name = "paid"
cpu = "1"
memory = "1Gi"
price_per_hour = 1

[[failures]]
nodes = "worker-0"
at = "5m"
down = "1m"

[[failures]]
zones = "a"
at = "2h"
down = "1m"

[[jobs]]
name = "late"
every = "1m"
from = "2h"
sizes = [{ cpu = "1", memory = "1Gi", gpu = 1 }]
duration = "1m"

[trace]
pods = "pods.csv"
"#;
    let table = "name,arrival_s,duration_s,cpu_milli,memory_mib\n\
                 a,0,60,100,128\nb,3600,60,100,128\nc,0,60,9000,128\n";
    let files = Files::from([("pods.csv", table.to_owned())]);
    check_warnings(
        &text,
        &files,
        expect![[r#"
            warning: `cart` has a load but no `work`: its requests cost nothing, it is never overloaded
               ┌─ shop.toml:13:8
               │
            13 │ name = "cart"
               │        ^^^^^^

            warning: `cart` has an hpa but no `work`: it uses no CPU and is scaled down to the least
               ┌─ shop.toml:13:8
               │
            13 │ name = "cart"
               │        ^^^^^^

            warning: `cart` uses more memory than its limit: each container is killed at once
               ┌─ shop.toml:13:8
               │
            13 │ name = "cart"
               │        ^^^^^^

            warning: `cart` takes longer to stop than `delays.grace`: it is killed after 30 s
               ┌─ shop.toml:13:8
               │
            13 │ name = "cart"
               │        ^^^^^^

            warning: sizes of images mean nothing without `delays.pull_bandwidth`: all images are taken to be on every node
               ┌─ shop.toml:16:33
               │
            16 │ image = { name = "cart", size = "200Mi" }
               │                                 ^^^^^^^

            warning: the hpa may go below `min_available`: the service then counts as down
               ┌─ shop.toml:22:17
               │
            22 │ min_available = 2
               │                 ^

            warning: `giant` fits on no node, even empty
               ┌─ shop.toml:25:8
               │
            25 │ name = "giant"
               │        ^^^^^^^

            warning: `giant` has an objective but no load: there is nothing to judge it by
               ┌─ shop.toml:25:8
               │
            25 │ name = "giant"
               │        ^^^^^^^

            warning: the failure `nodes worker-0` at 300 s lies inside the warm-up of 600 s: the metrics miss its start
               ┌─ shop.toml:37:6
               │
            37 │ at = "5m"
               │      ^^^^

            warning: the failure `zones a` at 7200 s never comes: the run ends at 3600 s
               ┌─ shop.toml:42:6
               │
            42 │ at = "2h"
               │      ^^^^

            warning: `late` fits on no node, even empty
               ┌─ shop.toml:49:10
               │
            49 │ sizes = [{ cpu = "1", memory = "1Gi", gpu = 1 }]
               │          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            warning: pods of the trace that fit on no node, even empty: 1

            warning: pods of the trace that arrive after the end, 3600 s: 1

            warning: no job of `late` arrives before the end

            warning: 3 of 4 nodes have no price: costs leave them out

            15 warnings in shop.toml.
        "#]],
    );
}

#[test]
fn a_missing_or_unreadable_scenario_is_named() {
    let missing = scenario::load(Path::new("no/such/file.toml")).unwrap_err();
    expect![[r#"
        error: there is no file no/such/file.toml

        1 error. Nothing was run.
    "#]]
    .assert_eq(&rendered(&missing));
    let folder = scenario::load(Path::new("src")).unwrap_err();
    expect![[r#"
        error: src is a folder, not a file

        1 error. Nothing was run.
    "#]]
    .assert_eq(&rendered(&folder));
}

#[test]
fn colour_is_only_a_second_signal() {
    let problems = parse(&but("count = 3", "count = 0"), &Files::new()).unwrap_err();
    let mut out = Vec::new();
    problems.render(&mut out, true).unwrap();
    let coloured = String::from_utf8(out).unwrap();
    let mut parts = coloured.split("\x1b[");
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        plain += part.split_once('m').unwrap().1;
    }
    assert_ne!(coloured, plain);
    assert_eq!(plain, rendered(&problems));
}
