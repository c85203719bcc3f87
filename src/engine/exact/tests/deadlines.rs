//! What cuts attempts short, against one server and its queue worked out request by request.

use proptest::prelude::*;

use super::{Run, application, class, constant, exponential, fixed, play, poisson};
use crate::application::Request;
use crate::units::Nanos;

/// Seconds after which a client, the queue and the platform give up; the two clients are those of the two classes.
#[derive(Clone, Copy, Debug)]
struct Limits {
    clients: [f64; 2],
    queue: f64,
    platform: f64,
}

/// How attempts ended, per class: completed, rejected, timed out.
type Outcomes = [[u64; 3]; 2];

fn nanos(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

/// Requests in order of arrival at one server. At one instant an attempt ends, or begins, before a limit passes.
fn by_hand(requests: &[Request], limits: Limits) -> Outcomes {
    let mut outcomes = Outcomes::default();
    let mut free = 0;
    for request in requests {
        let begin = request.at.max(free);
        let patience = nanos(limits.clients[request.class as usize]);
        let outcome = &mut outcomes[request.class as usize];
        if begin > request.at + nanos(limits.queue) {
            outcome[if patience <= nanos(limits.queue) { 2 } else { 1 }] += 1;
            continue;
        }
        let served = request.io.min(nanos(limits.platform));
        free = begin + served;
        let completed = request.io <= nanos(limits.platform) && free <= request.at + patience;
        outcome[if completed { 0 } else { 2 }] += 1;
    }
    outcomes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_limit_passes_when_it_should(
        clients in [0.05_f64..20.0, 0.05_f64..20.0], queue in 0.05_f64..20.0, platform in 0.05_f64..5.0,
        rate in 0.3_f64..3.0, seed in any::<u32>(), shortcut in any::<bool>(), batch in 1_usize..50,
    ) {
        let limits = Limits { clients, queue, platform };
        let classes = clients.map(|patience| {
            let mut class = class(constant(0.0), exponential(0.6));
            class.timeout = Some(Nanos(nanos(patience)));
            class
        });
        let application = application(classes.into());
        let mut deployment = fixed(1);
        deployment.fleet.queue_timeout = Some(Nanos(nanos(queue)));
        deployment.fleet.timeout = Some(Nanos(nanos(platform)));
        let requests = poisson(&application, rate, 120.0, u64::from(seed));
        // Long enough after the last one for all to end.
        let run = Run { batch, shortcut, ..Run::of(300.0) };
        let measured = play(&deployment, &application, &requests, run);
        let found: Vec<[u64; 3]> =
            measured.classes.iter().map(|class| [class.completed(), class.rejected, class.timed_out]).collect();
        prop_assert_eq!(found, by_hand(&requests, limits));
    }
}
