//! The catalogue: named platforms, edges, machine types and runtimes as TOML data, every figure with its source.
//!
//! A platform is a set of [`Setting`]s: keys of `[[deployment]]` with the value that a scenario would say. Merging them
//! under what a scenario says is the scenario's business. Promises that [`Catalogue::builtin`] never fails (a test
//! reads it) and that every setting names its source.

mod addon;
mod describe;
mod edge;
mod machine;
mod part;
mod platform;
mod read;

pub use addon::Addon;
pub use describe::Row;
pub use edge::EdgeEntry;
pub use machine::{Allocatable, Machine};
pub use part::{PartClass, PartEntry, Way};
pub use platform::{Class, Kinds, Limit, Platform, Sizing};
pub use read::{Setting, plain_text};

use std::sync::OnceLock;

use machine::Machines;
use read::File;

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("catalogue/", $path)))),*]
    };
}

/// Every file of the built-in catalogue.
const FILES: &[(&str, &str)] = files![
    "base.toml",
    "not-simulated.toml",
    "runtimes.toml",
    "machines/ec2.toml",
    "autoscalers/fixed.toml",
    "autoscalers/per-request.toml",
    "autoscalers/hpa.toml",
    "autoscalers/target-tracking.toml",
    "autoscalers/app-engine.toml",
    "placements/fixed.toml",
    "placements/cluster-autoscaler.toml",
    "edges/custom.toml",
    "edges/aws-http-api.toml",
    "edges/aws-rest-api.toml",
    "edges/aws-function-url.toml",
    "edges/aws-alb.toml",
    "edges/aws-nlb.toml",
    "edges/app-engine-frontend.toml",
    "edges/gcp-load-balancer.toml",
    "edges/heroku-router.toml",
    "edges/ingress-nginx.toml",
    "stores/aws-dynamodb.toml",
    "stores/aws-aurora.toml",
    "stores/aws-aurora-serverless.toml",
    "stores/gcp-datastore.toml",
    "stores/gcp-firestore.toml",
    "stores/redis.toml",
    "queues/aws-sqs.toml",
    "queues/aws-sns.toml",
    "queues/gcp-cloud-tasks.toml",
    "queues/gcp-pubsub.toml",
    "queues/self-hosted.toml",
    "workflows/aws-step-functions.toml",
    "workflows/aws-step-functions-express.toml",
    "workflows/gcp-workflows.toml",
    "observability/aws-cloudwatch.toml",
    "observability/aws-xray.toml",
    "observability/gcp-cloud-logging.toml",
    "observability/gcp-cloud-monitoring.toml",
    "observability/gcp-cloud-trace.toml",
    "observability/prometheus.toml",
    "observability/influxdb.toml",
    "addons/istio.toml",
    "addons/prometheus.toml",
    "addons/influxdb.toml",
    "platforms/aws-lambda.toml",
    "platforms/app-engine-standard.toml",
    "platforms/eks.toml",
    "platforms/ec2.toml",
    "platforms/faas.toml",
    "platforms/paas.toml",
    "platforms/kubernetes.toml",
    "platforms/vm.toml",
];

/// Settings under a name: of a kind of autoscaler or placement.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    settings: Vec<Setting>,
}

/// Everything the program knows about platforms.
#[derive(Clone, Debug)]
pub struct Catalogue {
    base: Vec<Setting>,
    platforms: Vec<Platform>,
    edges: Vec<EdgeEntry>,
    /// Stores, queues, workflows, and what takes logs, metrics and traces.
    parts: Vec<PartEntry>,
    addons: Vec<Addon>,
    autoscalers: Vec<Named>,
    placements: Vec<Named>,
    machines: Machines,
    runtimes: Vec<Setting>,
    runtimes_measured_on: String,
    later_platforms: Vec<String>,
    files: Vec<(String, Vec<String>)>,
}

impl Catalogue {
    /// The catalogue that comes with the program.
    ///
    /// # Panics
    /// On a defect of the program's own data, which a test excludes.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Catalogue> = OnceLock::new();
        BUILTIN.get_or_init(|| Self::read(FILES).unwrap_or_else(|defect| panic!("built-in catalogue: {defect}")))
    }

    fn read(files: &[(&str, &str)]) -> Result<Self, String> {
        let mut catalogue = Self {
            base: Vec::new(),
            platforms: Vec::new(),
            edges: Vec::new(),
            parts: Vec::new(),
            addons: Vec::new(),
            autoscalers: Vec::new(),
            placements: Vec::new(),
            machines: Machines::default(),
            runtimes: Vec::new(),
            runtimes_measured_on: String::new(),
            later_platforms: Vec::new(),
            files: Vec::new(),
        };
        for (name, text) in files {
            catalogue.add(&File::parse(name, text)?)?;
        }
        Ok(catalogue)
    }

    fn add(&mut self, file: &File) -> Result<(), String> {
        match file.folder() {
            "platforms" => self.platforms.push(Platform::read(file)?),
            "edges" => self.edges.push(EdgeEntry::read(file)?),
            "stores" | "queues" | "workflows" | "observability" => self.parts.push(PartEntry::read(file)?),
            "addons" => self.addons.push(Addon::read(file)?),
            "autoscalers" => self.autoscalers.push(Named { name: file.text("kind")?, settings: file.defaults()? }),
            "placements" => {
                let mut settings = match file.text("like") {
                    Ok(other) => named(&self.placements, &other).to_vec(),
                    Err(_) => Vec::new(),
                };
                overlay(&mut settings, file.defaults()?);
                self.placements.push(Named { name: file.text("kind")?, settings });
            }
            "machines" => self.machines = Machines::read(file)?,
            _ => match file.name() {
                "base.toml" => self.base = file.defaults()?,
                "runtimes.toml" => {
                    self.runtimes = file.settings_of("runtime", "")?;
                    self.runtimes_measured_on = file.text("measured_on")?;
                }
                _ => self.later_platforms = file.words("platforms")?,
            },
        }
        self.files.push((file.name().to_owned(), file.observed()));
        Ok(())
    }

    /// The platform called `id`.
    #[must_use]
    pub fn platform(&self, id: &str) -> Option<&Platform> {
        self.platforms.iter().find(|platform| platform.id == id)
    }

    /// Every platform, in the order of documentation.
    #[must_use]
    pub fn platforms(&self) -> &[Platform] {
        &self.platforms
    }

    /// Whether `id` is a platform of the language that is not simulated yet.
    #[must_use]
    pub fn is_later_platform(&self, id: &str) -> bool {
        self.later_platforms.iter().any(|later| later == id)
    }

    /// Every edge, in the order of documentation.
    #[must_use]
    pub fn edges(&self) -> &[EdgeEntry] {
        &self.edges
    }

    /// The edge called `id`.
    #[must_use]
    pub fn edge(&self, id: &str) -> Option<&EdgeEntry> {
        self.edges.iter().find(|edge| edge.id == id)
    }

    /// Every store, queue and workflow, and whatever takes logs, metrics or traces, in the order of documentation.
    #[must_use]
    pub fn parts(&self) -> &[PartEntry] {
        &self.parts
    }

    /// The store, the queue, the workflow, or what takes logs, metrics or traces, called `id`.
    #[must_use]
    pub fn part(&self, id: &str) -> Option<&PartEntry> {
        self.parts.iter().find(|part| part.id == id)
    }

    /// Every add-on, in the order of documentation.
    #[must_use]
    pub fn addons(&self) -> &[Addon] {
        &self.addons
    }

    /// The machine type called `name`.
    #[must_use]
    pub fn machine(&self, name: &str) -> Option<&Machine> {
        self.machines.get(name)
    }

    /// Names of the machine types.
    pub fn machines(&self) -> impl Iterator<Item = &str> {
        self.machines.names()
    }

    /// What a Kubernetes node of this machine type has for pods.
    #[must_use]
    pub fn allocatable(&self, machine: &Machine) -> Allocatable {
        self.machines.allocatable(machine)
    }

    /// The start-up of the runtime called `name`: its value is a distribution of the language.
    #[must_use]
    pub fn runtime(&self, name: &str) -> Option<&Setting> {
        self.runtimes.iter().find(|runtime| runtime.key == name)
    }

    /// Id of the platform on which the runtimes were measured; elsewhere their start-up is an assumption.
    #[must_use]
    pub fn runtimes_measured_on(&self) -> &str {
        &self.runtimes_measured_on
    }

    /// Names of the runtimes.
    pub fn runtimes(&self) -> impl Iterator<Item = &str> {
        self.runtimes.iter().map(|runtime| runtime.key.as_str())
    }

    /// What holds on `platform` with these kinds of autoscaler and placement, and with these add-ons, unless a scenario
    /// says otherwise. Keys are
    /// those of `[[deployment]]`; `placement.node.KEY` holds for every entry of `placement.nodes` that lacks KEY, and
    /// `autoscaler.direction.WHICH.KEY` for every WHICH of `autoscaler.behavior` that lacks KEY.
    #[must_use]
    pub fn settings(
        &self,
        platform: &Platform,
        (autoscaler, placement): (&str, &str),
        addons: &[&Addon],
    ) -> Vec<Setting> {
        let mut settings = self.base.clone();
        overlay(&mut settings, prefixed(named(&self.autoscalers, autoscaler), "autoscaler"));
        if placement != "none" {
            overlay(&mut settings, prefixed(named(&self.placements, placement), "placement"));
        }
        let own = platform.settings.iter().filter_map(|setting| {
            let mut setting = setting.clone();
            if let Some(rest) = setting.key.strip_prefix("autoscaler.") {
                setting.key = format!("autoscaler.{}", rest.strip_prefix(autoscaler)?.strip_prefix('.')?);
            }
            let kept = placement != "none" || !setting.key.starts_with("placement.");
            kept.then_some(setting)
        });
        overlay(&mut settings, own.collect());
        for addon in addons {
            overlay(&mut settings, addon.settings.clone());
        }
        settings
    }

    /// Whether `setting` says something on `platform`: what a platform does not offer is nothing to report, unless the
    /// platform itself fixes it.
    #[must_use]
    pub fn is_in_force(platform: &Platform, setting: &Setting) -> bool {
        platform.refusal(&setting.key).is_none() || platform.settings.iter().any(|own| own.key == setting.key)
    }

    /// Names of the catalogue's files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(name, _)| name.as_str())
    }

    /// Earliest and latest observation among the sources of all files; undated ones do not count.
    #[must_use]
    pub fn observed(&self) -> Option<(&str, &str)> {
        let dates = || self.files.iter().flat_map(|(_, dates)| dates.iter().map(String::as_str));
        Some((dates().min()?, dates().max()?))
    }
}

fn named<'a>(list: &'a [Named], name: &str) -> &'a [Setting] {
    list.iter().find(|entry| entry.name == name).map_or(&[], |entry| entry.settings.as_slice())
}

fn prefixed(settings: &[Setting], prefix: &str) -> Vec<Setting> {
    settings.iter().map(|setting| Setting { key: format!("{prefix}.{}", setting.key), ..setting.clone() }).collect()
}

/// Puts `over` on top of `settings`: the same key in its old place, others at the end.
fn overlay(settings: &mut Vec<Setting>, over: Vec<Setting>) {
    for setting in over {
        match settings.iter_mut().find(|old| old.key == setting.key) {
            Some(old) => *old = setting,
            None => settings.push(setting),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every setting of every file.
    fn all(catalogue: &Catalogue) -> Vec<&Setting> {
        let platforms = catalogue.platforms.iter().flat_map(|platform| &platform.settings);
        let kinds = [&catalogue.autoscalers, &catalogue.placements];
        let kinds = kinds.into_iter().flatten().flat_map(|named| &named.settings);
        let on = catalogue.edges.iter().flat_map(|edge| edge.on.iter().flat_map(|(_, settings)| settings));
        let kinds = kinds.chain(catalogue.edges.iter().flat_map(|edge| &edge.settings)).chain(on);
        let parts = catalogue.parts.iter().flat_map(|part| &part.settings);
        let addons = catalogue.addons.iter().flat_map(|addon| [&addon.settings, &addon.sidecar, &addon.pods]);
        let parts = parts.chain(addons.flatten());
        catalogue.base.iter().chain(&catalogue.runtimes).chain(platforms).chain(kinds).chain(parts).collect()
    }

    #[test]
    fn every_setting_is_cited_in_words_that_mean_something_to_a_user() {
        let settings = all(Catalogue::builtin());
        assert!(settings.len() > 150, "{}", settings.len());
        for setting in settings {
            let source = &setting.provenance.source;
            assert!(source.len() > 20, "{}: {source}", setting.key);
            for private in ["index id", "/work", "/tmp", "../"] {
                assert!(!source.contains(private) && !setting.note.contains(private), "{}: {source}", setting.key);
            }
            assert!(!setting.provenance.observed.is_empty(), "{}", setting.key);
        }
    }

    #[test]
    fn ids_are_unique_and_kinds_exist() {
        let catalogue = Catalogue::builtin();
        let ids: Vec<&str> = catalogue
            .platforms
            .iter()
            .map(|platform| platform.id.as_str())
            .chain(catalogue.later_platforms.iter().map(String::as_str))
            .collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        assert_eq!(ids.len(), 25, "the ids of the contract");
        for platform in &catalogue.platforms {
            let known = |list: &[Named], kind: &str| list.iter().any(|named| named.name == kind);
            assert!(
                platform.autoscalers.words.iter().all(|kind| known(&catalogue.autoscalers, kind)),
                "{}",
                platform.id
            );
            assert!(
                platform.placements.words.iter().all(|kind| kind == "none" || known(&catalogue.placements, kind)),
                "{}",
                platform.id
            );
        }
    }

    #[test]
    fn a_platform_overlays_its_kinds_and_they_the_base() {
        let catalogue = Catalogue::builtin();
        let platform = catalogue.platform("eks").unwrap();
        let value = |settings: &[Setting], key: &str| {
            settings.iter().find(|setting| setting.key == key).map(Setting::value_text)
        };
        let hpa = catalogue.settings(platform, ("hpa", "cluster-autoscaler"), &[]);
        assert_eq!(value(&hpa, "autoscaler.max").as_deref(), Some("100"));
        assert_eq!(value(&hpa, "autoscaler.sync_period").as_deref(), Some("15s"));
        assert_eq!(value(&hpa, "placement.scan_interval").as_deref(), Some("10s"));
        assert_eq!(value(&hpa, "placement.node.zones").as_deref(), Some("3"));
        assert_eq!(value(&hpa, "fleet.drop_abandoned").as_deref(), Some("false"));
        let fixed = catalogue.settings(platform, ("fixed", "fixed"), &[]);
        assert_eq!(value(&fixed, "autoscaler.max"), None);
        assert_eq!(value(&fixed, "placement.scan_interval"), None);
    }

    #[test]
    fn rows_have_base_units_and_leave_out_what_is_not_offered() {
        let rows = Catalogue::builtin().describe("aws-lambda").unwrap();
        let row = |key: &str| rows.iter().find(|row| row.key == key);
        let timeout = row("fleet.timeout").unwrap();
        assert_eq!((timeout.value.as_str(), timeout.unit.as_str()), ("3", "s"));
        assert_eq!(row("instance.memory").unwrap().value, (128_u64 << 20).to_string());
        assert_eq!(row("fleet.keep_alive").unwrap().confidence, crate::document::provenance::Confidence::Assumption);
        assert!(row("fleet.slots").is_some(), "fixed by the platform");
        assert!(row("fleet.routing").is_none(), "not offered");
        assert!(row("edge.timeout").is_some());
        assert_eq!(row("autoscaler.kind").unwrap().value, "per-request");
        let rows = Catalogue::builtin().describe("eks").unwrap();
        for key in ["placement.nodes.zones", "autoscaler.behavior.scale_up.policies", "autoscaler(fixed).replicas"] {
            assert!(rows.iter().any(|row| row.key == key), "{key}");
        }
        assert!(Catalogue::builtin().describe("aws-lamda").is_none());
    }

    #[test]
    fn observation_dates_are_known() {
        let (oldest, newest) = Catalogue::builtin().observed().unwrap();
        assert!(oldest < newest && newest.starts_with("2026"), "{oldest} {newest}");
    }
}
