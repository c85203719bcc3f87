//! Where logs, metrics and traces go by default, what is said about mistakes, and how large add-ons are.

use super::*;
use crate::application::step::{CallSite, Step, Verb};
use crate::platform::observability::{Logs, Metrics, Observability, Traces};

fn observed(text: &str) -> Observability {
    built(text).deployment.observability
}

#[test]
fn only_what_a_provider_keeps_without_being_asked_goes_anywhere() {
    let lambda = observed("platform = \"aws-lambda\"");
    let day = 24 * Nanos::HOUR.0;
    let of_lambda = Logs {
        id: "aws-cloudwatch".to_owned(),
        unasked: true,
        class: "lambda".to_owned(),
        of_platform: Bytes(264),
        kept: Nanos(30 * day),
        of_million: 150_000,
    };
    assert_eq!(lambda, Observability { logs: Some(of_lambda.clone()), ..Observability::default() });
    let of_google = observed("platform = \"app-engine-standard\"").logs.unwrap();
    // A month is included, and kept as it is.
    assert_eq!(
        (of_google.id.as_str(), of_google.kept, of_google.of_platform),
        ("gcp-cloud-logging", Nanos(0), Bytes(1000))
    );
    for platform in ["eks", "ec2", "faas", "paas", "kubernetes", "vm"] {
        assert_eq!(observed(&format!("platform = \"{platform}\"")), Observability::default(), "{platform}");
    }
    assert_eq!(observed("platform = \"aws-lambda\"\nobservability.logs = \"none\""), Observability::default());
    // The same place keeps what the platform says of it; another one does not.
    let same = observed("platform = \"aws-lambda\"\nobservability.logs = \"aws-cloudwatch\"").logs.unwrap();
    assert_eq!(same, Logs { unasked: false, ..of_lambda.clone() });
    let brief = observed("platform = \"aws-lambda\"\nobservability.logs.retention = \"1d\"").logs.unwrap();
    assert_eq!(brief, Logs { unasked: false, kept: Nanos(day), ..of_lambda });
    let other = observed("platform = \"aws-lambda\"\nobservability.logs = \"gcp-cloud-logging\"").logs.unwrap();
    assert_eq!((other.class.as_str(), other.of_platform), ("", Bytes(264)));
}

#[test]
fn x_ray_has_its_rule_and_what_is_said_wins() {
    let text = "platform = \"ec2\"\nobservability = { traces = \"aws-xray\", metrics = \"aws-cloudwatch\" }";
    let by_rule = observed(text);
    let rule = Traces { id: "aws-xray".to_owned(), reservoir: 1, of_million: 50_000, by_span: false };
    assert_eq!(by_rule.traces, Some(rule.clone()));
    assert_eq!(by_rule.metrics, Some(Metrics::ByTime { id: "aws-cloudwatch".to_owned() }));
    let text = "platform = \"ec2\"\nobservability.traces = { kind = \"aws-xray\", sampling = \"20%\", reservoir = 10 }";
    let deployment = built(text).deployment;
    assert_eq!(deployment.observability.traces, Some(Traces { reservoir: 10, of_million: 200_000, ..rule }));
    let changed: Vec<&str> = deployment.overrides.iter().map(|changed| changed.key.as_str()).collect();
    assert_eq!(changed, ["observability.traces", "observability.traces.reservoir", "observability.traces.sampling"]);
    let google = "platform = \"app-engine-standard\"\nobservability = { traces = \"gcp-cloud-trace\", metrics = \"gcp-cloud-monitoring\" }";
    let google = observed(google);
    assert!(google.traces.is_some_and(|traces| traces.by_span && traces.of_million == 1_000_000));
    let minute = Nanos(60 * Nanos::SECOND.0);
    let id = "gcp-cloud-monitoring".to_owned();
    assert_eq!(google.metrics, Some(Metrics::ByBytes { id, sample: Bytes(8), interval: minute }));
}

#[test]
fn a_place_that_takes_something_else_is_refused_with_what_would_do() {
    for (text, wanted) in [
        ("platform = \"vm\"\nobservability.logs = \"aws-cloudwach\"", "did you mean `aws-cloudwatch`?"),
        ("platform = \"vm\"\nobservability.logs = \"aws-xray\"", "gcp-cloud-logging"),
        ("platform = \"vm\"\nobservability.traces = \"aws-xry\"", "did you mean `aws-xray`?"),
        ("platform = \"vm\"\nobservability.log = \"none\"", "did you mean `logs`?"),
        ("platform = \"vm\"\nobservability.logs = 3", "expected"),
        ("platform = \"vm\"\nobservability.logs.retention = \"7d\"", "say with `kind` where they go"),
        ("platform = \"aws-lambda\"\nobservability.logs.retntion = \"7d\"", "did you mean `retention`?"),
        ("platform = \"vm\"\nobservability.traces = { kind = \"aws-xray\", sampling = 2 }", "0 to 1"),
        ("platform = \"eks\"\nobservability.metrics = \"prometheus\"", "addons = [\"prometheus\"]"),
        (
            "platform = \"aws-lambda\"\nobservability.metrics = \"influxdb\"",
            "metrics go to `influxdb`, which is not there",
        ),
    ] {
        let said = refused(text);
        assert!(said.contains(wanted), "{text}\n{said}");
        assert!(said.matches("error:").count() == 1, "{text}: said once\n{said}");
    }
}

#[test]
fn a_server_of_metrics_is_as_large_as_the_largest_cluster_needs() {
    let server = |text: &str| {
        let built = built(text);
        let pod = nodes(&built).system.iter().find(|pod| pod.name.ends_with("/server")).unwrap().clone();
        (pod.memory, built.deployment.observability)
    };
    // Twenty nodes of 1,500 series, a hundred pods and the server itself of 150: 45,150 series of 7,680 bytes, and of
    // 21,600 values of two.
    let (memory, told) = server("platform = \"eks\"\naddons = [\"prometheus\"]");
    assert_eq!((memory, told.disk_gib), (Bytes(331 << 20), 2));
    assert_eq!(told.metrics, Some(Metrics::OnCluster { id: "prometheus".to_owned() }));
    // Ten nodes have room for 290 pods, so that no more than these are looked at: five hundred are not.
    let ten = "platform = \"eks\"\naddons = [\"prometheus\"]\nautoscaler.max = 500\nplacement.nodes = [{ max = 10 }]";
    let series = 10 * 1500 + 291 * 150;
    assert_eq!(server(ten).0, Bytes((series * 7680_u64).div_ceil(1 << 20) << 20));
    let larger = "platform = \"eks\"\naddons = [\"prometheus\"]\nobservability.metrics = { series_memory = \"16KiB\", retention = \"150d\" }";
    let (memory, told) = server(larger);
    assert_eq!((memory, told.disk_gib), (Bytes(706 << 20), 19));
    // What goes elsewhere leaves the server what it looks at itself.
    let both = "platform = \"eks\"\naddons = [\"prometheus\"]\nobservability.metrics = \"aws-cloudwatch\"";
    let (memory, told) = server(both);
    assert_eq!((memory, told.disk_gib), (Bytes(331 << 20), 2));
    assert_eq!(told.metrics, Some(Metrics::ByTime { id: "aws-cloudwatch".to_owned() }));
    let text = "platform = \"eks\"\naddons = [\"prometheus\"]\nobservability.metrics.series_memory = \"1MiB\"";
    assert!(refused(text).contains("fits on no node"));
}

#[test]
fn what_is_not_said_is_told() {
    let left_out =
        |text: &str| -> Vec<String> { built(text).deployment.not_modelled.into_iter().map(|(item, _)| item).collect() };
    let nowhere = "logs, metrics and traces: `observability` does not say where they go";
    let silent = "log lines of the application itself: no service says its `log_bytes`";
    assert!(left_out("platform = \"ec2\"").iter().any(|item| item == nowhere));
    let lambda = left_out("platform = \"aws-lambda\"");
    assert!(lambda.iter().any(|item| item == silent), "{lambda:?}");
    assert!(lambda.iter().any(|item| item == "metrics and traces: `observability` does not say where they go"));
    assert!(left_out("platform = \"vm\"").is_empty(), "of what has no price nothing is left out");
}

#[test]
fn a_monolith_writes_what_its_parts_would() {
    let mut whole = application();
    let part = whole.services.remove(0);
    let site = || CallSite { size: Distribution::constant(0.0), timeout: None, retry: Retry::default() };
    let call = |service: u16, p: f64| Step { p, ..Step::new(Verb::Call { service, site: site() }) };
    for (steps, bytes) in [(vec![call(1, 1.0), call(2, 0.25)], 100), (vec![call(2, 1.0)], 10), (vec![], 1000)] {
        let telemetry = Telemetry { log_bytes: Bytes(bytes), metrics: 3, spans: 1 };
        let body = Body::new(steps).unwrap();
        whole.services.push(Service { name: format!("s{bytes}"), body, telemetry, ..part.clone() });
    }
    let process = crate::application::monolith::monolith(&whole).unwrap().services.remove(0).telemetry;
    // Its own, then the second with the third's, then a quarter of the third's.
    assert_eq!(process, Telemetry { log_bytes: Bytes(100 + 10 + 1000 + 250), metrics: 9, spans: 1 });
}
