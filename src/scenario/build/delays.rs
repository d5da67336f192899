//! How late everything is heard and done.

use super::Builder;
use crate::scenario::decode::{At, Field};
use crate::scenario::problem::Problem;
use crate::scenario::raw::curves::{Dist, Law};
use crate::scenario::raw::{self, Crowd as RawCrowd};
use crate::sim::config::{Config, Crowd, Delay};
use crate::time::Duration;

impl Builder<'_> {
    /// All delays; `None` once a problem has been reported.
    pub(super) fn delays(&mut self, raw: Field<raw::Delays>) -> Option<Config> {
        let raw = raw.or_blank()?;
        let default = Config::default();
        let heartbeat = self.above_zero("heartbeat", raw.heartbeat.or(default.heartbeat));
        let plain = |field: Field<Duration>, default| field.or(default).map(|at| at.value);
        let bandwidth = raw.pull_bandwidth.optional();
        let status = self.delay(raw.status, default.status);
        let create = self.crowd(raw.create, default.create);
        let ready = self.delay(raw.ready, default.ready);
        let stop = self.delay(raw.stop, default.stop);
        let boot = self.delay(raw.boot, default.boot);
        Some(Config {
            heartbeat: heartbeat?,
            scheduling: plain(raw.scheduling, default.scheduling)?,
            command: plain(raw.command, default.command)?,
            status: status?,
            endpoints: plain(raw.endpoints, default.endpoints)?,
            metrics: plain(raw.metrics, default.metrics)?,
            create: create?,
            shared_machine: raw.shared_machine.or(default.shared_machine)?.value,
            ready: ready?,
            stop: stop?,
            boot: boot?,
            pull_bandwidth: bandwidth?.map(|at| at.value.0).or(default.pull_bandwidth),
            grace: plain(raw.grace, default.grace)?,
        })
    }

    fn delay(&mut self, raw: Field<Dist>, default: Delay) -> Option<Delay> {
        match raw.optional()? {
            Some(given) => self.one_delay(given),
            None => Some(default),
        }
    }

    fn one_delay(&mut self, raw: At<Dist>) -> Option<Delay> {
        match raw.value {
            Dist::Fixed(length) => Some(Delay::Always(length)),
            Dist::Drawn(Law::Constant(length)) => Some(Delay::Always(length.value)),
            Dist::Drawn(_) => self.distribution(raw).map(Delay::Drawn),
        }
    }

    fn crowd(&mut self, raw: Field<RawCrowd>, default: Crowd) -> Option<Crowd> {
        let Some(At { value, span }) = raw.optional()? else {
            return Some(default);
        };
        let levels = match value {
            RawCrowd::Alike(value) => {
                return self.one_delay(At { value, span }).map(Crowd::alike);
            }
            RawCrowd::ByNumber(levels) => levels,
        };
        let levels = levels.read(|level| {
            let number = level.value.starting.given();
            let time = level.value.time.given();
            let (number, time) = (number?, self.one_delay(time?)?);
            Some((u32::try_from(number.value).unwrap_or(u32::MAX), time))
        })?;
        let crowd = Crowd::new(levels);
        if crowd.is_none() {
            let problem = Problem::error("`starting` begins with 1 and rises from entry to entry");
            self.problems.push(problem.at(span, ""));
        }
        crowd
    }
}
