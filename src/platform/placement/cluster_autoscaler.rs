//! How many nodes there should be: the Kubernetes Cluster Autoscaler.
//!
//! Owns its flags and one scan: `grow` says which group gets nodes, `shrink` which nodes are not needed, [`NodeScaler::scan`]
//! joins them. Pure: the caller passes the time, the cluster and a draw for what is left to chance. Follows
//! <https://github.com/kubernetes/autoscaler>, `cluster-autoscaler` 1.37, and its FAQ. Left out: failed or slow boots and
//! their back-off, priorities, balancing of similar groups, the limit of 1000 nodes a scan.

mod grow;
mod shrink;

use std::collections::BTreeMap;

use super::NodeGroup;
use super::scheduler::{Resources, Room};
use crate::units::Nanos;

/// Flags of the Cluster Autoscaler.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterAutoscaler {
    /// How often it looks.
    pub scan_interval: Nanos,
    /// Which group grows.
    pub expander: Expander,
    /// A node must be unneeded this long before it is removed.
    pub unneeded_time: Nanos,
    /// No removal within this long of a scale-up.
    pub delay_after_add: Nanos,
    /// A node below this utilisation (requests over allocatable) is a candidate for removal.
    pub utilization_threshold: f64,
}

/// Which group grows when several would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expander {
    /// The one that leaves least unused.
    LeastWaste,
    /// The one that takes most pods.
    MostPods,
    /// Any.
    Random,
}

/// A node group: nodes that come from one template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// A new node: its daemons are already in.
    pub template: Room,
    /// CPU and memory of the machine, what is reserved included.
    pub capacity: Resources,
    /// Fewest nodes.
    pub min: u32,
    /// Most nodes.
    pub max: u32,
}

impl Group {
    /// The group that `group` describes, with `daemon_pods` daemons on every node that request `daemons` together. Its
    /// minimum is a multiple of its zones, unless that exceeds its maximum.
    #[must_use]
    pub fn new(group: &NodeGroup, daemons: Resources, daemon_pods: u32) -> Self {
        let allocatable = Resources { milli_vcpu: group.allocatable_milli_vcpu, memory: group.allocatable_memory };
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
        let milli_vcpu = (group.vcpu * 1000.0).round() as u64;
        Self {
            template: Room { allocatable, max_pods: group.max_pods, requested: daemons, pods: daemon_pods },
            capacity: Resources { milli_vcpu, memory: group.memory },
            min: group.min.checked_next_multiple_of(group.zones.max(1)).unwrap_or(group.max).min(group.max),
            max: group.max,
        }
    }
}

/// Where a node is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Ordered: it will take pods.
    Booting,
    /// It takes pods.
    Ready,
    /// It is being drained or removed, and no longer counts.
    Leaving,
}

/// A node, as a scan sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node<'a> {
    /// Its name: unique, never used again.
    pub id: u64,
    /// Index of its group.
    pub group: usize,
    /// Where it is in its life.
    pub stage: Stage,
    /// What it has left. The daemons of a booting node are already in.
    pub room: Room,
    /// Its pods, without its daemons.
    pub pods: &'a [Resources],
    /// Whether it has a pod that must not be moved: it is never removed.
    pub kept: bool,
}

/// What a scan decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// Index of a group, and how many nodes to add to it.
    pub grow: Option<(usize, u32)>,
    /// Nodes to drain and remove, by id.
    pub remove: Vec<u64>,
}

/// One Cluster Autoscaler: flags and memory.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeScaler {
    flags: ClusterAutoscaler,
    last_add: Option<Nanos>,
    unneeded_since: BTreeMap<u64, Nanos>,
}

impl NodeScaler {
    /// An autoscaler that has seen nothing.
    #[must_use]
    pub const fn new(flags: ClusterAutoscaler) -> Self {
        Self { flags, last_add: None, unneeded_since: BTreeMap::new() }
    }

    /// Its flags.
    #[must_use]
    pub const fn flags(&self) -> &ClusterAutoscaler {
        &self.flags
    }

    /// One scan at `now`, no earlier than the last. `pending` are the pods that wait for a node, in any order; `draw` is
    /// any number, uniformly drawn, and decides among groups that are equally good. The actions are taken to be carried
    /// out. A scan that adds nodes looks no further.
    pub fn scan(
        &mut self,
        now: Nanos,
        groups: &[Group],
        nodes: &[Node<'_>],
        pending: &[Resources],
        draw: u64,
    ) -> Actions {
        let grow = grow::plan(self.flags.expander, groups, nodes, pending, draw);
        if grow.is_some() {
            self.last_add = Some(now);
            return Actions { grow, remove: Vec::new() };
        }
        let unneeded = shrink::unneeded(self.flags.utilization_threshold, nodes);
        self.unneeded_since.retain(|id, _| unneeded.iter().any(|index| nodes[*index].id == *id));
        for index in &unneeded {
            self.unneeded_since.entry(nodes[*index].id).or_insert(now);
        }
        let remove = if self.adding_is_recent(now) {
            Vec::new()
        } else {
            let due = |id: u64| now.saturating_sub(self.unneeded_since[&id]) >= self.flags.unneeded_time;
            let due = unneeded.iter().copied().filter(|index| due(nodes[*index].id));
            shrink::removable(groups, nodes, due)
        };
        Actions { grow: None, remove }
    }

    fn adding_is_recent(&self, now: Nanos) -> bool {
        self.last_add.is_some_and(|added| now.saturating_sub(added) < self.flags.delay_after_add)
    }
}

/// Nodes of a group that count: those that leave do not.
fn size(nodes: &[Node<'_>], group: usize) -> u32 {
    let counted = nodes.iter().filter(|node| node.group == group && node.stage != Stage::Leaving).count();
    u32::try_from(counted).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
