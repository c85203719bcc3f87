//! An edge: its settings, and what is different in front of functions or of a platform as a service.

use super::read::{File, Setting};
use super::{overlay, prefixed};
use crate::document::tree::Node;
use crate::platform::Family;

/// An edge of the catalogue.
#[derive(Clone, Debug)]
pub struct EdgeEntry {
    /// Catalogue id.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Its settings: keys of `[deployment.edge]`. It has no other keys.
    pub settings: Vec<Setting>,
    /// Settings that take their place on a family of platforms, by its word.
    pub on: Vec<(String, Vec<Setting>)>,
    /// What it does or bills that is not modelled.
    pub not_modelled: Vec<String>,
}

impl EdgeEntry {
    pub(super) fn read(file: &File) -> Result<Self, String> {
        let families = file.table().get("on").and_then(Node::as_table).cloned().unwrap_or_default();
        let on = families.keys().map(|family| Ok((family.to_owned(), file.settings_of(&format!("on.{family}"), "")?)));
        let left_out = file.table().get("not_modelled").map(Node::elements).unwrap_or_default();
        Ok(Self {
            id: file.text("id")?,
            title: file.text("title")?,
            settings: file.defaults()?,
            on: on.collect::<Result<_, String>>()?,
            not_modelled: left_out.iter().map(|node| node.table().at("item").text().to_owned()).collect(),
        })
    }

    /// Its settings in front of a platform of this family.
    #[must_use]
    pub fn settings_on(&self, family: Family) -> Vec<Setting> {
        let mut settings = self.settings.clone();
        if let Some((_, own)) = self.on.iter().find(|(word, _)| word == family.word()) {
            overlay(&mut settings, own.clone());
        }
        settings
    }

    /// Whether it has this key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.settings.iter().any(|setting| setting.key == key)
    }

    /// Whether it is pods of the cluster itself.
    #[must_use]
    pub fn runs_on_nodes(&self) -> bool {
        self.has("replicas")
    }

    /// Everything it says, under the keys of a deployment; `edge(FAMILY).KEY` where it is different on a family.
    #[must_use]
    pub fn facts(&self) -> Vec<Setting> {
        let on = self.on.iter().flat_map(|(family, settings)| prefixed(settings, &format!("edge({family})")));
        prefixed(&self.settings, "edge").into_iter().chain(on).collect()
    }
}
