//! What can be set of `hpa`.

use super::Controller;
use super::behavior::{Behavior, Change, Policy, Rules, Select};
use super::calculator::Readiness;
use crate::policy::params::{Kind, Param, Params};
use crate::time::Duration;

/// Time between two decisions.
pub const SYNC_PERIOD: Param = Param {
    name: "sync_period",
    kind: Kind::Period,
    default: "15s",
    doc: "time between two decisions on a service (kube-controller-manager \
          `--horizontal-pod-autoscaler-sync-period`, v1.34)",
};

/// Time between two samples.
pub const METRIC_RESOLUTION: Param = Param {
    name: "metric_resolution",
    kind: Kind::Period,
    default: "15s",
    doc: "time between two samples of use, and the time each is measured over (metrics-server \
          `--metric-resolution` in its manifests, v0.8)",
};

/// Deviation that changes nothing.
pub const TOLERANCE: Param = Param {
    name: "tolerance",
    kind: Kind::Number { min: 0.0, max: 1.0 },
    default: "0.1",
    doc: "how far the ratio of use to target may be from 1 without a change (kube-controller-manager \
          `--horizontal-pod-autoscaler-tolerance`, v1.34)",
};

/// How long the highest recommendation holds a service up.
pub const DOWNSCALE_STABILIZATION: Param = Param {
    name: "downscale_stabilization",
    kind: Kind::Duration,
    default: "300s",
    doc: "how long the highest recommendation holds a shrinking service up (kube-controller-manager \
          `--horizontal-pod-autoscaler-downscale-stabilization`, v1.34)",
};

/// How long a starting pod's use may be that of its start.
pub const CPU_INITIALIZATION_PERIOD: Param = Param {
    name: "cpu_initialization_period",
    kind: Kind::Duration,
    default: "300s",
    doc: "how long after its start a pod's use counts only once it was ready for a whole sample \
          (kube-controller-manager `--horizontal-pod-autoscaler-cpu-initialization-period`, v1.34)",
};

/// How long a starting pod may become unready without having been ready.
pub const INITIAL_READINESS_DELAY: Param = Param {
    name: "initial_readiness_delay",
    kind: Kind::Duration,
    default: "30s",
    doc: "a pod that is not ready since less than this after its start was never ready \
          (kube-controller-manager `--horizontal-pod-autoscaler-initial-readiness-delay`, v1.34)",
};

/// Whether rules of behavior are given.
pub const BEHAVIOR: Param = Param {
    name: "behavior",
    kind: Kind::Choice(&["rules", "none"]),
    default: "rules",
    doc: "`rules`: speed is limited by the rules below, whose defaults are those of \
          `spec.behavior`; `none`: as for an object without `spec.behavior`, a service grows to at \
          most twice its size or 4 replicas at a time and the rules below do not count (autoscaling/v2 \
          and pkg/controller/podautoscaler/horizontal.go, v1.34)",
};

/// How long the lowest recommendation holds a growing service down.
pub const SCALE_UP_STABILIZATION: Param = Param {
    name: "scale_up_stabilization",
    kind: Kind::Duration,
    default: "0s",
    doc: "how long the lowest recommendation holds a growing service down (autoscaling/v2 \
          `behavior.scaleUp.stabilizationWindowSeconds`, v1.34)",
};

/// Pods that may be added.
pub const SCALE_UP_PODS: Param = Param {
    name: "scale_up_pods",
    kind: Kind::Integer { min: 0, max: MOST },
    default: "4",
    doc: "pods that may be added in one period, 0 for no such policy (autoscaling/v2 \
          `behavior.scaleUp.policies`, v1.34)",
};

/// Percent that may be added.
pub const SCALE_UP_PERCENT: Param = Param {
    name: "scale_up_percent",
    kind: Kind::Integer { min: 1, max: MOST },
    default: "100",
    doc: "percent of the pods that may be added in one period (autoscaling/v2 \
          `behavior.scaleUp.policies`, v1.34)",
};

/// Which policy decides when a service grows.
pub const SCALE_UP_SELECT: Param = Param {
    name: "scale_up_select",
    kind: SELECT,
    default: "max",
    doc: "which of the two decides: the one that allows most, or least; `disabled`: the service never \
          grows (autoscaling/v2 `behavior.scaleUp.selectPolicy`, v1.34)",
};

/// Pods that may be taken away.
pub const SCALE_DOWN_PODS: Param = Param {
    name: "scale_down_pods",
    kind: Kind::Integer { min: 0, max: MOST },
    default: "0",
    doc: "pods that may be taken away in one period, 0 for no such policy (autoscaling/v2 \
          `behavior.scaleDown.policies`, v1.34)",
};

/// Percent that may be taken away.
pub const SCALE_DOWN_PERCENT: Param = Param {
    name: "scale_down_percent",
    kind: Kind::Integer { min: 1, max: MOST },
    default: "100",
    doc: "percent of the pods that may be taken away in one period (autoscaling/v2 \
          `behavior.scaleDown.policies`, v1.34)",
};

/// Which policy decides when a service shrinks.
pub const SCALE_DOWN_SELECT: Param = Param {
    name: "scale_down_select",
    kind: SELECT,
    default: "max",
    doc: "which of the two decides: the one that allows most, or least; `disabled`: the service never \
          shrinks (autoscaling/v2 `behavior.scaleDown.selectPolicy`, v1.34)",
};

/// The period of all policies.
pub const PERIOD_SECONDS: Param = Param {
    name: "period_seconds",
    kind: Kind::Integer { min: 1, max: 1800 },
    default: "15",
    doc: "the period of all these policies, in seconds (autoscaling/v2 `periodSeconds`, v1.34)",
};

/// All of them.
pub const ALL: &[Param] = &[
    SYNC_PERIOD,
    METRIC_RESOLUTION,
    TOLERANCE,
    DOWNSCALE_STABILIZATION,
    CPU_INITIALIZATION_PERIOD,
    INITIAL_READINESS_DELAY,
    BEHAVIOR,
    SCALE_UP_STABILIZATION,
    SCALE_UP_PODS,
    SCALE_UP_PERCENT,
    SCALE_UP_SELECT,
    SCALE_DOWN_PODS,
    SCALE_DOWN_PERCENT,
    SCALE_DOWN_SELECT,
    PERIOD_SECONDS,
];

/// Kubernetes counts pods in 32 bits with a sign.
const MOST: u64 = i32::MAX as u64;

const SELECT: Kind = Kind::Choice(&["max", "min", "disabled"]);

/// The controller that is set so.
pub(super) fn controller(params: &Params) -> Controller {
    Controller {
        readiness: Readiness {
            initialization: params.duration(CPU_INITIALIZATION_PERIOD.name),
            initial_delay: params.duration(INITIAL_READINESS_DELAY.name),
            window: params.duration(METRIC_RESOLUTION.name),
        },
        tolerance: params.number(TOLERANCE.name),
        behavior: behavior(params),
    }
}

fn behavior(params: &Params) -> Behavior {
    let downscale = params.duration(DOWNSCALE_STABILIZATION.name);
    match params.choice(BEHAVIOR.name) {
        "none" => Behavior::Absent { window: downscale },
        "rules" => Behavior::Given {
            up: Rules {
                window: params.duration(SCALE_UP_STABILIZATION.name),
                select: select(params, SCALE_UP_SELECT),
                policies: policies(params, SCALE_UP_PODS, SCALE_UP_PERCENT),
            },
            down: Rules {
                window: downscale,
                select: select(params, SCALE_DOWN_SELECT),
                policies: policies(params, SCALE_DOWN_PODS, SCALE_DOWN_PERCENT),
            },
        },
        other => panic!("`{other}` is not a declared choice"),
    }
}

fn select(params: &Params, param: Param) -> Select {
    match params.choice(param.name) {
        "max" => Select::Max,
        "min" => Select::Min,
        "disabled" => Select::Disabled,
        other => panic!("`{other}` is not a declared choice"),
    }
}

fn policies(params: &Params, pods: Param, percent: Param) -> Vec<Policy> {
    let integer = |param: Param| {
        let value = params.integer(param.name);
        u32::try_from(value).expect("within the declared bounds")
    };
    let period = Duration::from_secs(params.integer(PERIOD_SECONDS.name));
    let pods = match integer(pods) {
        0 => None,
        pods => Some(Change::Pods(pods)),
    };
    let changes = pods.into_iter().chain([Change::Percent(integer(percent))]);
    changes.map(|change| Policy { change, period }).collect()
}
