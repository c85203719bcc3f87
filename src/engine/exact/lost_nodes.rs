//! Nodes that are lost, with their pods.

use crate::platform::placement::Placement;
use crate::platform::placement::cluster_autoscaler::Stage;

use super::Core;
use super::cluster::Node;

impl Core<'_> {
    /// Nodes in the zone that is lost.
    pub(super) fn nodes_of_lost_zone(&self) -> Vec<u32> {
        let Some(cluster) = &self.cluster else { return Vec::new() };
        let lost = |node: &Node| node.stage.is_some() && cluster.is_in_lost_zone(node);
        (0..).zip(&cluster.nodes).filter(|(_, node)| lost(node)).map(|(index, _)| index).collect()
    }

    /// Nodes that are up and may be taken back: those of spare capacity where there are groups of it.
    pub(super) fn nodes_to_reclaim(&self) -> Vec<u32> {
        let (Some(cluster), Placement::Nodes(spec)) = (&self.cluster, &self.deployment.placement) else {
            return Vec::new();
        };
        let some_spare = spec.groups.iter().any(|group| group.spot);
        let may = |node: &Node| {
            matches!(node.stage, Some(Stage::Ready | Stage::Leaving)) && (spec.groups[node.group].spot || !some_spare)
        };
        (0..).zip(&cluster.nodes).filter(|(_, node)| may(node)).map(|(index, _)| index).collect()
    }

    /// These nodes are lost, with their pods. Their groups keep their sizes: others are ordered in their place.
    pub(super) fn lose_nodes(&mut self, lost: &[u32]) {
        // Whichever service was served last, boots are drawn by the luck of the first.
        self.enter(0);
        let Some(cluster) = &mut self.cluster else { return };
        cluster.lost_until = self.faults.zone.until;
        let (mut pods, mut empty, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for &index in lost {
            let node = &mut cluster.nodes[index as usize];
            for pod in cluster.system.iter_mut().filter(|pod| pod.node == Some(node.id)) {
                pod.node = None;
            }
            kept.extend((node.stage != Some(Stage::Leaving)).then_some(node.group));
            if node.pods.is_empty() {
                empty.push(index as usize);
            } else {
                // It ends with the last of its pods, and takes no others.
                node.stage = Some(Stage::Leaving);
                pods.extend(node.pods.iter().copied());
            }
        }
        for index in empty {
            self.end_node(index);
        }
        for group in kept {
            self.boot_node(group);
        }
        self.place_system_pods();
        self.lose(&pods);
    }
}
