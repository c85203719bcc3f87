//! Which engine plays a deployment, and why.

use super::RunError;
use super::result::FidelityResult;
use crate::application::fault::Fault;
use crate::engine::tick::domain::outside;
use crate::scenario::{Fidelity, Placed, Scenario};
use crate::units::rounded;

/// Requests of one replication, times deployments, up to which `auto` plays every one of them: some ten seconds to a minute
/// of one core for each replication.
pub(super) const MOST_ONE_BY_ONE: f64 = 5e8;
/// Requests times deployments of all replications beyond which nothing is played one by one.
pub(super) const MOST_REQUEST_DEPLOYMENTS: f64 = 1e12;

/// The engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// Every request is played.
    Exact,
    /// Rates are played.
    Tick,
}

/// The engine of one deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub engine: Engine,
    reason: String,
}

/// A deployment turned out not to be one that the tick engine plays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outside {
    /// Its index.
    pub deployment: usize,
    /// What is outside.
    pub why: String,
}

impl Engine {
    /// The word of results.
    const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Tick => "tick",
        }
    }
}

impl Chosen {
    /// As results have it.
    pub fn result(&self) -> FidelityResult {
        FidelityResult { engine: self.engine.word().to_owned(), reason: self.reason.clone() }
    }
}

/// The word for the engines of all deployments.
pub(super) fn word(chosen: &[Chosen]) -> &'static str {
    match chosen.split_first() {
        Some((first, rest)) if rest.iter().all(|one| one.engine == first.engine) => first.engine.word(),
        _ => "mixed",
    }
}

/// The engine of each deployment, decided from the scenario and its forecast alone.
///
/// # Errors
/// [`RunError::NotByTick`] where `tick` is asked for, [`RunError::TooLarge`].
pub(super) fn choose(scenario: &Scenario) -> Result<Vec<Chosen>, RunError> {
    let all = |engine, reason: String| vec![Chosen { engine, reason }; scenario.deployments.len()];
    let of_traffic = || scenario.traffic.needs_playing();
    let chosen = match scenario.fidelity {
        Fidelity::Exact => all(Engine::Exact, "asked for".to_owned()),
        Fidelity::Tick => {
            let first = (0..scenario.deployments.len()).find_map(|index| of_deployment(scenario, index));
            if let Some(why) = of_traffic().or(first) {
                return Err(RunError::NotByTick(why));
            }
            all(Engine::Tick, "asked for".to_owned())
        }
        Fidelity::Auto => {
            let forecast = Forecast::of(scenario);
            if !forecast.is_long() {
                all(Engine::Exact, format!("auto: {forecast}"))
            } else if let Some(why) = of_traffic() {
                all(Engine::Exact, forecast.in_spite_of(&why))
            } else {
                let of = |index| match of_deployment(scenario, index) {
                    Some(why) => Chosen { engine: Engine::Exact, reason: forecast.in_spite_of(&why) },
                    None => Chosen { engine: Engine::Tick, reason: format!("auto: {forecast}") },
                };
                (0..scenario.deployments.len()).map(of).collect()
            }
        }
    };
    refuse_too_many(scenario, &chosen)?;
    Ok(chosen)
}

/// Plays a deployment one by one after all, which `auto` has given to the tick engine.
///
/// # Errors
/// [`RunError::NotByTick`] where `tick` was asked for, [`RunError::TooLarge`].
pub(super) fn play_one_by_one(
    scenario: &Scenario,
    chosen: &mut [Chosen],
    Outside { deployment, why }: &Outside,
) -> Result<(), RunError> {
    let why = on(&scenario.deployments[*deployment], why);
    if scenario.fidelity == Fidelity::Tick {
        return Err(RunError::NotByTick(why));
    }
    chosen[*deployment] = Chosen { engine: Engine::Exact, reason: Forecast::of(scenario).in_spite_of(&why) };
    refuse_too_many(scenario, chosen)
}

/// Refuses more requests than are played one by one within reason.
fn refuse_too_many(scenario: &Scenario, chosen: &[Chosen]) -> Result<(), RunError> {
    let most = scenario.precision.map_or(scenario.replications, |precision| precision.most_replications);
    let requests = scenario.traffic.forecast().requests * f64::from(most);
    let one_by_one: Vec<&Chosen> = chosen.iter().filter(|one| one.engine == Engine::Exact).collect();
    let Some(first) = one_by_one.first() else { return Ok(()) };
    let request_deployments = requests * one_by_one.len() as f64;
    if request_deployments <= MOST_REQUEST_DEPLOYMENTS {
        return Ok(());
    }
    Err(RunError::TooLarge { requests, request_deployments, reason: first.reason.clone() })
}

/// What is expected of one replication.
struct Forecast {
    requests: f64,
    deployments: usize,
}

impl Forecast {
    fn of(scenario: &Scenario) -> Self {
        Self { requests: scenario.traffic.forecast().requests, deployments: scenario.deployments.len() }
    }

    fn all(&self) -> f64 {
        self.requests * self.deployments as f64
    }

    /// Whether `auto` plays rates.
    fn is_long(&self) -> bool {
        self.all() > MOST_ONE_BY_ONE
    }

    /// Why requests are played one by one although there are many.
    fn in_spite_of(&self, why: &str) -> String {
        format!("auto: {self}, but the tick engine does not play this: {why}")
    }
}

impl std::fmt::Display for Forecast {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let on =
            if self.deployments == 1 { String::new() } else { format!(" on each of {} deployments", self.deployments) };
        let are = if self.is_long() { "more" } else { "no more" };
        write!(f, "about {} requests{on} are {are} than {} in all", rounded(self.requests), rounded(MOST_ONE_BY_ONE))
    }
}

/// What goes wrong on the deployment of an index.
pub(super) fn faults_on(scenario: &Scenario, index: usize, placed: &Placed) -> Vec<Fault> {
    let on = |fault: &crate::application::fault::Fault| fault.on(index, &scenario.application, &placed.application);
    scenario.faults.iter().filter_map(on).collect()
}

/// Why the tick engine does not play the deployment of an index, if so.
fn of_deployment(scenario: &Scenario, index: usize) -> Option<String> {
    let placed = &scenario.deployments[index];
    let faults = faults_on(scenario, index, placed).len();
    Some(on(placed, &outside(&placed.deployment, &placed.application, faults)?))
}

fn on(placed: &Placed, why: &str) -> String {
    format!("deployment `{}`: {why}", placed.deployment.name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{RunOptions, fold_by};
    use super::*;
    use crate::scenario::Document;

    /// A year at this rate on these deployments.
    fn scenario(fidelity: &str, source: &str, duration: &str, deployments: &str) -> Scenario {
        let text = format!(
            r#"scenario = {{ replications = 2, fidelity = "{fidelity}" }}
class = {{ cpu = "20ms" }}
traffic = {{ duration = "{duration}", source = {{ {source} }} }}
deployment = [{deployments}]"#
        );
        let mut document = Document::new("auto.toml", &text, Path::new("."), "auto", &[]);
        document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)))
    }

    const INSIDE: &str = r#"{ name = "inside", platform = "vm", autoscaler = { kind = "fixed", replicas = 3 } }"#;
    const OUTSIDE: &str = r#"{ name = "outside", platform = "vm", fleet = { drop_abandoned = true }, autoscaler = { kind = "fixed", replicas = 3 } }"#;

    /// Engine and reason of each deployment.
    fn chosen(fidelity: &str, source: &str, duration: &str, deployments: &str) -> Vec<(Engine, String)> {
        let chosen = choose(&scenario(fidelity, source, duration, deployments)).unwrap();
        chosen.into_iter().map(|one| (one.engine, one.reason)).collect()
    }

    #[test]
    fn auto_plays_requests_up_to_a_number_of_them_and_of_deployments() {
        let two = format!("{INSIDE}, {}", INSIDE.replace("\"inside\"", "\"other\""));
        // 100,000 s: 5e8 requests times deployments at 2,500/s on two, at 5,000/s on one.
        for (rate, deployments, engine) in [
            (4990, INSIDE, Engine::Exact),
            (5010, INSIDE, Engine::Tick),
            (2495, &two, Engine::Exact),
            (2505, &two, Engine::Tick),
        ] {
            let all = chosen("auto", &format!(r#"rate = "{rate}/s""#), "100000s", deployments);
            assert!(all.iter().all(|(chosen, _)| *chosen == engine), "{rate}: {all:?}");
        }
        let reason = |rate| chosen("auto", rate, "100000s", &two).remove(0).1;
        let within = "auto: about 100,000,000 requests on each of 2 deployments are no more than 500,000,000 in all";
        assert_eq!(reason(r#"rate = "1000/s""#), within);
        let above = "auto: about 1,000,000,000 requests on each of 2 deployments are more than 500,000,000 in all";
        assert_eq!(reason(r#"rate = "10000/s""#), above);
    }

    #[test]
    fn what_is_outside_is_played_one_by_one_beside_what_is_inside() {
        let all = chosen("auto", r#"rate = "6000/s""#, "1d", &format!("{INSIDE}, {OUTSIDE}"));
        assert_eq!([all[0].0, all[1].0], [Engine::Tick, Engine::Exact]);
        assert!(
            all[1].1.contains("more than 500,000,000 in all, but the tick engine does not play this"),
            "{}",
            all[1].1
        );
        assert!(all[1].1.ends_with("are dropped from the queue (`fleet.drop_abandoned`)"), "{}", all[1].1);
        let even = chosen("auto", r#"rate = "6000/s", arrivals = "even""#, "1d", INSIDE);
        assert_eq!(even[0].0, Engine::Exact);
        assert!(even[0].1.ends_with("source 'source': its arrivals are evenly spaced"), "{}", even[0].1);
    }

    #[test]
    fn what_is_asked_for_is_played_or_refused() {
        assert_eq!(chosen("exact", r#"rate = "6000/s""#, "1d", INSIDE), [(Engine::Exact, "asked for".to_owned())]);
        assert_eq!(chosen("tick", r#"rate = "1/s""#, "1h", INSIDE), [(Engine::Tick, "asked for".to_owned())]);
        let refused = choose(&scenario("tick", r#"rate = "1/s""#, "1h", OUTSIDE));
        assert!(matches!(refused, Err(RunError::NotByTick(_))), "{refused:?}");
    }

    #[test]
    fn only_what_is_played_one_by_one_is_too_large() {
        // Two replications of 6.3e11 requests.
        let of = |fidelity, deployments: &str| choose(&scenario(fidelity, r#"rate = "20000/s""#, "365d", deployments));
        assert!(of("auto", INSIDE).is_ok());
        assert!(matches!(of("exact", INSIDE), Err(RunError::TooLarge { .. })));
        match of("auto", &format!("{INSIDE}, {OUTSIDE}")) {
            Err(RunError::TooLarge { request_deployments, reason, .. }) => {
                assert!((request_deployments / 1.26e12 - 1.0).abs() < 0.01, "{request_deployments}");
                assert!(reason.contains("`outside`"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn mixed_engines_serve_the_same_requests() {
        let scenario = scenario(
            "auto",
            r#"rate = "30/s", burst = { cv = 0.3, window = "1m" }"#,
            "1h",
            &format!("{INSIDE}, {OUTSIDE}"),
        );
        let mut chosen = choose(&scenario).unwrap();
        chosen[0].engine = Engine::Tick;
        assert_eq!(word(&chosen), "mixed");
        let folded = fold_by(&scenario, &RunOptions::quiet(), &chosen).unwrap().unwrap();
        let offered: Vec<u64> = folded.deployments.iter().map(|one| one.requests.offered).collect();
        let requests: u64 = folded.traffic.iter().map(|one| one.requests).sum();
        assert_eq!(offered, [requests, requests]);
        assert!(folded.traffic[0].dispersion_1s.is_some());
    }

    /// A shop that reads twice and writes every other time, bound like this on a platform, at a rate for ten minutes.
    fn shop(rate: &str, platform: &str, orders: &str) -> Scenario {
        let text = format!(
            r#"scenario = {{ replications = 1, fidelity = "tick" }}
class = {{ cpu = "5ms", request_bytes = 0 }}
service = [{{ name = "shop", steps = [
  {{ query = "orders", size = "3KiB", repeat = 2 }}, {{ cpu = "class" }}, {{ query = "orders", op = "write", size = "2KiB", p = 0.5 }},
] }}]
store = [{{ name = "orders", kind = "relational", latency = {{ read = "10ms", write = "10ms" }} }}]
deployment = {{ name = "d", platform = "{platform}", bind = {{ orders = {{ {orders} }} }} }}
traffic = {{ duration = "10m", warmup = "0s", source = {{ rate = "{rate}" }} }}"#
        );
        let text = if orders.contains("dynamodb") { text.replace("relational", "document") } else { text };
        let mut document = Document::new("shop.toml", &text, Path::new("."), "shop", &[]);
        document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)))
    }

    /// What keeps it from being played by rates.
    fn kept_from(scenario: &Scenario) -> Option<String> {
        let chosen = match choose(scenario) {
            Ok(chosen) => chosen,
            Err(RunError::NotByTick(why)) => return Some(why),
            Err(other) => panic!("{other:?}"),
        };
        fold_by(scenario, &RunOptions::quiet(), &chosen).unwrap().err().map(|outside| outside.why)
    }

    #[test]
    fn a_store_is_played_by_rates_as_long_as_it_is_clear_of_what_it_takes() {
        let table = |units: u32| {
            format!(
                r#"kind = "aws-dynamodb", mode = "provisioned", provisioned_throughput = {{ read_capacity_units = {units}, write_capacity_units = 40 }}, read_auto_scaling = "none", write_auto_scaling = "none""#
            )
        };
        // A request is one read unit; 300 s of what is bought are saved up, and 600 s of 10/s are more.
        assert_eq!(kept_from(&shop("20/s", "aws-lambda", &table(20))), None);
        let near = kept_from(&shop("20/s", "aws-lambda", &table(10))).unwrap();
        assert!(near.contains("20 read units/s come near the 10/s that store `orders` takes"), "{near}");
        // 25 ms of two vCPUs each.
        let aurora = r#"kind = "aws-aurora""#;
        assert_eq!(kept_from(&shop("60/s", "ec2", aurora)), None);
        let near = kept_from(&shop("78/s", "ec2", aurora)).unwrap();
        assert!(near.contains("78 requests/s come near what the CPU of store `orders` is enough for (80/s)"), "{near}");
        // Functions are as many as are at work at once, and these are no Poisson number where queries wait for each other.
        let crowded = kept_from(&shop("20/s", "aws-lambda", aurora)).unwrap();
        assert!(crowded.contains("queries wait for each other's CPU in store `orders`"), "{crowded}");
        let larger = r#"kind = "aws-aurora", class = "db.r6g.xlarge""#;
        assert_eq!(kept_from(&shop("20/s", "aws-lambda", larger)), None);
        let few = r#"kind = "aws-aurora", class = "db.r6g.xlarge", max_connections = 12"#;
        let near = kept_from(&shop("20/s", "aws-lambda", few)).unwrap();
        assert!(near.contains("connections of its instances come near the 12 that store `orders` takes"), "{near}");
    }

    #[test]
    fn what_a_sample_cannot_tell_of_a_store_is_refused_by_name() {
        let serverless = kept_from(&shop("20/s", "aws-lambda", r#"kind = "aws-aurora-serverless""#)).unwrap();
        assert!(serverless.contains("the CPU of store `orders` follows what is asked of it"), "{serverless}");
        let mut direct = shop("20/s", "ec2", r#"kind = "aws-aurora""#);
        direct.deployments[0].application.classes[0].entry =
            crate::application::Entry::Store(0, crate::application::step::Access::Read);
        let why = of_deployment(&direct, 0).unwrap();
        assert!(why.contains("clients of class `request` ask a store"), "{why}");
        let mut again = shop("20/s", "aws-lambda", r#"kind = "aws-aurora""#);
        let placed = &mut again.deployments[0].application;
        placed.classes[0].retry.attempts = Some(3);
        let why = of_deployment(&again, 0).unwrap_or_default();
        assert!(!why.contains("query"), "none is given up: {why}");
        for step in &mut again.deployments[0].application.services[0].body.steps {
            if let crate::application::step::Verb::Query { site, .. } = &mut step.verb {
                site.timeout = Some(crate::units::Nanos::SECOND);
            }
        }
        let given_up = of_deployment(&again, 0).unwrap();
        assert!(given_up.contains("try again (`retry`) when a query is given up"), "{given_up}");
    }

    /// Orders whose payment is waited for by a workflow, and whose dispatch is not.
    fn orders(fidelity: &str, pause: &str) -> Scenario {
        let text = format!(
            r#"scenario = {{ replications = 1, seed = 3, fidelity = "{fidelity}" }}
class = {{ entry = "front", cpu = "5ms" }}
service = [
  {{ name = "front", steps = [{{ cpu = "class" }}, {{ start = "pay" }}, {{ start = "send", await = false, p = 0.5 }}] }},
  {{ name = "bank", steps = [{{ cpu = "4ms" }}, {{ io = {{ dist = "exponential", mean = "30ms" }} }}] }},
]
workflow = [
  {{ name = "pay", steps = [{{ call = "bank" }}, {{ call = "bank", p = 0.25 }}] }},
  {{ name = "send", steps = [{{ wait = "{pause}" }}, {{ call = "bank" }}] }},
]
deployment = {{ name = "d", platform = "aws-lambda", bind = {{ pay = "aws-step-functions-express" }} }}
traffic = {{ duration = "30m", warmup = "10m", source = {{ rate = "20/s" }} }}"#
        );
        let mut document = Document::new("orders.toml", &text, Path::new("."), "orders", &[]);
        document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)))
    }

    #[test]
    fn runs_of_workflows_are_played_by_rates_where_they_end_soon() {
        let played = |fidelity| {
            let result = super::super::run(&orders(fidelity, "2s"), &RunOptions::quiet()).unwrap();
            serde_json::to_value(&result.deployments[0]).unwrap()
        };
        let (exact, tick) = (played("exact"), played("tick"));
        assert_eq!(tick["fidelity"]["engine"], "tick");
        let near = |what: &str, bound: f64| {
            let of = |result: &serde_json::Value| match result.pointer(what) {
                Some(serde_json::Value::String(text)) => text.parse::<f64>().unwrap(),
                Some(number) => number.as_f64().unwrap(),
                None => panic!("{what} in {result}"),
            };
            let (is, found) = (of(&exact), of(&tick));
            assert!((found / is - 1.0).abs() < bound, "{what}: {found} for {is}");
        };
        near("/cost/per_month", 0.01);
        near("/latency_ms/p95", 0.02);
        for workflow in 0..2 {
            near(&format!("/workflows/{workflow}/started"), 0.02);
            near(&format!("/workflows/{workflow}/steps"), 0.02);
            near(&format!("/workflows/{workflow}/latency_ms/mean"), 0.02);
        }
        let mut asks = orders("tick", "2s");
        let store = shop("20/s", "aws-lambda", r#"kind = "aws-aurora""#).deployments.remove(0);
        let query = store.application.services[0].body.steps[0].clone();
        let application = &mut asks.deployments[0].application;
        application.stores = store.application.stores;
        application.workflows[0].body.steps.push(query);
        asks.deployments[0].deployment.bindings.stores = store.deployment.bindings.stores;
        let held = of_deployment(&asks, 0).unwrap();
        assert!(held.contains("runs of workflow `pay` hold connections to store `orders`"), "{held}");
        let long = kept_from(&orders("tick", "20s")).unwrap();
        assert!(long.contains("runs of workflow `send` take 20"), "{long}");
    }

    /// What is found to be outside on the way is played one by one, unless `tick` was asked for.
    #[test]
    fn what_turns_out_to_be_outside_is_played_one_by_one() {
        let near = r#"{ name = "near", platform = "aws-lambda", instance = { memory = "1769MiB" }, fleet = { lifetime = "none" }, autoscaler = { account_concurrency = 5 } }"#;
        let scenario = |fidelity| scenario(fidelity, r#"rate = "90/s""#, "1h", &format!("{INSIDE}, {near}"));
        let asked = scenario("tick");
        let mut chosen = choose(&asked).unwrap();
        let outside = fold_by(&asked, &RunOptions::quiet(), &chosen).unwrap().unwrap_err();
        assert_eq!(outside.deployment, 1);
        assert!(matches!(play_one_by_one(&asked, &mut chosen, &outside), Err(RunError::NotByTick(_))));
        play_one_by_one(&scenario("auto"), &mut chosen, &outside).unwrap();
        assert_eq!([chosen[0].engine, chosen[1].engine], [Engine::Tick, Engine::Exact]);
        assert!(chosen[1].reason.contains("`near`") && chosen[1].reason.contains("its limit"), "{}", chosen[1].reason);
    }
}
