//! What was measured, for people.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::live::calibrate::{Delays, Level};
use crate::report::text::count;

/// What it was measured on, and where it is.
pub(super) struct What<'a> {
    pub(super) private: bool,
    pub(super) engines: usize,
    pub(super) shared_machine: bool,
    pub(super) seconds: f64,
    pub(super) out: &'a Path,
}

/// A delay by level: its name, and where it is.
type Row = (&'static str, fn(&Level) -> &Vec<Duration>);

const ROWS: [Row; 7] = [
    ("create", |level| &level.create),
    ("start", |level| &level.start),
    ("ready", |level| &level.ready),
    ("killed, until heard", |level| &level.detect),
    ("stop", |level| &level.stop),
    ("remove", |level| &level.remove),
    ("read what all use", |level| &level.readings),
];

/// Quantiles that are shown.
const QUANTILES: [f64; 3] = [0.5, 0.95, 1.0];

/// The table, and what can be done with it.
pub(super) fn text(measured: &Delays, what: &What<'_>) -> String {
    let kind = match what.private {
        true => "private engine",
        false => "engine",
    };
    let shared = match what.shared_machine && what.engines > 1 {
        true => " on one machine",
        false => "",
    };
    let containers: usize = measured.levels.iter().map(|level| level.create.len()).sum();
    let mut text = format!(
        "{}{shared} · Docker {} · {} measured in {:.0} s\n\n\
         {:<20} {:>10} {:>10} {:>10} {:>10} {:>6}\n",
        count(what.engines as u64, kind),
        measured.versions.join(", "),
        count(containers as u64, "container"),
        what.seconds,
        "",
        "at once",
        "p50",
        "p95",
        "max",
        "of"
    );
    for (name, of) in ROWS {
        let mut name = name;
        for level in &measured.levels {
            line(&mut text, name, &level.at_once.to_string(), of(level));
            name = "";
        }
    }
    if !measured.boots.is_empty() {
        line(&mut text, "boot", "", &measured.boots);
    }
    let _ = writeln!(
        text,
        "\n{}   [delays], to be laid over a scenario\nTry: plimsoll run SCENARIO --with {}",
        what.out.display(),
        what.out.display()
    );
    text
}

fn line(text: &mut String, name: &str, at_once: &str, values: &[Duration]) {
    if values.is_empty() {
        return;
    }
    let mut values = values.to_vec();
    values.sort_unstable();
    let [p50, p95, max] = QUANTILES.map(|share| {
        // Nearest rank.
        let rank = (share * values.len() as f64).ceil() as usize;
        told(values[rank.max(1) - 1])
    });
    let _ = writeln!(
        text,
        "{name:<20} {at_once:>10} {p50:>10} {p95:>10} {max:>10} {:>6}",
        values.len()
    );
}

/// Three digits, in seconds or milliseconds.
fn told(length: Duration) -> String {
    let seconds = length.as_secs_f64();
    match seconds {
        ..0.01 => format!("{:.2} ms", seconds * 1000.0),
        ..0.1 => format!("{:.1} ms", seconds * 1000.0),
        ..1.0 => format!("{:.0} ms", seconds * 1000.0),
        ..10.0 => format!("{seconds:.2} s"),
        _ => format!("{seconds:.1} s"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_delay_is_told_by_its_quantiles_and_their_number() {
        let values: Vec<Duration> = (1..=40).map(Duration::from_millis).collect();
        let level = Level {
            at_once: 4,
            create: values.clone(),
            ..Level::default()
        };
        let delays = Delays {
            versions: vec!["28.2.2".to_owned()],
            levels: vec![level],
            boots: vec![Duration::from_millis(1234)],
        };
        let what = What {
            private: true,
            engines: 3,
            shared_machine: true,
            seconds: 91.2,
            out: Path::new("delays.toml"),
        };
        expect![[r#"
            3 private engines on one machine · Docker 28.2.2 · 40 containers measured in 91 s

                                    at once        p50        p95        max     of
            create                        4    20.0 ms    38.0 ms    40.0 ms     40
            boot                                1.23 s     1.23 s     1.23 s      1

            delays.toml   [delays], to be laid over a scenario
            Try: plimsoll run SCENARIO --with delays.toml
        "#]]
        .assert_eq(&text(&delays, &what));
    }
}
