//! Pods on nodes: scheduling, image pulls, node boot and removal, and the CPU of a node that its pods share.
//!
//! Daemons are taken to use what they request.

use std::collections::VecDeque;

use crate::kernel::streams::{Stream, stream};
use crate::platform::instance::Instance as Size;
use crate::platform::placement::cluster_autoscaler::{Group, NodeScaler, Stage};
use crate::platform::placement::scheduler::{Resources, Room, best_nodes};
use crate::platform::placement::{Nodes, Placement};
use crate::units::Nanos;

use super::billing::BilledTime;
use super::cpu::MICRO;
use super::instances::Phase;
use super::limits::Limit;
use super::losses::LostZone;
use super::record::NONE;
use super::router::below;
use super::{Core, Plan};

/// A node.
#[derive(Debug)]
pub(super) struct Node {
    /// Never used again.
    pub id: u64,
    pub group: usize,
    /// `None` when it has ended.
    pub stage: Option<Stage>,
    /// When it is up.
    pub up_at: u64,
    pub room: Room,
    pub pods: Vec<u32>,
    /// vCPUs for pods, in millionths.
    pub capacity: u64,
    /// What the pods could use now, in millionths.
    pub demand: u64,
    pub contended: bool,
    /// Whether it has a pod that is never moved.
    pub kept: bool,
    /// When the image of each service is there; `u64::MAX` before a pull.
    pub images_at: Vec<u64>,
    pub opened: u64,
}

/// What runs on the nodes beside the services, and the id of the node that it is on.
#[derive(Debug)]
pub(super) struct SystemPlace {
    pub request: Resources,
    pub node: Option<u64>,
}

/// What a pod of a service is.
#[derive(Debug)]
pub(super) struct PodSpec {
    pub request: Resources,
    /// vCPUs that it may use when the others leave it enough.
    pub limit: f64,
}

impl PodSpec {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // vCPUs are positive and small
    fn of(size: &Size) -> Self {
        let request = Resources { milli_vcpu: (size.vcpu * 1000.0).round() as u64, memory: size.memory };
        Self { request, limit: size.vcpu_limit.unwrap_or(f64::INFINITY) }
    }

    /// Its weight where pods contend for CPU.
    pub fn weight(&self) -> u64 {
        self.request.milli_vcpu.max(1)
    }
}

/// The nodes of a deployment.
#[derive(Debug)]
pub(super) struct Cluster {
    pub groups: Vec<Group>,
    pub nodes: Vec<Node>,
    pub scaler: Option<NodeScaler>,
    pub pending: VecDeque<u32>,
    /// What a pod of each service is.
    pub services: Vec<PodSpec>,
    /// What runs on the nodes beside them.
    pub system: Vec<SystemPlace>,
    /// Billed time of the nodes of each group; and that of each slice.
    pub billed: Vec<BilledTime>,
    pub billed_time: Vec<Vec<u128>>,
    last_id: u64,
    /// Zones of each group, and until when one of them is lost.
    pub zones: Vec<u32>,
    pub lost_until: u64,
    pub luck: Stream,
    /// For the scheduler.
    best: Vec<usize>,
}

impl Cluster {
    pub fn new(nodes: &Nodes, plan: &Plan<'_>) -> Self {
        let deployment = plan.deployment;
        let specs = (0..plan.application.services.len()).map(|service| deployment.of_service(service));
        let meter = &deployment.meter;
        let kinds = nodes.groups.len();
        let daemons = Resources { milli_vcpu: nodes.daemonset_milli_vcpu, memory: nodes.daemonset_memory };
        let groups = nodes
            .groups
            .iter()
            .map(|group| {
                let allocatable =
                    Resources { milli_vcpu: group.allocatable_milli_vcpu, memory: group.allocatable_memory };
                let mut template =
                    Room { allocatable, max_pods: group.max_pods, requested: Resources::default(), pods: 0 };
                if daemons != Resources::default() {
                    template.add(daemons);
                }
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // machines are small
                let capacity = Resources { milli_vcpu: (group.vcpu * 1000.0) as u64, memory: group.memory };
                let min = group.min.next_multiple_of(group.zones.max(1));
                Group { template, capacity, min, max: group.max.max(min) }
            })
            .collect();
        Self {
            groups,
            nodes: Vec::new(),
            scaler: nodes.autoscaler.clone().map(NodeScaler::new),
            pending: VecDeque::new(),
            services: specs.map(|spec| PodSpec::of(spec.instance)).collect(),
            system: nodes
                .system
                .iter()
                .map(|pod| Resources { milli_vcpu: pod.milli_vcpu, memory: pod.memory })
                .map(|request| SystemPlace { request, node: None })
                .collect(),
            billed: (0..kinds).map(|_| BilledTime::new(meter.round_up, meter.minimum, meter.tail)).collect(),
            billed_time: vec![Vec::new(); kinds],
            last_id: 0,
            zones: nodes.groups.iter().map(|group| group.zones).collect(),
            lost_until: 0,
            luck: stream(plan.seed, "nodes", &deployment.name, plan.replication),
            best: Vec::new(),
        }
    }

    fn of_group(&self, group: usize) -> u32 {
        let there =
            self.nodes.iter().filter(|node| node.group == group && node.stage.is_some_and(|s| s != Stage::Leaving));
        u32::try_from(there.count()).unwrap_or(u32::MAX)
    }

    /// What a pod of a service requests.
    fn request(&self, station: u16) -> Resources {
        self.services[usize::from(station)].request
    }

    /// A slice ends at `now`, the one of this index (`None`: the warm-up).
    pub fn roll(&mut self, now: u64, slice: Option<usize>) {
        for (time, slices) in self.billed.iter_mut().zip(&mut self.billed_time) {
            let billed = time.take(now);
            if slice.is_some() {
                slices.push(billed);
            }
        }
    }

    /// Whether a node is in the zone that is lost, or would be.
    pub fn is_in_lost_zone(&self, node: &Node) -> bool {
        LostZone::has(node.id, self.zones[node.group])
    }

    /// A number for a new node of a group at `now`: while a zone is lost, of one in another zone if there is any.
    pub fn number(&mut self, group: usize, now: u64) -> u64 {
        self.last_id += 1;
        if now < self.lost_until && LostZone::has(self.last_id, self.zones[group]) {
            self.last_id += u64::from(self.zones[group] > 1);
        }
        self.last_id
    }

    fn all_full(&self) -> bool {
        (0..self.groups.len()).all(|group| self.of_group(group) >= self.groups[group].max)
    }
}

impl Core<'_> {
    pub(super) fn node_spec(&self) -> Option<&Nodes> {
        match &self.deployment.placement {
            Placement::Nodes(nodes) => Some(nodes),
            Placement::Provider => None,
        }
    }

    /// Puts a pod of the first instant on a node, without a wait. `false`: there is no room.
    pub(super) fn place_at_first(&mut self, instance: u32) -> bool {
        if self.cluster.is_none() {
            return true;
        }
        match self.choose_node(self.station.number) {
            Some(node) => {
                self.put_on_node(instance, node);
                true
            }
            None => false,
        }
    }

    /// A pod asks for a node.
    pub(super) fn place(&mut self, instance: u32) {
        if let Some(node) = self.choose_node(self.station.number) {
            self.put_on_node(instance, node);
            let delay = self.image_wait(node);
            self.begin_start(instance, delay);
        } else if let Some(cluster) = &mut self.cluster {
            cluster.pending.push_back(instance);
            self.note_nodes();
        }
    }

    /// The node that the scheduler picks; ties by draw.
    fn choose_node(&mut self, station: u16) -> Option<usize> {
        let scoring = self.node_spec()?.scheduler;
        let cluster = self.cluster.as_mut()?;
        let pod = cluster.request(station);
        let ready = cluster.nodes.iter().enumerate().filter(|(_, node)| node.stage == Some(Stage::Ready));
        best_nodes(scoring, pod, ready.map(|(index, node)| (index, &node.room)), &mut cluster.best);
        match cluster.best.len() {
            0 => None,
            1 => Some(cluster.best[0]),
            ties => Some(cluster.best[below(&mut cluster.luck, ties)]),
        }
    }

    fn put_on_node(&mut self, instance: u32, node: usize) {
        let speed = {
            let Some(spec) = self.node_spec() else { return };
            let Some(cluster) = &self.cluster else { return };
            spec.groups[cluster.nodes[node].group].cpu_speed * self.station.spec.instance.cpu_speed
        };
        let now = self.now;
        let Some(cluster) = &mut self.cluster else { return };
        let station = self.station.number;
        let pod = cluster.request(station);
        cluster.nodes[node].room.add(pod);
        cluster.nodes[node].pods.push(instance);
        let limit = cluster.services[usize::from(station)].limit.min(cluster.nodes[node].capacity as f64 / MICRO);
        self.instances[instance as usize].node = u32::try_from(node).expect("nodes are numbered by u32");
        self.tally.node_cpu_requested.raise(pod.milli_vcpu * 1000, now);
        self.cpu_model.keep(limit, speed);
        if let Some(cpu) = self.cpus.get_mut(instance as usize) {
            cpu.set_machine(&self.cpu_model, limit, speed);
        }
    }

    /// How long until the image is on a node; a pull starts if there was none.
    fn image_wait(&mut self, node: usize) -> u64 {
        let now = self.now;
        let station = usize::from(self.station.number);
        let size = self.station.service.image;
        let pull = self.node_spec().map_or(Nanos::ZERO, |spec| spec.pull_time(size));
        let Some(cluster) = &mut self.cluster else { return 0 };
        let image_at = &mut cluster.nodes[node].images_at[station];
        if *image_at == u64::MAX {
            *image_at = now.saturating_add(pull.0);
        }
        image_at.saturating_sub(now)
    }

    /// A node is up: it takes the pods that wait.
    pub(super) fn node_ready(&mut self, node: u32) {
        let now = self.now;
        let Some(cluster) = &mut self.cluster else { return };
        let node = &mut cluster.nodes[node as usize];
        // One that was lost meanwhile has left its number, perhaps to another.
        if node.stage != Some(Stage::Booting) || node.up_at != now {
            return;
        }
        node.stage = Some(Stage::Ready);
        self.tally.node_cpu.raise(cluster.groups[node.group].capacity.milli_vcpu * 1000, now);
        self.tally.node_cpu_requested.raise(node.room.requested.milli_vcpu * 1000, now);
        self.place_system_pods();
        self.place_pending();
    }

    /// Tries the pods that wait for a node, in order.
    fn place_pending(&mut self) {
        let here = self.station.number;
        while let Some(&instance) = self.cluster.as_ref().and_then(|cluster| cluster.pending.front()) {
            if self.instances[instance as usize].phase != Phase::Pending {
                self.forget_pending();
                continue;
            }
            let station = self.instances[instance as usize].station;
            let Some(node) = self.choose_node(station) else { break };
            self.forget_pending();
            self.enter(station);
            self.put_on_node(instance, node);
            let delay = self.image_wait(node);
            self.begin_start(instance, delay);
        }
        self.enter(here);
        self.note_nodes();
    }

    fn forget_pending(&mut self) {
        if let Some(cluster) = &mut self.cluster {
            cluster.pending.pop_front();
        }
    }

    /// Keeps the gauge of nodes: pods wait and no group may grow.
    pub(super) fn note_nodes(&mut self) {
        if let Some(cluster) = &self.cluster {
            let homeless = cluster.system.iter().any(|pod| pod.node.is_none());
            let held = (homeless || !cluster.pending.is_empty()) && (cluster.scaler.is_none() || cluster.all_full());
            self.limits.reached(Limit::Nodes, held, self.now);
        }
    }

    /// A pod that waited for a node is no more.
    pub(super) fn withdraw_pending(&mut self, instance: u32) {
        if let Some(cluster) = &mut self.cluster {
            cluster.pending.retain(|&other| other != instance);
        }
        self.note_nodes();
    }

    /// A pod has gone from its node.
    pub(super) fn leave_node(&mut self, instance: u32) {
        let now = self.now;
        let index = std::mem::replace(&mut self.instances[instance as usize].node, NONE) as usize;
        let Some(cluster) = &mut self.cluster else { return };
        let pod = cluster.request(self.station.number);
        let node = &mut cluster.nodes[index];
        node.pods.retain(|&other| other != instance);
        node.room.remove(pod);
        self.tally.node_cpu_requested.lower(pod.milli_vcpu * 1000, now);
        if node.stage == Some(Stage::Leaving) {
            if node.pods.is_empty() {
                self.end_node(index);
            }
        } else {
            self.place_pending();
        }
    }
}
