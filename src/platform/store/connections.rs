//! Who may be connected to a store.

/// Connections of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Most at once; a query that needs one more is refused.
    pub max: u32,
    /// Most that one instance of a service opens, at least 1: further queries of it wait for one of them. `None`: one for
    /// every query that it has at once.
    pub pool: Option<u32>,
}

/// The connections that one instance holds. It keeps them until it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// With a query.
    pub busy: u32,
    /// Without one.
    pub idle: u32,
}

/// What a query gets that asks for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// One that its instance holds.
    Kept,
    /// A new one.
    Opened,
    /// The store has no more.
    Refused,
    /// Its instance may open no more: it waits for one of them.
    Waits,
}

impl Connections {
    /// A query of an instance that holds `held` asks for a connection, while `open` are open in all.
    #[must_use]
    pub fn lease(&self, held: &mut Held, open: u64) -> Lease {
        if held.idle > 0 {
            held.idle -= 1;
            held.busy += 1;
            return Lease::Kept;
        }
        if self.pool.is_some_and(|most| held.busy >= most) {
            return Lease::Waits;
        }
        if open >= u64::from(self.max) {
            return Lease::Refused;
        }
        held.busy += 1;
        Lease::Opened
    }
}

impl Held {
    /// A query has ended, and nobody waits for its connection.
    pub const fn give_back(&mut self) {
        self.busy -= 1;
        self.idle += 1;
    }

    /// All of them.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.busy as u64 + self.idle as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_opens_what_it_needs_at_once_and_keeps_it() {
        let connections = Connections { max: 3, pool: None };
        let mut held = Held::default();
        let two: Vec<Lease> = (0..2).map(|open| connections.lease(&mut held, open)).collect();
        assert_eq!(two, [Lease::Opened, Lease::Opened]);
        held.give_back();
        assert_eq!((connections.lease(&mut held, 2), held.count()), (Lease::Kept, 2));
    }

    #[test]
    fn the_store_refuses_what_is_too_many_and_a_pool_waits() {
        let connections = Connections { max: 3, pool: Some(2) };
        let mut other = Held::default();
        assert_eq!(connections.lease(&mut other, 3), Lease::Refused);
        assert_eq!(other, Held::default());
        let mut held = Held { busy: 2, idle: 0 };
        assert_eq!(connections.lease(&mut held, 2), Lease::Waits, "though the store would have one");
    }
}
