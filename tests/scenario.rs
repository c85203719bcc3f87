//! What a scenario becomes: defaults, overrides, files, the schema, and the fingerprint of what is resolved.

use std::path::{Path, PathBuf};

use breakeven::scenario::axis::Axis;
use breakeven::scenario::templates::TEMPLATES;
use breakeven::scenario::{Document, Fidelity, Metric, Require, Scenario, schema};
use breakeven::traffic::Flow;
use breakeven::traffic::open::Level;
use breakeven::units::{Bytes, Nanos};

const THREE_LINES: &str = r#"
traffic.source.rate = "200/s"
class.cpu = "20ms"
deployment = [{ platform = "aws-lambda" }, { platform = "app-engine-standard" }, { platform = "eks" }]
"#;

fn document(text: &str, sets: &[&str]) -> Document {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    Document::new("s.toml", text, Path::new("."), "s", &sets)
}

fn build(text: &str, sets: &[&str]) -> Scenario {
    built(&mut document(text, sets))
}

fn built(document: &mut Document) -> Scenario {
    document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)))
}

fn mean_rate(scenario: &Scenario) -> f64 {
    match &scenario.traffic.sources[0].flow {
        Flow::Open(open) => match open.level {
            Level::Mean(rate) => rate,
            ref other => panic!("{other:?}"),
        },
        _ => panic!("an open source"),
    }
}

#[test]
fn three_lines_have_every_default() {
    let scenario = build(THREE_LINES, &[]);
    assert_eq!((scenario.name.as_str(), scenario.seed, scenario.replications), ("s", 1, 5));
    assert_eq!((scenario.fidelity, &scenario.require), (Fidelity::Auto, &Require::Any));
    assert_eq!(scenario.traffic.start.to_string(), "2026-01-05T00:00:00+00:00[UTC]");
    assert_eq!(scenario.traffic.duration, Nanos(24 * Nanos::HOUR.0));
    assert_eq!(scenario.traffic.sources[0].name, "source");
    assert_eq!(mean_rate(&scenario), 200.0);
    let class = &scenario.application.classes[0];
    assert_eq!((class.name.as_str(), class.timeout), ("request", Some(Nanos(30_000_000_000))));
    assert_eq!(class.cpu.as_constant(), Some(20_000_000));
    let service = scenario.application.service();
    assert_eq!((service.name.as_str(), service.base_memory), ("app", Bytes(64 << 20)));
    let names: Vec<&str> = scenario.deployments.iter().map(|placed| placed.deployment.name.as_str()).collect();
    assert_eq!(names, ["aws-lambda", "app-engine-standard", "eks"]);
    assert!(scenario.deployments.iter().all(|placed| !placed.tariffs.is_empty()));
    assert!(scenario.objectives.is_empty() && scenario.inputs.is_empty());
}

#[test]
fn textbook_systems_are_scenarios() {
    let scenario = build(
        r#"
traffic = { duration = "2000000s", warmup = "10000s", source = { rate = "4/s" } }
class = { io = { dist = "exponential", mean = "1s" }, timeout = "none" }
deployment = { platform = "vm", autoscaler = { kind = "fixed", replicas = 5 } }
"#,
        &[],
    );
    assert_eq!(scenario.traffic.warmup, Nanos(10_000 * Nanos::SECOND.0));
    assert_eq!(scenario.application.classes[0].timeout, None);
    assert_eq!(scenario.application.classes[0].io.mean(), 1e9);
    let placed = &scenario.deployments[0];
    assert_eq!((placed.deployment.fleet.slots, placed.deployment.fleet.queue), (Some(1), None));
    assert!(placed.tariffs.is_empty(), "a generic platform has no price");
}

#[test]
fn overrides_reach_entries_by_name_by_index_and_alone() {
    for path in ["traffic.source.0.rate", "traffic.source.source.rate", "traffic.source.rate"] {
        assert_eq!(mean_rate(&build(THREE_LINES, &[&format!("{path}=500/s")])), 500.0, "{path}");
    }
    let scenario = build(THREE_LINES, &["scenario.seed=7", "deployment.eks.autoscaler.max=40", "class.name=page"]);
    assert_eq!(scenario.seed, 7);
    assert_eq!(scenario.deployments[2].deployment.autoscaler.max, Some(40));
    assert_eq!(scenario.application.classes[0].name, "page");
}

#[test]
fn an_axis_is_played_value_by_value() {
    let mut document = document(THREE_LINES, &[]);
    let axis = Axis::read(&mut document, "traffic.source.0.rate=10/s..1000/s:3:log").unwrap();
    assert_eq!((axis.unit, axis.logarithmic), ("requests/s", true));
    let rates: Vec<f64> =
        axis.texts.iter().map(|text| mean_rate(&built(&mut document.with_value(&axis.path, text)))).collect();
    assert_eq!(rates, axis.values);
    assert_eq!((rates[0], rates[2]), (10.0, 1000.0));
}

#[test]
fn the_fingerprint_is_of_what_is_resolved() {
    let fingerprint = |text: &str, sets: &[&str]| build(text, sets).sha256;
    let plain = fingerprint(THREE_LINES, &[]);
    assert_eq!(plain.len(), 64);
    assert_eq!(plain, fingerprint(&format!("# said otherwise\n{THREE_LINES}"), &["scenario.seed=1"]));
    assert_eq!(plain, fingerprint(THREE_LINES, &["traffic.source.arrivals=poisson", "pricing.free_tier=false"]));
    assert_ne!(plain, fingerprint(THREE_LINES, &["scenario.seed=2"]));
    assert_ne!(plain, fingerprint(THREE_LINES, &["deployment.eks.autoscaler.max=41"]));
}

#[test]
fn objectives_are_in_the_units_of_the_result() {
    let scenario = build(
        &format!(
            "{THREE_LINES}slo.p99 = '500ms'\nslo.availability = '99.9%'\nslo.require = ['eks']\n\
             slo.class.request.p95 = '1s'\nbudget.cost_per_month = '100 USD'\npricing.currency = {{ code = 'EUR', per_usd = 0.9 }}"
        ),
        &[],
    );
    let targets: Vec<_> =
        scenario.objectives.iter().map(|goal| (goal.metric, goal.class.as_deref(), goal.target)).collect();
    assert_eq!(
        targets,
        [
            (Metric::P99, None, 500.0),
            (Metric::Availability, None, 0.999),
            (Metric::P95, Some("request"), 1000.0),
            (Metric::CostPerMonth, None, 90.0),
        ]
    );
    assert_eq!(scenario.require, Require::Named(vec!["eks".to_owned()]));
}

#[test]
fn instants_are_of_the_wall_clock_and_a_gap_of_it_is_bridged() {
    let scenario = build(
        &format!("{THREE_LINES}traffic.timezone = 'Europe/Berlin'\ntraffic.start = 2026-03-29T02:30:00\n"),
        &["traffic.source.event=[{ at = 2026-03-29T04:00:00, multiplier = 3 }, { at = '1h', multiplier = 2 }]"],
    );
    assert_eq!(scenario.traffic.start.to_string(), "2026-03-29T03:30:00+02:00[Europe/Berlin]");
    let Flow::Open(open) = &scenario.traffic.sources[0].flow else { panic!("an open source") };
    let at: Vec<String> = open.events.iter().map(|event| event.at.to_string()).collect();
    assert_eq!(at, ["2026-03-29T02:00:00Z", "2026-03-29T02:30:00Z"]);
}

#[test]
fn files_are_relative_to_the_scenario_and_part_of_the_fingerprint() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("counts.csv", "epoch_s,requests\n0,5\n60,7\n120,9\n");
    write("times.txt", "10ms\n20ms\n30ms\n");
    write(
        "s.toml",
        "traffic.source = { kind = 'counts', file = 'counts.csv' }\n\
         class.cpu = { dist = 'empirical', file = 'times.txt' }\ndeployment = { platform = 'vm' }\n",
    );
    let read = || built(&mut Document::read(&folder.path().join("s.toml"), &[]));
    let scenario = read();
    assert_eq!(scenario.traffic.duration, Nanos(180 * Nanos::SECOND.0), "the span of the counts");
    assert!((scenario.application.classes[0].cpu.mean() / 20e6 - 1.0).abs() < 1e-6);
    let mut paths: Vec<&str> = scenario.inputs.iter().map(|input| input.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["counts.csv", "times.txt"]);
    write("counts.csv", "epoch_s,requests\n0,5\n60,7\n120,10\n");
    assert_ne!(read().sha256, scenario.sha256);
}

#[test]
fn templates_are_scenarios() {
    for template in TEMPLATES {
        let scenario = build(template.text, &[]);
        assert!(scenario.warnings.is_empty(), "{}", template.name);
    }
}

fn scenario_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "toml")).collect();
    files.sort();
    files
}

/// TOML as a JSON validator sees it: date-times are strings.
fn as_json(value: &toml::Value) -> serde_json::Value {
    match value {
        toml::Value::Datetime(at) => serde_json::json!(at.to_string()),
        toml::Value::Array(values) => values.iter().map(as_json).collect(),
        toml::Value::Table(table) => {
            serde_json::Value::Object(table.iter().map(|(key, value)| (key.clone(), as_json(value))).collect())
        }
        other => serde_json::to_value(other).unwrap(),
    }
}

#[test]
fn the_schema_takes_every_scenario_and_lists_only_what_runs() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let valid = |text: &str| {
        let json = as_json(&toml::from_str(text).unwrap());
        validator.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect::<Vec<_>>()
    };
    let texts = scenario_files().into_iter().map(|file| std::fs::read_to_string(file).unwrap());
    for text in texts.chain([THREE_LINES.to_owned()]) {
        assert_eq!(valid(&text), [""; 0]);
    }
    for wrong in ["200", "'200'", "'200/week'"] {
        assert!(!valid(&THREE_LINES.replace("\"200/s\"", wrong)).is_empty(), "{wrong}");
    }
    assert!(!valid(&format!("{THREE_LINES}scenario.sed = 1")).is_empty());
    let text = schema.to_string();
    for later in ["\"kpa\"", "\"keda\""] {
        assert!(!text.contains(later), "{later} is not simulated yet");
    }
}

proptest::proptest! {
    /// Whatever is typed is answered: by a scenario or by problems that can be shown.
    #[test]
    fn no_scenario_panics(line in 0_usize..60, odd in 0_usize..ODD.len(), set in 0_usize..ODD.len(), key in 0_usize..KEYS.len()) {
        let lines: Vec<&str> = TEMPLATES[0].text.lines().collect();
        let changed = lines.iter().enumerate().map(|(index, written)| match written.split_once('=') {
            Some((key, _)) if index == line => format!("{key}= {}", ODD[odd]),
            _ => (*written).to_owned(),
        });
        let text = changed.collect::<Vec<_>>().join("\n");
        for sets in [vec![], vec![format!("{}={}", KEYS[key], ODD[set])]] {
            let mut document = Document::new("s.toml", &text, Path::new("."), "s", &sets);
            match document.build() {
                Ok(scenario) => proptest::prop_assert!(!scenario.deployments.is_empty()),
                Err(problems) => {
                    proptest::prop_assert!(problems.has_errors());
                    let _ = document.render(&problems, true);
                }
            }
        }
    }
}

const ODD: [&str; 18] = [
    "0",
    "-1",
    "1e308",
    "nan",
    "'0s'",
    "'36525d'",
    "'1000G/s'",
    "'none'",
    "'unbounded'",
    "[]",
    "{}",
    "[{}]",
    "'2^60'",
    "9999-12-31T23:59:59",
    "{ dist = 'pareto', shape = 0.05, scale = '36525d' }",
    "'1048576TiB'",
    "1e-300",
    "{ dist = 'gamma', mean = '20ms', cv = 1e-200 }",
];

const KEYS: [&str; 16] = [
    "traffic.duration",
    "traffic.warmup",
    "traffic.start",
    "traffic.source.rate",
    "traffic.source.event",
    "traffic.source.calendar",
    "traffic.source.stages",
    "class.weight",
    "class.request_bytes",
    "class.timeout",
    "service",
    "deployment.eks.placement.nodes",
    "deployment.eks.fleet.slots",
    "deployment.aws-lambda.instance.memory",
    "deployment",
    "pricing.currency.per_usd",
];

const FUNCTION: &str = r#"
traffic.source.rate = "200/s"
class = { cpu = "20ms", response_bytes = 0 }
deployment = [{ platform = "aws-lambda", edge = "none" }]
"#;

/// What is wrong with a scenario, as users read it.
fn told(text: &str, sets: &[&str]) -> String {
    let mut document = document(text, sets);
    let problems = document.build().expect_err("a scenario with a mistake");
    document.render(&problems, false)
}

#[test]
fn a_day_has_its_prices_and_its_rounding() {
    let then = build(FUNCTION, &["pricing.as_of=2018-05-01"]);
    let now = build(FUNCTION, &[]);
    let of = |scenario: &Scenario| {
        let placed = &scenario.deployments[0];
        let own = placed.tariffs.iter().find(|tariff| tariff.id == "aws-lambda").unwrap();
        let price = own.item("gib-seconds").unwrap().tiers[0].price.to_string();
        (price, placed.deployment.meter.round_up.0 / 1_000_000, placed.deployment.meter.start_billed)
    };
    assert_eq!(of(&then), ("0.00001667".to_owned(), 100, false));
    assert_eq!(of(&now), ("0.0000166667".to_owned(), 1, true));
    // What a scenario says itself is in force.
    let own = build(FUNCTION, &["pricing.as_of=2018-05-01", "deployment.0.meter.round_up=1s"]);
    assert_eq!(of(&own).1, 1000);
    // No source is that old for logs, for which nobody asked: they are left out, and it is told. Who asks is refused.
    let of_logs = |scenario: &Scenario| {
        let deployment = &scenario.deployments[0].deployment;
        let told = deployment.not_modelled.iter().any(|(item, _)| item.contains("no price of aws-cloudwatch"));
        (deployment.observability.logs.is_some(), told)
    };
    assert_eq!((of_logs(&then), of_logs(&now)), ((false, true), (true, false)));
    let text = told(FUNCTION, &["pricing.as_of=2018-05-01", "deployment.0.observability.logs=aws-cloudwatch"]);
    assert!(text.contains("no prices of `aws-cloudwatch` are known of that day"), "{text}");
    // No source is that old for the gateway: it is said, not priced from memory.
    let text = told(THREE_LINES, &["pricing.as_of=2018-05-01"]);
    assert!(text.contains("no prices of `aws-http-api` are known of that day"), "{text}");
    assert!(text.contains("the oldest are of 2024-07-01"), "{text}");
}

#[test]
fn commitments_name_a_plan_and_what_it_sells() {
    let reserved = "pricing.commitment=[{ plan = 'aws-machines.reserved-1y', machine = 'm6i.large', count = 3 }]";
    let savings = "pricing.commitment=[{ plan = 'aws-machines.savings-1y', per_hour = '2.50 USD' }]";
    for (set, count) in [(reserved, 1), (savings, 1)] {
        assert_eq!(build(THREE_LINES, &[set]).pricing.commitments.len(), count);
    }
    for (wrong, expected) in [
        (
            "{ plan = 'aws-machines.reserved-2y', machine = 'm6i.large', count = 3 }",
            "did you mean `aws-machines.reserved-1y`?",
        ),
        ("{ plan = 'aws-machines.reserved-1y', machine = 'm6i.lage', count = 3 }", "did you mean `m6i.large`?"),
        ("{ plan = 'aws-machines.reserved-1y', machine = 'm6i.large' }", "count"),
        ("{ plan = 'aws-machines.reserved-1y', per_hour = '1 USD' }", "give `machine and count`"),
        ("{ plan = 'aws-machines.savings-1y', machine = 'm6i.large', count = 1 }", "give `per_hour`"),
        ("{ plan = 'aws-machines.savings-1y', per_hour = '-1 USD' }", "negative"),
        ("{ plan = 'aws-machines.spot', per_hour = '1 USD' }", "not committed to"),
    ] {
        let text = told(THREE_LINES, &[&format!("pricing.commitment=[{wrong}]")]);
        assert!(text.contains(expected), "{wrong}\n{text}");
    }
}

#[test]
fn presets_count_as_the_tariffs_of_their_ids_say() {
    let text = "traffic.source.rate = \"1/s\"\nclass.cpu = \"20ms\"\n\
        deployment = [{ platform = \"aws-lambda\" }, { platform = \"app-engine-standard\" }, { platform = \"eks\" }, { platform = \"ec2\" }]";
    let scenario = build(text, &[]);
    let placed = |name: &str| scenario.deployments.iter().find(|placed| placed.deployment.name == name).unwrap();
    let rule = |name: &str, item: &str| placed(name).tariffs.iter().find_map(|tariff| tariff.item(item)).unwrap().rule;
    let meter = |name: &str| placed(name).deployment.meter.clone();
    let (lambda, of_lambda) = (meter("aws-lambda"), rule("aws-lambda", "gib-seconds"));
    assert_eq!((lambda.round_up, lambda.start_billed), (of_lambda.step, of_lambda.start_billed));
    assert_eq!(meter("app-engine-standard").tail, rule("app-engine-standard", "instance-hours").tail);
    for name in ["ec2", "eks"] {
        assert_eq!(
            (meter(name).round_up, meter(name).minimum),
            (rule(name, "m6i.large").step, rule(name, "m6i.large").least)
        );
    }
    let gateway = placed("aws-lambda").deployment.edge.as_ref().unwrap();
    let chunk =
        placed("aws-lambda").tariffs.iter().find(|tariff| tariff.id == gateway.id).unwrap().item("requests").unwrap();
    assert_eq!(gateway.meter.request_unit_bytes, Some(chunk.rule.chunk.0));
    let balancer = placed("eks").deployment.edge.as_ref().unwrap().meter.capacity.unwrap();
    let units = placed("eks").tariffs.iter().find_map(|tariff| tariff.item("lcu-hours")).unwrap().capacity.unwrap();
    assert_eq!(balancer.connections_per_second.to_string(), units.connections_per_second.to_string());
    assert_eq!(balancer.bytes_per_hour.to_string(), units.bytes_per_hour.to_string());
}
