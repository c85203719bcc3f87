//! The life of nodes: ordered, booted, emptied, ended.

use rand::Rng;

use crate::platform::meter::Per;
use crate::platform::placement::Placement;
use crate::platform::placement::cluster_autoscaler::{Node as SeenNode, Stage};
use crate::platform::placement::scheduler::Resources;
use crate::units::Nanos;

use super::cluster::Node;
use super::instances::Phase;
use super::losses::LostZone;
use super::record::NONE;
use super::{Core, Event};

impl Core<'_> {
    /// Orders a node of a group, or (`initial`) finds one there at the first instant.
    pub(super) fn order_node(&mut self, group: usize, initial: bool) -> u32 {
        let now = self.now;
        self.tally.node_started(now, initial);
        let daemon_milli = self.node_spec().map_or(0, |spec| spec.daemonset_milli_vcpu);
        let per_node = self.deployment.meter.per == Per::Node;
        let Some(cluster) = &mut self.cluster else { return NONE };
        if per_node {
            cluster.billed[group].open(now);
        }
        let id = cluster.number(group, now);
        let template = &cluster.groups[group];
        let capacity = template.capacity.milli_vcpu.saturating_sub(daemon_milli).max(1) * 1000;
        let node = Node {
            id,
            group,
            stage: Some(Stage::Booting),
            up_at: now,
            room: template.template,
            pods: Vec::new(),
            capacity,
            demand: 0,
            contended: false,
            kept: false,
            images_at: vec![u64::MAX; cluster.services.len()],
            opened: now,
        };
        let index = cluster.nodes.iter().position(|node| node.stage.is_none()).unwrap_or(cluster.nodes.len());
        if index < cluster.nodes.len() {
            cluster.nodes[index] = node;
        } else {
            cluster.nodes.push(node);
        }
        u32::try_from(index).expect("fewer than four billion nodes")
    }

    pub(super) fn end_node(&mut self, index: usize) {
        let now = self.now;
        let Some(cluster) = &mut self.cluster else { return };
        let node = &mut cluster.nodes[index];
        let was_up = node.stage.take().is_some_and(|stage| stage != Stage::Booting);
        let (opened, group, capacity) =
            (node.opened, node.group, cluster.groups[node.group].capacity.milli_vcpu * 1000);
        let requested = node.room.requested.milli_vcpu * 1000;
        if was_up {
            self.tally.node_cpu.lower(capacity, now);
            self.tally.node_cpu_requested.lower(requested, now);
        }
        self.tally.nodes.lower(1, now);
        if self.deployment.meter.per == Per::Node {
            cluster.billed[group].close(opened, now, now);
        }
    }

    /// The Cluster Autoscaler looks.
    pub(super) fn scan(&mut self) {
        let now = Nanos(self.now);
        let Some(cluster) = &mut self.cluster else { return };
        let Some(scaler) = &mut cluster.scaler else { return };
        let interval = scaler.flags().scan_interval;
        let services = &cluster.services;
        let request = |&pod: &u32| services[usize::from(self.instances[pod as usize].station)].request;
        let pods: Vec<Vec<Resources>> =
            cluster.nodes.iter().map(|node| node.pods.iter().map(request).collect()).collect();
        let seen: Vec<SeenNode<'_>> = cluster
            .nodes
            .iter()
            .zip(&pods)
            .filter_map(|(node, pods)| {
                let stage = node.stage?;
                Some(SeenNode { id: node.id, group: node.group, stage, room: node.room, pods, kept: node.kept })
            })
            .collect();
        let homeless = cluster.system.iter().filter(|pod| pod.node.is_none()).map(|pod| pod.request);
        let pending: Vec<Resources> = homeless.chain(cluster.pending.iter().map(request)).collect();
        let draw = cluster.luck.next_u64();
        let actions = scaler.scan(now, &cluster.groups, &seen, &pending, draw);
        if let Some((group, count)) = actions.grow {
            for _ in 0..count {
                self.boot_node(group);
            }
        }
        for id in actions.remove {
            self.drain_node(id);
        }
        self.note_nodes();
        self.again(interval, Event::Scan);
    }

    /// Orders a node of a group, which boots. One whose only zone is lost is up when that is back.
    pub(super) fn boot_node(&mut self, group: usize) {
        let number = self.order_node(group, false);
        let boot = match &self.deployment.placement {
            Placement::Nodes(spec) => spec.boot.draw_whole(&mut self.station.luck.start),
            Placement::Provider => 0,
        };
        let Some(cluster) = &mut self.cluster else { return };
        let (node, zones) = (&mut cluster.nodes[number as usize], cluster.zones[group]);
        let back = if LostZone::has(node.id, zones) { cluster.lost_until } else { 0 };
        node.up_at = self.now.saturating_add(boot).max(back);
        self.agenda.schedule(node.up_at, Event::Node(number).order());
    }

    /// Empties a node: each of its pods ends when it has finished, and another is asked for in its place.
    fn drain_node(&mut self, id: u64) {
        let Some(cluster) = &mut self.cluster else { return };
        let Some(index) = cluster.nodes.iter().position(|node| node.id == id && node.stage.is_some()) else { return };
        cluster.nodes[index].stage = Some(Stage::Leaving);
        let pods = cluster.nodes[index].pods.clone();
        if pods.is_empty() {
            self.end_node(index);
            return;
        }
        for instance in pods {
            if self.instances[instance as usize].phase == Phase::Draining {
                continue;
            }
            self.enter(self.instances[instance as usize].station);
            self.stop_instance(instance);
            self.start_instance();
        }
    }
}
