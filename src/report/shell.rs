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
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "._-+@=:".contains(char);
    match text.trim_start_matches("./") {
        plain if !plain.is_empty() && plain.chars().all(is_plain) => text.to_owned(),
        _ => format!("'{}'", text.replace('\'', "'\\''")),
    }
}
