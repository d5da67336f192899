//! Traffic of a live run, put to the time in which it flowed.

use std::ops::ControlFlow;

use crate::cluster::Cluster;
use crate::record::{Record, Recorder, Truth};
use crate::time::Time;

/// Hands on records in order of time, an interval of traffic behind: what flowed on engines is known when
/// an interval is over, and is told as the rate from its start on.
#[derive(Debug)]
pub(in crate::run) struct Behind<R> {
    recorder: R,
    /// The start of the interval that `held` is of.
    since: Time,
    held: Vec<(Time, Record)>,
    /// The end of that interval, once it is over.
    until: Time,
    /// The traffic of that interval.
    flows: Vec<Record>,
}

impl<R: Recorder> Behind<R> {
    /// Nothing is held back yet.
    pub(in crate::run) fn new(recorder: R) -> Behind<R> {
        Behind {
            recorder,
            since: Time::ZERO,
            held: Vec::new(),
            until: Time::ZERO,
            flows: Vec::new(),
        }
    }

    /// The run is over: hands on what is held back.
    pub(in crate::run) fn finish(mut self) -> R {
        self.hand_on();
        self.recorder
    }

    fn hand_on(&mut self) {
        for flow in self.flows.drain(..) {
            self.recorder.record(self.since, flow);
        }
        for (at, record) in self.held.drain(..) {
            self.recorder.record(at, record);
        }
        self.since = self.until;
    }
}

impl<R: Recorder> Recorder for Behind<R> {
    fn record(&mut self, at: Time, record: Record) {
        let is_traffic = matches!(record, Record::Truth(Truth::Traffic { .. }));
        let goes_on = is_traffic && at == self.until;
        if !(self.flows.is_empty() || goes_on) {
            self.hand_on();
        }
        if is_traffic {
            self.until = at;
            self.flows.push(record);
        } else {
            self.held.push((at, record));
        }
    }

    fn turn(&mut self, now: Time, belief: &Cluster) -> ControlFlow<()> {
        self.recorder.turn(now, belief)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{NodeId, ServiceId};
    use crate::record::{Flow, Memory};

    #[test]
    fn traffic_is_told_from_the_start_of_its_interval_on_and_the_last_is_not_lost() {
        let flow = |service, served| {
            let service = ServiceId(service);
            let flow = Flow {
                served,
                ..Flow::default()
            };
            Record::Truth(Truth::Traffic { service, flow })
        };
        let node = |node| Record::Truth(Truth::NodeUp(NodeId(node)));
        let at = Time::from_secs;
        let mut behind = Behind::new(Memory::default());
        let told = [
            (0, node(0)),
            (1, flow(0, 1.0)),
            (1, flow(1, 2.0)),
            (1, node(1)),
            (2, flow(0, 3.0)),
            (4, flow(0, 4.0)),
            (5, node(2)),
            (6, flow(0, 5.0)),
        ];
        for (second, record) in told {
            behind.record(at(second), record);
        }
        let expected = [
            (0, flow(0, 1.0)),
            (0, flow(1, 2.0)),
            (0, node(0)),
            (1, flow(0, 3.0)),
            (1, node(1)),
            (2, flow(0, 4.0)),
            (4, flow(0, 5.0)),
            (5, node(2)),
        ];
        let expected = expected.map(|(second, record)| (at(second), record));
        assert_eq!(behind.finish().records, expected);
    }
}
