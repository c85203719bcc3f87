//! Which instance a request is sent to, of those that can take one.

use rand::Rng;

use crate::kernel::streams::Stream;
use crate::platform::fleet::Routing;

/// A uniform number below `n`, by multiplication: its bias is below `n / 2^64`.
#[inline]
pub(super) fn below(stream: &mut Stream, n: usize) -> usize {
    ((u128::from(stream.next_u64()) * n as u128) >> 64) as usize
}

/// Instances that can take a request.
#[derive(Clone, Debug)]
pub(super) struct Router {
    routing: Routing,
    /// By load for least-busy routing; one list otherwise.
    lists: Vec<Vec<u32>>,
    /// Position of each instance in its list.
    positions: Vec<u32>,
    /// Load of each instance that is here, as last told.
    loads: Vec<u32>,
    /// No list below this one has an instance.
    lowest: usize,
    /// Where round-robin goes on.
    turn: usize,
}

impl Router {
    pub fn new(routing: Routing) -> Self {
        Self { routing, lists: vec![Vec::new()], positions: Vec::new(), loads: Vec::new(), lowest: 0, turn: 0 }
    }

    #[inline]
    fn list_of(&self, load: u32) -> usize {
        if self.routing == Routing::LeastBusy { load as usize } else { 0 }
    }

    /// `instance` can take requests; it has `load` of them now.
    #[inline]
    pub fn insert(&mut self, instance: u32, load: u32) {
        let index = instance as usize;
        if self.positions.len() <= index {
            self.positions.resize(index + 1, 0);
            self.loads.resize(index + 1, 0);
        }
        let list = self.list_of(load);
        if self.lists.len() <= list {
            self.lists.resize_with(list + 1, Vec::new);
        }
        #[allow(clippy::cast_possible_truncation)] // at most as many as instances, which are numbered by u32
        let position = self.lists[list].len() as u32;
        self.positions[index] = position;
        self.loads[index] = load;
        self.lists[list].push(instance);
        self.lowest = self.lowest.min(list);
    }

    /// `instance` can take no more. The last of its list takes its place, which moves it in the round-robin order.
    #[inline]
    pub fn remove(&mut self, instance: u32) {
        let index = instance as usize;
        let list = self.list_of(self.loads[index]);
        let position = self.positions[index];
        self.lists[list].swap_remove(position as usize);
        if let Some(&moved) = self.lists[list].get(position as usize) {
            self.positions[moved as usize] = position;
        }
    }

    /// The load of an instance that is here has changed.
    #[inline]
    pub fn update(&mut self, instance: u32, load: u32) {
        if self.routing == Routing::LeastBusy {
            self.remove(instance);
            self.insert(instance, load);
        } else {
            self.loads[instance as usize] = load;
        }
    }

    /// The instance for the next request.
    #[inline]
    pub fn pick(&mut self, stream: &mut Stream) -> Option<u32> {
        while self.lists[self.lowest].is_empty() {
            if self.lowest + 1 == self.lists.len() {
                return None;
            }
            self.lowest += 1;
        }
        let list = &self.lists[self.lowest];
        let one = |stream: &mut Stream| if list.len() == 1 { 0 } else { below(stream, list.len()) };
        Some(match self.routing {
            Routing::Random | Routing::LeastBusy => list[one(stream)],
            Routing::RoundRobin => {
                self.turn = if self.turn + 1 < list.len() { self.turn + 1 } else { 0 };
                list[self.turn]
            }
            Routing::TwoChoices => {
                let first = one(stream);
                let mut second = if list.len() > 1 { below(stream, list.len() - 1) } else { 0 };
                if list.len() > 1 && second >= first {
                    second += 1;
                }
                let (first, second) = (list[first], list[second]);
                if self.loads[second as usize] < self.loads[first as usize] { second } else { first }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::streams::stream;

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
}
