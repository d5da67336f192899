//! Values of labels.

use crate::cluster::pod::Exit;
use crate::record::standing::{Healed, Placed, Queue, Scaled, Verb};

/// All ways in which a container ends.
pub(super) const CAUSES: [Exit; 6] = [
    Exit::Completed,
    Exit::Crashed,
    Exit::OutOfMemory,
    Exit::NodeOutOfMemory,
    Exit::Stopped,
    Exit::NodeLost,
];
/// All parts of the scheduling queue.
pub(super) const QUEUES: [Queue; 3] = [Queue::Active, Queue::BackOff, Queue::Unschedulable];
/// All commands, those that can fail first.
pub(super) const VERBS: [Verb; 5] = [
    Verb::Start,
    Verb::Stop,
    Verb::Route,
    Verb::Unroute,
    Verb::Sample,
];
/// All decisions of schedulers.
pub(super) const PLACED: [Placed; 3] =
    [Placed::Scheduled, Placed::Unschedulable, Placed::Preempting];
/// All decisions of autoscalers.
pub(super) const SCALED: [Scaled; 3] = [Scaled::Up, Scaled::Down, Scaled::Unchanged];
/// All decisions of healers.
pub(super) const HEALED: [Healed; 9] = [
    Healed::PlanRestart,
    Healed::Restart,
    Healed::Fail,
    Healed::Evict,
    Healed::NotReady,
    Healed::Ready,
    Healed::Taint,
    Healed::Untaint,
    Healed::Zone,
];

pub(super) const fn cause(exit: Exit) -> &'static str {
    match exit {
        Exit::Completed => "completed",
        Exit::Crashed => "crashed",
        Exit::OutOfMemory => "out_of_memory",
        Exit::NodeOutOfMemory => "node_out_of_memory",
        Exit::Stopped => "stopped",
        Exit::NodeLost => "node_lost",
    }
}

/// As kube-scheduler names them (v1.34, `scheduler_pending_pods`).
pub(super) const fn queue(queue: Queue) -> &'static str {
    match queue {
        Queue::Active => "active",
        Queue::BackOff => "backoff",
        Queue::Unschedulable => "unschedulable",
    }
}

pub(super) const fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Start => "start",
        Verb::Stop => "stop",
        Verb::Route => "route",
        Verb::Unroute => "unroute",
        Verb::Sample => "sample",
    }
}

/// As kube-scheduler names them where it has them (v1.34, `scheduler_schedule_attempts_total`).
pub(super) const fn placed(placed: Placed) -> &'static str {
    match placed {
        Placed::Scheduled => "scheduled",
        Placed::Unschedulable => "unschedulable",
        Placed::Preempting => "preempting",
    }
}

pub(super) const fn scaled(scaled: Scaled) -> &'static str {
    match scaled {
        Scaled::Up => "up",
        Scaled::Down => "down",
        Scaled::Unchanged => "none",
    }
}

pub(super) const fn healed(healed: Healed) -> &'static str {
    match healed {
        Healed::PlanRestart => "plan_restart",
        Healed::Restart => "restart",
        Healed::Fail => "fail",
        Healed::Evict => "evict",
        Healed::NotReady => "mark_not_ready",
        Healed::Ready => "mark_ready",
        Healed::Taint => "taint",
        Healed::Untaint => "untaint",
        Healed::Zone => "change_zone",
    }
}
