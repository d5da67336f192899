//! What can be done to a live cluster beyond what a scenario's failures do: gray failures, which
//! leave something running that does not do its work.

use crate::cluster::catalog::Catalog;
use crate::ids::{NodeId, ServiceId};
use crate::time::{Duration, Time};

/// Something that is done at a time, and undone after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
    /// After how long it is undone.
    pub length: Duration,
}

/// What is done, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// To the containers of a service that run then.
    Containers(Hardship, ServiceId),
    /// To the engine of a node, which must be a private one.
    Engine(EngineFault, NodeId),
}

/// What can be done to a container beside killing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hardship {
    /// Its processes are frozen.
    Pause,
    /// Its network is cut.
    Cut,
}

/// What can be done to a private engine, while its machine goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineFault {
    /// SIGTERM: it stops its containers, and ends.
    Stop,
    /// SIGKILL: its containers go on until it is started again.
    Kill,
    /// SIGSTOP: it answers nothing; its containers go on.
    Hang,
}

/// A name for each, as it is typed.
pub const HARDSHIPS: [(&str, Hardship); 2] = [("pause", Hardship::Pause), ("cut", Hardship::Cut)];

/// A name for each, as it is typed.
pub const ENGINE_FAULTS: [(&str, EngineFault); 3] = [
    ("stop", EngineFault::Stop),
    ("kill", EngineFault::Kill),
    ("hang", EngineFault::Hang),
];

impl Fault {
    /// What a reader of the results must know of it, once the run is over; `struck`: whether there was
    /// something to do it to.
    pub(super) fn note(&self, catalog: &Catalog, struck: bool, end: Time) -> Option<String> {
        let (what, target) = match self.what {
            What::Containers(what, service) => (
                name(&HARDSHIPS, what),
                catalog.services[service].name.as_str(),
            ),
            What::Engine(what, node) => (
                name(&ENGINE_FAULTS, what),
                catalog.nodes[node].name.as_str(),
            ),
        };
        let (at, length) = (self.at.secs_f64(), self.length.secs_f64());
        let fault = format!("the fault {what} of {target} at {at} s");
        if !struck {
            return Some(format!(
                "{fault} struck nothing: nothing of it ran then, or its engine did not do it in time"
            ));
        }
        let lasted = end.since(self.at);
        (lasted < self.length).then(|| {
            let lasted = lasted.secs_f64();
            format!(
                "{fault} was cut short by the end of the run: it lasted {lasted} s of {length} s"
            )
        })
    }
}

/// The name that something is typed by.
fn name<T: Copy + PartialEq>(names: &[(&'static str, T)], what: T) -> &'static str {
    let named = names.iter().find(|&&(_, one)| one == what);
    named.map_or("", |&(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::catalog::{ServiceSpec, Shape};

    #[test]
    fn a_fault_that_strikes_nothing_or_outlasts_the_run_is_noted() {
        let mut catalog = Catalog::default();
        let shape = catalog.shapes.push(Shape::default());
        let web = catalog.services.push(ServiceSpec {
            name: "web".to_owned(),
            shape,
            replicas: 1,
            min_available: 1,
            slo: None,
            hpa: None,
        });
        let note = |length, struck| {
            let fault = Fault {
                at: Time::from_secs(14),
                what: What::Containers(Hardship::Pause, web),
                length: Duration::from_secs(length),
            };
            fault.note(&catalog, struck, Time::from_secs(15))
        };
        let begins = "the fault pause of web at 14 s";
        assert_eq!(note(1, true), None);
        let short = "was cut short by the end of the run: it lasted 1 s of 3600 s";
        assert_eq!(note(3600, true), Some(format!("{begins} {short}")));
        let nothing = "struck nothing: nothing of it ran then, or its engine did not do it in time";
        assert_eq!(note(3600, false), Some(format!("{begins} {nothing}")));
    }
}
