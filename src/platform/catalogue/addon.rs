//! An add-on of a cluster: what it puts beside each pod, on each hop, and on the nodes.

use super::read::{File, Setting};

/// An add-on of the catalogue.
#[derive(Clone, Debug)]
pub struct Addon {
    /// Catalogue id.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Settings that it brings: keys of `[[deployment]]`, in the place of the platform's.
    pub settings: Vec<Setting>,
    /// `vcpu` and `memory` of a container beside every pod; empty: there is none.
    pub sidecar: Vec<Setting>,
    /// Pods that it runs, by name: `NAME.vcpu` and `NAME.memory`.
    pub pods: Vec<Setting>,
}

impl Addon {
    pub(super) fn read(file: &File) -> Result<Self, String> {
        Ok(Self {
            id: file.text("id")?,
            title: file.text("title")?,
            settings: file.defaults()?,
            sidecar: file.settings_of("sidecar", "")?,
            pods: file.settings_of("pods", "")?,
        })
    }

    /// Everything it says, under the keys that facts are listed by.
    pub fn facts(&self) -> impl Iterator<Item = Setting> {
        let named = |prefix: &str, settings: &[Setting]| -> Vec<Setting> {
            let key = |setting: &Setting| format!("addons.{}.{prefix}{}", self.id, setting.key);
            settings.iter().map(|setting| Setting { key: key(setting), ..setting.clone() }).collect()
        };
        named("sidecar.", &self.sidecar).into_iter().chain(named("", &self.pods))
    }
}
