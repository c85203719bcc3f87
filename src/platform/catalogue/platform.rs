//! A named platform: what it offers, how an instance is sized, and its settings.

use super::read::{File, Setting};
use crate::document::provenance::Provenance;
use crate::document::tree::{Entry, Node};
use crate::platform::Family;
use crate::units::Bytes;

/// A platform of the catalogue.
#[derive(Clone, Debug)]
pub struct Platform {
    /// Catalogue id.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Kind of platform.
    pub family: Family,
    /// Kinds of autoscaler that it offers.
    pub autoscalers: Kinds,
    /// Kinds of placement that it offers. `none`: the provider has room for every instance.
    pub placements: Kinds,
    /// Where requests queue, the bound, and what happens beyond it; `{fleet.queue}` stands for that key's value.
    pub queueing: String,
    /// How an instance is sized.
    pub sizing: Sizing,
    /// Its settings: keys of `[[deployment]]`, `autoscaler.KIND.KEY`, `placement.node.KEY`, and `runtime`.
    pub settings: Vec<Setting>,
    /// Ranges narrower than the language's.
    pub limits: Vec<Limit>,
    /// Keys that it does not offer, and why.
    pub not_offered: Vec<(String, String)>,
    /// Its own stores, queues and workflows: (kind, id).
    pub parts: Vec<(String, String)>,
    /// What it bills that is not modelled: (what, usual share or empty).
    pub not_modelled: Vec<(String, String)>,
    /// Those of them that `nat` models where it is said.
    pub of_nat: Vec<String>,
}

/// Kinds of a part that a platform offers.
#[derive(Clone, Debug)]
pub struct Kinds {
    /// Their words; the first is the default. At least one.
    pub words: Vec<String>,
    /// Origin of the choice.
    pub provenance: Provenance,
}

impl Kinds {
    fn read(file: &File, part: &str) -> Result<Self, String> {
        let settings = file.settings_of("kinds", "")?;
        let setting = settings.into_iter().find(|setting| setting.key == part);
        let setting = setting.ok_or_else(|| file.defect(part, "no kinds"))?;
        let words: Vec<String> = setting.node.elements().iter().map(|node| node.text().to_owned()).collect();
        if words.is_empty() {
            return Err(file.defect(part, "no kinds"));
        }
        Ok(Self { words, provenance: setting.provenance })
    }

    /// The default.
    #[must_use]
    pub fn first(&self) -> &str {
        &self.words[0]
    }

    /// Whether `word` is one of them.
    #[must_use]
    pub fn offer(&self, word: &str) -> bool {
        self.words.iter().any(|offered| offered == word)
    }
}

/// How the size of an instance follows from what a scenario says.
#[derive(Clone, Debug)]
pub enum Sizing {
    /// `instance.vcpu` and `instance.memory`.
    Free,
    /// `instance.memory` decides the vCPUs.
    Memory {
        /// MiB that buy one vCPU.
        mib_per_vcpu: f64,
        /// Most vCPUs.
        max_vcpu: f64,
        /// Smallest memory.
        min: Bytes,
        /// Largest memory.
        max: Bytes,
        /// Origin of the rule.
        provenance: Provenance,
    },
    /// `instance.class` decides.
    Class(Vec<Class>),
    /// `instance.type` decides: a machine type of the catalogue.
    Machine,
}

/// An instance class.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name: `F2`.
    pub name: String,
    /// vCPUs.
    pub vcpu: f64,
    /// Memory.
    pub memory: Bytes,
    /// Billed instance-hours in one hour.
    pub weight: u32,
    /// Origin.
    pub provenance: Provenance,
}

/// A range of a key that is narrower than the language's.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Dotted key.
    pub key: String,
    /// Smallest value.
    pub min: Node,
    /// Largest value.
    pub max: Node,
    /// Origin.
    pub provenance: Provenance,
}

impl Platform {
    pub(super) fn read(file: &File) -> Result<Self, String> {
        let family = match file.text("family")?.as_str() {
            "faas" => Family::Faas,
            "paas" => Family::Paas,
            "kubernetes" => Family::Kubernetes,
            "vm" => Family::Vm,
            other => return Err(file.defect("family", &format!("unknown: {other}"))),
        };
        Ok(Self {
            id: file.text("id")?,
            title: file.text("title")?,
            family,
            autoscalers: Kinds::read(file, "autoscaler")?,
            placements: Kinds::read(file, "placement")?,
            queueing: file.text("queueing")?,
            sizing: Sizing::read(file)?,
            settings: file.defaults()?,
            limits: limits(file)?,
            not_offered: file.pairs("not_offered")?,
            parts: [file.pairs("stores")?, file.pairs("queues")?, file.pairs("workflows")?].concat(),
            not_modelled: not_modelled(file),
            of_nat: of_nat(file),
        })
    }

    /// Why `key` is not offered, if it is not.
    #[must_use]
    pub fn refusal(&self, key: &str) -> Option<&str> {
        self.not_offered.iter().find(|(refused, _)| refused == key).map(|(_, why)| why.as_str())
    }
}

impl Sizing {
    fn read(file: &File) -> Result<Self, String> {
        let sizing =
            file.table().get("sizing").and_then(Node::as_table).ok_or_else(|| file.defect("sizing", "missing"))?;
        match sizing.at("kind").text() {
            "free" => Ok(Self::Free),
            "machine" => Ok(Self::Machine),
            "class" => Ok(Self::Class(classes(file)?)),
            "memory" => {
                let rule = |key: &str| sizing.at(key).table();
                Ok(Self::Memory {
                    mib_per_vcpu: rule("mib_per_vcpu").at("value").number(),
                    max_vcpu: rule("max_vcpu").at("value").number(),
                    min: rule("min_memory").at("value").size(),
                    max: rule("max_memory").at("value").size(),
                    provenance: file.provenance("mib_per_vcpu", rule("mib_per_vcpu"))?,
                })
            }
            other => Err(file.defect("sizing", &format!("unknown kind {other}"))),
        }
    }
}

fn classes(file: &File) -> Result<Vec<Class>, String> {
    let classes = file.table().get("class").and_then(Node::as_table).ok_or_else(|| file.defect("class", "missing"))?;
    let class = |entry: &Entry| {
        let table = entry.node.table();
        Ok(Class {
            name: entry.key.clone(),
            vcpu: table.at("vcpu").number(),
            memory: table.at("memory").size(),
            weight: table.at("weight").count_u32(),
            provenance: file.provenance(&entry.key, table)?,
        })
    };
    classes.iter().map(class).collect()
}

fn limits(file: &File) -> Result<Vec<Limit>, String> {
    let table = file.table().get("limits").and_then(Node::as_table).cloned().unwrap_or_default();
    let limit = |entry: &Entry| {
        let inner = entry.node.table();
        Ok(Limit {
            key: entry.key.clone(),
            min: inner.at("min").clone(),
            max: inner.at("max").clone(),
            provenance: file.provenance(&entry.key, inner)?,
        })
    };
    table.iter().map(limit).collect()
}

/// Items that are modelled where `nat` is said.
fn of_nat(file: &File) -> Vec<String> {
    let nodes = file.table().get("not_modelled").map(Node::elements).unwrap_or_default();
    let of_nat =
        nodes.iter().map(Node::table).filter(|table| table.get("unless").is_some_and(|key| key.text() == "nat"));
    of_nat.map(|table| table.at("item").text().to_owned()).collect()
}

fn not_modelled(file: &File) -> Vec<(String, String)> {
    let nodes = file.table().get("not_modelled").map(Node::elements).unwrap_or_default();
    let text = |node: &Node, key: &str| node.table().get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
    nodes.iter().map(|node| (text(node, "item"), text(node, "usual_share"))).collect()
}
