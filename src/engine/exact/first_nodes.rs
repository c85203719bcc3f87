//! The nodes of the first instant, and what runs on them beside the services.

use crate::platform::placement::cluster_autoscaler::Stage;
use crate::platform::placement::scheduler::Room;

use super::cluster::{Cluster, Node};
use super::limits::Limit;
use super::{Core, Event};

impl Cluster {
    /// Nodes of each group at the first instant, for these numbers of pods of each service: the first that have room.
    fn first_nodes(&self, pods: &[u32]) -> Vec<u32> {
        let mut counts: Vec<u32> = self.groups.iter().map(|group| group.min).collect();
        if self.scaler.is_none() {
            return counts;
        }
        let nodes = self.groups.iter().zip(&counts).flat_map(|(group, &count)| (0..count).map(|_| group.template));
        let mut rooms: Vec<Room> = nodes.collect();
        let system = self.system.iter().map(|pod| (pod.request, 1));
        let pods = self.services.iter().map(|service| service.request).zip(pods.iter().copied());
        for (pod, count) in system.chain(pods) {
            // Those before are too full for a pod of this size.
            let mut first = 0;
            for _ in 0..count {
                while rooms.get(first).is_some_and(|room| !room.fits(pod)) {
                    first += 1;
                }
                if first == rooms.len() {
                    let has_room = |&group: &usize| {
                        counts[group] < self.groups[group].max && self.groups[group].template.fits(pod)
                    };
                    let Some(group) = (0..self.groups.len()).find(has_room) else { break };
                    counts[group] += 1;
                    rooms.push(self.groups[group].template);
                }
                rooms[first].add(pod);
            }
        }
        counts
    }
}

impl Core<'_> {
    /// The nodes at the first instant: every group's minimum, and as many more as these numbers of pods of each service
    /// need and groups may have.
    pub(super) fn prepare_nodes(&mut self, pods: &[u32]) {
        let Some(cluster) = &self.cluster else { return };
        self.tally.has_nodes();
        let most = cluster.groups.iter().map(|group| group.max.to_string()).collect::<Vec<_>>().join(" + ");
        let counts = cluster.first_nodes(pods);
        let scan = cluster.scaler.as_ref().map(|scaler| scaler.flags().scan_interval);
        for (group, count) in counts.into_iter().enumerate() {
            for _ in 0..count {
                let node = self.order_node(group, true);
                self.node_ready(node);
                if let Some(cluster) = &mut self.cluster {
                    cluster.nodes[node as usize].images_at.fill(0);
                }
            }
        }
        self.limits.declare(Limit::Nodes, most, true);
        self.note_nodes();
        if let Some(interval) = scan {
            self.again(interval, Event::Scan);
        }
    }

    /// Puts what runs beside the services, and is on no node, on the first that have room. It is taken to use what it
    /// requests, and the node that has it stays.
    pub(super) fn place_system_pods(&mut self) {
        let now = self.now;
        let Some(cluster) = &mut self.cluster else { return };
        for pod in cluster.system.iter_mut().filter(|pod| pod.node.is_none()) {
            let has_room = |node: &&mut Node| node.stage == Some(Stage::Ready) && node.room.fits(pod.request);
            if let Some(node) = cluster.nodes.iter_mut().find(has_room) {
                let milli_vcpu = pod.request.milli_vcpu;
                node.room.add(pod.request);
                node.kept = true;
                node.capacity = node.capacity.saturating_sub(milli_vcpu * 1000).max(1);
                pod.node = Some(node.id);
                self.tally.node_cpu_requested.raise(milli_vcpu * 1000, now);
            }
        }
    }
}
