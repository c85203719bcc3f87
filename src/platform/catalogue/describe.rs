//! Every default of a platform as rows, for people and programs: what `simulate platforms show ID` prints.

use serde::{Deserialize, Serialize};

use super::{Catalogue, Setting, Sizing, prefixed};
use crate::document::provenance::{Confidence, Provenance};
use crate::document::quantity;
use crate::document::tree::Node;

/// One default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Dotted key of `[[deployment]]`; `autoscaler(KIND).KEY` for a kind that is not the default one.
    pub key: String,
    /// Value: a number in `unit` where it is one, else as a scenario would say it.
    pub value: String,
    /// `s`, `bytes`, `1/s`, or empty.
    pub unit: String,
    /// Citation.
    pub source: String,
    /// When it was observed.
    pub observed: String,
    /// How far it can be trusted.
    pub confidence: Confidence,
    /// A remark; may be empty.
    pub note: String,
}

impl Catalogue {
    /// Every default of the platform called `id`; `None` if there is no such platform.
    #[must_use]
    pub fn describe(&self, id: &str) -> Option<Vec<Row>> {
        let platform = self.platform(id)?;
        let (autoscaler, placement) = (platform.autoscalers.first(), platform.placements.first());
        let settings = self.settings(platform, (autoscaler, placement), &[]);
        let mut rows: Vec<Row> =
            settings.iter().filter(|setting| Self::is_in_force(platform, setting)).map(row).collect();
        for (part, kinds) in [("autoscaler", &platform.autoscalers), ("placement", &platform.placements)] {
            let note = format!("offered: {}", kinds.words.join(", "));
            let (key, kind) = (format!("{part}.kind"), kinds.first().to_owned());
            rows.push(cited(key, kind, String::new(), &kinds.provenance, &note));
        }
        for kind in &platform.autoscalers.words[1..] {
            let settings = self.settings(platform, (kind, placement), &[]);
            let own = settings.iter().filter_map(|setting| {
                let key = setting.key.strip_prefix("autoscaler.")?;
                Some(row(&Setting { key: format!("autoscaler({kind}).{key}"), ..setting.clone() }))
            });
            rows.extend(own);
        }
        sizes(&platform.sizing, &mut rows);
        let edge = settings.iter().find(|setting| setting.key == "edge").and_then(|edge| edge.node.as_str());
        let edge = edge.and_then(|edge| self.edge(edge)).map(|edge| edge.settings_on(platform.family));
        rows.extend(prefixed(&edge.unwrap_or_default(), "edge").iter().map(row));
        for place in settings.iter().filter(|setting| setting.key.starts_with("observability.")) {
            let id = place.node.as_table().and_then(|own| own.get("kind")).unwrap_or(&place.node).as_str();
            let told = place.key.trim_start_matches("observability.");
            for setting in id.and_then(|id| self.part(id)).map_or(&[][..], |part| &part.settings) {
                let own = place.node.as_table();
                let own = setting.key.strip_prefix(told).and_then(|key| key.strip_prefix('.')).map(|key| (key, own));
                if let Some((key, own)) = own
                    && own.is_none_or(|own| !own.contains(key))
                {
                    rows.push(row(&Setting { key: format!("{}.{key}", place.key), ..setting.clone() }));
                }
            }
        }
        Some(rows)
    }

    /// Every default of the edge called `id`; `None` if there is no such edge.
    #[must_use]
    pub fn describe_edge(&self, id: &str) -> Option<Vec<Row>> {
        Some(self.edge(id)?.facts().iter().map(row).collect())
    }
}

fn row(setting: &Setting) -> Row {
    let (value, unit) = number(&setting.node).unwrap_or_else(|| (setting.value_text(), String::new()));
    cited(setting.scenario_key(), value, unit, &setting.provenance, &setting.note)
}

fn cited(key: String, value: String, unit: String, provenance: &Provenance, note: &str) -> Row {
    Row {
        key,
        value,
        unit,
        source: provenance.source.clone(),
        observed: provenance.observed.clone(),
        confidence: provenance.confidence,
        note: note.to_owned(),
    }
}

/// A quantity with its base unit.
fn number(node: &Node) -> Option<(String, String)> {
    let text = node.as_str()?;
    let read = |value: f64, unit: &str| Some((value.to_string(), unit.to_owned()));
    if let Ok(duration) = quantity::duration(text) {
        return read(duration.seconds(), "s");
    }
    if let Ok(size) = quantity::size(text) {
        return Some((size.0.to_string(), "bytes".to_owned()));
    }
    if let Some(size) = text.strip_suffix("/s").and_then(|size| quantity::size(size).ok()) {
        return Some((size.0.to_string(), "bytes/s".to_owned()));
    }
    quantity::share(text).ok().and_then(|share| read(share, ""))
}

fn sizes(sizing: &Sizing, rows: &mut Vec<Row>) {
    match sizing {
        Sizing::Free | Sizing::Machine => {}
        Sizing::Memory { mib_per_vcpu, max_vcpu, provenance, .. } => {
            let rule = format!("instance.memory / {mib_per_vcpu} MiB, at most {max_vcpu}");
            rows.push(cited("instance.vcpu".to_owned(), rule, String::new(), provenance, ""));
        }
        Sizing::Class(classes) => {
            for class in classes {
                let size = format!("{} vCPU, {}, billed as {}", class.vcpu, class.memory, class.weight);
                rows.push(cited(
                    format!("instance.class = {}", class.name),
                    size,
                    String::new(),
                    &class.provenance,
                    "",
                ));
            }
        }
    }
}
