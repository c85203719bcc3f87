//! The CPU of a node that its pods share.
//!
//! Pods share in proportion to their requests, as the CPU weights of cgroups have it; what one cannot use is left to the
//! others.

use std::cmp::Ordering;

use super::Core;
use super::cpu::{MICRO, micro};
use super::record::NONE;
use super::work::arm;

impl Core<'_> {
    /// Shares an instance's CPU out again after its jobs have changed, and sees to its entry in the agenda. On a node
    /// that has room, before and after, nobody else is touched.
    #[inline(always)]
    #[allow(clippy::inline_always)] // twice per request
    pub(super) fn share_cpu(&mut self, instance: u32) {
        let cpu = &mut self.cpus[instance as usize];
        let node = self.instances[instance as usize].node;
        if node == NONE {
            cpu.share(&self.cpu_model);
            self.arm_cpu(instance);
            return;
        }
        let Some(cluster) = &mut self.cluster else { return };
        let node = &mut cluster.nodes[node as usize];
        if !node.contended {
            cpu.share(&self.cpu_model);
            let wanted = cpu.allocated();
            let demand = node.demand - cpu.wanted + wanted;
            if demand <= node.capacity {
                (cpu.wanted, node.demand) = (wanted, demand);
                self.arm_cpu(instance);
                return;
            }
        }
        self.share_node(instance);
    }

    /// Shares the CPU of an instance's node out again: it is, or was, too little for what its pods could use. The least
    /// demanding for their weight come first; what they leave is shared by the rest.
    #[inline(never)]
    fn share_node(&mut self, instance: u32) {
        let index = self.instances[instance as usize].node as usize;
        let Some(cluster) = &mut self.cluster else { return };
        let node = &mut cluster.nodes[index];
        let (services, whole) = (&cluster.services, node.capacity as f64 / MICRO);
        let instances = &self.instances;
        let service = |pod: u32| &services[usize::from(instances[pod as usize].station)];
        let cpu = &mut self.cpus[instance as usize];
        let demand = micro(cpu.demand(&self.cpu_model).min(service(instance).limit.min(whole)));
        node.demand = node.demand - std::mem::replace(&mut cpu.wanted, demand) + demand;
        node.contended = node.demand > node.capacity;
        let (contended, mut rest) = (node.contended, node.capacity);
        let mut by_demand = std::mem::take(&mut self.by_demand);
        by_demand.clone_from(&node.pods);
        by_demand.sort_by_key(|&pod| Share { wanted: self.cpus[pod as usize].wanted, weight: service(pod).weight() });
        let mut weights: u64 = by_demand.iter().map(|&pod| service(pod).weight()).sum();
        for &pod in &by_demand {
            let cpu = &mut self.cpus[pod as usize];
            let (weight, limit) = (service(pod).weight(), service(pod).limit.min(whole));
            let given = cpu.wanted.min(part(rest, weight, weights));
            rest -= given;
            weights -= weight;
            let limit = if contended { given as f64 / MICRO } else { limit };
            if pod != instance && cpu.limit() == limit {
                continue;
            }
            cpu.advance(self.now);
            cpu.set_limit(&self.cpu_model, limit);
            cpu.share(&self.cpu_model);
            arm(&mut self.agenda, cpu, pod);
        }
        self.by_demand = by_demand;
    }
}

/// What a pod could use, for its weight: the order in which a node's CPU is given out.
#[derive(PartialEq, Eq)]
struct Share {
    wanted: u64,
    weight: u64,
}

impl Ord for Share {
    fn cmp(&self, other: &Self) -> Ordering {
        let times = |a: u64, b: u64| u128::from(a) * u128::from(b);
        times(self.wanted, other.weight).cmp(&times(other.wanted, self.weight))
    }
}

impl PartialOrd for Share {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The part of `rest` that is due to `weight` of `weights`.
#[allow(clippy::cast_possible_truncation)] // not more than the rest
fn part(rest: u64, weight: u64, weights: u64) -> u64 {
    (u128::from(rest) * u128::from(weight) / u128::from(weights)) as u64
}
