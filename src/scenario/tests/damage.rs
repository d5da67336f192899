//! Whatever is done to a file, it is accepted or refused for a reason that can be shown.

use std::path::Path;

use proptest::prelude::*;

use super::{EVERY_KEY, TABLE_FILES, TABLES, registry, rendered};
use crate::scenario::parse_with;
use crate::scenario::problem::Severity;

/// What is done to a text.
#[derive(Clone, Debug)]
enum Damage {
    /// A line goes.
    Drop(usize),
    /// A line comes again elsewhere.
    Copy(usize, usize),
    /// Some characters become others.
    Overwrite(usize, usize, String),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0..2000_usize;
    prop_oneof![
        at.clone().prop_map(Damage::Drop),
        (at.clone(), at.clone()).prop_map(|(from, to)| Damage::Copy(from, to)),
        (at, 0..6_usize, r#"[-0-9a-z"',=\[\]{}\n#µ.]{0,4}"#)
            .prop_map(|(at, length, text)| Damage::Overwrite(at, length, text)),
    ]
}

fn damaged(text: &str, damages: &[Damage]) -> String {
    let mut text = text.to_owned();
    for damage in damages {
        let mut lines: Vec<&str> = text.lines().collect();
        let count = lines.len().max(1);
        match damage {
            Damage::Drop(line) if !lines.is_empty() => {
                lines.remove(line % count);
            }
            Damage::Copy(from, to) if !lines.is_empty() => {
                lines.insert(to % count, lines[from % count]);
            }
            Damage::Drop(_) | Damage::Copy(..) => {}
            Damage::Overwrite(at, length, with) => {
                let characters: Vec<char> = text.chars().collect();
                let at = at % (characters.len() + 1);
                let end = (at + length).min(characters.len());
                let mut new: String = characters[..at].iter().collect();
                new += with;
                new.extend(&characters[end..]);
                text = new;
                continue;
            }
        }
        text = lines.join("\n");
    }
    text
}

/// Reads the scenario and shows what is said of it; the refusal has a reason.
fn survive(text: &str, files: &[(&str, &[u8])]) -> Result<(), TestCaseError> {
    let read = |path: &Path| {
        let file = files.iter().find(|(name, _)| path == Path::new(name));
        let found = file.map(|(_, bytes)| bytes.to_vec());
        found.ok_or(std::io::ErrorKind::NotFound.into())
    };
    match parse_with(Path::new("dir/shop.toml"), text, &read, &registry()) {
        Ok(loaded) => prop_assert_eq!(loaded.warnings.count(Severity::Error), 0),
        Err(problems) => {
            prop_assert!(problems.count(Severity::Error) > 0);
            prop_assert!(rendered(&problems).ends_with("Nothing was run.\n"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_damage_to_a_scenario_goes_unexplained(damages in prop::collection::vec(damage(), 1..4)) {
        survive(&damaged(EVERY_KEY, &damages), &[])?;
    }

    #[test]
    fn no_damage_to_a_table_goes_unexplained(
        table in 0..4_usize,
        damages in prop::collection::vec(damage(), 1..4),
        byte in any::<u8>(),
    ) {
        let mut files = TABLE_FILES.map(|(name, text)| (name, text.as_bytes()));
        let mut bytes = damaged(TABLE_FILES[table].1, &damages).into_bytes();
        let middle = bytes.len() / 2;
        bytes.insert(middle, byte);
        files[table].1 = &bytes;
        survive(TABLES, &files)?;
    }
}
