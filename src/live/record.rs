//! Which engine is which node of a cluster, written down in its lock file before anything is made: whoever
//! takes over or cleans up knows where to look.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf, absolute};

use serde::{Deserialize, Serialize};

use super::config::{Endpoint, Engine, Keys};
use super::trouble::Trouble;

/// What is written down of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The run.
    pub run: String,
    /// Its nodes.
    pub nodes: Vec<Node>,
}

/// Which engine a node is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The node.
    pub node: String,
    /// Where its engine listens; `None`: it is a private one.
    pub endpoint: Option<String>,
    /// The engine's id, as far as it was known.
    pub engine: Option<String>,
    /// The files of TLS, where there are any.
    pub tls: Option<Tls>,
}

/// Files of TLS, by absolute paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    ca: PathBuf,
    cert: PathBuf,
    key: PathBuf,
}

impl Record {
    /// What a lock file says: its last line that is whole, for one that is cut off was never acted upon.
    /// Nothing where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or not be understood.
    pub fn read(file: &File, path: &Path) -> Result<Option<Record>, Trouble> {
        let text = whole(file).map_err(Trouble::of_file(path))?;
        let Some(line) = text.lines().next_back() else {
            return Ok(None);
        };
        let read = serde_json::from_str(line);
        let read = read.map_err(|error| {
            let said = format!(
                "it does not say which engine is which node: {error}\n  = remove it, and give --clean the \
                 engines with --engine"
            );
            Trouble::refused(path.display().to_string(), said)
        });
        read.map(Some)
    }

    /// Writes it into a lock file, after what is there: that stands until this is written whole.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, mut file: &File, path: &Path) -> Result<(), Trouble> {
        let text = serde_json::to_string(self);
        let text = text.map_err(|error| Trouble::refused(path.display().to_string(), error))?;
        let whole = whole(file).map_err(Trouble::of_file(path))?;
        file.set_len(whole.len() as u64)
            .and_then(|()| file.seek(SeekFrom::End(0)))
            .and_then(|_| file.write_all(format!("{text}\n").as_bytes()))
            .and_then(|()| file.sync_all())
            .map_err(Trouble::of_file(path))
    }

    /// The engines that were given.
    ///
    /// # Errors
    /// With the endpoint that is none.
    pub fn engines(&self) -> Result<Vec<Engine>, Trouble> {
        self.nodes.iter().filter_map(Node::given).collect()
    }
}

impl Node {
    /// A private engine.
    pub fn private(node: &str) -> Node {
        Node {
            node: node.to_owned(),
            endpoint: None,
            engine: None,
            tls: None,
        }
    }

    /// One that is given, with its id.
    pub fn of(engine: &Engine, id: &str) -> Node {
        let whole = |path: &Path| absolute(path).unwrap_or_else(|_| path.to_owned());
        let tls = match &engine.endpoint {
            Endpoint::Tls { keys, .. } => Some(Tls {
                ca: whole(&keys.ca),
                cert: whole(&keys.cert),
                key: whole(&keys.key),
            }),
            Endpoint::Unix(_) | Endpoint::Tcp(_) => None,
        };
        Node {
            node: engine.node.clone(),
            endpoint: Some(engine.endpoint.to_string()),
            engine: Some(id.to_owned()),
            tls,
        }
    }

    fn given(&self) -> Option<Result<Engine, Trouble>> {
        let text = self.endpoint.as_ref()?;
        let keys = self
            .tls
            .clone()
            .map(|Tls { ca, cert, key }| Keys { ca, cert, key });
        let read = Endpoint::parse(text, keys);
        let read = read.map_err(|bad| Trouble::refused(format!("the lock file's {text}"), bad));
        Some(read.map(|endpoint| Engine {
            node: self.node.clone(),
            endpoint,
        }))
    }
}

/// The lines of a file that are whole.
fn whole(mut file: &File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    let end = bytes.iter().rposition(|&byte| byte == b'\n');
    bytes.truncate(end.map_or(0, |end| end + 1));
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let path = std::env::temp_dir().join(format!("pl-record-{}", std::process::id()));
        let mut options = File::options();
        let file = options.create(true).read(true).write(true).truncate(true);
        let file = file.open(&path).expect("a file");
        assert_eq!(Record::read(&file, &path), Ok(None));
        let keys = Keys::of_folder(Path::new("/certs"));
        let endpoint = Endpoint::parse("tcp://build.example:2376", Some(keys));
        let engine = Engine {
            node: "node-1".to_owned(),
            endpoint: endpoint.expect("it is one"),
        };
        let long = Record {
            run: "a run with a long name".to_owned(),
            nodes: vec![Node::private("node-0"), Node::of(&engine, "ABCD")],
        };
        let short = Record::default();
        for record in [&long, &short, &long] {
            record.write(&file, &path).expect("it is written");
            assert_eq!(Record::read(&file, &path), Ok(Some(record.clone())));
        }
        assert_eq!(long.engines(), Ok(vec![engine]));

        // Cut off by a kill or a full disk, it says what it said before.
        let length = file.metadata().expect("it is there").len();
        short.write(&file, &path).expect("it is written");
        file.set_len(length + 9).expect("it is cut off");
        assert_eq!(Record::read(&file, &path), Ok(Some(long)));
        short.write(&file, &path).expect("it is written");
        assert_eq!(Record::read(&file, &path), Ok(Some(short)));
        file.set_len(9).expect("it is cut off");
        assert_eq!(Record::read(&file, &path), Ok(None));
        std::fs::remove_file(&path).expect("it is there");
    }
}
