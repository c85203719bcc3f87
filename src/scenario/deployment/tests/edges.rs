//! What stands in front.

use super::*;

#[test]
fn every_edge_builds() {
    for edge in Catalogue::builtin().edges() {
        let platform = if edge.runs_on_nodes() { "eks" } else { "vm" };
        let built = built(&format!("platform = \"{platform}\"\nedge = \"{}\"", edge.id)).deployment;
        assert_eq!(built.edge.unwrap().id, edge.id);
        for item in &edge.not_modelled {
            assert!(built.not_modelled.iter().any(|(listed, _)| listed == item), "{item}");
        }
    }
}

#[test]
fn a_routers_patience_is_its_own() {
    let edge = |text: &str| built(text).deployment.edge.unwrap();
    let heroku = edge("platform = \"paas\"\nedge = \"heroku-router\"");
    assert_eq!((heroku.timeout, heroku.meter.hours, heroku.meter.bytes), (Some(seconds(30)), 0, false));
    let google = edge("platform = \"vm\"\nedge = \"gcp-load-balancer\"");
    assert_eq!((google.timeout, google.meter.hours, google.meter.bytes), (Some(seconds(30)), 1, true));
    // In front of what Google runs itself it cannot be set.
    assert_eq!(edge("platform = \"app-engine-standard\"\nedge = \"gcp-load-balancer\"").timeout, Some(seconds(3600)));
}

#[test]
fn pods_of_the_cluster_are_an_edge_with_a_load_balancer_in_front() {
    let kind = "platform = \"eks\"\nedge = { kind = \"ingress-nginx\", replicas = 2";
    let alone = built(&format!("{kind} }}")).deployment;
    let edge = alone.edge.clone().unwrap();
    assert_eq!((edge.id.as_str(), edge.on_nodes, edge.meter.hours), ("ingress-nginx", true, 0));
    assert_eq!((edge.latency, edge.timeout), (Nanos(180_000), Some(seconds(60))));
    let Placement::Nodes(nodes) = &alone.placement else { panic!("pods on nodes") };
    let pods: Vec<_> = nodes.system.iter().map(|pod| (pod.name.as_str(), pod.milli_vcpu, pod.memory)).collect();
    assert_eq!(pods, [("ingress-nginx/1", 100, Bytes(90 << 20)), ("ingress-nginx/2", 100, Bytes(90 << 20))]);
    let missing = "the load balancer in front of ingress-nginx, which `edge.front` can name";
    let left_out = |deployment: &Deployment| deployment.not_modelled.iter().any(|(item, _)| item == missing);
    assert!(left_out(&alone));

    let fronted = built(&format!("{kind}, latency = \"1ms\", front = {{ kind = \"aws-alb\", latency = \"2ms\" }} }}"));
    let deployment = &fronted.deployment;
    let edge = deployment.edge.clone().unwrap();
    assert_eq!((edge.id.as_str(), fronted.edge.as_deref()), ("aws-alb", Some("aws-alb")));
    assert_eq!((edge.on_nodes, edge.meter.hours, edge.meter.addresses), (true, 1, 3));
    assert_eq!((edge.latency, edge.timeout), (Nanos(3_180_000), Some(seconds(60))));
    assert!(!left_out(deployment));
    let changed: Vec<_> = deployment.overrides.iter().map(|one| (one.key.as_str(), one.value.as_str())).collect();
    let expected = [
        ("edge", "ingress-nginx"),
        ("edge.latency", "1ms"),
        ("edge.front", "aws-alb"),
        ("edge.front.latency", "2ms"),
        ("edge.replicas", "2"),
    ];
    assert_eq!(changed, expected);
    let facts: Vec<&str> = deployment.facts.iter().map(|fact| fact.key.as_str()).collect();
    assert!(["edge.vcpu", "edge.front.timeout"].iter().all(|key| facts.contains(key)), "{facts:?}");
    // Slow cores take longer, and an edge that is impatient itself gives up first.
    let slow = "placement.nodes = [{ vcpu = 4, memory = \"16GiB\", cpu_speed = 0.5, min = 3 }]";
    let slow = built(&format!("{kind}, timeout = \"5s\", front = \"aws-nlb\" }}\n{slow}")).deployment.edge.unwrap();
    assert_eq!((slow.latency, slow.timeout), (Nanos(360_000), Some(seconds(5))));
}

#[test]
fn an_edge_that_is_resolved_builds_the_same() {
    let text = "platform = \"eks\"\nedge = { kind = \"ingress-nginx\", front = { kind = \"aws-nlb\", addresses = 2 } }";
    let first = built(text);
    let edge = first.resolved.at("edge");
    let again = built(&format!("platform = \"eks\"\nedge = {}", edge.to_toml()));
    assert_eq!(again.deployment.edge, first.deployment.edge);
    assert_eq!(again.resolved.at("edge").to_toml(), edge.to_toml());
}
