//! The keys under which everything random of a request is drawn.
//!
//! A key names a path. A request has a key; each step of what it does has the key `child(key, attempt << 32 | number)`
//! of its caller's key, attempt and the step's number ([`step_key`]). For a step that is work, the first variates of that
//! key's stream are the work. For a step that calls, publishes or starts something, it is the key of the call: what is
//! called draws its own steps from it, and what belongs to the call as a whole (its sizes, its back-off, whether it is
//! made) has a number below [`FIRST_NUMBER`]. So a key is the whole path from the client, and no deployment can draw
//! another's work.
//!
//! For attempt 0, `cpu` and `io` of the class have the numbers 0 and 1 wherever a program first asks for them: what a
//! service without steps of its own draws does not change when it is given steps.

use rand::Rng;

use crate::kernel::distribution::Distribution;
use crate::kernel::streams::{Draws, child};

/// What a draw with a number of its own is for. The numbers are part of what a seed means: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Draw {
    /// The class's CPU time, where it is first asked for.
    Cpu = 0,
    /// The class's waiting without CPU, where it is first asked for.
    Io = 1,
    /// Size of the request, or of the payload of a call.
    RequestBytes = 2,
    /// Size of the response.
    ResponseBytes = 3,
    /// Which class the request belongs to.
    Class = 4,
    /// How long the caller waits before the next attempt.
    Backoff = 5,
    /// Whether a step with a probability is taken.
    Taken = 6,
    /// The deliveries of a message, each with a key of its own.
    Delivery = 7,
    /// How long a user thinks before they ask.
    Think = 8,
    /// Whether an attempt fails, or a query does, while a share of them does.
    Fails = 9,
}

/// Numbers of steps, other than the first two draws, start here; what lies below is reserved.
pub const FIRST_NUMBER: u32 = 1 << 16;

/// The key of the step `number` of what has `key`, in this attempt (from 0).
#[inline]
#[must_use]
pub const fn step_key(key: u64, attempt: u32, number: u32) -> u64 {
    child(key, (attempt as u64) << 32 | number as u64)
}

/// The key under which the consumer of this index gets the message that was published under `key`.
#[inline]
#[must_use]
pub const fn delivery_key(key: u64, consumer: u32) -> u64 {
    child(step_key(key, 0, Draw::Delivery as u32), consumer as u64)
}

/// The first variate of `distribution` in the stream of `key`, in whole base units.
#[inline]
#[must_use]
pub fn drawn(distribution: &Distribution, key: u64) -> u64 {
    match distribution.as_constant() {
        Some(value) => value,
        None => distribution.draw_whole(&mut Draws::new(key)),
    }
}

/// `what` of the request or call `key` in its first attempt, from `distribution`, rounded to whole base units.
#[inline]
#[must_use]
pub fn work(distribution: &Distribution, key: u64, what: Draw) -> u64 {
    match distribution.as_constant() {
        Some(value) => value,
        None => drawn(distribution, step_key(key, 0, what as u32)),
    }
}

/// The threshold below which a uniform 64-bit draw lies with probability `p`; `u64::MAX` stands for always.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a share of 2^64, saturating
pub fn threshold(p: f64) -> u64 {
    if p >= 1.0 { u64::MAX } else { (p * 2f64.powi(64)) as u64 }
}

/// A uniform 64-bit draw in the stream of `key`.
#[inline]
#[must_use]
pub fn uniform(key: u64) -> u64 {
    Draws::new(key).next_u64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::distribution::Law;
    use proptest::prelude::*;
    use std::collections::HashSet;

    /// What a seed means: these change with a new major version only.
    #[test]
    fn the_first_attempt_draws_what_a_request_always_drew() {
        assert_eq!(step_key(7, 0, Draw::Cpu as u32), child(7, 0));
        assert_eq!(step_key(7, 0, Draw::ResponseBytes as u32), child(7, 3));
        assert_eq!(step_key(7, 2, FIRST_NUMBER), child(7, (2 << 32) | 65536));
    }

    #[test]
    fn probabilities_become_shares_of_all_draws() {
        assert_eq!((threshold(0.0), threshold(0.5), threshold(1.0)), (0, 1 << 63, u64::MAX));
        let taken = (0..100_000).filter(|key| uniform(*key) < threshold(0.3)).count();
        assert!((29_500..30_500).contains(&taken), "{taken}");
    }

    proptest! {
        #[test]
        fn no_two_paths_share_a_key(root in any::<u64>()) {
            let mut keys = HashSet::from([root]);
            for attempt in 0..4 {
                for number in (0..8).chain((1..20).map(|site| site << 16)).chain(FIRST_NUMBER + 1..FIRST_NUMBER + 9) {
                    let call = step_key(root, attempt, number);
                    prop_assert!(keys.insert(call));
                    prop_assert!(keys.insert(delivery_key(call, 0)) && keys.insert(delivery_key(call, 1)));
                    for inner in 0..4 {
                        prop_assert!(keys.insert(step_key(call, 0, inner)));
                    }
                }
            }
        }

        #[test]
        fn the_same_key_draws_the_same_and_another_attempt_anew(key in any::<u64>()) {
            let law = Distribution::new(Law::Exponential { mean: 1e9 });
            let of = |attempt| drawn(&law, step_key(key, attempt, FIRST_NUMBER));
            prop_assert_eq!(of(0), of(0));
            prop_assert_ne!(of(0), of(1));
            prop_assert_eq!(work(&law, key, Draw::Io), drawn(&law, child(key, 1)));
        }
    }
}
