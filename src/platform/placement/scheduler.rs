//! Which node a pod goes to: kube-scheduler's filter and scores.
//!
//! Owns what a node has left and the choice among nodes. Follows Kubernetes, `pkg/scheduler/framework/plugins`
//! (`noderesources`, default profile, master of 2026; <https://github.com/kubernetes/kubernetes>): the filter `NodeResourcesFit`,
//! its score and that of `NodeResourcesBalancedAllocation`, weight 1 each. Left out: topology spread (a preference of weight
//! 2; with the least-allocated score and pods of one shape, pods spread anyway), affinities, taints, image locality (all
//! nodes are alike in these) and sampling (clusters of 100 nodes and more look at a part of them).

use crate::units::Bytes;

/// How the nodes that fit are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scoring {
    /// Prefer the emptiest (kube-scheduler's default).
    LeastAllocated,
    /// Prefer the fullest.
    MostAllocated,
}

/// CPU and memory: what a pod requests, or what a node has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// In milli-vCPU.
    pub milli_vcpu: u64,
    /// Memory.
    pub memory: Bytes,
}

/// What a node has for pods, and what its pods, daemons included, request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// For pods.
    pub allocatable: Resources,
    /// Most pods.
    pub max_pods: u32,
    /// Requested.
    pub requested: Resources,
    /// Pods.
    pub pods: u32,
}

impl Room {
    /// Whether `pod` fits. Only requests count, not what is used.
    #[must_use]
    pub const fn fits(&self, pod: Resources) -> bool {
        self.pods < self.max_pods
            && self.requested.milli_vcpu.saturating_add(pod.milli_vcpu) <= self.allocatable.milli_vcpu
            && self.requested.memory.0.saturating_add(pod.memory.0) <= self.allocatable.memory.0
    }

    /// Takes `pod` in.
    pub const fn add(&mut self, pod: Resources) {
        self.pods += 1;
        self.requested.milli_vcpu += pod.milli_vcpu;
        self.requested.memory.0 += pod.memory.0;
    }

    /// Lets `pod`, which it took in, go.
    pub const fn remove(&mut self, pod: Resources) {
        self.pods -= 1;
        self.requested.milli_vcpu -= pod.milli_vcpu;
        self.requested.memory.0 -= pod.memory.0;
    }

    /// The larger of the requested shares of CPU and memory; 0 of nothing is 0.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        let share = |part: u64, whole: u64| if part == 0 { 0.0 } else { part as f64 / whole as f64 };
        share(self.requested.milli_vcpu, self.allocatable.milli_vcpu)
            .max(share(self.requested.memory.0, self.allocatable.memory.0))
    }

    /// Score of this node for `pod`, which fits, 0..=200: the sum of two whole scores of at most 100.
    #[must_use]
    pub fn score(&self, scoring: Scoring, pod: Resources) -> u64 {
        let milli = (self.requested.milli_vcpu + pod.milli_vcpu, self.allocatable.milli_vcpu);
        let memory = (self.requested.memory.0 + pod.memory.0, self.allocatable.memory.0);
        let fit = u64::midpoint(allocated(scoring, milli), allocated(scoring, memory));
        fit + balance(milli, memory)
    }
}

/// Percent of a resource that is left, or taken, with the pod; in whole numbers.
fn allocated(scoring: Scoring, (requested, allocatable): (u64, u64)) -> u64 {
    if allocatable == 0 || requested > allocatable {
        return 0;
    }
    let part = match scoring {
        Scoring::LeastAllocated => allocatable - requested,
        Scoring::MostAllocated => requested,
    };
    part.saturating_mul(100) / allocatable
}

/// 100 less the standard deviation of the two shares in percent, in whole numbers.
fn balance(milli: (u64, u64), memory: (u64, u64)) -> u64 {
    let share = |(requested, allocatable): (u64, u64)| {
        if allocatable == 0 { 1.0 } else { (requested as f64 / allocatable as f64).min(1.0) }
    };
    let deviation = (share(milli) - share(memory)).abs() / 2.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0.5..=1 times 100
    let score = ((1.0 - deviation) * 100.0) as u64;
    score
}

/// Writes the nodes that score highest for `pod` into `best`, in the order given; none if it fits nowhere. kube-scheduler
/// draws among them uniformly: so may the caller.
pub fn best_nodes<'a, K>(
    scoring: Scoring,
    pod: Resources,
    nodes: impl IntoIterator<Item = (K, &'a Room)>,
    best: &mut Vec<K>,
) {
    best.clear();
    let mut highest = 0;
    for (node, room) in nodes {
        if !room.fits(pod) {
            continue;
        }
        let score = room.score(scoring, pod);
        if best.is_empty() || score > highest {
            best.clear();
            highest = score;
        }
        if score == highest {
            best.push(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resources(milli_vcpu: u64, mib: u64) -> Resources {
        Resources { milli_vcpu, memory: Bytes(mib * Bytes::MIB) }
    }

    /// A node with 2000 m and 8000 MiB of which some is requested.
    fn room(milli_vcpu: u64, mib: u64) -> Room {
        Room { allocatable: resources(2000, 8000), max_pods: 29, requested: resources(milli_vcpu, mib), pods: 3 }
    }

    fn best(scoring: Scoring, pod: Resources, rooms: &[Room]) -> Vec<usize> {
        let mut best = vec![99];
        best_nodes(scoring, pod, rooms.iter().enumerate(), &mut best);
        best
    }

    #[test]
    fn requests_and_pod_counts_filter() {
        assert!(room(1500, 0).fits(resources(500, 8000)));
        assert!(!room(1501, 0).fits(resources(500, 0)));
        assert!(!room(0, 1).fits(resources(0, 8000)));
        assert!(!Room { pods: 29, ..room(0, 0) }.fits(resources(1, 1)));
    }

    #[test]
    fn scores_are_whole_numbers() {
        // With the pod 667 m of 2000 (66.65 % left) and 3000 MiB of 8000 (62.5 % left).
        let (node, pod) = (room(167, 1000), resources(500, 2000));
        assert_eq!(
            node.score(Scoring::LeastAllocated, pod),
            64 + 97,
            "the mean of 66 and 62; deviation (0.375 - 0.3335) / 2"
        );
        assert_eq!(node.score(Scoring::MostAllocated, pod), 35 + 97, "the mean of 33 and 37");
    }

    #[test]
    fn the_default_spreads_and_the_alternative_packs() {
        let (rooms, pod) =
            ([room(500, 2000), room(250, 1000), room(1750, 7000), room(250, 1000)], resources(500, 2000));
        assert_eq!(best(Scoring::LeastAllocated, pod, &rooms), [1, 3]);
        assert_eq!(best(Scoring::MostAllocated, pod, &rooms), [0], "the fullest has no room");
        assert_eq!(best(Scoring::LeastAllocated, resources(2001, 0), &rooms), [0usize; 0]);
    }

    proptest! {
        #[test]
        fn the_best_fit_and_none_scores_higher(
            loads in proptest::collection::vec((0..2500u64, 0..9000u64), 0..20), milli in 1..2500u64, mib in 1..9000u64,
        ) {
            let rooms: Vec<Room> = loads.into_iter().map(|(milli, mib)| room(milli, mib)).collect();
            let pod = resources(milli, mib);
            let fitting = rooms.iter().filter(|room| room.fits(pod));
            let highest = fitting.map(|room| room.score(Scoring::LeastAllocated, pod)).max();
            let best = best(Scoring::LeastAllocated, pod, &rooms);
            prop_assert_eq!(best.is_empty(), highest.is_none());
            for node in best {
                prop_assert!(rooms[node].fits(pod));
                prop_assert_eq!(Some(rooms[node].score(Scoring::LeastAllocated, pod)), highest);
            }
        }

        #[test]
        fn what_was_taken_in_can_go(milli in 0..2000u64, mib in 0..8000u64) {
            let mut node = room(0, 0);
            node.add(resources(milli, mib));
            node.remove(resources(milli, mib));
            prop_assert_eq!(node, room(0, 0));
        }
    }
}
