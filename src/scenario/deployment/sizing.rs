//! The size of one instance: typed, bought with memory, or decided by a class or machine type.
//!
//! What is decided is written back into the table, so that what is resolved states it.

use super::fact;
use super::merge::Merged;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::Span;
use crate::document::tree::{Node, Table, Value};
use crate::platform::Fact;
use crate::platform::catalogue::{Catalogue, Sizing};
use crate::platform::instance::Instance;
use crate::units::Bytes;

pub(super) fn instance(merged: &mut Merged<'_>, catalogue: &Catalogue, problems: &mut Diagnostics) -> Option<Instance> {
    let mut facts: Vec<Fact> = Vec::new();
    let mut variant = String::new();
    let instance = merged.table.at("instance").table().clone();
    match &merged.platform.sizing {
        Sizing::Free => {}
        Sizing::Memory { mib_per_vcpu, max_vcpu, min, max, provenance } => {
            let memory = bought_memory(instance.at("memory"), *min, *max, &merged.platform.title, problems)?;
            let vcpu = (memory.mib() / mib_per_vcpu).min(*max_vcpu);
            write(&mut merged.table, "instance", "vcpu", Value::Float(vcpu));
            facts.push(fact("instance.vcpu", format!("{vcpu:.4}"), provenance));
        }
        Sizing::Class(classes) => {
            let node = instance.at("class");
            let Some(class) = classes.iter().find(|class| class.name == node.text()) else {
                let names = classes.iter().map(|class| class.name.as_str());
                problems.push(unknown("instance class", node, names));
                return None;
            };
            write(&mut merged.table, "instance", "vcpu", Value::Float(class.vcpu));
            write(&mut merged.table, "instance", "memory", bytes(class.memory));
            write(&mut merged.table, "meter", "weight", Value::Integer(i64::from(class.weight)));
            facts.push(fact("instance.vcpu", class.vcpu.to_string(), &class.provenance));
            facts.push(fact("instance.memory", class.memory.to_string(), &class.provenance));
            facts.push(fact("meter.weight", class.weight.to_string(), &class.provenance));
            variant.clone_from(&class.name);
        }
        Sizing::Machine => {
            let node = instance.at("type");
            let Some(machine) = catalogue.machine(node.text()) else {
                problems.push(unknown("machine type", node, catalogue.machines()));
                return None;
            };
            write(&mut merged.table, "instance", "vcpu", Value::Float(machine.vcpu));
            write(&mut merged.table, "instance", "memory", bytes(machine.memory));
            facts.push(fact("instance.vcpu", machine.vcpu.to_string(), &machine.provenance));
            facts.push(fact("instance.memory", machine.memory.to_string(), &machine.provenance));
            // A speed that was typed wins over the machine type's.
            if !merged.overrides.iter().any(|changed| changed.key == "instance.cpu_speed") {
                write(&mut merged.table, "instance", "cpu_speed", Value::Float(machine.cpu_speed));
                merged.facts.retain(|fact| fact.key != "instance.cpu_speed");
                facts.push(fact("instance.cpu_speed", machine.cpu_speed.to_string(), &machine.speed_provenance));
            }
            variant.clone_from(&machine.name);
        }
    }
    merged.facts.extend(facts);
    let table = merged.table.at("instance").table();
    let vcpu = table.at("vcpu").number();
    let start = table.at("start_vcpu");
    Some(Instance {
        vcpu,
        vcpu_limit: table.get("vcpu_limit").and_then(Node::number_or_none),
        cpu_speed: table.at("cpu_speed").number(),
        start_vcpu: if start.as_str().is_some() { vcpu } else { start.number() },
        memory: table.at("memory").size(),
        memory_limit: table.get("memory_limit").and_then(Node::size_or_none),
        variant,
    })
}

/// The memory that is bought, in whole MiB within a range.
fn bought_memory(node: &Node, min: Bytes, max: Bytes, title: &str, problems: &mut Diagnostics) -> Option<Bytes> {
    let memory = node.size();
    if memory < min || memory > max {
        let label = format!("allowed: {}MiB to {}MiB", min.mib(), max.mib());
        problems.push(Diagnostic::error(format!("{title} does not sell this memory")).at(node.span).label(label));
        return None;
    }
    if !memory.0.is_multiple_of(Bytes::MIB) {
        let message = format!("{title} sells memory in whole MiB");
        problems.push(
            Diagnostic::error(message)
                .at(node.span)
                .help(format!("what the provider calls MB is MiB: write \"{}MiB\"", memory.mib_ceil())),
        );
        return None;
    }
    Some(memory)
}

fn unknown<'n>(what: &str, node: &Node, names: impl IntoIterator<Item = &'n str>) -> Diagnostic {
    Diagnostic::error(format!("unknown {what} `{}`", node.text())).at(node.span).nearest(node.text(), names)
}

fn bytes(size: Bytes) -> Value {
    Value::String(format!("{}B", size.0))
}

fn write(table: &mut Table, section: &str, key: &str, value: Value) {
    if let Some(section) = table.get_mut(section).and_then(Node::as_table_mut) {
        section.insert(key, Span::BUILT_IN, Node::built_in(value));
    }
}
