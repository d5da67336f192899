//! What `plimsoll capacity` writes, as a reader of its files meets it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// Six replicas of a core each, two on a node, asked for 5 cores.
const SHOP: &str = r#"name = "shop"
duration = "1h"
warm_up = "10m"

[policy]
scheduler = "spread"
autoscaler = "fixed"
healer = "kubernetes"

[[nodes]]
name = "worker"
count = 4
cpu = "2"
memory = "16Gi"

[[services]]
name = "web"
replicas = 6
requests = { cpu = "1", memory = "1Gi" }
limits = { cpu = "1", memory = "1Gi" }
work = { cpu = "10ms" }
startup = { uniform = { low = "4s", high = "6s" } }
slo = { availability = 0.99, window = "30d" }
load = 500
"#;

/// What is printed, `capacity.json` and `capacity.csv`.
struct Told {
    text: String,
    json: Value,
    table: Vec<Vec<String>>,
}

fn told(test: &str, scenario: &str, args: &str) -> Told {
    let id = std::process::id();
    let dir: PathBuf = std::env::temp_dir().join(format!("plimsoll-capacity-{test}-{id}"));
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("shop.toml"), scenario).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .current_dir(&dir)
        .args(["capacity", "shop.toml", "--out", "out"])
        .args(args.split_whitespace())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
    let read = |name: &str| fs::read_to_string(dir.join("out").join(name)).unwrap();
    let lines = read("capacity.csv");
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    let told = Told {
        text: String::from_utf8(output.stdout).unwrap(),
        json: serde_json::from_str(&read("capacity.json")).unwrap(),
        table: lines.lines().map(cells).collect(),
    };
    fs::remove_dir_all(&dir).unwrap();
    told
}

#[test]
fn files_say_by_how_much_an_objective_is_missed() {
    let told = told("missed", SHOP, "--step 1 --quantile 0.8");
    assert_eq!(told.json["enough"], 3);
    let sizes = told.json["sizes"].as_array().unwrap();
    let two = sizes.iter().find(|size| size["nodes"] == 2).unwrap();
    // Four replicas serve 4 cores of 5: 80 % instead of 99 %.
    let missed_by = two["cases"][0]["missed_by"][0].as_f64().unwrap();
    assert!((missed_by - 0.19).abs() < 0.01, "{missed_by}");
    let three = sizes.iter().find(|size| size["nodes"] == 3).unwrap();
    assert_eq!(three["cases"][0]["missed_by"][0], 0.0);
    let name = "missed_by availability.requests@service:web";
    let column = told.table[0].iter().position(|head| head == name).unwrap();
    let row = told.table.iter().find(|row| row[0] == "2").unwrap();
    assert_eq!(row[column].parse::<f64>().unwrap(), missed_by);
}

#[test]
fn one_run_is_no_share_of_runs() {
    let exact = SHOP.replace("{ uniform = { low = \"4s\", high = \"6s\" } }", "\"5s\"");
    let told = told("one", &exact, "--step 1");
    assert!(
        told.text.contains("2 do not: web misses 99 %"),
        "{}",
        told.text
    );
    assert!(!told.text.contains("% of runs"), "{}", told.text);
}

#[test]
fn a_runway_has_its_dates_in_the_file() {
    let growth = "--runway --growth 3%..5%/month --quantile 0.8";
    let dated = told("dated", SHOP, &format!("{growth} --start 2026-11-28"));
    // 1.21 times the load at 5 % a month, 1.22 times at 3 %: after 3.9 and 6.7 months.
    assert_eq!(dated.json["earliest_date"], "2027-03-25");
    assert_eq!(dated.json["latest_date"], "2027-06-20");
    let undated = told("undated", SHOP, growth);
    assert_eq!(undated.json["earliest_date"], Value::Null);
    assert_eq!(
        undated.json["earliest_months"],
        dated.json["earliest_months"]
    );
}
