//! Names of pods: the owner's and the number, as the columns of `pods.csv` say: `cart-7`.

use super::Moment;
use crate::cluster::pod::Owner;
use crate::ids::PodId;
use crate::report::results::owner_parts;

/// The name of a pod.
pub fn of(moment: &Moment<'_>, pod: PodId) -> String {
    let (_, owner) = owner(moment, pod);
    format!("{owner}-{}", moment.belief.pods()[pod].index)
}

/// What owns a pod, in one word, and its name.
pub fn owner<'a>(moment: &Moment<'a>, pod: PodId) -> (&'static str, &'a str) {
    let owner: Owner = moment.belief.pods()[pod].owner;
    owner_parts(owner, moment.scenario, moment.jobs)
}

/// The pods of that name, of which there are several only where a service and a job are named alike.
/// With `service/` or `job/` before it the name says which is meant; the name of a job alone means its
/// last pod.
pub fn find(moment: &Moment<'_>, name: &str) -> Vec<PodId> {
    let (kind, name) = match name.split_once('/') {
        Some((kind @ ("service" | "job"), name)) => (Some(kind), name),
        _ => (None, name),
    };
    let numbered = name.rsplit_once('-');
    let numbered = numbered.and_then(|(owner, index)| Some((owner, index.parse::<u32>().ok()?)));
    let pods = || {
        let pods = moment.belief.pods().iter();
        let owned = pods.map(|(pod, state)| (pod, state.index, owner(moment, pod)));
        owned.filter(|(_, _, (known, _))| kind.is_none_or(|kind| kind == *known))
    };
    let exact = pods().filter(|&(_, index, (_, owner))| numbered == Some((owner, index)));
    let exact: Vec<PodId> = exact.map(|(pod, ..)| pod).collect();
    match exact[..] {
        [] => {
            let of_job = pods().filter(|&(_, _, owner)| owner == ("job", name));
            of_job
                .map(|(pod, ..)| pod)
                .next_back()
                .into_iter()
                .collect()
        }
        _ => exact,
    }
}

/// The names of all pods there have been until then.
pub fn all(moment: &Moment<'_>) -> impl Iterator<Item = String> {
    moment.belief.pods().ids().map(|pod| of(moment, pod))
}
