//! The pages of experiments: what the terminal says stands on them, and they need nothing else.

use std::fs;

use serde_json::Value;

use crate::capacity::CAPACITY;
use crate::shared::Scratch;

/// The shop for which three nodes are enough, with a price and a tolerance.
fn priced() -> String {
    let (head, nodes) = CAPACITY.split_once("zones = ").unwrap();
    format!("{head}price_per_hour = 0.5\nzones = {nodes}")
        .replace("duration = \"1h\"", "duration = \"1h\"\ncurrency = \"EUR\"")
        .replace("window = \"30d\"", "window = \"30d\", tolerance = \"0.1%\"")
}

const PLAN: &str = r#"# What does a node more buy?
scenario = "shop.toml"
replications = 3
metrics = ["availability.requests", "cost"]

[grid]
"nodes.worker.count" = [2, 3, 4]
scheduler = ["spread", "binpack"]
"#;

/// A folder with `shop.toml` and `plan.toml` in it.
fn shop(name: &str) -> Scratch {
    let scratch = Scratch::with(name, "shop.toml", &priced());
    scratch.write("plan.toml", PLAN);
    scratch
}

/// Exit code and stdout, in one line, of a command that can say what it was asked.
fn told(scratch: &Scratch, command: &str) -> (Option<i32>, String) {
    let (code, stdout, stderr) = scratch.said(command);
    assert!(matches!(code, Some(0 | 1)), "{command}: {stderr}");
    (code, words(&stdout))
}

/// The words of a page, after a look at what it needs.
fn read_page(scratch: &Scratch, file: &str) -> String {
    let html = scratch.read(file);
    let others = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for outside in [
        "<script", "http:", "https:", "src=", "<link", "@import", "url(",
    ] {
        assert!(!others.contains(outside), "{file} has {outside}");
    }
    assert!(html.ends_with("</html>\n"), "{file} is whole");
    plain(&html)
}

/// Words with one space between them.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a reader of a page reads.
fn plain(html: &str) -> String {
    let (_, body) = html.split_once("<body>").unwrap();
    let body = body.replace('\u{a0}', " ");
    let mut text = String::new();
    for part in body.split('<') {
        let (tag, words) = part.split_once('>').unwrap_or(("", part));
        // A piece of code belongs to the word that it stands in.
        if !tag.trim_start_matches('/').starts_with("code") {
            text.push(' ');
        }
        text += words;
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&amp;", "&");
    words(&text)
}

fn holds(page: &str, sentence: &str) {
    assert!(page.contains(sentence), "`{sentence}` is missing in {page}");
}

/// What stands between two texts.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap();
    rest.split_once(to).unwrap().0
}

/// The rows of all tables of a page, each with what its cells say.
fn rows(html: &str) -> Vec<Vec<String>> {
    let row = |row: &str| {
        let row = row.split("</tr>").next().unwrap();
        let cells = row.split("<td").skip(1);
        cells
            .map(|cell| plain(&format!("<body><td{cell}")))
            .collect()
    };
    html.split("<tr>").skip(1).map(row).collect()
}

#[test]
fn the_page_of_a_comparison_has_its_sentence_its_verdicts_and_its_command() {
    let scratch = shop("compare");
    let failure = "\n[[failures]]\nnodes = \"worker\"\n\
                   after = { uniform = { low = \"5m\", high = \"40m\" } }\ndown = \"5m\"\n";
    fs::write(
        scratch.0.join("shop.toml"),
        format!("{}{failure}", priced()),
    )
    .unwrap();
    let command = "compare shop.toml --scheduler spread,binpack --metric availability.requests@service:web \
                   --metric cost --metric nodes.used --reps 8 --out o";
    let (_, said) = told(&scratch, command);
    let page = read_page(&scratch, "o/report.html");
    let short = between(&said, "In short: against ", " o/");
    holds(&page, &format!("Against {short}"));
    holds(&said, "report.html compare.json");
    let json: Value = serde_json::from_str(&scratch.read("o/compare.json")).unwrap();
    let rows = rows(&scratch.read("o/report.html"));
    for (name, place) in [
        ("availability.requests@service:web", 0),
        ("cost", 1),
        ("nodes.used", 2),
    ] {
        let verdict = &json["metrics"][place]["variants"][1]["difference"]["verdict"];
        let own = |row: &&Vec<String>| row[..2] == [name.to_owned(), "binpack".to_owned()];
        let row = rows.iter().find(|row| row.len() == 5 && own(row)).unwrap();
        assert!(
            row[4].starts_with(verdict.as_str().unwrap()),
            "{verdict} in {row:?}"
        );
        // On a terminal the two are parted by a comma where the first is no number.
        let both = words(&format!("{} {}", row[3], row[4]));
        holds(&said.replace(',', ""), &both.replace(',', ""));
    }
    holds(
        &page,
        "plimsoll compare shop.toml --scheduler spread,binpack --seed 1 --reps 8",
    );
    assert!(!page.contains("--out"), "another folder is no other result");
}

#[test]
fn the_page_of_a_capacity_says_what_is_bought_at_what_price() {
    let scratch = shop("capacity");
    let two = priced().replace("count = 4", "count = 2");
    fs::write(scratch.0.join("shop.toml"), two).unwrap();
    let (_, said) = told(
        &scratch,
        "capacity shop.toml --step 1 --set duration=50m --out o",
    );
    let page = read_page(&scratch, "o/report.html");
    let answer = between(&said, "3 worker nodes: ", " nodes meets");
    holds(&page, &format!("3 worker nodes: {answer}"));
    for row in [
        "2 nodes 0 % (0–5) not enough",
        "3 nodes 100 % (95–100) enough: the answer",
    ] {
        holds(&page, row);
    }
    holds(&page, "web misses 99 % as it is 72 of 72 (100 %)");
    // 0.5 EUR × 24 h × 365.25 d ÷ 12 = 365.25 EUR.
    holds(
        &page,
        "1 worker node more than today. That is 365 EUR a month more than today.",
    );
    holds(&page, "worker 2 cores · 16 GiB 2 3 +1 365 EUR +365 EUR");
    holds(&page, "availability.requests@service:web at least 99 %");
    holds(
        &page,
        "With the 2 of today: web misses 99 % in 100 % of runs (insufficient cpu).",
    );
    holds(
        &page,
        "plimsoll capacity shop.toml --step 1 --quantile 0.95 --confidence 0.95 --seed 1",
    );
    holds(&page, "--set duration=50m");

    told(
        &scratch,
        "capacity shop.toml --step 1 --out again --threads 1 --set duration=50m",
    );
    assert_eq!(
        scratch.read("o/report.html"),
        scratch.read("again/report.html")
    );
}

#[test]
fn no_price_is_made_up_where_none_is_stated() {
    let scratch = shop("unpriced");
    fs::write(
        scratch.0.join("shop.toml"),
        priced().replace("price_per_hour = 0.5\n", ""),
    )
    .unwrap();
    told(
        &scratch,
        "capacity shop.toml --step 1 --from 2 --to 4 --quantile 0.8 --out o",
    );
    let page = read_page(&scratch, "o/report.html");
    holds(
        &page,
        "Nothing: 1 worker node of today could be given back.",
    );
    holds(
        &page,
        "No price is stated for nodes of worker (price_per_hour in [[nodes]]), so none is given.",
    );
    assert!(!page.contains("EUR"), "{page}");
}

#[test]
fn the_page_of_a_loss_that_is_survived_tells_static_from_transient() {
    let scratch = shop("survive");
    let long = priced().replace("\"1h\"", "\"2h\"");
    fs::write(scratch.0.join("shop.toml"), long).unwrap();
    let (_, said) = told(
        &scratch,
        "capacity shop.toml --survive zone --quantile 0.8 --out o",
    );
    let page = read_page(&scratch, "o/report.html");
    let (answer, _) = said.split_once(" Runs that meet all objectives").unwrap();
    holds(&page, answer);
    let table = between(&page, "What is survived", "For managers");
    for head in [
        "after it, 6 nodes",
        "during it, 6 nodes",
        "zone a",
        "zone b",
    ] {
        holds(table, head);
    }
    holds(&page, "the loss of any one zone for good (zone a, zone b)");
}

#[test]
fn the_page_of_a_mix_has_prices_and_that_of_a_runway_its_dates() {
    let scratch = shop("mix");
    let big = "\n[[nodes]]\nname = \"big\"\ncount = 1\ncpu = \"4\"\nmemory = \"16Gi\"\nprice_per_hour = 0.8\n\n[[services]]";
    let mixed = priced().replacen("\n[[services]]", big, 1);
    fs::write(scratch.0.join("mixed.toml"), mixed).unwrap();
    let command = "capacity mixed.toml --vary nodes.worker.count --vary nodes.big.count --step 1 --to 4 \
                   --quantile 0.8 --out o";
    let (_, said) = told(&scratch, command);
    let page = read_page(&scratch, "o/report.html");
    // Six cores: one big node and one worker, 1.3 EUR; three workers would be 1.5 EUR.
    holds(&page, between(&said, "", " worker big EUR/h"));
    holds(
        &page,
        "1 worker and 1 big nodes 1 1 1.30 EUR 950 EUR 100 % (80–100) enough: the answer",
    );
    holds(
        &page,
        "3 worker nodes of today could be given back. That is 1,096 EUR a month less than today.",
    );

    let command = "capacity shop.toml --runway --growth 3%..5%/month --start 2026-11-28 --quantile 0.8 --out r";
    let (_, said) = told(&scratch, command);
    let page = read_page(&scratch, "r/report.html");
    holds(&page, between(&said, "", " load reached after"));
    holds(&page, "broken at the latest");
    holds(&page, "holds: the answer");
}

#[test]
fn the_page_of_a_sweep_has_the_front_and_every_cell() {
    let scratch = shop("sweep");
    let (_, said) = told(&scratch, "sweep plan.toml --out o");
    let page = read_page(&scratch, "o/merged/report.html");
    let sentence = between(&said, "binpack. ", ", by the estimates:");
    holds(&page, sentence);
    holds(&page, "What does a node more buy?");
    holds(&page, "plimsoll sweep plan.toml");
    for cell in 0..6 {
        holds(&page, &format!("cell {cell} {} ", 2 + cell / 2));
    }
    told(&scratch, "merge plan.toml o --quiet");
    assert_eq!(page, read_page(&scratch, "o/merged/report.html"));
}

#[test]
fn the_page_of_a_gate_has_the_difference_and_the_tolerance() {
    let scratch = shop("gate");
    told(
        &scratch,
        "gate shop.toml --baseline b.json --update --reps 20 --metric cost --tolerance cost=1%",
    );
    let command = "gate shop.toml --baseline b.json --output html=gate.html";
    let (code, said) = told(&scratch, command);
    let page = read_page(&scratch, "gate.html");
    assert_eq!(code, Some(0));
    holds(&page, "The scenario is no worse than its baseline.");
    holds(&page, between(&said, "shop ok ", " The scenario"));

    let worse = format!("{command} --healer none --autoscaler fixed --scheduler binpack");
    let (_, said) = told(&scratch, &worse);
    let page = read_page(&scratch, "gate.html");
    holds(&page, between(&said, "under test: ", " The scenario"));
    holds(
        &page,
        "plimsoll gate shop.toml --baseline b.json --scheduler binpack --autoscaler fixed --healer none",
    );
}
