//! What ARCHITECTURE.md and Cargo.toml say about who may name whom.

use std::collections::{BTreeMap, BTreeSet};

/// The tables of ARCHITECTURE.md, and the dependencies of Cargo.toml.
pub(crate) struct Law {
    /// What each room may use, as paths below `crate`.
    pub(crate) rooms: BTreeMap<String, Vec<String>>,
    /// For each foreign crate or module of std, the rooms that may name it.
    pub(crate) foreign: BTreeMap<String, Vec<String>>,
    /// The crates that tests may name anywhere.
    pub(crate) dev: BTreeSet<String>,
}

impl Law {
    /// Panics where page and manifest contradict themselves or each other.
    pub(crate) fn new(page: &str, manifest: &str) -> Law {
        let mut rooms = BTreeMap::new();
        for (names, uses) in table(page, "| module | what lives there | may use |") {
            let uses = match uses {
                " everything " => rooms.keys().cloned().collect(),
                " nothing of ours " => Vec::new(),
                uses => quoted(uses),
            };
            let known = |path: &String| rooms.contains_key(path.split("::").next().unwrap());
            assert!(uses.iter().all(known), "{names}uses what is not above it");
            insert(&mut rooms, names, &uses);
        }
        let mut foreign = BTreeMap::new();
        for (names, owners) in table(page, "| foreign crate | may be named in |") {
            let owners = quoted(owners);
            assert!(
                owners.iter().all(|room| rooms.contains_key(room)),
                "{names}has no such room"
            );
            insert(&mut foreign, names, &owners);
        }
        let manifest = manifest.parse().unwrap();
        for name in dependencies(&manifest, "dependencies") {
            assert!(foreign.contains_key(&name), "{name} has no row");
        }
        let dev = dependencies(&manifest, "dev-dependencies");
        Law {
            rooms,
            foreign,
            dev,
        }
    }
}

/// First and last cell of every row under `header`. Panics where there is no such table.
fn table<'a>(page: &'a str, header: &str) -> Vec<(&'a str, &'a str)> {
    let below = page.lines().skip_while(|line| *line != header).skip(2);
    let rows = below.map_while(|line| line.strip_prefix('|')?.strip_suffix('|'));
    let ends = |row: &'a str| Some((row.split_once('|')?.0, row.rsplit_once('|')?.1));
    let rows: Vec<_> = rows.map_while(ends).collect();
    assert!(!rows.is_empty(), "no table {header}");
    rows
}

/// The words of a cell that stand in backticks, of which there is at least one.
fn quoted(cell: &str) -> Vec<String> {
    let words = cell.split('`').skip(1).step_by(2);
    let words: Vec<_> = words.map(String::from).collect();
    assert!(!words.is_empty(), "nothing in backticks:{cell}");
    words
}

fn insert(rows: &mut BTreeMap<String, Vec<String>>, names: &str, value: &[String]) {
    for name in quoted(names) {
        assert!(rows.insert(name, value.to_vec()).is_none(), "twice:{names}");
    }
}

/// The crates of one kind of dependency, for any platform, as code names them.
fn dependencies(manifest: &toml::Table, kind: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (key, value) in manifest {
        match value.as_table() {
            Some(crates) if key == kind => {
                names.extend(crates.keys().map(|name| name.replace('-', "_")))
            }
            Some(table) => names.extend(dependencies(table, kind)),
            None => {}
        }
    }
    names
}

const PAGE: &str = "
| module | what lives there | may use |
|---|---|---|
| `time` `ids` | leaves | nothing of ours |
| `policy` | decisions | `time` `ids` |
| `cli` | the command | everything |

| foreign crate | may be named in |
|---|---|
| `rand_chacha` `std::fs` | `policy` `cli` |
";

const MANIFEST: &str = "[target.'cfg(unix)'.dependencies]\nrand-chacha = '1'";

#[test]
fn rows_are_read_word_by_word() {
    let law = Law::new(PAGE, MANIFEST);
    assert_eq!(law.rooms["ids"], [""; 0]);
    assert_eq!(law.rooms["policy"], ["time", "ids"]);
    assert_eq!(law.rooms["cli"], ["ids", "policy", "time"]);
    assert_eq!(law.foreign["std::fs"], ["policy", "cli"]);
}

#[test]
#[should_panic(expected = "`policy` uses what is not above it")]
fn a_room_uses_only_rooms_above_it() {
    Law::new(
        &PAGE.replace("decisions | `time`", "decisions | `cli`"),
        MANIFEST,
    );
}

#[test]
#[should_panic(expected = "rand_chacha has no row")]
fn every_dependency_has_a_row() {
    Law::new(&PAGE.replace("`rand_chacha` ", ""), MANIFEST);
}

#[test]
#[should_panic(expected = "`std::fs` has no such room")]
fn only_rooms_own_foreign_crates() {
    Law::new(&PAGE.replace("`policy` `cli` |", "`attic` |"), MANIFEST);
}

#[test]
#[should_panic(expected = "no table")]
fn a_missing_table_is_noticed() {
    Law::new(&PAGE.replace("foreign", "other"), MANIFEST);
}

#[test]
#[should_panic(expected = "nothing in backticks")]
fn an_unquoted_permission_is_noticed() {
    Law::new(&PAGE.replace("everything", "all above"), MANIFEST);
}

#[test]
#[should_panic(expected = "twice")]
fn a_room_has_one_row() {
    Law::new(&PAGE.replace("`ids` | leaves", "`time` | leaves"), MANIFEST);
}
