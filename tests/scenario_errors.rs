//! What a wrong scenario file is told: every case is an input and the whole answer to it.
//!
//! The cases stand in pages of the folder `scenario_errors`, one page a rule. A case is a scenario
//! (`diff`: how it differs from `shop.toml`, a scenario without faults, where lines added before any
//! other line is named go to the end; or `toml`: all of it), the tables beside it (`csv` and the
//! name), what changes it (`with` and the name: a file laid over it; `set`: settings, one a line), and
//! the answer (`refused` or `accepted`). `UPDATE_EXPECT=1 cargo test` rewrites the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io, mem};

use expect_test::{Expect, expect, expect_file};
use plimsoll::scenario::{self, Edits, Loaded, Source, problem::Problems};

/// A scenario without faults, to which faults are added.
const GOOD: &str = include_str!("scenario_errors/shop.toml");

/// Files beside the scenario, by path.
type Files = BTreeMap<String, String>;

fn parse(text: &str, files: &Files) -> Result<Loaded, Problems> {
    load(text, files, &Edits::default())
}

fn load(text: &str, files: &Files, edits: &Edits) -> Result<Loaded, Problems> {
    let files = files.clone();
    let read = move |path: &Path| match files.get(path.to_str().unwrap()) {
        Some(text) => Ok(text.clone().into_bytes()),
        None => Err(io::ErrorKind::NotFound.into()),
    };
    Source::new(Path::new("shop.toml"), text.to_owned(), read).load(edits)
}

fn rendered(problems: &Problems) -> String {
    let mut out = Vec::new();
    problems.render(&mut out, false).unwrap();
    String::from_utf8(out).unwrap()
}

/// A scenario and the files beside it.
#[derive(Debug, Default, PartialEq)]
struct Case {
    scenario: Option<String>,
    files: Files,
    overlays: Vec<PathBuf>,
    settings: Vec<String>,
}

impl Case {
    /// Adds what a block of that kind holds.
    fn add(&mut self, kind: &str, block: &str) {
        let earlier = match kind.split_once(' ').unwrap_or((kind, "")) {
            ("toml", "") => self.scenario.replace(block.to_owned()),
            ("diff", "") => self.scenario.replace(changed(block)),
            ("with", name) => {
                self.overlays.push(PathBuf::from(name));
                self.files.insert(name.to_owned(), block.to_owned())
            }
            ("set", "") => {
                self.settings.extend(block.lines().map(str::to_owned));
                None
            }
            ("csv", name) => self.files.insert(name.to_owned(), block.to_owned()),
            _ => panic!("no kind of block: {kind}"),
        };
        assert_eq!(
            earlier, None,
            "a case has one scenario and one file of a name"
        );
    }

    /// Whether the scenario is accepted, and what is said of it.
    fn answer(&self) -> (&'static str, String) {
        let scenario = self.scenario.as_deref().unwrap_or(GOOD);
        let is_changed = !self.overlays.is_empty() || !self.settings.is_empty();
        assert!(
            self.scenario.is_some() || is_changed,
            "a case has a scenario"
        );
        let edits = Edits::new(self.overlays.clone(), &self.settings);
        match edits.and_then(|edits| load(scenario, &self.files, &edits)) {
            Ok(loaded) => ("accepted", rendered(&loaded.warnings)),
            Err(problems) => ("refused", rendered(&problems)),
        }
    }
}

/// The good scenario, changed as a diff says.
fn changed(diff: &str) -> String {
    let mut lines: Vec<&str> = GOOD.lines().collect();
    let mut at = lines.len();
    for line in diff.lines() {
        let (sign, line) = line.split_at(1);
        if sign == "+" {
            lines.insert(at, line);
            at += 1;
            continue;
        }
        at = lines.iter().position(|known| *known == line).expect(line);
        match sign {
            "-" => drop(lines.remove(at)),
            " " => at += 1,
            _ => panic!("neither added, removed nor kept: {sign}{line}"),
        }
    }
    lines.join("\n") + "\n"
}

/// A page of cases with the answers they really get.
fn answered(page: &str) -> String {
    let mut out = String::new();
    let (mut case, mut answers) = (Case::default(), 0);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(mut kind) = line.strip_prefix("```") else {
            out += &format!("{line}\n");
            continue;
        };
        let block = lines.by_ref().take_while(|line| *line != "```");
        let mut block: String = block.map(|line| format!("{line}\n")).collect();
        if matches!(kind, "refused" | "accepted") {
            (kind, block) = mem::take(&mut case).answer();
            answers += 1;
        } else {
            case.add(kind, &block);
        }
        out += &format!("```{kind}\n{block}```\n");
    }
    assert!(
        answers > 0 && case == Case::default(),
        "every case has an answer"
    );
    out
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenario_errors")
}

/// The rules that have a page: each is a test.
macro_rules! pages {
    ($($rule:ident)*) => {
        const PAGES: &[&str] = &[$(stringify!($rule)),*];

        $(
            #[test]
            fn $rule() {
                let path = folder().join(stringify!($rule)).with_extension("md");
                let page = fs::read_to_string(&path).unwrap();
                expect_file![path].assert_eq(&answered(&page));
            }
        )*
    };
}

pages! {
    five_mistakes_are_reported_together
    quantities_say_what_was_probably_meant
    bare_words_are_to_be_quoted_and_the_rest_is_still_read
    a_damaged_file_is_not_said_to_lack_what_was_lost
    missing_keys_are_named_with_their_meaning
    zero_nodes_are_refused
    a_load_factor_multiplies_what_can_be_multiplied
    objectives_bound_what_there_is_on_its_better_side
    impossible_counts_are_refused_with_their_memory_before_anything_is_built
    numbers_that_contradict_each_other_are_refused
    a_shape_is_given_where_it_counts_and_only_there
    numbers_that_could_not_be_added_up_are_refused
    names_are_unique_and_references_known
    a_failure_says_what_when_and_how_long
    a_wrong_table_is_the_only_one_that_is_complained_of
    delays_by_number_begin_with_one_and_rise
    distributions_and_loads_are_possible
    wrong_types_are_named
    a_missing_table_is_named
    rules_that_the_scheduler_does_not_look_at_are_refused
    what_is_not_modelled_of_kubernetes_is_refused_by_name
    pods_of_several_containers_are_asked_for_what_adds_up
    rows_are_refused_one_by_one
    all_mistakes_of_a_row_are_reported
    unknown_names_in_rows_are_told_the_nearest_ones
    arrivals_need_a_distance_that_is_known
    columns_are_refused_by_name
    nodes_of_a_trace_are_checked_like_those_of_the_file
    node_events_happen_to_nodes_that_can_have_them
    loads_of_a_trace_belong_to_services_without_one
    what_is_rarely_meant_is_a_warning
    a_setting_is_a_key_and_a_value
    unknown_parts_of_a_setting_are_named_with_the_choices
    values_of_settings_are_checked_like_those_of_the_file
    settings_that_undo_each_other_are_refused
    overlays_are_checked_where_they_stand
    loads_that_recur_are_measured_in_whole_periods
    what_is_said_to_be_stationary_has_no_calendar
    an_engine_is_one_node_and_says_how_it_is_reached
}

#[test]
fn every_page_is_a_test() {
    let files = fs::read_dir(folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> = names.filter(|name| name.ends_with(".md")).collect();
    let known: BTreeSet<String> = PAGES.iter().map(|rule| format!("{rule}.md")).collect();
    assert_eq!(found, known);
}

/// What is said of the good scenario with a trace of these pods: it is refused.
fn said_of_pods(pods: String) -> String {
    let text = format!("{GOOD}\n[trace]\npods = \"pods.csv\"\n");
    let files = Files::from([("pods.csv".to_owned(), pods)]);
    rendered(&parse(&text, &files).unwrap_err())
}

fn check_pods(pods: String, expected: Expect) {
    expected.assert_eq(&said_of_pods(pods));
}

/// A pod table of `n` rows.
fn pods(n: usize) -> String {
    let rows: String = (0..n).map(|i| format!("p{i},{i}.5,60,100,128\n")).collect();
    format!("name,arrival_s,duration_s,cpu_milli,memory_mib\n{rows}")
}

#[test]
fn a_good_scenario_is_accepted_in_silence() {
    let loaded = parse(GOOD, &Files::new()).unwrap();
    assert_eq!(rendered(&loaded.warnings), "");
}

#[test]
fn an_unknown_policy_is_told_the_nearest_one() {
    let text = changed("+[policy]\n+scheduler = \"least-alocated\"\n");
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
fn a_table_too_large_for_memory_is_refused_unread() {
    // 2^25 rows at 512 bytes each are 16 GiB; the end of the header counts as one more.
    let table = pods(0) + &"\n".repeat(1 << 25);
    check_pods(
        table,
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
fn a_bad_number_in_row_1000_is_shown_where_it_stands() {
    // The header is row 1, so row 1,000 holds pod 998.
    let table = pods(2000).replace("p998,998.5,60,100,128", "p998,998.5,60,1OO,128");
    check_pods(
        table,
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
fn names_of_pods_are_unique() {
    let table = pods(100).replace("p70,", "p7,").replace("p90,", "p7,");
    check_pods(
        table,
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
    let said = said_of_pods(pods(1000).replace(",100,128", ",many,-1"));
    assert_eq!(said.matches("is not a whole number").count(), 5);
    assert_eq!(said.matches("is negative").count(), 5);
    assert!(said.contains("pods.csv: and 1990 more mistakes"), "{said}");
    let twice = pods(20) + pods(12).split_once('\n').unwrap().1;
    let said = said_of_pods(twice);
    assert_eq!(said.matches("is taken").count(), 10);
    assert!(said.contains("pods.csv: and 2 more mistakes"), "{said}");
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
    let problems = parse(&changed("-count = 3\n+count = 0\n"), &Files::new()).unwrap_err();
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
