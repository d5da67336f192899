//! The gate as a JUnit report: what build servers show as tests.
//!
//! Elements and attributes are those of `junit-10.xsd`, the schema of Jenkins' xUnit plugin. A scenario is
//! a suite, a comparison a test. There are no times: the same runs give the same bytes.

use crate::experiment::gate::{Against, Line, Overall};
use crate::report::gate::{Gate, Held, word};

/// The whole file.
pub fn page(gate: &Gate<'_>) -> String {
    let suites: Vec<Suite> = gate
        .scenarios
        .iter()
        .map(|held| Suite::of(gate, held))
        .collect();
    let tests: usize = suites.iter().map(|suite| suite.tests).sum();
    let failures: usize = suites.iter().map(|suite| suite.failures).sum();
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    text += &format!(
        "<testsuites name=\"plimsoll gate\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n"
    );
    for suite in suites {
        text += &suite.text;
    }
    text + "</testsuites>\n"
}

/// One scenario.
struct Suite {
    tests: usize,
    failures: usize,
    text: String,
}

impl Suite {
    fn of(gate: &Gate<'_>, held: &Held<'_>) -> Suite {
        let lines = &held.checked.lines;
        let fails = |line: &&Line| line.overall().fails(gate.allow_undecided);
        let failures = lines.iter().filter(fails).count();
        let skips = |line: &&Line| line.overall() == Overall::Undecided && !fails(line);
        let skipped = lines.iter().filter(skips).count();
        let tests = lines.len();
        let name = escaped(&held.checked.name);
        let mut text = format!(
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" \
             skipped=\"{skipped}\">\n    <properties>\n"
        );
        let file = held.path.display().to_string();
        let runs = held.checked.replications.to_string();
        for (key, value) in [("file", &file), ("replications", &runs)] {
            let value = escaped(value);
            text += &format!("      <property name=\"{key}\" value=\"{value}\"/>\n");
        }
        text += "    </properties>\n";
        for line in lines {
            text += &test(gate, held, line);
        }
        text += "  </testsuite>\n";
        Suite {
            tests,
            failures,
            text,
        }
    }
}

fn test(gate: &Gate<'_>, held: &Held<'_>, line: &Line) -> String {
    let against = match line.against {
        Against::Baseline => "",
        Against::Anchor => " (anchor)",
    };
    let name = escaped(&format!("{}{against}", line.quantity));
    let class = escaped(&format!("plimsoll.{}", held.checked.name));
    let open = format!("    <testcase name=\"{name}\" classname=\"{class}\"");
    let overall = line.overall();
    let message = escaped(&held.line(line));
    let kind = word(overall);
    match (overall.fails(gate.allow_undecided), overall) {
        (true, _) => format!(
            "{open}>\n      <failure type=\"{kind}\" message=\"{message}\">{message}</failure>\n    </testcase>\n"
        ),
        (false, Overall::Undecided) => {
            format!("{open}>\n      <skipped message=\"{kind}: {message}\"/>\n    </testcase>\n")
        }
        (false, Overall::Ok | Overall::Better | Overall::Regressed) => format!("{open}/>\n"),
    }
}

/// Text as XML 1.0 takes it in attributes and elements; characters that it cannot hold are replaced
/// (W3C, "Extensible Markup Language 1.0", 5th ed., §2.2 and §3.3.3).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\n' => out += "&#10;",
            '\r' => out += "&#13;",
            '\t' => out += "&#9;",
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}
