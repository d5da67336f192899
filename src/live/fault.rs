//! What can be done to a live cluster beyond what a scenario's failures do: gray failures, which
//! leave something running that does not do its work.

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
