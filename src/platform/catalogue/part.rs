//! What names of an application can be bound to, a store, a queue or a workflow, and what takes its logs, metrics and
//! traces: its settings, and its machine classes.

use super::read::{File, Setting};
use crate::document::provenance::Provenance;
use crate::document::tree::{Entry, Node};

/// A store, a queue or a workflow of the catalogue, or something that takes logs, metrics or traces.
#[derive(Clone, Debug)]
pub struct PartEntry {
    /// Catalogue id.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Kinds of stores, or of queues, that it can stand for; `workflow`; `logs`, `metrics` and `traces`.
    pub kinds: Vec<String>,
    /// Its settings: keys of the table that a scenario binds; `logs.KEY`, `metrics.KEY` and `traces.KEY`.
    pub settings: Vec<Setting>,
    /// Classes of its machines, of a store.
    pub classes: Vec<PartClass>,
    /// How instances in a private network may reach it without leaving that, and where this comes from; `None`: it lies
    /// within.
    pub way: Option<(Way, Provenance)>,
    /// What it does or bills that is not modelled.
    pub not_modelled: Vec<String>,
}

/// An endpoint within a private network of a service that lies outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// One that is billed, by the hour and by its bytes.
    Interface,
    /// One that costs nothing.
    Gateway,
}

impl Way {
    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Gateway => "gateway",
        }
    }

    fn read(file: &File) -> Result<Option<(Self, Provenance)>, String> {
        let Some(setting) = file.settings_of("way", "")?.into_iter().next() else { return Ok(None) };
        let way = [Self::Interface, Self::Gateway].into_iter().find(|way| setting.node.as_str() == Some(way.word()));
        let way = way.ok_or_else(|| file.defect("way", "neither `interface` nor `gateway`"))?;
        Ok(Some((way, setting.provenance)))
    }
}

/// A class of machines of one.
#[derive(Clone, Debug)]
pub struct PartClass {
    /// Its word.
    pub name: String,
    /// vCPUs.
    pub vcpu: f64,
    /// Most connections, unless a scenario says otherwise.
    pub max_connections: u32,
    /// Where that comes from.
    pub provenance: Provenance,
}

impl PartEntry {
    pub(super) fn read(file: &File) -> Result<Self, String> {
        let classes = file.table().get("class").and_then(Node::as_table).cloned().unwrap_or_default();
        let class = |entry: &Entry| {
            let table = entry.node.table();
            Ok::<_, String>(PartClass {
                name: entry.key.clone(),
                vcpu: table.at("vcpu").number(),
                max_connections: table.at("max_connections").count_u32(),
                provenance: file.provenance(&entry.key, table)?,
            })
        };
        let left_out = file.table().get("not_modelled").map(Node::elements).unwrap_or_default();
        Ok(Self {
            id: file.text("id")?,
            title: file.text("title")?,
            kinds: file.words("kinds")?,
            settings: file.defaults()?,
            way: Way::read(file)?,
            classes: classes.iter().map(class).collect::<Result<_, _>>()?,
            not_modelled: left_out.iter().map(|node| node.table().at("item").text().to_owned()).collect(),
        })
    }

    /// The class called `name`.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<&PartClass> {
        self.classes.iter().find(|class| class.name == name)
    }
}
