//! Named random streams and keyed draws.
//!
//! A stream is a generator of its own, named by what it is for, so that one part of a model drawing more or less never
//! shifts another. A key names a path (request, attempt, step), so that the same work is drawn wherever it is needed.
//! Both are portable: the same seed gives the same bits on every machine.

use rand::SeedableRng;
use rand::rand_core::{Infallible, TryRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The generator behind every named stream: xoshiro256++ (Blackman and Vigna, 2019).
pub type Stream = Xoshiro256PlusPlus;

/// The name of the generator as results state it.
pub const RNG_NAME: &str = "xoshiro256++ streams, splitmix64 keyed draws";

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of splitmix64 (Steele, Lea and Flood, 2014): every input bit moves every output bit.
#[inline]
#[must_use]
pub const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The key of the `index`-th child of `key`. Its mixer differs from the one that steps [`Draws`], so that a child's key
/// is never a later state of its parent's stream.
#[inline]
#[must_use]
pub const fn child(key: u64, index: u64) -> u64 {
    let value = key ^ index.wrapping_add(1).wrapping_mul(0xd605_1e2d_37f6_b6b5);
    let value = (value ^ (value >> 32)).wrapping_mul(0xdaba_0b6e_b093_22e3);
    let value = (value ^ (value >> 32)).wrapping_mul(0xdaba_0b6e_b093_22e3);
    value ^ (value >> 32)
}

/// A key from a name: FNV-1a over its bytes, then mixed.
#[must_use]
pub fn key_of(name: &str) -> u64 {
    mix(name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)))
}

/// The key under which everything random of `purpose` and `name` in one replication is drawn.
#[must_use]
pub fn stream_key(seed: u64, purpose: &str, name: &str, replication: u32) -> u64 {
    child(child(child(mix(seed.wrapping_add(GOLDEN)), key_of(purpose)), key_of(name)), u64::from(replication))
}

/// The named stream, e.g. `stream(seed, "cold-start", "lambda", 3)`.
#[must_use]
pub fn stream(seed: u64, purpose: &str, name: &str, replication: u32) -> Stream {
    Stream::seed_from_u64(stream_key(seed, purpose, name, replication))
}

/// The variates that belong to one key: a splitmix64 sequence started at it.
#[derive(Clone, Debug)]
pub struct Draws(u64);

impl Draws {
    /// The sequence of `key`.
    #[inline]
    #[must_use]
    pub const fn new(key: u64) -> Self {
        Self(key)
    }

    #[inline]
    const fn step(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    #[inline]
    #[allow(clippy::cast_possible_truncation)] // the upper half is what is wanted
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.step() >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.step())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.step().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    /// Golden samples: they change only when what a seed means changes, and that is a new major version.
    #[test]
    fn streams_keep_their_values() {
        let mut arrivals = stream(1, "arrivals", "web", 0);
        let drawn: Vec<u64> = (0..3).map(|_| arrivals.next_u64()).collect();
        assert_eq!(drawn, GOLDEN_STREAM);
        let mut draws = Draws::new(child(7, 3));
        let drawn: Vec<u64> = (0..3).map(|_| draws.next_u64()).collect();
        assert_eq!(drawn, GOLDEN_DRAWS);
    }

    const GOLDEN_STREAM: [u64; 3] = [6_991_449_528_382_055_918, 13_776_894_704_242_250_053, 12_659_797_281_026_121_243];
    const GOLDEN_DRAWS: [u64; 3] = [2_956_742_557_686_448_738, 12_152_321_811_886_749_981, 17_590_954_272_291_371_143];

    #[test]
    fn names_purposes_and_replications_are_all_told_apart() {
        let keys = [
            stream_key(1, "arrivals", "web", 0),
            stream_key(1, "arrivals", "web", 1),
            stream_key(1, "arrivals", "api", 0),
            stream_key(1, "work", "web", 0),
            stream_key(2, "arrivals", "web", 0),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key));
        }
    }
}
