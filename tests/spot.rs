//! Nodes on spare capacity: what they cost, and what is not said to cover them.

use std::collections::BTreeMap;
use std::path::Path;

use breakeven::experiment::{RunOptions, run};
use breakeven::scenario::Document;
use rust_decimal::Decimal;

/// A cluster that grows, of machines with round prices on demand and on spare capacity.
const CLUSTER: &str = r#"
scenario.replications = 2
traffic = { duration = "3h", start = 2026-01-05T00:00:00, source = { rate = "20/s" } }
class = { cpu = { dist = "exponential", mean = "200ms" } }
deployment = [{ platform = "eks", placement = { nodes = [{ type = "m5.large", min = 3, max = 6 }] } }]
pricing.set."aws-machines.m5.large" = "10 USD"
pricing.set."aws-machines.m5.large:spot" = "4 USD"
"#;

const ON_SPOT: &str = "deployment.0.placement.nodes=[{ type = 'm5.large', min = 3, max = 6, market = 'spot' }]";

/// The amount of each item in the bill of a month, and what the bill leaves out.
fn bill(sets: &[&str]) -> (BTreeMap<String, Decimal>, Vec<String>) {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let mut document = Document::new("s.toml", CLUSTER, Path::new("."), "s", &sets);
    let scenario = document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)));
    let result = run(&scenario, &RunOptions::quiet()).unwrap();
    let cost = result.deployments[0].cost.clone().expect("a bill");
    let mut amounts = BTreeMap::new();
    for line in &cost.lines {
        *amounts.entry(line.item.clone()).or_default() += line.amount;
    }
    (amounts, cost.not_modelled.into_iter().map(|missing| missing.item).collect())
}

#[test]
fn spot_nodes_cost_what_spot_costs_and_nothing_else_changes() {
    let ((mut on_demand, _), (mut spot, left_out)) = (bill(&[]), bill(&[ON_SPOT]));
    let machines = on_demand.remove("aws-machines.m5.large").expect("nodes on demand");
    let spare = spot.remove("aws-machines.m5.large:spot").expect("nodes on spare capacity");
    assert!(machines > Decimal::ZERO);
    assert_eq!(spare * Decimal::from(10), machines * Decimal::from(4), "the ratio of the prices");
    assert_eq!(on_demand, spot, "disks, control plane, load balancer and bytes");
    assert!(left_out.iter().any(|what| what.starts_with("interruptions of spot nodes")), "{left_out:?}");
}

#[test]
fn commitments_cover_no_spot_nodes() {
    let (alone, _) = bill(&[ON_SPOT]);
    let (on_demand, _) = bill(&[]);
    for commitment in [
        "pricing.commitment=[{ plan = 'aws-machines.reserved-1y', machine = 'm5.large', count = 1 }]",
        "pricing.commitment=[{ plan = 'aws-machines.savings-1y', per_hour = '0.05 USD' }]",
    ] {
        let (mut committed, _) = bill(&[ON_SPOT, commitment]);
        committed.retain(|item, _| alone.contains_key(item));
        assert_eq!(committed, alone, "{commitment}");
        let (covered, _) = bill(&[commitment]);
        assert!(covered["aws-machines.m5.large"] < on_demand["aws-machines.m5.large"], "it covers nodes on demand");
    }
}

/// One type of two has a spot price.
const OWN: &str = r#"
id = "own"
region = "here"
[source.list]
text = "a list"
observed = "2026-01"
[plan.spot]
kind = "spot"
text = "spare"
[variants]
dimensions = ["instance-hours"]
prices = { "m5.large" = "0.1 USD", "m6i.large" = "0.1 USD" }
source = "list"
confidence = "api"
[[variants.rate]]
plan = "spot"
variants = ["m5.large"]
ratio = "0.4"
source = "list"
confidence = "api"
"#;

/// What is said of a cluster of one node group under a tariff; nothing where it is a scenario.
fn told(node: &str, tariff: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.toml"), OWN).unwrap();
    let nodes = format!("placement = {{ kind = \"fixed\", nodes = [{{ {node}, market = \"spot\" }}] }}");
    let text = format!(
        "traffic.source.rate = \"1/s\"\nclass.cpu = \"20ms\"\n[[deployment]]\nplatform = \"kubernetes\"\n{nodes}\ntariff = {tariff}\n"
    );
    let mut document = Document::new("s.toml", &text, folder.path(), "s", &["pricing.egress=false".to_owned()]);
    document.build().err().map_or_else(String::new, |problems| document.render(&problems, false))
}

#[test]
fn a_spot_price_is_never_made_up() {
    assert_eq!(told("type = \"m5.large\"", "\"own.toml\""), "");
    let unsold = told("type = \"m6i.large\"", "\"own.toml\"");
    assert!(unsold.contains("no spot price of `m6i.large` in own"), "{unsold}");
    assert!(unsold.contains("s.toml:5:") && unsold.contains("did you mean `m5.large`?"), "{unsold}");
    // What any node costs is what one on demand costs.
    let inline = told("type = \"m5.large\"", "{ instance-hours = \"0.05 USD\" }");
    assert!(inline.contains("no spot price of `m5.large` in inline"), "{inline}");
    assert!(inline.contains("they have no spot prices"), "{inline}");
    assert_eq!(told("vcpu = 2", "\"none\""), "", "no prices, no bill");
}
