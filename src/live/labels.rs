//! How everything that plimsoll makes on an engine is named and labelled.

/// The cluster that something belongs to. Nothing without it is ever touched.
pub const CLUSTER: &str = "plimsoll.cluster";
/// The run that made it.
pub const RUN: &str = "plimsoll.run";
/// The service of a container, or [`JOB`].
pub const SERVICE: &str = "plimsoll.service";
/// The n-th pod of the service, or the number of the job.
pub const SLOT: &str = "plimsoll.slot";
/// Which of the pod's containers it is.
pub const INCARNATION: &str = "plimsoll.incarnation";
/// Fingerprint of all that the container is made with.
pub const SPEC_HASH: &str = "plimsoll.spec-hash";
/// The node that an engine is: a label of a private engine, and of the cluster's network on any.
pub const NODE: &str = "plimsoll.node";
/// What stands for the service of a job's container. No service is called so: names have no colon.
pub const JOB: &str = "job:";

/// The name of a cluster's network on an engine.
pub fn network(cluster: &str) -> String {
    format!("plimsoll-{cluster}")
}

/// The name of a pod's container: the same whenever it is asked for, so that one whose creation was
/// not heard of is found again. The last two numbers tell names apart, whatever service is called.
pub fn container(cluster: &str, service: &str, slot: u32, incarnation: u32) -> String {
    let service = service.replace(':', "");
    format!("plimsoll-{cluster}-{service}-{slot}-{incarnation}")
}

/// What a name may be.
pub const FORM: &str =
    "up to 63 of A-Z, a-z, 0-9, `-`, `_` and `.`, beginning with a letter or a digit";

/// Whether a name may be part of what is made on an engine, and of a path: Docker takes ASCII alone, and a
/// dot in front would be another folder.
pub fn is_possible(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    begins && name.len() <= 63 && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_another_folder() {
        for good in ["shop", "live-shop", "a.b_c", "7", &"x".repeat(63)] {
            assert!(is_possible(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            ".x",
            "-x",
            "a/b",
            "a b",
            "é",
            &"x".repeat(64),
        ] {
            assert!(!is_possible(bad), "{bad}");
        }
    }
}
