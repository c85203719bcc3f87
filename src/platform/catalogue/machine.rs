//! Machine types, and what a Kubernetes node of one leaves for pods.
//!
//! Rules of EKS: CPU reserved per core in tiers; memory reserved per possible pod, and an eviction threshold
//! (awslabs/amazon-eks-ami and aws/karpenter-provider-aws; the figures are in `machines/ec2.toml`).

use super::read::File;
use crate::document::provenance::Provenance;
use crate::document::tree::{Node, Table};
use crate::units::Bytes;

/// A machine type.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Its name: `m6i.large`.
    pub name: String,
    /// vCPUs.
    pub vcpu: f64,
    /// Nominal memory.
    pub memory: Bytes,
    /// Speed of one vCPU relative to the reference.
    pub cpu_speed: f64,
    /// Pods of a Kubernetes node, daemons included: network interfaces x (addresses each - 1) + 2.
    pub max_pods: u32,
    /// Origin of the size.
    pub provenance: Provenance,
    /// Origin of the speed.
    pub speed_provenance: Provenance,
}

/// What a Kubernetes node has for pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocatable {
    /// CPU, in milli-vCPU.
    pub milli_vcpu: u64,
    /// Memory.
    pub memory: Bytes,
}

/// The machine types, and the rules of allocatable.
#[derive(Clone, Debug, Default)]
pub(super) struct Machines {
    types: Vec<Machine>,
    /// (cores, milli-vCPU of each that are reserved).
    cpu_reserved: Vec<(f64, f64)>,
    memory_per_pod: Bytes,
    memory_reserved: Bytes,
    eviction: Bytes,
    vm_memory_overhead: f64,
}

impl Machines {
    pub(super) fn read(file: &File) -> Result<Self, String> {
        let rules = file.settings_of("allocatable", "")?;
        let rule = |key: &str| {
            let found = rules.iter().find(|setting| setting.key == key).map(|setting| &setting.node);
            found.ok_or_else(|| file.defect(key, "a rule is missing"))
        };
        let tier = |node: &Node| {
            (node.table().at("cores").number_or_none().unwrap_or(f64::INFINITY), node.table().at("milli_vcpu").number())
        };
        let mut machines = Self {
            types: Vec::new(),
            cpu_reserved: rule("cpu_reserved")?.elements().iter().map(tier).collect(),
            memory_per_pod: rule("memory_per_pod")?.size(),
            memory_reserved: rule("memory_reserved")?.size(),
            eviction: rule("eviction")?.size(),
            vm_memory_overhead: rule("vm_memory_overhead")?.number(),
        };
        let table =
            |key: &str| file.table().get(key).and_then(Node::as_table).ok_or_else(|| file.defect(key, "missing"));
        let families = table("family")?;
        for entry in table("machine")?.iter() {
            machines.types.push(machine(file, families, &entry.key, entry.node.table())?);
        }
        Ok(machines)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Machine> {
        self.types.iter().find(|machine| machine.name == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.types.iter().map(|machine| machine.name.as_str())
    }

    /// Capacity less what is reserved, rounded down to whole milli-vCPU and MiB.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // floats of at most millions, not negative
    pub(super) fn allocatable(&self, machine: &Machine) -> Allocatable {
        let mut cores = machine.vcpu;
        let mut reserved = 0.0;
        for (count, milli_vcpu) in &self.cpu_reserved {
            let taken = cores.min(*count);
            reserved += taken * milli_vcpu;
            cores -= taken;
        }
        let milli_vcpu = (machine.vcpu * 1000.0 - reserved).max(0.0).floor() as u64;
        let usable_mib = (machine.memory.mib() * (1.0 - self.vm_memory_overhead)).floor() as u64;
        let kept = u64::from(machine.max_pods) * self.memory_per_pod.0 + self.memory_reserved.0 + self.eviction.0;
        Allocatable { milli_vcpu, memory: Bytes((usable_mib * Bytes::MIB).saturating_sub(kept)) }
    }
}

fn machine(file: &File, families: &Table, name: &str, table: &Table) -> Result<Machine, String> {
    let family = name.split('.').next().unwrap_or(name);
    let family_table =
        families.get(family).and_then(Node::as_table).ok_or_else(|| file.defect(name, "no such family"))?;
    let interfaces = table.at("interfaces").count_u32();
    let addresses = table.at("addresses").count_u32();
    Ok(Machine {
        name: name.to_owned(),
        vcpu: table.at("vcpu").number(),
        memory: table.at("memory").size(),
        cpu_speed: family_table.at("cpu_speed").number(),
        max_pods: interfaces * addresses.saturating_sub(1) + 2,
        provenance: file.provenance(name, table)?,
        speed_provenance: file.provenance(family, family_table)?,
    })
}

#[cfg(test)]
mod tests {
    use crate::platform::catalogue::Catalogue;
    use crate::units::Bytes;

    /// Published by `EKS` (maxPods, CPU) and estimated by Karpenter (memory, 7.5 % overhead).
    #[test]
    fn allocatable_of_eks_nodes() {
        let catalogue = Catalogue::builtin();
        for (name, max_pods, mib, milli_vcpu) in [
            ("t3.medium", 17, 3246, 1930),
            ("m5.large", 29, 6903, 1930),
            ("m5.xlarge", 58, 14162, 3920),
            ("m5.2xlarge", 58, 29317, 7910),
            ("m5.4xlarge", 234, 57691, 15890),
            ("t3.micro", 4, 548, 1930),
        ] {
            let machine = catalogue.machine(name).unwrap();
            let allocatable = catalogue.allocatable(machine);
            assert_eq!(machine.max_pods, max_pods, "{name}");
            assert_eq!(allocatable.milli_vcpu, milli_vcpu, "{name}");
            assert_eq!(allocatable.memory, Bytes(mib * Bytes::MIB), "{name}");
        }
    }
}
