//! What can be wrong with an import.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why nothing was imported.
#[derive(Debug)]
pub enum ImportError {
    /// A row of an input file, or its header, says something impossible.
    Row {
        /// The input file.
        file: PathBuf,
        /// The line on which the row begins, from 1.
        line: u64,
        /// What is wrong with it.
        problem: Problem,
    },
    /// An input file has a header and nothing else.
    NoRows {
        /// The input file.
        file: PathBuf,
    },
    /// An input file cannot be read.
    Read {
        /// The input file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A result cannot be written.
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The folder to write is there already.
    Exists {
        /// The folder.
        dir: PathBuf,
    },
    /// What should be replaced holds something that no import wrote.
    Foreign {
        /// What was found.
        found: PathBuf,
    },
    /// The path to write to does not end in a name: `/` or `..`.
    NoName {
        /// The path.
        dir: PathBuf,
    },
    /// Every pod was left out.
    NoPods {
        /// The pod list.
        file: PathBuf,
    },
    /// GPUs should be filled, but no kept node has one.
    NoGpusToFill {
        /// The node list.
        file: PathBuf,
    },
    /// GPUs should be filled, but no pod asks for one.
    NoGpusAskedFor {
        /// The pod list.
        file: PathBuf,
    },
}

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The header lacks a column.
    MissingColumn(&'static str),
    /// The header has a column that has no meaning here.
    UnknownColumn {
        /// The header's word.
        column: String,
        /// All columns that have a meaning.
        known: Vec<&'static str>,
    },
    /// The header names a column twice.
    RepeatedColumn(String),
    /// The row is longer or shorter than the header.
    FieldCount {
        /// Fields of the header.
        header: u64,
        /// Fields of the row.
        row: u64,
    },
    /// The row is not UTF-8 text.
    NotText,
    /// A field that must say something is empty.
    Empty(&'static str),
    /// A field is not a whole number of at least zero.
    NotANumber {
        /// The column.
        column: &'static str,
        /// The field.
        text: String,
    },
    /// A number is beyond what its column can mean.
    TooLarge {
        /// The column.
        column: &'static str,
        /// The field.
        text: String,
        /// The largest number allowed.
        max: u64,
    },
    /// Two times whose difference must not be negative are in the wrong order.
    Negative {
        /// What their difference means.
        what: &'static str,
        /// The column that must not be the later one.
        from: &'static str,
        /// The column that must not be the earlier one.
        to: &'static str,
    },
    /// Two rows have one name.
    DuplicateName {
        /// The name.
        name: String,
        /// The line of its first row.
        first: u64,
    },
    /// A name contains `@`, which numbers the copies of a pod.
    ReservedName(String),
    /// A GPU model is empty or, on a node, several.
    NotAModel {
        /// The column.
        column: &'static str,
        /// The field.
        text: String,
    },
    /// A pod names a number of GPUs but no part of each, or the reverse.
    HalfAGpuRequest {
        /// GPUs asked for.
        num_gpu: u64,
        /// Thousandths asked for of each.
        gpu_milli: u64,
    },
}

impl ImportError {
    /// Whether the machine failed rather than the input: exit code 3 rather than 2.
    pub const fn is_environment(&self) -> bool {
        matches!(self, ImportError::Write { .. })
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::Row {
                file,
                line,
                problem,
            } => write!(f, "{}:{line}: {problem}", file.display()),
            ImportError::NoRows { file } => {
                write!(f, "{}: no rows below the header", file.display())
            }
            ImportError::Read { file, error } => {
                write!(f, "{}: cannot be read: {error}", file.display())
            }
            ImportError::Write { path, error } => {
                write!(f, "{}: cannot be written: {error}", path.display())
            }
            ImportError::Exists { dir } => write!(
                f,
                "{}: exists already; choose another folder or say --replace",
                dir.display()
            ),
            ImportError::Foreign { found } => write!(
                f,
                "{}: not written by an import, so nothing was replaced",
                found.display()
            ),
            ImportError::NoName { dir } => {
                write!(f, "{}: not the name of a new folder", dir.display())
            }
            ImportError::NoPods { file } => {
                write!(f, "{}: every pod would be left out", file.display())
            }
            ImportError::NoGpusToFill { file } => {
                write!(f, "{}: no kept node has a GPU to fill", file.display())
            }
            ImportError::NoGpusAskedFor { file } => {
                write!(f, "{}: no pod asks for a GPU to fill", file.display())
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::MissingColumn(column) => write!(f, "column `{column}` is missing"),
            Problem::UnknownColumn { column, known } => {
                write!(f, "unknown column `{column}` (known: {})", known.join(", "))
            }
            Problem::RepeatedColumn(column) => write!(f, "column `{column}` is there twice"),
            Problem::FieldCount { header, row } => {
                write!(f, "{row} fields where the header has {header}")
            }
            Problem::NotText => write!(f, "not UTF-8 text"),
            Problem::Empty(column) => write!(f, "{column} is empty"),
            Problem::NotANumber { column, text } => {
                write!(f, "{column} `{text}` is not a number (whole, at least 0)")
            }
            Problem::TooLarge { column, text, max } => {
                write!(f, "{column} `{text}` is more than {max}")
            }
            Problem::Negative { what, from, to } => {
                write!(f, "{to} is before {from}: a negative {what}")
            }
            Problem::DuplicateName { name, first } => {
                write!(f, "name `{name}` is taken by line {first}")
            }
            Problem::ReservedName(name) => {
                write!(f, "name `{name}` contains `@`, which numbers copies")
            }
            Problem::NotAModel { column, text } => {
                write!(f, "{column} `{text}` is not a GPU model")
            }
            Problem::HalfAGpuRequest { num_gpu, gpu_milli } => write!(
                f,
                "num_gpu {num_gpu} with gpu_milli {gpu_milli}: both or neither must be 0"
            ),
        }
    }
}

impl std::error::Error for ImportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ImportError::Read { error, .. } | ImportError::Write { error, .. } => Some(error),
            ImportError::Row { .. }
            | ImportError::NoRows { .. }
            | ImportError::Exists { .. }
            | ImportError::Foreign { .. }
            | ImportError::NoName { .. }
            | ImportError::NoPods { .. }
            | ImportError::NoGpusToFill { .. }
            | ImportError::NoGpusAskedFor { .. } => None,
        }
    }
}
