//! What was measured, as the `[delays]` table of a scenario.

use std::fmt::Write as _;
use std::time::Duration;

use crate::live::calibrate::{Delays, Level};

/// Values in one line.
const IN_LINE: usize = 8;

/// The table. Times to create and start are told by how many containers do; a death and a stop are those
/// of containers that died or stopped alone, as most do.
pub(super) fn toml(measured: &Delays, shared_machine: bool) -> String {
    let mut text = format!(
        "# Delays of Docker {}, measured by plimsoll calibrate {}.\n\
         # Lay them over a scenario: plimsoll run SCENARIO --with THIS-FILE\n\n[delays]\n",
        measured.versions.join(", "),
        env!("CARGO_PKG_VERSION"),
    );
    let _ = writeln!(text, "shared_machine = {shared_machine}");
    let alone = measured.levels.first();
    list(
        &mut text,
        "status",
        &sorted(alone.map_or(&[], |level| &level.detect)),
    );
    list(&mut text, "ready", &pooled(measured, |level| &level.ready));
    list(
        &mut text,
        "stop",
        &sorted(alone.map_or(&[], |level| &level.stop)),
    );
    let readings = pooled(measured, |level| &level.readings);
    if let Some(&reading) = readings.get(readings.len() / 2) {
        let _ = writeln!(text, "metrics = \"{}us\"", reading.as_micros());
    }
    if !measured.boots.is_empty() {
        list(&mut text, "boot", &sorted(&measured.boots));
    }
    for level in &measured.levels {
        let _ = writeln!(text, "\n[[delays.create]]\nstarting = {}", level.at_once);
        list(&mut text, "time", &sorted(&level.created_and_started));
    }
    text
}

fn sorted(values: &[Duration]) -> Vec<Duration> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values
}

fn pooled(measured: &Delays, of: impl Fn(&Level) -> &Vec<Duration>) -> Vec<Duration> {
    let all: Vec<Duration> = measured.levels.iter().flat_map(of).copied().collect();
    sorted(&all)
}

fn list(text: &mut String, key: &str, values: &[Duration]) {
    if values.is_empty() {
        return;
    }
    let _ = writeln!(text, "{key} = {{ empirical = [");
    for line in values.chunks(IN_LINE) {
        let line = line
            .iter()
            .map(|value| format!("\"{}us\"", value.as_micros()));
        let _ = writeln!(text, "    {},", line.collect::<Vec<_>>().join(", "));
    }
    text.push_str("] }\n");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use expect_test::expect;

    use super::*;
    use crate::scenario;
    use crate::sim::config::{Crowd, Delay};

    fn micros(values: &[u64]) -> Vec<Duration> {
        values.iter().map(|&us| Duration::from_micros(us)).collect()
    }

    fn measured() -> Delays {
        let level = |at_once, create: &[u64]| Level {
            at_once,
            created_and_started: micros(create),
            ready: micros(&[900, 700]),
            detect: micros(&[12_345]),
            readings: micros(&[5000, 6000, 4000]),
            stop: micros(&[31_000]),
            ..Level::default()
        };
        Delays {
            versions: vec!["28.2.2".to_owned()],
            levels: vec![level(1, &[150_000]), level(2, &[260_000, 240_000])],
            boots: micros(&[2_100_000, 1_900_000]),
        }
    }

    #[test]
    fn the_table_has_the_values_that_were_measured() {
        expect![[r#"
            # Delays of Docker 28.2.2, measured by plimsoll calibrate 0.1.0.
            # Lay them over a scenario: plimsoll run SCENARIO --with THIS-FILE

            [delays]
            shared_machine = true
            status = { empirical = [
                "12345us",
            ] }
            ready = { empirical = [
                "700us", "700us", "900us", "900us",
            ] }
            stop = { empirical = [
                "31000us",
            ] }
            metrics = "5000us"
            boot = { empirical = [
                "1900000us", "2100000us",
            ] }

            [[delays.create]]
            starting = 1
            time = { empirical = [
                "150000us",
            ] }

            [[delays.create]]
            starting = 2
            time = { empirical = [
                "240000us", "260000us",
            ] }
        "#]]
        .assert_eq(&toml(&measured(), true));
    }

    #[test]
    fn a_scenario_takes_the_table_as_it_is() {
        let text = format!(
            "name = \"a\"\nduration = \"1m\"\n\
             nodes = [{{ name = \"n\", cpu = \"1\", memory = \"1Gi\" }}]\n\
             services = [{{ name = \"web\", requests = {{ cpu = \"1m\", memory = \"1Mi\" }} }}]\n{}",
            toml(&measured(), true)
        );
        let read = |path: &Path| panic!("{} is not to be read", path.display());
        let loaded = scenario::parse(Path::new("a.toml"), &text, &read);
        let sim = loaded.expect("it is a scenario").scenario.sim;
        assert!(sim.shared_machine);
        let drawn = |values: &[f64]| {
            Delay::Drawn(crate::dist::Distribution::empirical(values).expect("possible"))
        };
        let create = vec![(1, drawn(&[0.15])), (2, drawn(&[0.24, 0.26]))];
        assert_eq!(Some(sim.create), Crowd::new(create));
        assert_eq!(sim.boot, drawn(&[1.9, 2.1]));
        assert_eq!(sim.stop, drawn(&[0.031]));
    }
}
