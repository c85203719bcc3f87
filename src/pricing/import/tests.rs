//! Fixtures in the four documented shapes, and what is hostile in each.

use rust_decimal::Decimal;

use super::*;
use crate::document::source::Sources;
use crate::pricing::book::Book;
use crate::pricing::tariff::{Grant, Tariff};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../tests/fixtures/price-lists/", $name))
    };
}

const AWS: &str = fixture!("aws-offer.json");
const GCP: &str = fixture!("gcp-skus.json");
const AZURE: &str = fixture!("azure-retail.json");
const INFRACOST: &str = fixture!("infracost.json");
const SAVINGS: &str = fixture!("aws-savings-plans.json");

fn imported(name: &str, list: &str, mapping: &str) -> Result<String, String> {
    taken(&[(name, list)], mapping)
}

fn taken(lists: &[(&str, &str)], mapping: &str) -> Result<String, String> {
    let mut sources = Sources::new();
    let lists: Result<Vec<PriceList>, Refused> = lists.iter().map(|(name, list)| price_list(name, list)).collect();
    let lists = lists.map_err(|refused| refused.message)?;
    let mapping = Mapping::read(&mut sources, "map.toml", mapping).map_err(|found| found.render(&sources, false))?;
    tariff(&mapping, &lists).map_err(|found| found.render(&sources, false))
}

fn bound(name: &str, list: &str, mapping: &str) -> Tariff {
    bound_to(&[(name, list)], mapping)
}

fn bound_to(lists: &[(&str, &str)], mapping: &str) -> Tariff {
    let text = taken(lists, mapping).unwrap_or_else(|why| panic!("{why}"));
    let (mut book, mut sources) = (Book::builtin().clone(), Sources::new());
    let read = book.read(&mut sources, "new.toml", &text).cloned();
    read.unwrap_or_else(|problems| panic!("{}\n{text}", problems.render(&sources, false)))
}

fn item<'t>(tariff: &'t Tariff, id: &str) -> &'t crate::pricing::tariff::Item {
    tariff.items.iter().find(|item| item.id == id).unwrap_or_else(|| panic!("no {id}"))
}

fn usd(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn an_aws_price_list() {
    let tariff = bound("offers.json", AWS, fixture!("aws-offer.toml"));
    let machine = item(&tariff, "my-machines.m6i.large");
    assert_eq!((machine.variant.as_deref(), machine.tiers[0].price), (Some("m6i.large"), usd("0.096")));
    let source = &machine.tiers[0].provenance;
    assert!(source.source.starts_with("offers.json, AWS price list, SHA-256 ") && source.observed == "2026-11-01");
    let egress = item(&tariff, "my-machines.egress");
    let tiers: Vec<_> = egress.tiers.iter().map(|tier| (tier.up_to, tier.price)).collect();
    assert_eq!(tiers, [(Some(usd("10240")), usd("0.09")), (None, usd("0.085"))]);
    assert_eq!(egress.unit.size.get(), 1 << 30);
    assert!(tariff.items.iter().any(|item| item.id == "aws-addresses.public-ipv4"));
}

#[test]
fn a_google_catalogue_whose_first_tier_is_an_allowance() {
    let tariff = bound("skus.json", GCP, fixture!("gcp-skus.toml"));
    let cpu = item(&tariff, "my-cloud-run.cpu");
    assert_eq!((cpu.tiers.len(), cpu.tiers[0].price), (1, usd("0.000024")));
    assert_eq!(cpu.free_month.as_ref().unwrap().grant, Grant::Quantity(usd("180000")));
    let hourly =
        "id = \"x\"\nregion = \"r\"\n[item.core]\ndimension = \"vcpu-seconds\"\nwhere = { skuId = \"BBBB-0002\" }";
    let core = bound("skus.json", GCP, hourly).items[0].clone();
    assert_eq!((core.unit.name.as_str(), core.unit.size.get()), ("vCPU-hour", 3_600_000_000_000_000));
    assert_eq!(core.tiers[0].price, usd("0.02181159"));
}

#[test]
fn azure_retail_prices_whose_tiers_are_items_of_their_own() {
    let tariff = bound("retail.json", AZURE, fixture!("azure-retail.toml"));
    let requests = item(&tariff, "my-azure.requests");
    assert_eq!(requests.tiers[0].price, usd("0.0000002"));
    assert_eq!(requests.free_month.as_ref().unwrap().grant, Grant::Quantity(usd("1000000")));
    assert_eq!(item(&tariff, "my-azure.Standard_D2_v5").tiers[0].provenance.observed, "2026-09-01");
}

#[test]
fn an_infracost_breakdown() {
    let tariff = bound("breakdown.json", INFRACOST, fixture!("infracost.toml"));
    assert_eq!(item(&tariff, "my-stack.requests").tiers[0].price, usd("0.0000002"));
    assert_eq!(item(&tariff, "my-stack.m6i.large").tiers[0].provenance.observed, "2026-11-20");
    let list = price_list("b", INFRACOST).unwrap();
    assert!(list.prices.iter().any(|price| price.facts["resource"] == "aws_instance.web.root_block_device"));
}

/// Price under a plan, and its confidence.
fn under(tariff: &Tariff, id: &str, plan: &str) -> (Decimal, &'static str) {
    let found = item(tariff, id).under(plan).unwrap_or_else(|| panic!("no {plan}"));
    (found.price, found.provenance.confidence.word())
}

#[test]
fn reservations_and_savings_plans_become_plans() {
    let aws = bound("offers.json", AWS, fixture!("aws-offer.toml"));
    assert_eq!(under(&aws, "my-machines.m6i.large", "my-machines.reserved-1y"), (usd("0.0605"), "api"));
    assert_eq!((aws.plans[0].id.as_str(), aws.plans[0].kind.word()), ("my-machines.reserved-1y", "reserved"));
    // 496 USD for a year of 8760 hours are no exact decimal by the hour.
    let azure = bound("retail.json", AZURE, fixture!("azure-retail.toml"));
    let machine = "my-azure.Standard_D2_v5";
    assert_eq!(under(&azure, machine, "my-azure.reserved-1y"), (usd("0.0566210046"), "derived"));
    assert_eq!(under(&azure, machine, "my-azure.savings-3y"), (usd("0.0442"), "api"));
    let head = "id = \"x\"\nregion = \"r\"\nplan.p = { kind = \"savings\", text = \"t\" }\n";
    let core = format!(
        "{head}[item.core]\ndimension = \"vcpu-seconds\"\nwhere = {{ skuId = \"BBBB-0002\" }}\nplans.p.where = {{ skuId = \"BBBB-0003\" }}"
    );
    assert_eq!(under(&bound("skus.json", GCP, &core), "x.core", "x.p"), (usd("0.0137413"), "api"));
    let web = format!(
        "{head}[item.web]\ndimension = \"node-hours\"\nwhere = {{ component = \"~on-demand\" }}\nplans.p.where = {{ component = \"~reserved\" }}"
    );
    assert_eq!(under(&bound("breakdown.json", INFRACOST, &web), "x.web", "x.p"), (usd("0.0605"), "api"));
}

#[test]
fn rates_of_savings_plans_are_found_by_the_machines_that_they_make_cheaper() {
    let lists = [("offers.json", AWS), ("savings.json", SAVINGS)];
    let tariff = bound_to(&lists, fixture!("aws-savings-plans.toml"));
    let machine = "my-savings.m6i.large";
    assert_eq!(item(&tariff, machine).tiers[0].price, usd("0.096"));
    assert_eq!(under(&tariff, machine, "my-savings.compute-1y"), (usd("0.07"), "api"));
    assert_eq!(under(&tariff, machine, "my-savings.instance-1y"), (usd("0.0605"), "api"));
    let source = &item(&tariff, machine).under("my-savings.compute-1y").unwrap().provenance;
    assert!(source.source.starts_with("savings.json, AWS price list of savings plans, SHA-256 "));
    assert_eq!(source.observed, "2026-11-02");
    // Without the list of the machines nothing says which of them is which.
    let alone = taken(&lists[1..], fixture!("aws-savings-plans.toml")).unwrap_err();
    assert!(alone.contains("none has `term` = \"OnDemand\""), "{alone}");
    let list = price_list("savings.json", SAVINGS).unwrap();
    let facts = &list.prices[4].facts;
    let fact = |key: &str| facts[key].as_str();
    assert_eq!((list.prices.len(), list.prices[4].line), (5, 110));
    assert_eq!((fact("planInstanceType"), fact("planLeaseContractLength")), ("m6i", "1 year"));
    assert_eq!((fact("planSku"), fact("discountedUsageType")), ("PLAN3", "BoxUsage:m6i.large"));
    for (from, says) in [
        ("planPurchaseTerm = \"1yr\"", "2 prices match `m6i.large` under `compute-1y`"),
        ("planProductFamily = \"ComputeSavingsPlans\"", "2 prices match `m6i.large` under `compute-1y`"),
    ] {
        let fewer = fixture!("aws-savings-plans.toml").replacen(&format!(", {from}"), "", 1);
        let refused = taken(&lists, &fewer).unwrap_err();
        assert!(refused.contains(says) && refused.contains("savings.json:"), "{refused}");
    }
    let wrong = fixture!("aws-savings-plans.toml").replacen("\"1yr\"", "\"1 yr\"", 1);
    let refused = taken(&lists, &wrong).unwrap_err();
    assert!(refused.contains("did you mean \"1yr\"?"), "{refused}");
}

#[test]
fn a_plan_that_is_not_selected_exactly_once_or_counts_otherwise_is_refused() {
    let head = "id = \"x\"\nregion = \"r\"\nplan.p = { kind = \"reserved\", text = \"t\" }\n[item.m]\n\
        dimension = \"node-hours\"\nwhere = { instanceType = \"m6i.large\", operatingSystem = \"Linux\", term = \"OnDemand\" }\n";
    for (rest, says) in [
        ("plans.p.where = { term = \"Reserved\" }", "2 prices match `m` under `p`"),
        ("plans.p.where = { term = \"Reserve\" }", "did you mean \"Reserved\"?"),
        ("plans.q.where = { term = \"Reserved\" }", "is not a `plan` of this file"),
        ("plans.p.where = { term = \"Reserved\", unit = \"Quantity\" }", "`Quantity` is no unit of `node-hours`"),
        ("plans.p = { units = 2 }", "missing key `where`"),
    ] {
        let refused = imported("offers.json", AWS, &format!("{head}{rest}")).unwrap_err();
        assert!(refused.contains(says) && refused.contains("map.toml:"), "{says}: {refused}");
    }
    let spot = head.replace("\"reserved\"", "\"spot\"");
    let refused = imported("offers.json", AWS, &spot).unwrap_err();
    assert!(refused.contains("savings"), "{refused}");
}

#[test]
fn hostile_lists_are_refused_where_they_are_wrong() {
    for (list, from, to, says) in [
        (AWS, "\"0.0960000000\"", "\"-0.096\"", "l:50:40: `-0.096` is negative"),
        (AWS, "\"0.0960000000\"", "\"NaN\"", "l:50:40: `NaN` is no decimal"),
        (AWS, "\"0.0960000000\"", "{}", "expected a number, found an object"),
        (AWS, "\"0.0960000000\"", "99999999999999999999999999999999999999", "9999` is no decimal"),
        (AWS, "{ \"USD\": \"0.0960000000\" }", "{ \"CNY\": \"0.6\" }", "not priced in USD"),
        (AWS, "\"beginRange\": \"10240\"", "\"beginRange\": \"0\"", "two prices from the same quantity on"),
        (
            AWS,
            "\"AAAA3\": {\n        \"AAAA3.TERM1\"",
            "\"AAAA9\": {\n        \"AAAA3.TERM1\"",
            "`AAAA9` is no product",
        ),
        (
            AWS,
            "\"AAAA2\": {\n        \"AAAA2.TERM1\"",
            "\"AAAA1\": {\n        \"AAAA2.TERM1\"",
            "`AAAA1` is there twice",
        ),
        (GCP, "\"nanos\": 24000", "\"nanos\": 1000000000", "billionths"),
        (GCP, "\"nanos\": 24000", "\"nanos\": NaN", "not JSON"),
        (GCP, "\"startUsageAmount\": 0, ", "\"startUsageAmount\": 5, ", "no price from 0 on"),
        (GCP, "\"usageUnit\": \"s\",", "", "`usageUnit` is missing"),
        (AZURE, "\"retailPrice\": 0.096", "\"retailPrice\": -0.096", "l:51:22: `-0.096` is negative"),
        (AZURE, "\"currencyCode\": \"USD\"", "\"currencyCode\": \"EUR\"", "priced in `EUR`"),
        (AZURE, "\"tierMinimumUnits\": 100000.0", "\"tierMinimumUnits\": 0.0", "two prices from the same"),
        (SAVINGS, "\"price\": \"0.07\"", "\"price\": \"-0.07\"", "l:58:42: `-0.07` is negative"),
        (SAVINGS, "\"price\": \"0.07\", ", "", "`price` is missing"),
        (SAVINGS, "\"currency\": \"USD\"", "\"currency\": \"CNY\"", "priced in `CNY`"),
        (SAVINGS, "\"sku\": \"PLAN2\"", "\"sku\": \"PLAN1\"", "`PLAN1` is there twice"),
        (SAVINGS, "\"sku\": \"PLAN1\"", "\"sku\": \"PLAN9\"", "l:46:16: `PLAN1` is no product of this list"),
        (SAVINGS, "\"savingsPlan\": [", "\"savingsPlan\": [7,", "expected an object, found a number"),
        (SAVINGS, "\"savingsPlan\"", "\"savingsPlans\"", "`savingsPlan` is missing"),
        (SAVINGS, "\"discountedSku\": \"AAAA1\",", "", "`discountedSku` is missing"),
        (SAVINGS, "\"rates\": [", "\"rate\": [", "`rates` is missing"),
        (SAVINGS, "\"duration\": 1, ", "", "`duration` is missing"),
        (INFRACOST, "\"price\": \"0.2\"", "\"price\": null", "expected a number, found null"),
        (INFRACOST, "\"projects\": [", "\"projects\": [[],", "expected an object, found an array"),
        (INFRACOST, "\"currency\": \"USD\"", "\"currency\": \"GBP\"", "priced in `GBP`"),
    ] {
        assert!(list.contains(from), "{from}");
        let refused = price_list("l", &list.replacen(from, to, 1)).unwrap_err().message;
        assert!(refused.contains(says), "{says}: {refused}");
    }
    for list in [AWS, GCP, AZURE, INFRACOST, SAVINGS] {
        let cut = &list[..list.len() / 2];
        let refused = price_list("l", cut).unwrap_err().message;
        assert!(refused.starts_with("l:") && refused.ends_with("the file ends here"), "{refused}");
    }
    assert!(price_list("l", "[]").unwrap_err().message.contains("a price list is an object"));
    assert!(price_list("l", "{\"a\": 1}").unwrap_err().message.contains("no price list of a known form"));
}

#[test]
fn a_price_that_is_not_selected_exactly_once_is_refused() {
    let head = "id = \"x\"\nregion = \"r\"\n[item.m]\ndimension = \"node-hours\"\n";
    for (rest, says) in [
        ("where = { instanceType = \"m6i.large\" }", "4 prices match `m`"),
        ("where = { instanceType = \"m6i.large\", term = \"OnDemand\" }", "they differ in"),
        ("where = { instanceTyp = \"m6i.large\" }", "did you mean `instanceType`?"),
        ("where = { instanceType = \"m6i.larg\" }", "did you mean \"m6i.large\"?"),
        ("where = { transferType = \"AWS Outbound\" }", "`GB` is no unit of `node-hours`"),
        ("wher = { term = \"OnDemand\" }", "did you mean `where`?"),
    ] {
        let refused = imported("offers.json", AWS, &format!("{head}{rest}")).unwrap_err();
        assert!(refused.contains(says) && refused.contains("map.toml:"), "{says}: {refused}");
    }
    let upfront = format!("{head}units = 3\nwhere = {{ unit = \"Quantity\" }}");
    assert!(imported("offers.json", AWS, &upfront).unwrap().contains("price = \"0 USD/3\""));
}
