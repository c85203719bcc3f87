//! The CPU of a node that its pods share.
//!
//! All pods of a deployment have the same request, so their weights are equal, and water-filling by weight is
//! water-filling by equal shares.

use super::Core;
use super::cpu::{MICRO, micro};
use super::record::NONE;

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

    /// Shares the CPU of an instance's node out again: it is, or was, too little for what its pods could use.
    #[inline(never)]
    fn share_node(&mut self, instance: u32) {
        let index = self.instances[instance as usize].node as usize;
        let Some(cluster) = &mut self.cluster else { return };
        let node = &mut cluster.nodes[index];
        let cpu = &mut self.cpus[instance as usize];
        let demand = micro(cpu.demand(&self.cpu_model).min(node.pod_limit));
        node.demand = node.demand - std::mem::replace(&mut cpu.wanted, demand) + demand;
        node.contended = node.demand > node.capacity;
        let (contended, limit, mut rest) = (node.contended, node.pod_limit, node.capacity);
        let mut by_demand = std::mem::take(&mut self.by_demand);
        by_demand.clone_from(&node.pods);
        by_demand.sort_by_key(|&pod| self.cpus[pod as usize].wanted);
        for (position, &pod) in by_demand.iter().enumerate() {
            let cpu = &mut self.cpus[pod as usize];
            let share = rest / (by_demand.len() - position) as u64;
            let given = cpu.wanted.min(share);
            rest -= given;
            let limit = if contended { given as f64 / MICRO } else { limit };
            if pod != instance && cpu.limit() == limit {
                continue;
            }
            cpu.advance(self.now);
            cpu.set_limit(&self.cpu_model, limit);
            cpu.share(&self.cpu_model);
            self.arm_cpu(pod);
        }
        self.by_demand = by_demand;
    }
}
