//! What is said about mistakes and doubts.

use super::*;
use crate::document::grammar::{Kind, Shape};

#[test]
fn mistakes_are_answered_with_what_would_do() {
    for (text, wanted) in [
        ("name = \"x\"", "missing key `platform`"),
        ("platform = \"aws-lamda\"", "did you mean `aws-lambda`?"),
        ("platform = \"google-cloud-functions\"", "google-cloud-functions is not simulated yet"),
        ("platform = 3", "expected a platform's id"),
        ("platform = \"aws-lambda\"\ninstance.vcpu = 2", "in proportion to memory"),
        ("platform = \"aws-lambda\"\ninstance.memory = \"64MiB\"", "allowed: 128MiB to 10240MiB"),
        ("platform = \"aws-lambda\"\ninstance.memory = \"512MB\"", "write \"489MiB\""),
        ("platform = \"aws-lambda\"\nfleet.timeout = \"20m\"", "allowed: 1s to 900s"),
        ("platform = \"aws-lambda\"\nfleet.timeout = \"none\"", "allowed: 1s to 900s"),
        ("platform = \"aws-lambda\"\nfleet.slots = 80", "one request at a time"),
        ("platform = \"aws-lambda\"\nautoscaler.provisioned = 5", "provisioned concurrency is not simulated yet"),
        ("platform = \"aws-lambda\"\nautoscaler.kind = \"hpa\"", "it offers per-request"),
        ("platform = \"aws-lambda\"\nplacement.kind = \"fixed\"", "does not offer the placement `fixed`"),
        ("platform = \"eks\"\nautoscaler.kind = \"keda\"", "KEDA is not simulated yet"),
        ("platform = \"eks\"\nautoscaler.kind = \"hpaa\"", "did you mean `hpa`?"),
        ("platform = \"eks\"\nautoscaler.replicas = 3", "unknown key `replicas`"),
        ("platform = \"eks\"\nautoscaler.metrics = [{ queue_length = 5 }]", "queues are not simulated yet"),
        ("platform = \"eks\"\nautoscaler.min = 200", "`min` is above `max`"),
        ("platform = \"eks\"\nautoscaler.min = 0", "allowed: 1 to"),
        ("platform = \"eks\"\nplacement.kind = \"karpenter\"", "Karpenter is not simulated yet"),
        ("platform = \"eks\"\nplacement.nodes = [{ type = \"m6i.lrge\" }]", "did you mean `m6i.large`?"),
        ("platform = \"eks\"\nplacement.nodes = [{ market = \"spto\" }]", "did you mean `spot`?"),
        ("platform = \"eks\"\nplacement.nodes = [{ min = 2, max = 2 }]", "3 zones need at least 3 nodes"),
        ("platform = \"eks\"\nplacement.pull_rate = \"fast\"", "expected a size per second"),
        ("platform = \"eks\"\ninstance.vcpu = 1.8", "fits on no node"),
        ("platform = \"eks\"\ninstance = { vcpu = 1, vcpu_limit = 0.5 }", "`vcpu_limit` is below"),
        ("platform = \"eks\"\nfleet.keep_alive = \"5m\"", "the autoscaler ends pods"),
        ("platform = \"vm\"\nfleet.keep_alive = \"5m\"", "needs instances that follow requests"),
        ("platform = \"vm\"\nfleet.sharing = \"fifo-cores\"\ninstance.vcpu = 1.5", "needs whole vCPUs"),
        ("platform = \"vm\"\nmeter.per = \"node\"", "needs nodes"),
        (
            "platform = \"vm\"\nmeter.per = \"request\"",
            "`instance-hours` is not counted where the bill follows each request",
        ),
        ("platform = \"vm\"\nmeter.counts = [\"egress-bytes\"]", "unknown word `egress-bytes`"),
        ("platform = \"vm\"\nfleet.initial = 3", "3 initial instances"),
        ("platform = \"vm\"\ninstance.class = \"F1\"", "no instance classes"),
        ("platform = \"app-engine-standard\"\ninstance.class = \"F3\"", "did you mean `F"),
        ("platform = \"app-engine-standard\"\nfleet.slots = 2000", "allowed: 1 to 1000"),
        ("platform = \"app-engine-standard\"\nautoscaler.target_cpu_utilization = 0.99", "0.5 to 0.95"),
        ("platform = \"ec2\"\nautoscaler = { kind = \"target-tracking\", target = \"5/s\" }", "a share such as"),
        ("platform = \"ec2\"\nregion = \"eu-west-1\"", "ec2 has no prices for `eu-west-1`"),
        ("platform = \"ec2\"\nedge = \"ingress-nginx\"", "ec2 has no nodes on which ingress-nginx could run"),
        ("platform = \"kubernetes\"\nedge = \"ingress-nginx\"", "there are no nodes on which ingress-nginx could run"),
        ("platform = \"eks\"\nedge = { kind = \"ingress-nginx\", vcpu = 4 }", "ingress-nginx/1 needs 4 vCPU"),
        ("platform = \"eks\"\nedge = { kind = \"ingress-nginx\", hours = 1 }", "ingress-nginx does not offer `hours`"),
        (
            "platform = \"eks\"\nedge = { kind = \"ingress-nginx\", front = \"ingress-nginx\" }",
            "ingress-nginx cannot stand in front of another edge",
        ),
        ("platform = \"eks\"\nedge = { kind = \"ingress-nginx\", front = \"aws-abl\" }", "did you mean `aws-alb`?"),
        ("platform = \"eks\"\nedge = { kind = \"aws-alb\", replicas = 2 }", "aws-alb does not offer `replicas`"),
        ("platform = \"ec2\"\nedge = { kind = \"aws-alb\", bytes = true }", "aws-alb does not offer `bytes`"),
        ("platform = \"ec2\"\nedge = \"aws-abl\"", "did you mean `aws-alb`?"),
        ("platform = \"ec2\"\nfleet = 3", "expected a table"),
        ("platform = \"ec2\"\nautoscaler = 3", "expected a table with `kind`"),
        ("platform = \"ec2\"\nedge = 3", "found a whole number"),
        ("platform = \"ec2\"\naddons = [\"istio\"]", "ec2 has no nodes on which istio could run"),
        ("platform = \"eks\"\naddons = [\"itsio\"]", "did you mean `istio`?"),
        ("platform = \"eks\"\naddons = [\"istio\", \"istio\"]", "the add-on `istio` is there twice"),
        ("platform = \"eks\"\naddons = [3]", "expected an add-on's id"),
        ("platform = \"eks\"\nhop.cross_zone = 1.5", "allowed"),
        ("platform = \"eks\"\nnat = { zones = 3, endpoints = [\"redis\"] }", "`redis` lies within the network"),
        ("platform = \"eks\"\nnat = { zones = 3, endpoints = [\"aws-sqd\"] }", "did you mean `aws-sqs`?"),
        ("platform = \"eks\"\nnat = {}", "missing key `zones`"),
        ("platform = \"ec2\"\nflet.slots = 3", "did you mean `fleet`?"),
    ] {
        let said = refused(text);
        assert!(said.contains(wanted), "{text}\nwanted: {wanted}\nsaid: {said}");
        assert!(said.contains("scenario.toml:"), "{text} has no place:\n{said}");
    }
}

#[test]
fn doubts_are_warnings() {
    let (deployment, said) = try_text("platform = \"app-engine-standard\"\nfleet.slots = 40");
    assert!(deployment.is_some() && said.contains("may need 864MiB of memory and has 384MiB"), "{said}");
    let (deployment, said) = try_text("platform = \"eks\"\nautoscaler = { kind = \"fixed\", replicas = 500 }");
    assert!(deployment.is_some() && said.contains("500 pods are always wanted"), "{said}");
}

#[test]
fn a_price_of_what_is_not_counted_is_a_warning() {
    let (deployment, said) = try_text("platform = \"vm\"\ntariff = { \"gib-seconds\" = \"0.1 USD\" }");
    assert!(deployment.is_some() && said.contains("`gib-seconds` has a price and is not counted"), "{said}");
}

/// Dotted keys of a shape, down to what is not a table.
fn paths(shape: &Shape, prefix: &str, found: &mut Vec<String>) {
    for key in shape.keys.iter().filter(|key| key.later.is_none() && key.name != "platform") {
        let path = format!("{prefix}{}", key.name);
        match key.kind {
            Kind::Table(inner) => paths(inner, &format!("{path}."), found),
            Kind::Tagged(tagged) => {
                found.push(format!("{path}.{}", tagged.tag));
                tagged.variants.iter().for_each(|variant| paths(&variant.shape, &format!("{path}."), found));
            }
            _ => {}
        }
        found.push(path);
    }
}

#[test]
fn no_value_of_any_key_panics() {
    let mut keys = Vec::new();
    paths(&DEPLOYMENT, "", &mut keys);
    keys.sort();
    keys.dedup();
    assert!(keys.len() > 80, "{}", keys.len());
    let values = [
        "3",
        "-1",
        "0",
        "1e300",
        "4294967295",
        "true",
        "[]",
        "[[]]",
        "[{}]",
        "{}",
        "\"x\"",
        "\"none\"",
        "\"5s\"",
        "\"unbounded\"",
        "\"80%\"",
        "\"1GiB\"",
        "{ kind = 3 }",
        "{ dist = \"x\" }",
        "[{ type = 3, min = \"x\" }]",
        "{ scale_up = 3 }",
        "2026-01-05",
    ];
    for platform in Catalogue::builtin().platforms() {
        for key in &keys {
            let kinds = match key.split_once('.') {
                Some(("autoscaler", rest)) if rest != "kind" => platform.autoscalers.words.as_slice(),
                Some(("placement", rest)) if rest != "kind" => platform.placements.words.as_slice(),
                _ => &platform.autoscalers.words[..0],
            };
            let section = key.split('.').next().unwrap_or_default();
            let heads = kinds.iter().map(|kind| format!("{section}.kind = \"{kind}\"\n")).chain([String::new()]);
            for head in heads {
                for value in values {
                    let _ = try_text(&format!("platform = \"{}\"\n{head}{key} = {value}", platform.id));
                }
            }
        }
    }
}

#[test]
fn a_roll_out_fits_its_autoscaler_and_its_kind() {
    let said = |text: &str| refused(text);
    let follows = said("platform = \"paas\"\nautoscaler.kind = \"per-request\"\ndeploy.kind = \"rolling\"");
    assert!(follows.contains("instances of `per-request` are replaced as requests come"), "{follows}");
    let moved = said("platform = \"eks\"\ndeploy.kind = \"migrate\"");
    assert!(moved.contains("`migrate` is what App Engine does, and the autoscaler is `hpa`"), "{moved}");
    let unbound = said("platform = \"vm\"\ndeploy.max_surge = 1");
    assert!(unbound.contains("`max_surge` bounds a rolling update, and this is `at-once`"), "{unbound}");
    let stuck = said("platform = \"eks\"\ndeploy = { max_surge = 0, max_unavailable = \"0%\" }");
    assert!(stuck.contains("nothing can be replaced"), "{stuck}");
}
