//! The CPU of a node that its pods share.
//!
//! All pods of a deployment have the same request, so their weights are equal, and water-filling by weight is
//! water-filling by equal shares.

use super::Core;
use super::cpu::{MICRO, micro};

impl Core<'_> {
    /// Shares the CPU of an instance's node out again after the jobs of the instance have changed.
    pub(super) fn share_node(&mut self, instance: u32) {
        let index = self.instances[instance as usize].node as usize;
        let Some(cluster) = &mut self.cluster else { return };
        let node = &mut cluster.nodes[index];
        let limit = node.pod_limit;
        let cpu = &mut self.cpus[instance as usize];
        let demand = micro(cpu.demand(&self.cpu_model).min(limit));
        node.demand = node.demand - std::mem::replace(&mut cpu.wanted, demand) + demand;
        let contended = node.demand > node.capacity;
        if !contended && !node.contended {
            cpu.share(&self.cpu_model);
            self.arm_cpu(instance);
            return;
        }
        node.contended = contended;
        let mut rest = node.capacity;
        let mut by_demand = std::mem::take(&mut self.by_demand);
        by_demand.clone_from(&node.pods);
        by_demand.sort_by_key(|&pod| self.cpus[pod as usize].wanted);
        for (position, &pod) in by_demand.iter().enumerate() {
            let cpu = &mut self.cpus[pod as usize];
            let share = rest / (by_demand.len() - position) as u64;
            let given = cpu.wanted.min(share);
            rest -= given;
            cpu.advance(self.now);
            cpu.set_limit(&self.cpu_model, if contended { given as f64 / MICRO } else { limit });
            cpu.share(&self.cpu_model);
            self.arm_cpu(pod);
        }
        self.by_demand = by_demand;
    }
}
