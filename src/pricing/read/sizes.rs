//! The sizes that a tariff file sells.

use super::items::Reader;
use crate::document::diagnostic::Diagnostic;
use crate::document::tree::{Node, Table};
use crate::metering::sizes::{Sizes, Sold as Combination};
use crate::pricing::tariff::Sold;

impl Reader<'_> {
    pub fn sizes(&mut self, table: &Table) -> Option<Sold> {
        let node = table.get("sizes")?;
        let table = node.table();
        let sold = table.at("sold").elements().iter().map(|node| self.combination(node)).collect();
        let sizes = Sizes {
            added: table.at("added").size(),
            milli_vcpu_step: table.at("milli_vcpu_step").count(),
            least_per_vcpu: table.at("least_per_vcpu").size(),
            most_per_vcpu: table.at("most_per_vcpu").size(),
            sold,
        };
        Some(Sold { sizes, provenance: self.provenance(table, table, node.span) })
    }

    fn combination(&mut self, node: &Node) -> Combination {
        let table = node.table();
        let size = |key: &str| table.at(key).size();
        let (least, most, step) = (size("least"), size("most"), size("step"));
        if most < least || step.0 == 0 || (most.0 - least.0) % step.0 > 0 {
            self.diagnostics.push(Diagnostic::error("`most` is not so many steps above `least`").at(node.span));
        }
        Combination { milli_vcpu: table.at("milli_vcpu").count(), least, most, step }
    }
}
