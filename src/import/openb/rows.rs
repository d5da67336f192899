//! What the openb node and pod lists say.

use std::collections::BTreeMap;

use crate::import::error::{ImportError, Problem};
use crate::import::table::{Columns, Row, Table};
use crate::time::{Duration, Time};
use crate::units::{MilliCpu, MilliGpu, WHOLE_GPU};

/// The columns of a node list.
pub(crate) const NODE_COLUMNS: Columns = Columns {
    required: &["sn", "cpu_milli", "memory_mib", "gpu", "model"],
    optional: &[],
};

/// The columns of a pod list whose times count.
pub(crate) const TIMED_COLUMNS: Columns = Columns {
    required: &[
        "name",
        "cpu_milli",
        "memory_mib",
        "num_gpu",
        "gpu_milli",
        "creation_time",
        "deletion_time",
        "scheduled_time",
    ],
    optional: &["gpu_spec", "qos", "pod_phase"],
};

/// The columns of a pod list whose times do not count: the `multigpu` lists have none.
pub(crate) const UNTIMED_COLUMNS: Columns = Columns {
    required: &["name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"],
    optional: &[
        "gpu_spec",
        "qos",
        "pod_phase",
        "creation_time",
        "deletion_time",
        "scheduled_time",
    ],
};

/// Most of a resource that one row may name: 10¹², a billion cores or an exbibyte.
const AMOUNT_MAX: u64 = 1_000_000_000_000;
/// The last second that simulated time can name, 584 years on.
const SECONDS_MAX: u64 = Time::MAX.nanos() / Duration::from_secs(1).nanos();

/// One machine of the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Its serial number.
    pub(crate) name: String,
    /// CPU.
    pub(crate) cpu: MilliCpu,
    /// Memory, in MiB.
    pub(crate) memory_mib: u64,
    /// Number of GPUs.
    pub(crate) gpus: u16,
    /// Model of its GPUs; empty without GPUs.
    pub(crate) model: String,
}

/// What one pod asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pod {
    /// Its name.
    pub(crate) name: String,
    /// CPU.
    pub(crate) cpu: MilliCpu,
    /// Memory, in MiB.
    pub(crate) memory_mib: u64,
    /// Number of GPUs.
    pub(crate) gpus: u16,
    /// Thousandths asked for of each GPU.
    pub(crate) gpu_milli: u16,
    /// GPU models it may run on, separated by `|`; empty means any.
    pub(crate) models: String,
}

/// When a pod came, ran and went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    /// When it was submitted.
    pub(crate) created: Time,
    /// From when to when it ran, if it ever did.
    pub(crate) ran: Option<(Time, Time)>,
    /// When it was deleted, whether or not it ever ran.
    pub(crate) deleted: Option<Time>,
}

impl Node {
    /// All its GPUs.
    pub(crate) fn gpu(&self) -> MilliGpu {
        MilliGpu(u64::from(self.gpus) * u64::from(WHOLE_GPU))
    }

    /// Whether the empty node has room for a pod.
    pub(crate) fn fits(&self, pod: &Pod) -> bool {
        let model = || pod.models.is_empty() || pod.models.split('|').any(|one| one == self.model);
        pod.cpu <= self.cpu
            && pod.memory_mib <= self.memory_mib
            && (pod.gpus == 0 || (pod.gpus <= self.gpus && model()))
    }
}

impl Pod {
    /// All it asks of GPUs.
    pub(crate) fn gpu(&self) -> MilliGpu {
        MilliGpu(u64::from(self.gpus) * u64::from(self.gpu_milli))
    }
}

/// Reads a node list with [`NODE_COLUMNS`].
pub(crate) fn nodes(mut table: Table) -> Result<Vec<Node>, ImportError> {
    let mut names = Names::default();
    let mut nodes = Vec::new();
    while let Some(row) = table.next_row()? {
        nodes.push(Node {
            name: names.check(row, "sn")?,
            cpu: MilliCpu(row.number("cpu_milli", AMOUNT_MAX)?),
            memory_mib: row.number("memory_mib", AMOUNT_MAX)?,
            gpus: small(row, "gpu", u16::MAX)?,
            model: models(row, "model", 1)?,
        });
    }
    if nodes.is_empty() {
        return Err(table.no_rows());
    }
    Ok(nodes)
}

/// Reads a pod list; `times` reads what else each row is asked for.
pub(crate) fn pods<T>(
    mut table: Table,
    times: impl Fn(Row<'_>) -> Result<T, ImportError>,
) -> Result<Vec<(Pod, T)>, ImportError> {
    let mut names = Names::default();
    let mut pods = Vec::new();
    while let Some(row) = table.next_row()? {
        pods.push((pod(row, &mut names)?, times(row)?));
    }
    if pods.is_empty() {
        return Err(table.no_rows());
    }
    Ok(pods)
}

/// The times in a row of a table with [`TIMED_COLUMNS`].
pub(crate) fn times(row: Row<'_>) -> Result<Times, ImportError> {
    let created = seconds(row, "creation_time")?;
    let deleted = optional_seconds(row, "deletion_time")?;
    let ran = match optional_seconds(row, "scheduled_time")? {
        Some(start) => Some((start, seconds(row, "deletion_time")?)),
        None => None,
    };
    let negative = |what, from, to| Err(row.wrong(Problem::Negative { what, from, to }));
    match ran {
        Some((start, _)) if start < created => negative("wait", "creation_time", "scheduled_time"),
        Some((start, end)) if end < start => {
            negative("duration", "scheduled_time", "deletion_time")
        }
        Some(_) | None => Ok(Times {
            created,
            ran,
            deleted,
        }),
    }
}

fn pod(row: Row<'_>, names: &mut Names) -> Result<Pod, ImportError> {
    let name = names.check(row, "name")?;
    if name.contains('@') {
        return Err(row.wrong(Problem::ReservedName(name)));
    }
    let gpus = small(row, "num_gpu", u16::MAX)?;
    let gpu_milli = small(row, "gpu_milli", WHOLE_GPU)?;
    if (gpus == 0) != (gpu_milli == 0) {
        return Err(row.wrong(Problem::HalfAGpuRequest {
            num_gpu: u64::from(gpus),
            gpu_milli: u64::from(gpu_milli),
        }));
    }
    Ok(Pod {
        name,
        cpu: MilliCpu(row.number("cpu_milli", AMOUNT_MAX)?),
        memory_mib: row.number("memory_mib", AMOUNT_MAX)?,
        gpus,
        gpu_milli,
        models: models(row, "gpu_spec", usize::MAX)?,
    })
}

/// At most `most` GPU models separated by `|`; an empty field names none.
fn models(row: Row<'_>, column: &'static str, most: usize) -> Result<String, ImportError> {
    let text = row.text(column).to_owned();
    let badly_named = text.split('|').count() > most || text.split('|').any(str::is_empty);
    if badly_named && !text.is_empty() {
        return Err(row.wrong(Problem::NotAModel { column, text }));
    }
    Ok(text)
}

fn small(row: Row<'_>, column: &'static str, max: u16) -> Result<u16, ImportError> {
    let number = row.number(column, u64::from(max))?;
    Ok(u16::try_from(number).expect("at most `max`"))
}

fn seconds(row: Row<'_>, column: &'static str) -> Result<Time, ImportError> {
    row.number(column, SECONDS_MAX).map(Time::from_secs)
}

fn optional_seconds(row: Row<'_>, column: &'static str) -> Result<Option<Time>, ImportError> {
    if row.text(column).is_empty() {
        return Ok(None);
    }
    seconds(row, column).map(Some)
}

/// The names seen so far, each with its line.
#[derive(Default)]
struct Names(BTreeMap<String, u64>);

impl Names {
    /// The name in `column`, which must be there and new.
    fn check(&mut self, row: Row<'_>, column: &'static str) -> Result<String, ImportError> {
        let name = row.text(column).to_owned();
        if name.is_empty() {
            return Err(row.wrong(Problem::Empty(column)));
        }
        match self.0.insert(name.clone(), row.line()) {
            Some(first) => Err(row.wrong(Problem::DuplicateName { name, first })),
            None => Ok(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const HEADER: &str = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,creation_time,deletion_time,scheduled_time";

    fn read(rows: &str) -> Result<Vec<(Pod, Times)>, String> {
        let text = format!("{HEADER}\n{rows}\n");
        Table::new(
            Path::new("pods.csv"),
            text.as_bytes().to_vec(),
            TIMED_COLUMNS,
        )
        .and_then(|table| pods(table, times))
        .map_err(|error| error.to_string())
    }

    #[track_caller]
    fn refused(rows: &str, message: &str) {
        assert_eq!(read(rows), Err(message.to_owned()));
    }

    fn read_nodes(rows: &str) -> Result<Vec<Node>, String> {
        let text = format!("sn,cpu_milli,memory_mib,gpu,model\n{rows}\n");
        Table::new(
            Path::new("nodes.csv"),
            text.as_bytes().to_vec(),
            NODE_COLUMNS,
        )
        .and_then(nodes)
        .map_err(|error| error.to_string())
    }

    #[test]
    fn a_pod_is_read_with_all_it_says() {
        let read = read("a,6000,0,2,1000,T4|G2,10,90,12").unwrap();
        let pod = Pod {
            name: "a".to_owned(),
            cpu: MilliCpu(6000),
            memory_mib: 0,
            gpus: 2,
            gpu_milli: 1000,
            models: "T4|G2".to_owned(),
        };
        let times = Times {
            created: Time::from_secs(10),
            ran: Some((Time::from_secs(12), Time::from_secs(90))),
            deleted: Some(Time::from_secs(90)),
        };
        assert_eq!(read[0].0.gpu(), MilliGpu(2000));
        assert_eq!(read, [(pod, times)]);
    }

    #[test]
    fn a_pod_that_was_never_scheduled_never_ran() {
        let read = read("a,1,1,0,0,,10,90,").unwrap();
        assert_eq!(read[0].1.ran, None);
        assert_eq!(read[0].1.deleted, Some(Time::from_secs(90)));
    }

    #[test]
    fn impossible_pods_are_refused_with_their_line() {
        refused(
            "a,1,1,0,0,,10,11,12",
            "pods.csv:2: deletion_time is before scheduled_time: a negative duration",
        );
        refused(
            "a,1,1,0,0,,10,12,9",
            "pods.csv:2: scheduled_time is before creation_time: a negative wait",
        );
        refused("a,1,1,0,0,,10,,12", "pods.csv:2: deletion_time is empty");
        refused(
            "a,1,1,0,0,,10,12,10\na,1,1,0,0,,10,12,10",
            "pods.csv:3: name `a` is taken by line 2",
        );
        refused(",1,1,0,0,,10,12,10", "pods.csv:2: name is empty");
        refused(
            "a@2,1,1,0,0,,10,12,10",
            "pods.csv:2: name `a@2` contains `@`, which numbers copies",
        );
        refused(
            "a,1,1,1,1001,,10,12,10",
            "pods.csv:2: gpu_milli `1001` is more than 1000",
        );
        refused(
            "a,1,1,1,0,,10,12,10",
            "pods.csv:2: num_gpu 1 with gpu_milli 0: both or neither must be 0",
        );
        refused(
            "a,1,1,0,5,,10,12,10",
            "pods.csv:2: num_gpu 0 with gpu_milli 5: both or neither must be 0",
        );
        refused(
            "a,1,1,1,5,T4|,10,12,10",
            "pods.csv:2: gpu_spec `T4|` is not a GPU model",
        );
        refused(
            "a,1,1,0,0,,18446744074,18446744074,18446744074",
            "pods.csv:2: creation_time `18446744074` is more than 18446744073",
        );
        refused("", "pods.csv: no rows below the header");
    }

    #[test]
    fn times_are_read_only_where_they_count() {
        let text = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\na,1,1,1,500\n";
        let table = || Path::new("pods.csv");
        let untimed = Table::new(table(), text.as_bytes().to_vec(), UNTIMED_COLUMNS).unwrap();
        assert_eq!(pods(untimed, |_| Ok(())).unwrap().len(), 1);
        let timed = Table::new(table(), text.as_bytes().to_vec(), TIMED_COLUMNS);
        let message = timed.map(|_| ()).unwrap_err().to_string();
        assert_eq!(message, "pods.csv:1: column `creation_time` is missing");
    }

    #[test]
    fn impossible_nodes_are_refused_with_their_line() {
        let refused = |rows, message: &str| {
            assert_eq!(read_nodes(rows), Err(message.to_owned()));
        };
        refused(
            "n,1,1,0,\nn,1,1,0,",
            "nodes.csv:3: name `n` is taken by line 2",
        );
        refused("n,1,1,1,A|B", "nodes.csv:2: model `A|B` is not a GPU model");
        refused(
            "n,1,1,65536,A",
            "nodes.csv:2: gpu `65536` is more than 65535",
        );
    }

    #[test]
    fn a_node_fits_what_it_could_host_empty() {
        let node = &read_nodes("n,8000,1024,2,T4").unwrap()[0];
        assert_eq!(node.gpu(), MilliGpu(2000));
        let fits = |ask: &str| node.fits(&read(&format!("a,{ask},10,12,10")).unwrap()[0].0);
        assert!(fits("8000,1024,2,1000,"));
        assert!(fits("1,1,1,500,G2|T4"));
        assert!(!fits("1,1,1,500,G2"));
        assert!(!fits("8001,1,0,0,"));
        assert!(!fits("1,1025,0,0,"));
        assert!(!fits("1,1,3,1000,"));
        // A pod without GPUs may run anywhere, whatever model it names.
        assert!(fits("1,1,0,0,G2"));
    }
}
