//! Which instance a request is sent to, of those that can take one.

use rand::Rng;

use crate::kernel::streams::Stream;
use crate::platform::fleet::Routing;

/// A uniform number below `n`, by multiplication: its bias is below `n / 2^64`.
#[inline]
#[allow(clippy::cast_possible_truncation)] // below n, which is a usize
pub(super) fn below(stream: &mut Stream, n: usize) -> usize {
    ((u128::from(stream.next_u64()) * n as u128) >> 64) as usize
}

/// Instances that can take a request.
///
/// For least-busy routing they stand in the order of their loads, those of one load side by side, so that a load that
/// changes by one moves its instance to the border of its neighbours: a swap. For the others the order has no meaning.
#[derive(Clone, Debug)]
pub(super) struct Router {
    routing: Routing,
    /// The instances.
    order: Vec<u32>,
    /// Where those of at least this load begin, for least-busy routing; one more than the largest load there is.
    begins: Vec<u32>,
    /// Of each instance that is here.
    places: Vec<Place>,
    /// Where round-robin goes on.
    turn: usize,
}

/// Where an instance stands.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    position: u32,
    /// As last told.
    load: u32,
}

impl Router {
    pub fn new(routing: Routing) -> Self {
        Self { routing, order: Vec::new(), begins: vec![0], places: Vec::new(), turn: 0 }
    }

    fn len(&self) -> u32 {
        u32::try_from(self.order.len()).expect("instances are numbered by u32")
    }

    /// `instance` can take requests; it has `load` of them now.
    pub fn insert(&mut self, instance: u32, load: u32) {
        let index = instance as usize;
        if self.places.len() <= index {
            self.places.resize(index + 1, Place::default());
        }
        let position = self.len();
        self.order.push(instance);
        self.places[index] = Place { position, load: 0 };
        if self.routing == Routing::LeastBusy {
            // It comes in at the end and sinks, border by border, to those of its load.
            self.reach(load);
            let mut at = position as usize;
            for level in (load as usize + 1..self.begins.len()).rev() {
                let border = self.begins[level] as usize;
                self.swap(at, border);
                self.begins[level] += 1;
                at = border;
            }
        }
        self.places[index].load = load;
    }

    /// Makes room for a load.
    fn reach(&mut self, load: u32) {
        let end = self.len();
        let wanted = load as usize + 2;
        if self.begins.len() < wanted {
            // Nobody has so many yet: they would begin behind everyone but the one that is coming in.
            self.begins.resize(wanted, end - 1);
        }
    }

    #[inline]
    #[allow(clippy::cast_possible_truncation)] // positions are below the number of instances, which is a u32
    fn swap(&mut self, a: usize, b: usize) {
        self.order.swap(a, b);
        self.places[self.order[a] as usize].position = a as u32;
        self.places[self.order[b] as usize].position = b as u32;
    }

    /// `instance` can take no more. The last one takes its place, which moves it in the round-robin order.
    pub fn remove(&mut self, instance: u32) {
        let Place { position, load } = self.places[instance as usize];
        let mut at = position as usize;
        if self.routing == Routing::LeastBusy {
            // It rises, border by border, to the end.
            for level in load as usize + 1..self.begins.len() {
                self.begins[level] -= 1;
                let border = self.begins[level] as usize;
                self.swap(at, border);
                at = border;
            }
        }
        self.order.swap_remove(at);
        if let Some(&moved) = self.order.get(at) {
            self.places[moved as usize].position = u32::try_from(at).expect("instances are numbered by u32");
        }
    }

    /// The load of an instance that is here has changed.
    #[inline(always)]
    #[allow(clippy::inline_always)] // twice per request
    pub fn update(&mut self, instance: u32, load: u32) {
        let before = std::mem::replace(&mut self.places[instance as usize].load, load);
        if self.routing == Routing::LeastBusy && before != load {
            self.reorder(instance, before, load);
        }
    }

    /// Moves an instance to the border between its old load and its new one.
    fn reorder(&mut self, instance: u32, before: u32, load: u32) {
        let index = instance as usize;
        let at = self.places[index].position;
        let border = if load == before + 1 {
            if self.begins.len() < load as usize + 2 {
                let end = self.len();
                self.begins.resize(load as usize + 2, end);
            }
            let begin = &mut self.begins[load as usize];
            *begin -= 1;
            *begin
        } else if load + 1 == before {
            let begin = &mut self.begins[before as usize];
            let border = *begin;
            *begin += 1;
            border
        } else {
            self.places[index].load = before;
            self.remove(instance);
            self.insert(instance, load);
            return;
        };
        if at != border {
            let other = std::mem::replace(&mut self.order[border as usize], instance);
            self.order[at as usize] = other;
            self.places[index].position = border;
            self.places[other as usize].position = at;
        }
    }

    /// The instance for the next request.
    #[inline]
    pub fn pick(&mut self, stream: &mut Stream) -> Option<u32> {
        let first = *self.order.first()?;
        let all = self.order.len();
        let one = |stream: &mut Stream, n: usize| if n == 1 { 0 } else { below(stream, n) };
        Some(match self.routing {
            Routing::Random => self.order[one(stream, all)],
            Routing::LeastBusy => {
                let lowest = self.begins[self.places[first as usize].load as usize + 1] as usize;
                self.order[one(stream, lowest)]
            }
            Routing::RoundRobin => {
                self.turn = if self.turn + 1 < all { self.turn + 1 } else { 0 };
                self.order[self.turn]
            }
            Routing::TwoChoices if all == 1 => first,
            Routing::TwoChoices => {
                let a = below(stream, all);
                let b = below(stream, all - 1);
                let (a, b) = (self.order[a], self.order[if b >= a { b + 1 } else { b }]);
                if self.places[b as usize].load < self.places[a as usize].load { b } else { a }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::streams::stream;
    use proptest::prelude::*;

    fn router(routing: Routing, loads: &[u32]) -> Router {
        let mut router = Router::new(routing);
        for (instance, &load) in loads.iter().enumerate() {
            router.insert(u32::try_from(instance).unwrap(), load);
        }
        router
    }

    #[test]
    fn least_busy_finds_the_least_busy_as_loads_change() {
        let mut luck = stream(1, "routing", "test", 0);
        let mut router = router(Routing::LeastBusy, &[3, 1, 2]);
        assert_eq!(router.pick(&mut luck), Some(1));
        router.update(1, 4);
        assert_eq!(router.pick(&mut luck), Some(2));
        router.update(0, 0);
        assert_eq!(router.pick(&mut luck), Some(0));
        router.remove(0);
        router.remove(2);
        assert_eq!(router.pick(&mut luck), Some(1));
        router.remove(1);
        assert_eq!(router.pick(&mut luck), None);
    }

    #[test]
    fn round_robin_takes_turns_and_two_choices_never_takes_the_busiest_of_all() {
        let mut luck = stream(1, "routing", "test", 0);
        let mut turns = router(Routing::RoundRobin, &[0, 0, 0]);
        let taken: Vec<_> = (0..4).map(|_| turns.pick(&mut luck).unwrap()).collect();
        assert_eq!(taken, [1, 2, 0, 1]);
        let mut choices = router(Routing::TwoChoices, &[9, 0, 0]);
        assert!((0..100).all(|_| choices.pick(&mut luck) != Some(0)));
    }

    #[test]
    fn ties_are_broken_evenly() {
        let mut luck = stream(1, "routing", "test", 0);
        let mut router = router(Routing::LeastBusy, &[1, 0, 1, 0, 0]);
        let mut counts = [0_u32; 5];
        for _ in 0..3000 {
            counts[router.pick(&mut luck).unwrap() as usize] += 1;
        }
        assert_eq!((counts[0], counts[2]), (0, 0));
        assert!([1, 3, 4].iter().all(|&instance| counts[instance].abs_diff(1000) < 150), "{counts:?}");
    }

    proptest! {
        #[test]
        fn the_least_busy_is_always_found(steps in proptest::collection::vec((0_u32..6, 0_u8..4), 1..300)) {
            let mut luck = stream(1, "routing", "test", 0);
            let mut router = Router::new(Routing::LeastBusy);
            let mut model: Vec<Option<u32>> = vec![None; 6];
            for (instance, step) in steps {
                let load = &mut model[instance as usize];
                match (*load, step) {
                    (None, _) => {
                        router.insert(instance, u32::from(step));
                        *load = Some(u32::from(step));
                    }
                    (Some(_), 0) => {
                        router.remove(instance);
                        *load = None;
                    }
                    (Some(now), 1) => {
                        router.update(instance, now + 1);
                        *load = Some(now + 1);
                    }
                    (Some(now), _) => {
                        let less = now.saturating_sub(u32::from(step) - 1);
                        router.update(instance, less);
                        *load = Some(less);
                    }
                }
                let least = model.iter().flatten().min().copied();
                let picked = router.pick(&mut luck);
                prop_assert_eq!(picked.map(|instance| model[instance as usize].unwrap()), least);
            }
        }
    }
}
