//! What attempts ask of stores, worked out by hand and against closed forms.

use proptest::prelude::*;

use super::invariants::{bits, controlled, one_slot};
use super::patience::impatient;
use super::{Run, SECOND, class, constant, exponential, faas, fixed, play, poisson, requests_at};
use crate::application::expansion::expand;
use crate::application::program::Body;
use crate::application::retry::{Jitter, Retry};
use crate::application::step::{Access, CallSite, Demand, Step, Verb};
use crate::application::store::{Kind, Store};
use crate::application::{Application, Class, Entry};
use crate::kernel::distribution::Distribution;
use crate::kernel::queueing::erlang_c;
use crate::metering::measurement::Measurement;
use crate::metering::store::StoreMeasure;
use crate::metering::usage::{Dimension, Meter};
use crate::platform::Deployment;
use crate::platform::store::connections::Connections;
use crate::platform::store::processor::{Processor, Scaling};
use crate::platform::store::throughput::{Law, OnDemand, Provisioned, Throughput};
use crate::platform::store::units::{Unit, Units};
use crate::platform::store::{BoundStore, StoreMeter};
use crate::units::{Bytes, Nanos};

pub(super) fn store(latency: Distribution) -> Store {
    let (kind, stored) = (Kind::Relational, Bytes(1 << 30));
    Store { name: "orders".to_owned(), kind, stored, read: latency.clone(), write: latency }
}

fn site(retry: Retry) -> CallSite {
    CallSite { size: Distribution::constant(1000.0), timeout: None, retry }
}

pub(super) fn retry(attempts: u32, base: f64) -> Retry {
    Retry { attempts: Some(attempts), base: constant(base), factor: 1.0, jitter: Jitter::None, ..Retry::default() }
}

pub(super) fn query(access: Access, retry: Retry) -> Step {
    Step::new(Verb::Query { store: 0, access, site: site(retry) })
}

/// One class whose service does `steps`, beside one store of this latency.
fn application(what: Class, steps: Vec<Step>, latency: Distribution) -> Application {
    let mut application = super::application(vec![what]);
    application.services[0].body = Body::new(steps).unwrap();
    application.stores.push(store(latency));
    application
}

/// A service that reads once and does nothing else.
pub(super) fn reading(latency: Distribution, retry: Retry) -> Application {
    application(class(constant(0.0), constant(0.0)), vec![query(Access::Read, retry)], latency)
}

pub(super) fn bound(mut deployment: Deployment, store: BoundStore) -> Deployment {
    deployment.bindings.stores = vec![store];
    deployment
}

fn connected(max: u32, pool: Option<u32>) -> BoundStore {
    BoundStore { connections: Some(Connections { max, pool }), ..BoundStore::default() }
}

pub(super) fn processor(vcpu: f64, cpu_share: f64) -> BoundStore {
    BoundStore { processor: Some(Processor { vcpu, cpu_share, scaling: None }), ..BoundStore::default() }
}

/// A unit for every access, so many per second and no more than those of a second at once.
fn throttled(units: u32) -> BoundStore {
    let law = Law::Provisioned(Provisioned { units, burst: Nanos(SECOND), scaling: None });
    BoundStore { throughput: Some(Throughput { read: law.clone(), write: law }), ..BoundStore::default() }
}

/// Completed, failed; of the store: asked, answered, refused.
pub(super) fn counts(measured: &Measurement) -> [u64; 5] {
    let (class, store) = (&measured.classes[0], &measured.stores[0]);
    [class.completed(), class.failed, store.asked, store.answered, store.refused]
}

fn slowest(measured: &Measurement) -> f64 {
    measured.classes[0].latency.max().unwrap() as f64 / 1e9
}

#[test]
fn queries_share_the_cpu_of_their_store_as_erlang_says() {
    // M/M/3 under processor sharing, one vCPU for a query at most: the sojourn of Erlang's formula.
    let application = reading(exponential(0.1), Retry::default());
    let requests = poisson(&application, 24.0, 20_000.0, 11);
    let measured = play(&bound(faas(), processor(3.0, 1.0)), &application, &requests, Run::of(20_000.0));
    let wait = erlang_c(3, 2.4) * 0.1 / (3.0 - 2.4);
    let sojourn = measured.stores[0].latency.mean().unwrap() / 1e9;
    assert!((sojourn - 0.1 - wait).abs() < 0.01, "{sojourn} against {}", 0.1 + wait);
    let used = measured.stores[0].utilization().unwrap();
    assert!((used - 0.8).abs() < 0.02, "{used}");
    // The caller holds its instance meanwhile.
    let busy: u128 = measured.slices.iter().map(|slice| slice.busy).sum();
    assert!((busy as f64 / 2e13 - 24.0 * sojourn).abs() < 0.05);
}

#[test]
fn only_a_share_of_a_query_needs_the_cpu() {
    // Two at once on one vCPU: 0.25 s of CPU each, side by side, then 0.75 s of waiting for nobody.
    let application = reading(constant(1.0), Retry::default());
    let requests = requests_at(&application, &[0, 0]);
    let measured = play(&bound(faas(), processor(1.0, 0.25)), &application, &requests, Run::of(9.0));
    assert_eq!((counts(&measured), slowest(&measured)), ([2, 0, 2, 2, 0], 1.25));
}

#[test]
fn what_is_throttled_fails_or_asks_again() {
    let fast = constant(0.01);
    let requests = |application: &Application| requests_at(application, &[0; 25]);
    let once = reading(fast.clone(), Retry::default());
    let measured = play(&bound(faas(), throttled(10)), &once, &requests(&once), Run::of(9.0));
    assert_eq!(counts(&measured), [10, 15, 25, 10, 15]);
    // After a second there are ten more, and five of the fifteen ask in vain once more.
    let twice = reading(fast.clone(), retry(2, 1.0));
    let measured = play(&bound(faas(), throttled(10)), &twice, &requests(&twice), Run::of(9.0));
    assert_eq!((counts(&measured), slowest(&measured)), ([20, 5, 40, 20, 20], 1.01));
    let thrice = reading(fast, retry(3, 1.0));
    let measured = play(&bound(faas(), throttled(10)), &thrice, &requests(&thrice), Run::of(9.0));
    assert_eq!((counts(&measured), slowest(&measured)), ([25, 0, 45, 25, 20], 2.01));
}

#[test]
fn every_instance_holds_a_connection_until_it_ends() {
    let application = reading(constant(1.0), Retry::default());
    let mut deployment = bound(faas(), connected(3, None));
    deployment.fleet.keep_alive = Some(constant(10.0));
    // Five at once, of which three are connected; five more while all of their instances idle, which come first to those
    // that failed last; and five when these have gone.
    let instants: Vec<u64> = [0, 5, 30].into_iter().flat_map(|second| [second * SECOND; 5]).collect();
    let measured = play(&deployment, &application, &requests_at(&application, &instants), Run::of(60.0));
    assert_eq!(counts(&measured), [9, 6, 15, 9, 6]);
    let store = &measured.stores[0];
    assert_eq!(store.connections_peak, 3);
    // Until their instances end: 5 + 1 + 10 s, and 30 + 1 + 10 s.
    assert_eq!(store.connections, u128::from(3 * (16 + 11) * SECOND));
}

#[test]
fn a_pool_waits_for_a_connection_of_its_instance() {
    let application = reading(constant(1.0), Retry::default());
    let mut deployment = bound(fixed(1), connected(100, Some(2)));
    deployment.fleet.slots = None;
    let measured = play(&deployment, &application, &requests_at(&application, &[0; 5]), Run::of(60.0));
    assert_eq!((counts(&measured), slowest(&measured)), ([5, 0, 5, 5, 0], 3.0));
    assert_eq!(measured.stores[0].connections_peak, 2);
}

#[test]
fn a_query_outlives_the_attempt_that_was_ended() {
    let application = reading(constant(3.0), Retry::default());
    let mut store = processor(8.0, 1.0);
    store.connections = Some(Connections { max: 1, pool: None });
    let mut deployment = bound(faas(), store);
    deployment.fleet.timeout = Some(Nanos(SECOND));
    // The first is ended after a second, and its query and connection go on until the third.
    let instants = [0, 2 * SECOND, 4 * SECOND];
    let measured = play(&deployment, &application, &requests_at(&application, &instants), Run::of(20.0));
    let class = &measured.classes[0];
    assert_eq!((class.timed_out, class.failed, class.completed()), (2, 1, 0));
    assert_eq!((measured.stores[0].answered, measured.stores[0].refused), (2, 1));
    assert_eq!(measured.stores[0].cpu_used, u128::from(2 * 3 * SECOND) * 1_000_000);
}

#[test]
fn capacity_follows_the_load_and_is_paid_for() {
    let scaling = Scaling {
        min: 2,
        max: 64,
        vcpu_per_unit: 0.25,
        target: 0.7,
        period: Nanos(SECOND),
        scale_down_after: Nanos(10 * SECOND),
    };
    let store = BoundStore {
        id: Some("serverless".to_owned()),
        processor: Some(Processor { vcpu: 0.25, cpu_share: 1.0, scaling: Some(scaling) }),
        meter: StoreMeter { capacity: true, ..StoreMeter::default() },
        ..BoundStore::default()
    };
    let application = reading(constant(0.1), Retry::default());
    // Twenty per second need two vCPUs, which are 11.5 units at 70 %; from the hundredth second on, none.
    let instants: Vec<u64> = (0..2000).map(|number| number * SECOND / 20).collect();
    let requests = requests_at(&application, &instants);
    let deployment = bound(faas(), store);
    let paid_until = |seconds: f64| {
        let measured = play(&deployment, &application, &requests, Run::of(seconds));
        let of = |meter: &&Meter| (meter.dimension, meter.variant.as_str()) == (Dimension::CapacityHours, "serverless");
        let milli_units = measured.usage.counts.keys().find(of).map_or(0, |meter| measured.usage.total(meter));
        // What is paid is what there was: 0.25 vCPU per unit.
        assert_eq!(milli_units / 1000 * 250_000, measured.stores[0].cpu_capacity);
        (milli_units as f64 / 1e12, measured)
    };
    let (whole, measured) = paid_until(2000.0);
    assert_eq!(counts(&measured), [2000, 0, 2000, 2000, 0]);
    let usual = measured.stores[0].latency.quantile(0.5).unwrap() as f64 / 1e9;
    assert!(usual < 0.11, "most of the time queries are as fast as at low load: {usual}");
    // The load needs eleven and a half units, with what had queued before them more, and in the end it is back at its
    // least.
    let (loaded, early) = (paid_until(100.0).0, paid_until(50.0).0);
    assert!((loaded - early) / 50.0 >= 11.5, "{loaded} {early}");
    assert_eq!(whole - paid_until(1500.0).0, 500.0);
}

#[test]
fn accesses_are_counted_in_the_units_of_the_store() {
    let units = Units { read: Unit { bytes: Some(400), half: true }, write: Unit { bytes: Some(1024), half: false } };
    let store = BoundStore {
        id: Some("table".to_owned()),
        units,
        meter: StoreMeter { accesses: true, stored: true, ..StoreMeter::default() },
        ..BoundStore::default()
    };
    let steps = vec![query(Access::Read, Retry::default()), query(Access::Write, Retry::default())];
    let application = application(class(constant(0.0), constant(0.0)), steps, constant(0.1));
    let requests = requests_at(&application, &[0, SECOND, 2 * SECOND]);
    let measured = play(&bound(faas(), store), &application, &requests, Run::of(3600.0));
    let total = |dimension, variant: &str| {
        let of = |meter: &&Meter| meter.dimension == dimension && meter.variant == variant;
        measured.usage.counts.keys().find(of).map_or(0, |meter| measured.usage.total(meter))
    };
    // 1000 bytes are three units of 400, each of which counts half.
    assert_eq!(total(Dimension::StoreReads, "table:eventual"), 9);
    assert_eq!(total(Dimension::StoreWrites, "table"), 3);
    assert_eq!(total(Dimension::StoredGibHours, "table"), u128::from(3600 * SECOND) * 1024);
}

#[test]
fn clients_of_a_store_need_no_instance() {
    let direct = Class { entry: Entry::Store(0, Access::Write), ..class(constant(1.0), constant(1.0)) };
    let mut application = super::application(vec![direct]);
    application.stores.push(store(constant(0.2)));
    let instants: Vec<u64> = (0..12).map(|number| number * 10_000_000).collect();
    let requests = requests_at(&application, &instants);
    let measured = play(&bound(faas(), throttled(10)), &application, &requests, Run::of(9.0));
    assert_eq!(counts(&measured), [11, 0, 12, 11, 1], "ten and what is refilled in 0.1 s");
    assert_eq!((measured.classes[0].rejected, slowest(&measured)), (1, 0.2));
    assert_eq!((measured.started, measured.peak), (0, 0));
    assert_eq!(measured.limits[0].limit, "bind");
    let hasty = Class { timeout: Some(Nanos(SECOND / 10)), ..application.classes[0].clone() };
    application.classes[0] = hasty;
    let measured = play(&bound(faas(), throttled(10)), &application, &requests, Run::of(9.0));
    assert_eq!((measured.classes[0].timed_out, measured.wasted, measured.stores[0].answered), (11, 11, 11));
}

#[test]
fn an_entry_that_was_left_behind_means_nothing_where_a_client_of_a_store_was_since() {
    // An attempt waits until 5 s and is ended at 1 s; a client of the store has its place from 2 s to 2.2 s.
    let wait = || Step::new(Verb::Wait(constant(5.0)));
    let mut application =
        super::calls::application(vec![class(constant(0.0), constant(0.0))], vec![vec![wait()], vec![wait()]]);
    let direct = Class { entry: Entry::Store(0, Access::Read), ..application.classes[0].clone() };
    application.classes.push(direct);
    application.stores.push(store(constant(0.2)));
    let mut deployment = fixed(1);
    deployment.fleet.slots = None;
    deployment.fleet.timeout = Some(Nanos(SECOND));
    let mut requests = requests_at(&application, &[0, 2 * SECOND]);
    requests[1].class = 1;
    let measured = play(&bound(deployment, BoundStore::default()), &application, &requests, Run::of(9.0));
    let [service, direct] = measured.classes.as_slice() else { panic!("two classes") };
    assert_eq!((service.timed_out, direct.completed()), (1, 1));
}

fn any_store() -> BoxedStrategy<BoundStore> {
    let law = prop_oneof![
        (1_u32..40).prop_map(|units| Law::Provisioned(Provisioned { units, burst: Nanos(SECOND), scaling: None })),
        (1_u32..20).prop_map(|warm| {
            let (grows_after, burst) = (Nanos(60 * SECOND), Nanos(SECOND));
            Law::OnDemand(OnDemand { warm, most: 2 * warm, grows_after, burst })
        }),
    ];
    let throughput = prop::option::of(law.prop_map(|law| Throughput { read: law.clone(), write: law }));
    let connections =
        prop::option::of((1_u32..12, prop::option::of(1_u32..4)).prop_map(|(max, pool)| Connections { max, pool }));
    let scaling = prop::option::of((1_u32..4, 4_u32..20).prop_map(|(min, max)| Scaling {
        min,
        max,
        vcpu_per_unit: 0.5,
        target: 0.7,
        period: Nanos(SECOND),
        scale_down_after: Nanos(2 * SECOND),
    }));
    let processor = prop::option::of((0.5_f64..4.0, 0.0_f64..1.0, scaling).prop_map(|(vcpu, cpu_share, scaling)| {
        let vcpu = scaling.map_or(vcpu, |scaling: Scaling| scaling.vcpu(scaling.min));
        Processor { vcpu, cpu_share, scaling }
    }));
    (throughput, connections, processor)
        .prop_map(|(throughput, connections, processor)| BoundStore {
            id: Some("any".to_owned()),
            throughput,
            connections,
            processor,
            meter: StoreMeter { accesses: true, capacity: true, stored: true, machines: None },
            ..BoundStore::default()
        })
        .boxed()
}

fn steps() -> BoxedStrategy<Vec<Step>> {
    let site = (1_u32..4, 0.0_f64..0.5).prop_map(|(attempts, base)| retry(attempts, base));
    let access = prop_oneof![Just(Access::Read), Just(Access::Write)];
    let asks = (access, site, 1_u16..3, 0.0_f64..=1.0).prop_map(|(access, retry, repeat, p)| Step {
        p,
        repeat,
        ..query(access, retry)
    });
    let works = (0.0_f64..0.2).prop_map(|seconds| Step::new(Verb::Cpu(Demand::Own(exponential(seconds + 0.001)))));
    prop::collection::vec(prop_oneof![2 => asks, 1 => works], 1..4).boxed()
}

proptest! {
    #[test]
    fn a_store_without_limits_takes_what_its_latency_says(steps in steps(), seed in any::<u32>()) {
        let application = application(class(constant(0.0), constant(0.0)), steps, exponential(0.1));
        let requests = poisson(&application, 4.0, 20.0, u64::from(seed));
        let durations = requests.iter().map(|request| u128::from(expand(&application, 0, request.key).duration));
        let measured = play(&faas(), &application, &requests, Run::of(1_000.0));
        prop_assert_eq!(measured.classes[0].latency.sum(), durations.sum::<u128>());
    }

    /// Conservation is asserted by the engine, of attempts, requests and queries.
    #[test]
    fn nothing_is_lost_whatever_the_batches(
        deployment in prop_oneof![one_slot().boxed(), controlled().boxed()].boxed(), store in any_store(), steps in steps(),
        rate in 0.5_f64..40.0, seed in any::<u32>(), batch in 1_usize..40, attempts in 1_u32..3,
        timeouts in (prop::option::of(0.05_f64..2.0), prop::option::of(0.05_f64..1.0)), direct in any::<bool>(),
        patience in prop::option::of(0.01_f64..0.5),
    ) {
        let steps = match patience {
            Some(patience) => steps.into_iter().map(|step| impatient(step, patience)).collect(),
            None => steps,
        };
        let [client, platform] = [timeouts.0, timeouts.1].map(|timeout| timeout.map(Nanos::from_seconds));
        let what = Class { timeout: client, retry: retry(attempts, 0.1), ..class(exponential(0.05), constant(0.0)) };
        let mut application = application(what.clone(), steps, exponential(0.1));
        if direct {
            application.classes.push(Class { entry: Entry::Store(0, Access::Read), ..what });
        }
        let mut deployment = bound(deployment, store);
        deployment.fleet.timeout = platform;
        let requests = poisson(&application, rate, 30.0, u64::from(seed));
        let run = Run { warmup: SECOND, first_rate: rate, ..Run::of(35.0) };
        let whole = play(&deployment, &application, &requests, run);
        let stores = format!("{:?}", whole.stores);
        let StoreMeasure { cpu_used, cpu_capacity, connections_peak, .. } = whole.stores[0];
        prop_assert!(cpu_used <= cpu_capacity + 1_000_000);
        if let Some(connections) = deployment.bindings.stores[0].connections {
            prop_assert!(connections_peak <= u64::from(connections.max));
        }
        let other = play(&deployment, &application, &requests, Run { batch, shortcut: false, ..run });
        let others = format!("{:?}", other.stores);
        prop_assert!(stores == others);
        prop_assert!(bits(&whole) == bits(&other));
    }
}
