//! What is built from a platform's name and from overrides.

mod edges;
mod mistakes;
mod observability;

use super::*;
use crate::application::program::Body;
use crate::application::retry::Retry;
use crate::application::telemetry::Telemetry;
use crate::application::{Class, Entry, Service};
use crate::document::source::Sources;
use crate::document::tree::{Value, parse};
use crate::metering::usage::Dimension;
use crate::platform::Family;
use crate::platform::autoscaler::Law;
use crate::platform::autoscaler::hpa::{MetricTarget, SelectPolicy};
use crate::platform::autoscaler::target_tracking::Metric;
use crate::platform::fleet::{Initial, QueueAt, Reuse, Routing};
use crate::platform::meter::Per;
use crate::platform::placement::{Nodes, Placement};
use crate::platform::roll_out::{Bounds, Part, RollOut, Strategy as Order};
use crate::units::{Bytes, Nanos};

fn application() -> Application {
    let class = Class {
        name: "request".to_owned(),
        weight: 1.0,
        cpu: Distribution::constant(20e6),
        io: Distribution::constant(0.0),
        threads: 1.0,
        memory: Bytes(20 << 20),
        request_bytes: Distribution::constant(1000.0),
        response_bytes: Distribution::constant(10_000.0),
        timeout: None,
        entry: Entry::default(),
        retry: Retry::default(),
    };
    let service = Service {
        name: "service".to_owned(),
        base_memory: Bytes(64 << 20),
        image: Bytes(0),
        runtime_start: None,
        init: Distribution::constant(0.0),
        body: Body::default(),
        telemetry: Telemetry::default(),
    };
    Application::single(vec![class], service)
}

/// Builds the deployment that the TOML `text` says, and renders what is said about it.
fn try_text(text: &str) -> (Option<Built>, String) {
    let mut sources = Sources::new();
    let mut problems = Diagnostics::new();
    let source = sources.add("scenario.toml", text);
    let table = parse(&sources, source, &mut problems);
    assert!(problems.is_empty(), "{}", problems.render(&sources, false));
    let node = Node { value: Value::Table(table), span: Span::new(source, &(0..text.len())) };
    let built = build(&node, Catalogue::builtin(), &application(), &mut problems);
    (built, problems.render(&sources, false))
}

fn built(text: &str) -> Built {
    let (built, said) = try_text(text);
    built.unwrap_or_else(|| panic!("{text}\n{said}"))
}

fn refused(text: &str) -> String {
    let (built, said) = try_text(text);
    assert!(built.is_none(), "{text} was accepted");
    said
}

fn nodes(built: &Built) -> &Nodes {
    match &built.deployment.placement {
        Placement::Nodes(nodes) => nodes,
        Placement::Provider => panic!("no nodes"),
    }
}

fn seconds(seconds: u64) -> Nanos {
    Nanos(seconds * Nanos::SECOND.0)
}

#[test]
fn every_platform_builds_from_its_name_with_each_of_its_kinds() {
    let catalogue = Catalogue::builtin();
    for platform in catalogue.platforms() {
        let (plain, said) = try_text(&format!("platform = \"{}\"", platform.id));
        let plain = plain.unwrap_or_else(|| panic!("{}: {said}", platform.id));
        assert_eq!(said, "", "{}", platform.id);
        assert_eq!(plain.deployment.name, platform.id);
        assert!(plain.deployment.overrides.is_empty(), "{:?}", plain.deployment.overrides);
        assert!(!plain.deployment.queueing.contains(['{', '}']), "{}", plain.deployment.queueing);
        assert!(plain.deployment.facts.len() > 20, "{}: {}", platform.id, plain.deployment.facts.len());
        for autoscaler in &platform.autoscalers.words {
            for placement in &platform.placements.words {
                let text = format!(
                    "platform = \"{}\"\nautoscaler.kind = \"{autoscaler}\"\nplacement.kind = \"{placement}\"",
                    platform.id
                );
                let built = built(&text);
                let changed = usize::from(autoscaler != platform.autoscalers.first())
                    + usize::from(placement != platform.placements.first());
                assert_eq!(built.deployment.overrides.len(), changed, "{text}");
            }
        }
    }
}

#[test]
fn what_is_resolved_builds_the_same() {
    for platform in ["aws-lambda", "app-engine-standard", "eks", "ec2", "kubernetes"] {
        let first = built(&format!("platform = \"{platform}\""));
        let keys: Vec<&str> = first.resolved.keys().collect();
        for section in ["instance", "fleet", "autoscaler", "placement", "meter", "edge", "tariff", "region"] {
            assert!(keys.contains(&section), "{platform}: {section}");
        }
        assert!(first.resolved.at_path("instance.vcpu").is_some(), "{platform}");
    }
}

#[test]
fn lambda_sells_memory() {
    let built = built("platform = \"aws-lambda\"\ninstance.memory = \"1769MiB\"");
    let deployment = &built.deployment;
    assert_eq!(deployment.family, Family::Faas);
    assert_eq!(deployment.instance.vcpu, 1.0);
    assert_eq!(deployment.instance.start_vcpu, 2.0);
    assert_eq!(deployment.instance.memory, Bytes(1769 << 20));
    assert_eq!((deployment.fleet.slots, deployment.fleet.queue), (Some(1), Some(0)));
    assert_eq!(deployment.fleet.timeout, Some(seconds(3)));
    assert_eq!(deployment.fleet.reuse, Reuse::Newest);
    assert_eq!(deployment.fleet.initial, Initial::Stationary);
    assert_eq!(deployment.fleet.keep_alive.as_ref().unwrap().mean(), 360e9);
    assert_eq!((deployment.meter.per, deployment.meter.round_up), (Per::Request, Nanos(1_000_000)));
    assert_eq!(deployment.meter.counts, [Dimension::Requests, Dimension::GibSeconds]);
    assert!(deployment.meter.start_billed && !deployment.meter.idle_billed);
    let Law::PerRequest(law) = &deployment.autoscaler.law else { panic!("{:?}", deployment.autoscaler) };
    assert_eq!(law.account_concurrency, Some(1000));
    assert_eq!((law.scale_rate.unwrap().count, law.scale_rate.unwrap().per), (1000, seconds(10)));
    assert_eq!(deployment.edge.as_ref().unwrap().timeout, Some(seconds(30)));
    assert_eq!(deployment.edge.as_ref().unwrap().meter.request_unit_bytes, Some(512 << 10));
    assert!((deployment.runtime_start.quantile(0.5) / 92.9e6 - 1.0).abs() < 1e-9);
    assert!((deployment.runtime_start.quantile(0.99) / 181.3e6 - 1.0).abs() < 1e-9);
    assert!(matches!(&built.tariff, TariffChoice::Catalogue(id, _) if id == "aws-lambda"));
    let [memory] = deployment.overrides.as_slice() else { panic!("{:?}", deployment.overrides) };
    assert_eq!((memory.key.as_str(), memory.value.as_str()), ("instance.memory", "1769MiB"));
    assert_eq!(memory.preset.as_deref(), Some("128MiB"));
    assert!(deployment.queueing.contains("(1000)"), "{}", deployment.queueing);
    assert!(deployment.queueing.ends_with(" The edge lets 10000/s pass, 5000 at once, and refuses the rest."));
}

#[test]
fn app_engine_sells_classes() {
    let built = built("platform = \"app-engine-standard\"\ninstance.class = \"F4_1G\"\nfleet.slots = 80");
    let deployment = &built.deployment;
    assert_eq!((deployment.instance.vcpu, deployment.instance.memory), (1.0, Bytes(3072 << 20)));
    assert_eq!((deployment.instance.variant.as_str(), deployment.meter.weight), ("F4_1G", 6));
    assert_eq!(deployment.fleet.slots, Some(80));
    assert_eq!(deployment.fleet.queue_timeout, Some(seconds(10)));
    assert_eq!(deployment.meter.tail, seconds(900));
    assert_eq!((deployment.autoscaler.min, deployment.autoscaler.max), (0, Some(20)));
    let Law::AppEngine(law) = &deployment.autoscaler.law else { panic!() };
    assert_eq!((law.target_cpu_utilization, law.max_idle_instances), (0.6, None));
    assert_eq!(law.max_pending_latency, seconds(10));
}

#[test]
fn eks_packs_pods_on_nodes() {
    let built = built("platform = \"eks\"");
    let deployment = &built.deployment;
    let Law::Hpa(hpa) = &deployment.autoscaler.law else { panic!() };
    assert_eq!(hpa.metrics, [MetricTarget::CpuUtilization(80)]);
    assert_eq!((hpa.sync_period, hpa.downscale_stabilization), (seconds(15), seconds(300)));
    assert!(hpa.behavior.is_none());
    assert_eq!((deployment.autoscaler.min, deployment.autoscaler.max), (1, Some(100)));
    let nodes = nodes(&built);
    let [group] = nodes.groups.as_slice() else { panic!() };
    assert_eq!((group.machine.as_str(), group.min, group.max, group.zones), ("m6i.large", 3, 20, 3));
    assert_eq!((group.allocatable_milli_vcpu, group.max_pods), (1930, 29));
    assert_eq!(group.allocatable_memory, Bytes(6903 << 20));
    assert_eq!((nodes.daemonset_milli_vcpu, nodes.daemonset_memory), (205, Bytes(220 << 20)));
    assert_eq!(nodes.pull_rate, f64::from(30 << 20));
    assert_eq!(nodes.autoscaler.as_ref().unwrap().unneeded_time, seconds(600));
    assert!((nodes.boot.quantile(0.95) / 300e9 - 1.0).abs() < 1e-3);
    assert!((deployment.fleet.start.quantile(0.99) / 5e9 - 1.0).abs() < 1e-3);
    assert_eq!((deployment.fleet.slots, deployment.fleet.queue_at), (None, QueueAt::Instance));
    assert_eq!(deployment.fleet.routing, Routing::RoundRobin);
    assert_eq!((deployment.meter.per, deployment.meter.clusters), (Per::Node, 1));
    assert_eq!((deployment.meter.minimum, deployment.meter.volume_gib), (seconds(60), 20));
    let edge = deployment.edge.as_ref().unwrap();
    assert_eq!((edge.id.as_str(), edge.meter.hours, edge.meter.addresses), ("aws-alb", 1, 3));
    assert_eq!(edge.meter.capacity.unwrap().connections_per_second, 25.0);
}

#[test]
fn node_groups_are_completed_one_by_one() {
    let built = built(
        "platform = \"eks\"\n[placement]\nkind = \"fixed\"\nnodes = [{ type = \"m5.xlarge\", min = 4 }, { vcpu = 8, memory = \"32GiB\", zones = 1 }]",
    );
    let nodes = nodes(&built);
    assert!(nodes.autoscaler.is_none());
    let [first, second] = nodes.groups.as_slice() else { panic!() };
    assert_eq!((first.allocatable_milli_vcpu, first.allocatable_memory), (3920, Bytes(14162 << 20)));
    assert_eq!((first.min, first.max), (6, 20), "as many in each of three zones");
    assert_eq!((second.machine.as_str(), second.allocatable_milli_vcpu, second.max_pods), ("node", 8000, u32::MAX));
    assert_eq!((second.min, second.cpu_speed), (3, 1.0));
}

#[test]
fn spot_nodes_are_counted_apart_and_their_interruptions_named() {
    let built = built(
        "platform = \"eks\"\n[placement]\nnodes = [{ type = \"m5.large\", market = \"spot\" }, { type = \"m5.large\" }]",
    );
    let groups = &nodes(&built).groups;
    assert_eq!((groups[0].machine.as_str(), groups[0].spot), ("m5.large:spot", true));
    assert_eq!((groups[1].machine.as_str(), groups[1].spot), ("m5.large", false));
    assert_eq!((groups[0].allocatable_milli_vcpu, groups[0].max_pods), (1930, 29), "the machine is the same");
    let left_out =
        |built: &Built| built.deployment.not_modelled.iter().filter(|(what, _)| what.contains("spot")).count();
    assert_eq!((left_out(&built), left_out(&self::built("platform = \"eks\""))), (1, 0));
}

#[test]
fn ec2_sells_machines_and_tracks_targets() {
    let built = built(
        "platform = \"ec2\"\ninstance.type = \"c6g.xlarge\"\n[autoscaler]\nkind = \"target-tracking\"\nmetric = \"requests_per_instance\"\ntarget = \"600/min\"",
    );
    let deployment = &built.deployment;
    assert_eq!((deployment.instance.vcpu, deployment.instance.memory), (4.0, Bytes(8 << 30)));
    assert_eq!(deployment.instance.variant, "c6g.xlarge");
    let Law::TargetTracking(law) = &deployment.autoscaler.law else { panic!() };
    assert_eq!((law.metric, law.target), (Metric::RequestsPerInstance, 600.0));
    assert_eq!((law.evaluation_periods_out, law.evaluation_periods_in, law.scale_in_ratio), (3, 15, 0.7));
    assert_eq!((deployment.autoscaler.min, deployment.autoscaler.max), (2, Some(20)));
    let keys: Vec<&str> = deployment.overrides.iter().map(|changed| changed.key.as_str()).collect();
    assert_eq!(keys, ["autoscaler.kind", "autoscaler.metric", "autoscaler.target", "instance.type"]);
}

#[test]
fn generic_platforms_have_no_delay_no_limit_and_no_price() {
    for id in ["faas", "paas", "kubernetes", "vm"] {
        let built = built(&format!("platform = \"{id}\""));
        let deployment = &built.deployment;
        assert!(deployment.fleet.start.is_zero() && deployment.runtime_start.is_zero(), "{id}");
        assert_eq!((deployment.fleet.slots, deployment.fleet.queue), (Some(1), None), "{id}");
        assert_eq!(deployment.fleet.initial, Initial::Min, "{id}");
        assert!(deployment.edge.is_none() && built.tariff == TariffChoice::None, "{id}");
        assert_eq!(deployment.placement, Placement::Provider, "{id}");
        assert_eq!((deployment.instance.vcpu, deployment.instance.cpu_speed), (1.0, 1.0), "{id}");
    }
    let faas = built("platform = \"faas\"\nfleet.keep_alive = \"600s\"").deployment;
    assert_eq!((faas.autoscaler.min, faas.autoscaler.max), (0, None));
    assert_eq!(faas.fleet.keep_alive.unwrap().as_constant(), Some(600_000_000_000));
    let vm = built("platform = \"vm\"\nautoscaler = { kind = \"fixed\", replicas = 5 }").deployment;
    assert_eq!((vm.autoscaler.min, vm.autoscaler.max), (5, Some(5)));
}

#[test]
fn saying_what_the_preset_says_is_no_override() {
    let text = "platform = \"aws-lambda\"\nregion = \"us-east-1\"\nedge = \"aws-http-api\"\nfleet.timeout = \"3000ms\"\nautoscaler.account_concurrency = 1000";
    assert!(built(text).deployment.overrides.is_empty());
}

#[test]
fn tables_merge_and_distributions_replace() {
    let text = "platform = \"aws-lambda\"\nautoscaler.scale_rate.count = 500\nfleet.keep_alive = { dist = \"exponential\", mean = \"60s\" }";
    let deployment = built(text).deployment;
    let Law::PerRequest(law) = &deployment.autoscaler.law else { panic!() };
    assert_eq!((law.scale_rate.unwrap().count, law.scale_rate.unwrap().per), (500, seconds(10)));
    assert_eq!(deployment.fleet.keep_alive.unwrap().mean(), 60e9);
}

#[test]
fn behavior_is_completed_with_the_defaults_of_the_api() {
    let text = "platform = \"eks\"\nautoscaler.behavior.scale_down = { select_policy = \"Disabled\", tolerance = 0.2 }";
    let deployment = built(text).deployment;
    let Law::Hpa(hpa) = &deployment.autoscaler.law else { panic!() };
    let behavior = hpa.behavior.as_ref().unwrap();
    let (up, down) = (behavior.scale_up.as_ref().unwrap(), behavior.scale_down.as_ref().unwrap());
    assert_eq!((up.policies.len(), up.stabilization_window), (2, Some(Nanos::ZERO)));
    assert_eq!((down.select, down.stabilization_window, down.tolerance), (SelectPolicy::Disabled, None, Some(0.2)));
}

#[test]
fn an_edge_may_be_changed_described_or_left_out() {
    let edge = built("platform = \"eks\"\nedge.timeout = \"300s\"").deployment.edge.unwrap();
    assert_eq!((edge.id.as_str(), edge.timeout, edge.meter.hours), ("aws-alb", Some(seconds(300)), 1));
    let edge = built("platform = \"vm\"\nedge = { latency = \"2ms\" }").deployment.edge.unwrap();
    assert_eq!((edge.id.as_str(), edge.latency), ("custom", Nanos(2_000_000)));
    let none = built("platform = \"eks\"\nedge = \"none\"").deployment;
    assert!(none.edge.is_none());
    assert_eq!(none.overrides[0].key, "edge");
}

#[test]
fn tariffs_are_none_an_id_a_file_or_a_table() {
    let choice = |text: &str| built(&format!("platform = \"vm\"\n{text}")).tariff;
    assert!(matches!(choice("tariff = \"ec2\""), TariffChoice::Catalogue(id, _) if id == "ec2"));
    assert!(matches!(choice("tariff = \"mine.toml\""), TariffChoice::File(path, _) if path == "mine.toml"));
    assert!(
        matches!(choice("tariff = { \"instance-hours\" = \"0.12 USD\" }"), TariffChoice::Inline(table) if table.len() == 1)
    );
    assert!(refused("platform = \"vm\"\ntariff = { \"instance-hours\" = \"0.12\" }").contains("a price such as"));
}

#[test]
fn the_application_names_the_runtime_first() {
    let mut application = application();
    application.services[0].runtime_start = Some(Distribution::constant(7.0));
    let text = "platform = \"aws-lambda\"";
    let mut sources = Sources::new();
    let source = sources.add("scenario.toml", text);
    let mut problems = Diagnostics::new();
    let node = Node { value: Value::Table(parse(&sources, source, &mut problems)), span: Span::BUILT_IN };
    let built = build(&node, Catalogue::builtin(), &application, &mut problems).unwrap();
    assert_eq!(built.deployment.runtime_start.as_constant(), Some(7));
}

#[test]
fn a_runtime_measured_elsewhere_is_an_assumption() {
    let confidence = |platform: &str| {
        let facts = built(&format!("platform = \"{platform}\"")).deployment.facts;
        facts.into_iter().find(|fact| fact.key == "runtime.start").map(|fact| fact.provenance.confidence)
    };
    assert_eq!(confidence("aws-lambda"), Some(Confidence::Secondary));
    assert_eq!(confidence("eks"), Some(Confidence::Assumption));
    assert_eq!(confidence("vm"), None);
}

#[test]
fn add_ons_stand_beside_pods_on_hops_and_on_nodes() {
    let plain = built("platform = \"eks\"").deployment;
    let meshed = built("platform = \"eks\"\naddons = [\"istio\", \"prometheus\"]").deployment;
    assert_eq!((meshed.instance.vcpu, plain.instance.vcpu), (0.35, 0.25));
    assert_eq!(meshed.instance.memory.0 - plain.instance.memory.0, 128 << 20);
    assert_eq!((plain.hop.latency, plain.hop.proxy_cpu), (Nanos(0), Nanos(0)));
    assert_eq!((meshed.hop.latency, meshed.hop.proxy_cpu), (Nanos(630_000), Nanos(200_000)));
    assert!((meshed.hop.cross_zone - 2.0 / 3.0).abs() < 1e-12);
    let Placement::Nodes(nodes) = &meshed.placement else { panic!("pods on nodes") };
    let pods: Vec<(&str, u64)> = nodes.system.iter().map(|pod| (pod.name.as_str(), pod.milli_vcpu)).collect();
    assert_eq!(pods, [("istio/istiod", 500), ("prometheus/server", 500)]);
    // What is said wins, and where each figure comes from is listed.
    let own =
        built("platform = \"eks\"\naddons = [\"istio\"]\nhop.latency = \"1ms\"\nplacement.nodes = [{ zones = 1 }]");
    assert_eq!((own.deployment.hop.latency, own.deployment.hop.cross_zone), (Nanos(1_000_000), 0.0));
    let facts: Vec<&str> = own.deployment.facts.iter().map(|fact| fact.key.as_str()).collect();
    for key in ["hop.proxy_cpu", "addons.istio.sidecar.vcpu", "addons.istio.istiod.memory"] {
        assert!(facts.contains(&key), "{key}: {facts:?}");
    }
}

#[test]
fn how_versions_are_rolled_out_is_in_force_where_it_is_named() {
    let of = |text: &str| built(text).deployment;
    let unnamed = of("platform = \"eks\"");
    assert_eq!(unnamed.roll_out, RollOut::default());
    assert!(unnamed.facts.iter().all(|fact| !fact.key.starts_with("deploy.")));
    let bounds = |surge, unavailable| Order::Rolling(Bounds { surge, unavailable });
    let quarters = bounds(Part::Share(2500), Part::Share(2500));
    let eks = of("platform = \"eks\"\ndeploy = {}");
    assert_eq!((eks.roll_out.strategy, eks.roll_out.grace), (quarters, Some(seconds(30))));
    assert!(eks.overrides.is_empty() && eks.facts.iter().any(|fact| fact.key == "deploy.max_surge"));
    let own = of("platform = \"eks\"\ndeploy = { max_surge = 2, max_unavailable = 0.1, build = \"3m\" }");
    assert_eq!(own.roll_out.strategy, bounds(Part::Count(2), Part::Share(1000)));
    assert_eq!((own.roll_out.build, own.overrides.len()), (seconds(180), 3));
    let lambda = of("platform = \"aws-lambda\"\ndeploy = {}");
    assert_eq!(lambda.roll_out.strategy, Order::AtOnce);
    assert!(lambda.facts.iter().all(|fact| fact.key != "deploy.max_surge"), "it has no meaning there");
    assert_eq!(of("platform = \"app-engine-standard\"\ndeploy = {}").roll_out.strategy, Order::Migrate);
    let refresh = of("platform = \"ec2\"\ndeploy = {}").roll_out;
    assert_eq!(refresh.strategy, bounds(Part::Count(0), Part::Share(1000)));
    assert_eq!(of("platform = \"vm\"\ndeploy.kind = \"rolling\"").roll_out.strategy, quarters);
}
