//! What goes wrong outside, for a person to read.

use std::fmt;
use std::io;
use std::path::Path;

/// Something outside did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What was attempted.
    pub what: String,
    /// What came of it.
    pub kind: Kind,
    /// What was said about it.
    pub said: String,
}

/// What came of an attempt, as far as it matters what is done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no such thing (404).
    NotFound,
    /// It is so already (304).
    Unchanged,
    /// It is there already, or in another state (409).
    Conflict,
    /// Nothing was heard in time: it may have been done.
    TimedOut,
    /// Nobody answers there: it was not done, or broken off.
    Unreachable,
    /// It was refused.
    Refused,
}

impl Trouble {
    /// Something was refused.
    pub fn refused(what: impl Into<String>, said: impl fmt::Display) -> Trouble {
        Trouble {
            what: what.into(),
            kind: Kind::Refused,
            said: said.to_string(),
        }
    }

    /// Whether it may or may not have been done.
    pub const fn was_unheard(&self) -> bool {
        matches!(self.kind, Kind::TimedOut | Kind::Unreachable)
    }

    /// What the system says of a file.
    pub fn of_file(path: &Path) -> impl Fn(io::Error) -> Trouble {
        let what = path.display().to_string();
        move |error| Trouble::refused(what.clone(), error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.said)
    }
}

impl std::error::Error for Trouble {}
