//! Log lines, metrics and traces: by hand, and what must hold in every run.

use proptest::prelude::*;

use super::calls::{application as of_services, call, io, one_class};
use super::invariants::{bits, controlled, one_slot};
use super::{Run, SECOND, application, class, constant, exponential, faas, fixed, play, poisson, requests_at};
use crate::application::Application;
use crate::application::retry::Retry;
use crate::application::telemetry::Telemetry;
use crate::metering::measurement::Measurement;
use crate::metering::usage::{Dimension, Meter, Usage};
use crate::platform::Deployment;
use crate::platform::meter::Per;
use crate::platform::observability::{Logs, Metrics, Observability, Traces};
use crate::units::{Bytes, Nanos};

fn logs() -> Logs {
    Logs {
        id: "log".to_owned(),
        unasked: false,
        class: "class".to_owned(),
        of_platform: Bytes(100),
        kept: Nanos(0),
        of_million: 0,
    }
}

fn traces(reservoir: u32, of_million: u64, by_span: bool) -> Traces {
    Traces { id: "trace".to_owned(), reservoir, of_million, by_span }
}

fn told(deployment: Deployment, observability: Observability) -> Deployment {
    Deployment { observability, ..deployment }
}

/// `application`, whose services write 7 bytes, have three metrics and leave two spans.
fn telling(mut application: Application) -> Application {
    for service in &mut application.services {
        service.telemetry = Telemetry { log_bytes: Bytes(7), metrics: 3, spans: 2 };
    }
    application
}

fn total(measured: &Measurement, service: &str, dimension: Dimension, variant: &str) -> u128 {
    measured.usage.total(&Meter { service: service.to_owned(), dimension, variant: variant.to_owned() })
}

#[test]
fn an_attempt_that_works_leaves_its_lines_and_one_that_is_refused_none() {
    let app = telling(application(vec![class(constant(0.0), constant(1.0))]));
    let logs_only = || Observability { logs: Some(logs()), ..Observability::default() };
    for (per, shortcut) in [(Per::Request, true), (Per::Instance, true), (Per::Instance, false)] {
        let mut deployment = told(fixed(2), logs_only());
        (deployment.meter.per, deployment.fleet.queue) = (per, Some(0));
        // Two work, the third is refused; the fourth still works at the horizon.
        let requests = requests_at(&app, &[SECOND, SECOND + 1, SECOND + 2, 99 * SECOND + SECOND / 2]);
        let measured = play(&deployment, &app, &requests, Run { shortcut, ..Run::of(100.0) });
        assert_eq!(measured.classes[0].rejected, 1);
        assert_eq!(total(&measured, "app", Dimension::LogBytes, "log:class"), 3 * 107, "{per:?} {shortcut}");
        // What came in the warm-up is counted nowhere.
        let late = play(&deployment, &app, &requests, Run { warmup: 50 * SECOND, shortcut, ..Run::of(100.0) });
        assert_eq!(total(&late, "app", Dimension::LogBytes, "log:class"), 107);
    }
}

#[test]
fn every_service_writes_for_each_attempt_of_a_call() {
    let chain = telling(of_services(one_class(), vec![vec![call(1), call(1)], vec![io(0.1)]]));
    let deployment = told(faas(), Observability { logs: Some(logs()), ..Observability::default() });
    let measured = play(&deployment, &chain, &requests_at(&chain, &[0, SECOND, 2 * SECOND]), Run::of(100.0));
    assert_eq!(total(&measured, "s0", Dimension::LogBytes, "log:class"), 3 * 107);
    assert_eq!(total(&measured, "s1", Dimension::LogBytes, "log:class"), 6 * 107);
}

#[test]
fn the_first_request_of_a_second_is_traced_and_a_twentieth_of_the_others() {
    let app = application(vec![class(constant(0.01), constant(0.0))]);
    let instants: Vec<u64> = (0..1000).map(|request| request * SECOND / 10).collect();
    let requests = requests_at(&app, &instants);
    let deployment = told(faas(), Observability { traces: Some(traces(1, 50_000, false)), ..Observability::default() });
    let measured = play(&deployment, &app, &requests, Run::of(100.0));
    assert_eq!(total(&measured, "", Dimension::Traces, "trace"), 100 + 900 / 20);
    // A client who tries again is traced again.
    let retry = Retry { attempts: Some(2), base: constant(0.0), ..Retry::default() };
    let again = application(vec![crate::application::Class { retry, ..class(constant(0.0), constant(1.0)) }]);
    let mut none = told(fixed(0), Observability { traces: Some(traces(9, 0, false)), ..Observability::default() });
    none.fleet.queue = Some(0);
    let measured = play(&none, &again, &requests_at(&again, &[0]), Run::of(10.0));
    assert_eq!((measured.classes[0].offered, total(&measured, "", Dimension::Traces, "trace")), (2, 2));
}

#[test]
fn spans_are_those_of_all_attempts_by_the_share_of_requests_that_were_traced() {
    let chain = telling(of_services(one_class(), vec![vec![call(1), call(1)], vec![io(0.1)]]));
    let instants: Vec<u64> = (0..200).map(|request| request * SECOND / 4).collect();
    // 50 seconds with four requests: 50 of the reservoirs and a tenth of the other 150. A second has less than three spans.
    let deployment = told(faas(), Observability { traces: Some(traces(1, 100_000, true)), ..Observability::default() });
    let measured = play(&deployment, &chain, &requests_at(&chain, &instants), Run::of(100.0));
    assert_eq!(total(&measured, "s0", Dimension::Traces, "trace"), 65 * 2);
    assert_eq!(total(&measured, "s1", Dimension::Traces, "trace"), 130 * 2);
    assert_eq!(total(&measured, "", Dimension::Traces, "trace"), 0);
}

#[test]
fn metrics_are_paid_by_time_or_by_what_each_instance_sends() {
    let app = telling(application(vec![class(constant(0.0), constant(1.0))]));
    let id = || "metric".to_owned();
    let by_time = Observability { metrics: Some(Metrics::ByTime { id: id() }), ..Observability::default() };
    let by_bytes = Metrics::ByBytes { id: id(), sample: Bytes(8), interval: Nanos(10 * SECOND) };
    let by_bytes = Observability { metrics: Some(by_bytes), disk_gib: 5, ..Observability::default() };
    let play = |told_to| play(&told(fixed(4), told_to), &app, &requests_at(&app, &[0]), Run::of(100.0));
    let hundred = u128::from(100 * SECOND);
    assert_eq!(total(&play(by_time), "app", Dimension::MetricHours, "metric"), 3 * hundred);
    let measured = play(by_bytes);
    assert_eq!(total(&measured, "app", Dimension::MetricBytes, "metric"), 4 * 3 * 10 * 8);
    assert_eq!(total(&measured, "", Dimension::VolumeGibHours, "observability"), 5 * hundred);
}

/// Everything but the usage.
fn apart_from_usage(mut measured: Measurement) -> String {
    measured.usage = Usage::default();
    bits(&measured)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_changes_nothing_and_is_counted_alike_however_it_is_played(
        deployment in prop_oneof![one_slot().boxed(), controlled().boxed()],
        (reservoir, of_million, by_span) in (0_u32..4, 0_u64..=1_000_000, any::<bool>()),
        rate in 0.5_f64..40.0, seed in any::<u32>(),
    ) {
        let app = telling(application(vec![class(exponential(0.05), exponential(0.1))]));
        let requests = poisson(&app, rate, 20.0, u64::from(seed));
        let run = Run { warmup: SECOND, first_rate: rate, ..Run::of(18.0) };
        let silent = play(&deployment, &app, &requests, run);
        let observed = told(deployment, Observability {
            logs: Some(logs()),
            metrics: Some(Metrics::ByTime { id: "metric".to_owned() }),
            traces: Some(traces(reservoir, of_million, by_span)),
            disk_gib: 1,
        });
        let whole = play(&observed, &app, &requests, run);
        prop_assert_eq!(apart_from_usage(silent), apart_from_usage(whole.clone()));
        let cut = play(&observed, &app, &requests, Run { batch: 3, shortcut: false, ..run });
        prop_assert_eq!(bits(&whole), bits(&cut));
        let class = &whole.classes[0];
        let worked = total(&whole, "app", Dimension::LogBytes, "log:class");
        prop_assert_eq!(worked % 107, 0);
        let begun = u128::from(class.offered - class.rejected);
        prop_assert!(worked / 107 <= begun && worked / 107 >= u128::from(class.completed()));
        if by_span {
            prop_assert!(total(&whole, "app", Dimension::Traces, "trace") <= 2 * begun);
        } else {
            let traced = total(&whole, "", Dimension::Traces, "trace");
            prop_assert!(traced <= u128::from(class.offered), "never more traces than requests");
            prop_assert!(traced >= u128::from(class.offered) * u128::from(of_million) / 1_000_000);
        }
    }
}
