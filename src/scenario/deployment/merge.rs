//! The catalogue's defaults under what was typed, and what that changes.
//!
//! A given `kind` starts from that kind's defaults; tables merge key by key, except distributions; everything else
//! (arrays too) replaces.

use super::observability;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::quantity;
use crate::document::source::Span;
use crate::document::tree::{Entry, Node, Table, Value, deep_merge};
use crate::platform::catalogue::{Addon, Catalogue, Kinds, Platform, Setting, plain_text};
use crate::platform::{Fact, Family, Override};

use super::roll_out::{BOUNDS, ROLLING};

/// The sections of a deployment whose keys have defaults.
const SECTIONS: [&str; 9] =
    ["edge", "instance", "fleet", "autoscaler", "placement", "hop", "meter", "observability", "deploy"];

/// A deployment with every default written in, not checked yet.
pub(super) struct Merged<'a> {
    pub(super) platform: &'a Platform,
    pub(super) table: Table,
    pub(super) overrides: Vec<Override>,
    pub(super) facts: Vec<Fact>,
    pub(super) addons: Vec<&'a Addon>,
    /// Name of the runtime that is started where the application names none.
    pub(super) runtime: Option<String>,
}

/// Merges `typed` with the defaults of its platform. `None`: there is no such platform, which is reported.
pub(super) fn merge<'a>(
    typed: &Table,
    span: Span,
    catalogue: &'a Catalogue,
    problems: &mut Diagnostics,
) -> Option<Merged<'a>> {
    let platform = platform(typed, span, catalogue, problems)?;
    let autoscaler = kind(typed, "autoscaler", &platform.autoscalers, platform, problems);
    let placement = kind(typed, "placement", &platform.placements, platform, problems);
    let addons = addons(typed, platform, catalogue, problems);
    let settings = catalogue.settings(platform, (&autoscaler, &placement), &addons);
    let mut merged = Merged {
        platform,
        table: typed.clone(),
        overrides: Vec::new(),
        facts: Vec::new(),
        addons: Vec::new(),
        runtime: None,
    };
    merged.drop_refused(problems);
    merged.set_kind("autoscaler", &autoscaler, &platform.autoscalers);
    merged.set_kind("placement", &placement, &platform.placements);
    let deploys = deploys(typed, &settings);
    let whole =
        |setting: &&Setting| setting.key != "edge" && !observability::is_place(&setting.key) && deploys(&setting.key);
    for setting in settings.iter().filter(whole) {
        merged.add(setting);
    }
    observability::complete(&mut merged, &settings, catalogue, problems);
    if let Some(edge) = settings.iter().find(|setting| setting.key == "edge") {
        merged.add_edge(edge, catalogue, problems);
    }
    merged.complete_nodes(&settings);
    merged.complete_behavior(&settings);
    merged.list_additions(&settings, typed);
    for addon in &addons {
        addon.facts().for_each(|setting| merged.fact(&setting));
    }
    merged.addons = addons;
    Some(merged)
}

/// Which keys are in force of those about new versions: where the section is not there, none is rolled out.
fn deploys(typed: &Table, settings: &[Setting]) -> impl Fn(&str) -> bool {
    let preset = || settings.iter().find(|setting| setting.key == "deploy.kind").map(|setting| &setting.node);
    let kind = typed.at_path("deploy.kind").or_else(preset).and_then(Node::as_str);
    let (deploys, rolls) = (typed.contains("deploy"), kind == Some(ROLLING));
    move |key| match key.strip_prefix("deploy.") {
        Some(key) => deploys && (rolls || !BOUNDS.contains(&key)),
        None => true,
    }
}

fn platform<'a>(
    typed: &Table,
    span: Span,
    catalogue: &'a Catalogue,
    problems: &mut Diagnostics,
) -> Option<&'a Platform> {
    let ids = || catalogue.platforms().iter().map(|platform| platform.id.as_str());
    let Some(node) = typed.get("platform") else {
        let missing = Diagnostic::error("missing key `platform`").at(span);
        problems.push(missing.help(format!("one of {}", ids().collect::<Vec<_>>().join(", "))));
        return None;
    };
    let Some(id) = node.as_str() else {
        problems.push(Diagnostic::error("expected a platform's id").at(node.span).label(node.value.type_name()));
        return None;
    };
    let found = catalogue.platform(id);
    if found.is_none() {
        problems.push(unknown("platform", id, node.span, catalogue.is_later_platform(id), ids()));
    }
    found
}

/// The add-ons that are typed. One that is unknown, twice there or has no nodes to run on is reported.
fn addons<'a>(
    typed: &Table,
    platform: &Platform,
    catalogue: &'a Catalogue,
    problems: &mut Diagnostics,
) -> Vec<&'a Addon> {
    let mut found: Vec<&Addon> = Vec::new();
    for node in typed.get("addons").map_or(&[][..], Node::elements) {
        let Some(id) = node.as_str() else { continue }; // which the check reports
        let refused = match catalogue.addons().iter().find(|addon| addon.id == id) {
            None => unknown("add-on", id, node.span, false, catalogue.addons().iter().map(|addon| addon.id.as_str())),
            Some(_) if platform.family != Family::Kubernetes => {
                let message = format!("{} has no nodes on which {id} could run", platform.id);
                Diagnostic::error(message).at(node.span)
            }
            Some(addon) if found.iter().any(|other| other.id == id) => {
                Diagnostic::error(format!("the add-on `{}` is there twice", addon.id)).at(node.span)
            }
            Some(addon) => {
                found.push(addon);
                continue;
            }
        };
        problems.push(refused);
    }
    found
}

/// `what` is not called `id`, or not simulated yet.
pub(super) fn unknown<'n>(
    what: &str,
    id: &str,
    span: Span,
    later: bool,
    names: impl IntoIterator<Item = &'n str>,
) -> Diagnostic {
    if later {
        Diagnostic::error(format!("{id} is not simulated yet")).at(span).label(format!("`{id}` is refused"))
    } else {
        Diagnostic::error(format!("unknown {what} `{id}`")).at(span).nearest(id, names)
    }
}

/// The kind that is typed in `section`, else the platform's first. A kind that the platform does not offer is reported.
fn kind(typed: &Table, section: &str, offered: &Kinds, platform: &Platform, problems: &mut Diagnostics) -> String {
    let table = typed.get(section).and_then(Node::as_table);
    let Some((node, word)) = table.and_then(|table| table.get("kind")).and_then(|node| Some((node, node.as_str()?)))
    else {
        return offered.first().to_owned();
    };
    if !offered.offer(word) && super::is_kind(section, word) {
        let refused = Diagnostic::error(format!("{} does not offer the {section} `{word}`", platform.id));
        problems.push(refused.at(node.span).help(format!("it offers {}", offered.words.join(", "))));
    }
    word.to_owned()
}

impl Merged<'_> {
    /// Reports every typed key that the platform does not offer, and takes it out.
    fn drop_refused(&mut self, problems: &mut Diagnostics) {
        for section in SECTIONS {
            let Some(table) = self.table.get_mut(section).and_then(Node::as_table_mut) else { continue };
            let keys: Vec<(String, Span)> = table.iter().map(|entry| (entry.key.clone(), entry.key_span)).collect();
            for (key, span) in keys {
                if let Some(why) = self.platform.refusal(&format!("{section}.{key}")) {
                    let refused = Diagnostic::error(format!("{} does not offer `{key}`", self.platform.id)).at(span);
                    problems.push(refused.label("not offered").help(why));
                    table.remove(&key);
                }
            }
        }
    }

    fn set_kind(&mut self, section: &str, kind: &str, offered: &Kinds) {
        if let Some(table) = self.section(section)
            && !table.contains("kind")
        {
            table.insert("kind", Span::BUILT_IN, text(kind));
        }
        let (key, value) = (format!("{section}.kind"), kind.to_owned());
        if kind == offered.first() {
            self.facts.push(Fact { key, value, provenance: offered.provenance.clone() });
        } else {
            self.overrides.push(Override { key, value, preset: Some(offered.first().to_owned()) });
        }
    }

    /// The table of `section` (`fleet`, `edge.front`), made if it is missing. `None`: something else was typed, which the
    /// check reports.
    pub(super) fn section(&mut self, section: &str) -> Option<&mut Table> {
        section.split('.').try_fold(&mut self.table, |table, name| {
            if !table.contains(name) {
                table.insert(name, Span::BUILT_IN, Node::built_in(Value::Table(Table::new())));
            }
            table.get_mut(name).and_then(Node::as_table_mut)
        })
    }

    /// Puts one default under what was typed.
    pub(super) fn add(&mut self, setting: &Setting) {
        if setting.key == "runtime" {
            self.runtime = setting.node.as_str().filter(|name| *name != "none").map(str::to_owned);
            return self.fact(setting);
        }
        if setting.key.starts_with("placement.node.") || setting.key.starts_with("autoscaler.direction.") {
            return;
        }
        let in_force = Catalogue::is_in_force(self.platform, setting);
        // What decides the size of an instance replaces the language's own defaults for it.
        if !in_force && setting.key.starts_with("instance.") {
            return;
        }
        let (table, key) = match setting.key.rsplit_once('.') {
            Some((section, key)) => (self.section(section), key),
            None => (Some(&mut self.table), setting.key.as_str()),
        };
        let Some(table) = table else { return };
        let typed = table.get(key).cloned();
        let node = match &typed {
            Some(typed) => merged_node(&setting.node, typed),
            None => setting.node.clone(),
        };
        let changed = typed.is_some() && !same(&node, &setting.node);
        let value = plain_text(&node);
        if typed.is_none() || changed {
            let key_span = table.entry(key).map_or(Span::BUILT_IN, |entry| entry.key_span);
            table.insert(key, key_span, node);
        }
        if changed {
            self.overrides.push(Override { key: setting.key.clone(), value, preset: Some(setting.value_text()) });
        } else if in_force {
            self.fact(setting);
        }
    }

    /// Completes `table`, whose key in the deployment is `section`, by one setting.
    pub(super) fn put(&mut self, section: &str, table: &mut Table, setting: &Setting) {
        let key = format!("{section}.{}", setting.key);
        let given = table.entry(&setting.key).cloned();
        let node = given.as_ref().map_or_else(|| setting.node.clone(), |given| merged_node(&setting.node, &given.node));
        let (changed, value) = (given.is_some() && !same(&node, &setting.node), plain_text(&node));
        if changed {
            self.overrides.push(Override { key, value, preset: Some(setting.value_text()) });
        } else {
            self.facts.push(Fact { key, value, provenance: setting.provenance.clone() });
        }
        table.insert(&setting.key, given.map_or(Span::BUILT_IN, |given| given.key_span), node);
    }

    pub(super) fn fact(&mut self, setting: &Setting) {
        let (key, value) = (setting.key.clone(), setting.value_text());
        self.facts.push(Fact { key, value, provenance: setting.provenance.clone() });
    }

    /// Completes every entry of `placement.nodes`.
    fn complete_nodes(&mut self, settings: &[Setting]) {
        let Some(Value::Array(nodes)) = self
            .table
            .get_mut("placement")
            .and_then(Node::as_table_mut)
            .and_then(|t| t.get_mut("nodes"))
            .map(|n| &mut n.value)
        else {
            return;
        };
        let mut used: Vec<&Setting> = Vec::new();
        for node in nodes.iter_mut().filter_map(Node::as_table_mut) {
            let own_size = ["vcpu", "memory"].iter().any(|key| node.contains(key)) && !node.contains("type");
            for setting in settings {
                let Some(key) = setting.key.strip_prefix("placement.node.") else { continue };
                let typed = settings.iter().any(|other| other.key == "placement.node.type") && !own_size;
                let by_type = ["vcpu", "memory", "cpu_speed", "max_pods"].contains(&key);
                if node.contains(key) || (by_type && (node.contains("type") || typed)) || (key == "type" && own_size) {
                    continue;
                }
                node.insert(key, Span::BUILT_IN, setting.node.clone());
                used.push(setting);
            }
        }
        for setting in used {
            let key = setting.scenario_key();
            if !self.facts.iter().any(|fact| fact.key == key) {
                let (value, provenance) = (setting.value_text(), setting.provenance.clone());
                self.facts.push(Fact { key, value, provenance });
            }
        }
    }

    /// Completes both directions of a given `autoscaler.behavior`.
    fn complete_behavior(&mut self, settings: &[Setting]) {
        let Some(behavior) = self
            .table
            .get_mut("autoscaler")
            .and_then(Node::as_table_mut)
            .and_then(|autoscaler| autoscaler.get_mut("behavior"))
            .and_then(Node::as_table_mut)
        else {
            return;
        };
        for setting in settings {
            let Some(path) = setting.key.strip_prefix("autoscaler.direction.") else { continue };
            let Some((direction, key)) = path.split_once('.') else { continue };
            if !behavior.contains(direction) {
                behavior.insert(direction, Span::BUILT_IN, Node::built_in(Value::Table(Table::new())));
            }
            if let Some(table) = behavior.get_mut(direction).and_then(Node::as_table_mut)
                && !table.contains(key)
            {
                table.insert(key, Span::BUILT_IN, setting.node.clone());
            }
        }
    }

    /// Typed keys for which the preset has no value.
    fn list_additions(&mut self, settings: &[Setting], typed: &Table) {
        let nat = typed.get("nat").map(plain_text).filter(|value| value != "none");
        self.overrides.extend(nat.map(|value| Override { key: "nat".to_owned(), value, preset: None }));
        for section in SECTIONS {
            let Some(table) = typed.get(section).and_then(Node::as_table) else { continue };
            let added = |entry: &&Entry| {
                let key = format!("{section}.{}", entry.key);
                entry.key != "kind"
                    && self.platform.refusal(&key).is_none()
                    && !settings.iter().any(|setting| setting.key == key)
                    && !self.overrides.iter().any(|known| known.key == key)
                    && !self.facts.iter().any(|fact| fact.key == key)
            };
            let new: Vec<Override> = table
                .iter()
                .filter(added)
                .map(|entry| Override {
                    key: format!("{section}.{}", entry.key),
                    value: plain_text(&entry.node),
                    preset: None,
                })
                .collect();
            self.overrides.extend(new);
        }
    }
}

pub(super) fn text(word: &str) -> Node {
    Node::built_in(Value::String(word.to_owned()))
}

/// `typed` on top of `default`: tables merge, unless either is a distribution.
pub(super) fn merged_node(default: &Node, typed: &Node) -> Node {
    match (default.as_table(), typed.as_table()) {
        (Some(base), Some(over)) if !base.contains("dist") && !over.contains("dist") => {
            let mut table = base.clone();
            deep_merge(&mut table, over);
            Node { value: Value::Table(table), span: typed.span }
        }
        _ => typed.clone(),
    }
}

/// Whether two nodes say the same: `"60s"` and `"1m"`, `1` and `1.0`, `0.8` and `"80%"` do.
pub(super) fn same(a: &Node, b: &Node) -> bool {
    let number = |node: &Node| match &node.value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::String(text) => quantity::share(text).ok(),
        _ => None,
    };
    let duration = |node: &Node| node.as_str().and_then(|text| quantity::duration(text).ok());
    let size = |node: &Node| node.as_str().and_then(|text| quantity::size(text).ok());
    a.to_toml() == b.to_toml()
        || number(a).is_some_and(|value| number(b) == Some(value))
        || duration(a).is_some_and(|value| duration(b) == Some(value))
        || size(a).is_some_and(|value| size(b) == Some(value))
}
