//! What is changed of a scenario from outside: files laid over it, and single settings.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeString, DeValue};

use super::document::{bare_words, moved};
use super::files::{self, Read};
use super::problem::{Problem, Problems};

/// What is changed of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Files laid over the scenario, each over those before it. Their tables are merged into its tables,
    /// their lists of named tables entry by entry; everything else takes the place of what is there.
    /// Files named in one are relative to its folder.
    pub overlays: Vec<PathBuf>,
    /// Single values, set after all overlays. None undoes another, so their order does not matter but
    /// where one opens what the next one sets a part of. Files named in one are relative to the
    /// scenario's folder.
    pub settings: Vec<Setting>,
}

/// One value, and the key it is for: `nodes.worker.count=10`.
///
/// The key is a path of keys, with `.` between them; an entry of a list goes by its `name` (an objective
/// by its `metric`), or else by its index from 0, and a part that holds a dot stands in quotes. The value is TOML; text that begins
/// with neither a quote nor a bracket needs no quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    text: String,
    path: Vec<Part>,
    /// Where the key ends.
    key_end: usize,
    /// Where the value stands.
    value: Range<usize>,
    /// Where both stand if nobody typed them.
    written: Option<Written>,
}

/// A key and its value in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) file: Arc<Page>,
    pub(super) key: Range<usize>,
    pub(super) value: Range<usize>,
}

/// A file that holds settings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// What it is called in problems.
    pub(super) name: String,
    pub(super) text: String,
}

/// A part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    /// Where it stands, with its quotes: in the text of the setting, or in the file that holds it.
    pub(super) range: Range<usize>,
}

/// What is wrong with a setting, and where in its text.
type Wrong = (Range<usize>, String, &'static str);

impl Edits {
    /// Files to lay over a scenario, and settings as they are typed.
    ///
    /// # Errors
    /// Every text that is no setting.
    pub fn new(overlays: Vec<PathBuf>, settings: &[String]) -> Result<Edits, Problems> {
        let mut problems = Problems::default();
        let read = settings.iter().filter_map(|text| {
            let wrong = match Setting::read(text) {
                Ok(setting) => return Some(setting),
                Err(wrong) => wrong,
            };
            report(text, wrong, &mut problems);
            None
        });
        let settings = read.collect();
        match problems.is_empty() {
            true => Ok(Edits { overlays, settings }),
            false => Err(problems),
        }
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.overlays.is_empty() && self.settings.is_empty()
    }

    /// These and then others: overlays over overlays, settings after settings.
    pub fn and(&self, others: &Edits) -> Edits {
        let mut both = self.clone();
        both.overlays.extend_from_slice(&others.overlays);
        both.settings.extend_from_slice(&others.settings);
        both
    }

    /// What is changed, in the words of the command line; overlays by the names of their files.
    pub fn changes(&self) -> Vec<String> {
        let name = |path: &PathBuf| {
            let name = path.file_name().unwrap_or(path.as_os_str());
            format!("--with {}", name.to_string_lossy())
        };
        let set = |setting: &Setting| format!("--set {setting}");
        let overlays = self.overlays.iter().map(name);
        overlays.chain(self.settings.iter().map(set)).collect()
    }

    /// The overlays and their texts.
    ///
    /// # Errors
    /// All that cannot be read.
    pub(super) fn texts(&self, read: &Read<'_>) -> Result<Vec<(&Path, String)>, Problems> {
        let mut problems = Problems::default();
        let mut texts = Vec::new();
        for path in &self.overlays {
            match files::text(path, read) {
                Ok(text) => texts.push((path.as_path(), text)),
                Err(problem) => problems.push(problem),
            }
        }
        match problems.is_empty() {
            true => Ok(texts),
            false => Err(problems),
        }
    }
}

impl Setting {
    /// Reads `KEY=VALUE`.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Setting, Problems> {
        Setting::read(text).map_err(|wrong| refused(text, wrong))
    }

    /// The setting of a key to a value, as both would be typed.
    ///
    /// # Errors
    /// When they make none.
    pub fn new(key: &str, value: &str) -> Result<Setting, Problems> {
        Setting::parse(&format!("{key}={value}"))
    }

    /// The setting of a key to a value that stand in a file: what is wrong with them is told there.
    ///
    /// # Errors
    /// When they make none.
    pub(super) fn written(key: &str, value: &str, at: Written) -> Result<Setting, String> {
        let read = Setting::read(&format!("{key}={value}"));
        let mut setting = read.map_err(|(_, message, _)| message)?;
        for part in &mut setting.path {
            part.range = at.part(key, &part.range);
        }
        setting.written = Some(at);
        Ok(setting)
    }

    /// Reads `KEY=VALUE,VALUE,…`: one setting for each value. Commas in quotes and brackets part
    /// nothing.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn each(text: &str) -> Result<Vec<Setting>, Problems> {
        let (_, key_end) = path(text).map_err(|wrong| refused(text, wrong))?;
        let (key, values) = (&text[..key_end], &text[key_end + 1..]);
        let each = commas(values).into_iter();
        each.map(|value| Setting::new(key, value)).collect()
    }

    /// The key, as it was typed.
    pub fn key(&self) -> &str {
        self.text[..self.key_end].trim()
    }

    /// The value, as it was typed.
    pub fn value(&self) -> &str {
        &self.text[self.value.clone()]
    }

    /// The whole of it, as it was typed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is about engines alone.
    pub(super) fn is_live(&self) -> bool {
        self.path.first().is_some_and(|part| part.name == "live")
    }

    /// The parts of the key.
    pub(super) fn path(&self) -> &[Part] {
        &self.path
    }

    /// The file that holds it, if nobody typed it.
    pub(super) fn page(&self) -> Option<&Page> {
        Some(&self.written.as_ref()?.file)
    }

    /// The value, with places counted from that of the setting, or of the file that holds it.
    pub(super) fn meaning(&self, start: usize) -> Spanned<DeValue<'_>> {
        let (text, place) = match &self.written {
            Some(at) => (&at.file.text[at.value.clone()], at.value.start),
            None => (self.value(), self.value.start),
        };
        let value = meaning(text).expect("it was read when the setting was");
        moved(value, start + place)
    }

    fn read(text: &str) -> Result<Setting, Wrong> {
        let (path, key_end) = path(text)?;
        let rest = &text[key_end + 1..];
        let trimmed = rest.trim();
        let start = key_end + 1 + (rest.len() - rest.trim_start().len());
        let value = start..start + trimmed.len();
        if trimmed.is_empty() {
            let note = "an empty text is written \"\"";
            return Err((0..text.len(), "the key has no value".to_owned(), note));
        }
        meaning(trimmed).map_err(|(range, message)| {
            let range = range.start + start..range.end + start;
            (range, format!("this is not TOML: {message}"), "")
        })?;
        Ok(Setting {
            text: text.to_owned(),
            path,
            key_end,
            value,
            written: None,
        })
    }
}

impl Written {
    /// Where a part of the key stands, which is there in `key`: the whole key where the file has it in
    /// other words.
    fn part(&self, key: &str, part: &Range<usize>) -> Range<usize> {
        let raw = &self.file.text[self.key.clone()];
        let inner = raw.trim_matches(['"', '\'']);
        let before = key.strip_suffix(inner).map(str::len);
        match before.and_then(|before| part.start.checked_sub(before)) {
            Some(start) => {
                let quotes = (raw.len() - inner.len()) / 2;
                let start = self.key.start + quotes + start;
                start..start + part.len()
            }
            None => self.key.clone(),
        }
    }
}

/// As it is typed.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key(), self.value())
    }
}

fn refused(text: &str, wrong: Wrong) -> Problems {
    let mut problems = Problems::default();
    report(text, wrong, &mut problems);
    problems
}

fn report(text: &str, (range, message, note): Wrong, problems: &mut Problems) {
    let whole = problems.source("--set", 0, text);
    let problem = Problem::error(message).at(whole.with(range.start as u32, range.end as u32), "");
    problems.push(match note {
        "" => problem,
        note => problem.note(note),
    });
}

/// The parts of the key, and where the key ends.
fn path(text: &str) -> Result<(Vec<Part>, usize), Wrong> {
    const FORM: &str = "write KEY=VALUE, such as duration=12h or nodes.worker.count=10";
    let mut path = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let (name, length) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let Some(end) = rest[1..].find(quote) else {
                    return Err((at..text.len(), "the quote does not end".to_owned(), FORM));
                };
                (&rest[1..end + 1], end + 2)
            }
            _ => {
                let end = rest.find(['.', '=']).unwrap_or(rest.len());
                (rest[..end].trim_end(), rest[..end].trim_end().len())
            }
        };
        if name.is_empty() {
            return Err((
                at..at + length,
                "a part of the key is empty".to_owned(),
                FORM,
            ));
        }
        let (name, range) = (name.to_owned(), at..at + length);
        path.push(Part { name, range });
        at += length;
        at += text[at..].len() - text[at..].trim_start().len();
        match text[at..].chars().next() {
            Some('=') => return Ok((path, at)),
            Some('.') => at += 1,
            Some(_) => {
                let message = "after the quotes comes a dot or the value".to_owned();
                return Err((at..text.len(), message, FORM));
            }
            None => return Err((0..text.len(), "the key has no value".to_owned(), FORM)),
        }
    }
}

/// What a value means: TOML, in which words need no quotes.
fn meaning(text: &str) -> Result<Spanned<DeValue<'_>>, (Range<usize>, String)> {
    let (value, errors) = DeValue::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(value);
    }
    if !text.starts_with(['"', '\'', '[', '{']) {
        let value = DeValue::String(DeString::Borrowed(text));
        return Ok(Spanned::new(0..text.len(), value));
    }
    let mut bare = Vec::new();
    bare_words(value.get_ref(), text, &mut bare);
    let range = |error: &toml::de::Error| error.span().unwrap_or(0..text.len());
    match errors.iter().find(|error| !bare.contains(&range(error))) {
        Some(error) => Err((range(error), error.message().to_owned())),
        None => Ok(value),
    }
}

/// The parts of a text between commas that stand neither in quotes nor in brackets.
fn commas(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    for (at, char) in text.char_indices() {
        match (quote, char) {
            (Some(open), char) if char == open => quote = None,
            (None, '"' | '\'') => quote = Some(char),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
