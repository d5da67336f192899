//! Words of a command line, as a shell reads them.

/// A file name as one word; never an option.
pub(crate) fn file(name: &str) -> String {
    match name.starts_with('-') {
        true => word(&format!("./{name}")),
        false => word(name),
    }
}

/// A text as one word.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "._-+@=:,%/".contains(char);
    match text.trim_start_matches("./") {
        plain if !plain.is_empty() && plain.chars().all(is_plain) => text.to_owned(),
        _ => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A command line being written, word by word.
#[derive(Clone, Debug)]
pub(crate) struct Line(String);

impl Line {
    /// One that begins with these words, such as `plimsoll compare`.
    pub(crate) fn new(words: &str) -> Line {
        Line(words.to_owned())
    }

    /// Then a file.
    pub(crate) fn file(self, name: &str) -> Line {
        Line(format!("{} {}", self.0, file(name)))
    }

    /// Then an option with its value.
    pub(crate) fn option(self, name: &str, value: impl ToString) -> Line {
        Line(format!("{} {name} {}", self.0, word(&value.to_string())))
    }

    /// Then an option with its value, where there is one.
    pub(crate) fn maybe(self, name: &str, value: Option<impl ToString>) -> Line {
        match value {
            Some(value) => self.option(name, value),
            None => self,
        }
    }

    /// Then an option once for each value.
    pub(crate) fn each(self, name: &str, values: &[impl ToString]) -> Line {
        let values = values.iter();
        values.fold(self, |line, value| line.option(name, value.to_string()))
    }

    /// Then an option without a value, where it is asked for.
    pub(crate) fn flag(self, name: &str, is_given: bool) -> Line {
        match is_given {
            true => Line(format!("{} {name}", self.0)),
            false => self,
        }
    }

    /// Then what was changed of a scenario, as [`crate::scenario::Scenario::changes`] says it.
    pub(crate) fn changes(self, changes: &[String]) -> Line {
        let option = |line: Line, change: &String| {
            let (option, what) = change.split_once(' ').unwrap_or((change, ""));
            line.option(option, what)
        };
        changes.iter().fold(self, option)
    }

    /// The whole of it.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}
