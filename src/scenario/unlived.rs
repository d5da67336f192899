//! A scenario without its engines: where it runs live is no part of what is asked, so that its fingerprint
//! is the same on every machine.

use std::borrow::Cow;

/// The text without its table `live`, where that stands under headers of its own and everything else
/// says the same without it; else the whole text.
pub(super) fn without_live(text: &str) -> Cow<'_, str> {
    let is_there = text.lines().any(is_live);
    let Some(mut whole) = is_there.then(|| text.parse::<toml::Table>().ok()).flatten() else {
        return Cow::Borrowed(text);
    };
    whole.remove("live");
    let rest = cut(text);
    match rest.parse::<toml::Table>() {
        Ok(parsed) if parsed == whole => Cow::Owned(rest),
        _ => Cow::Borrowed(text),
    }
}

/// The lines that are not of the table. Empty lines before it go with it; comments after its last value
/// belong to what follows.
fn cut(text: &str) -> String {
    let mut rest = String::new();
    let mut held = String::new();
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        if is_live(bare) {
            if !inside {
                let kept = rest.trim_end_matches(['\n', '\r', ' ', '\t']).len();
                let ended = rest[kept..]
                    .find('\n')
                    .map_or(rest.len(), |end| kept + end + 1);
                rest.truncate(ended);
            }
            inside = true;
            held.clear();
        } else if inside && bare.starts_with('[') {
            inside = false;
            rest += &held;
            rest += line;
            held.clear();
        } else if !inside {
            rest += line;
        } else if bare.is_empty() || bare.starts_with('#') {
            held += line;
        } else {
            held.clear();
        }
    }
    if !held.trim().is_empty() {
        rest += &held;
    }
    rest
}

/// Whether a line is a header of the table, or of one in it.
fn is_live(line: &str) -> bool {
    let bare = line.trim();
    let name = bare.trim_start_matches('[').trim_start();
    let after = name.strip_prefix("live").map(str::trim_start);
    bare.starts_with('[') && after.is_some_and(|after| after.starts_with([']', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE: &str = "[live]\npublish = true\n\n# One\n[[live.engines]]\nnode = \"n\"\n";

    #[test]
    fn the_table_is_cut_out_wherever_it_stands() {
        for rest in [
            "# A?\na = 1\n",
            "a = 1\n\n[delays]\nb = 2\n",
            "a = 1\n\n# Delays.\n[delays]\nb = 2 # two\n",
        ] {
            let (head, tail) = rest.split_once("\n\n").unwrap_or((rest.trim_end(), ""));
            let tail = match tail {
                "" => String::new(),
                tail => format!("\n{tail}"),
            };
            assert_eq!(without_live(&format!("{head}\n\n{LIVE}{tail}")), rest);
            assert_eq!(without_live(&format!("{rest}\n\n{LIVE}")), rest);
            assert_eq!(without_live(rest), rest);
        }
    }

    #[test]
    fn what_only_looks_like_it_stays() {
        let text = "a = \"\"\"\n[live]\nx = 1\n\"\"\"\n";
        assert_eq!(without_live(text), text);
        let text = "a = 1\n[alive]\nb = 2\n[[lively]]\nc = 3\n";
        assert_eq!(without_live(text), text);
        // Not under a header of its own: the whole text is the input.
        let text = "live = { publish = true }\n";
        assert_eq!(without_live(text), text);
    }
}
