//! What is on the agenda, and what comes first at one instant.

/// What happens. In the order of one instant: completions, then what becomes ready, then timers, then faults, then
/// control loops, then the end of a slice, then arrivals; equal ones by the number of their instance, record, lane,
/// service or caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A request booked by the shortcut frees its one-slot instance.
    Leaf(u32),
    /// The wait of the record on this one-slot instance ends. Ordered with the shortcut's, by instance.
    Own(u32),
    /// The wait of a record ends: its I/O, or its CPU work where it has a core to itself.
    Record(u32),
    /// The next job on an instance's shared CPU ends.
    Cpu(u32),
    /// A query of a store has done its work, or the store's capacity is looked at.
    Store(u32),
    /// An instance is ready.
    Ready(u32),
    /// A node is up.
    Node(u32),
    /// The front of a lane of deadlines is due.
    Deadline(u32),
    /// An instance may have been idle for long enough.
    Idle(u32),
    /// A fault begins or is over.
    Fault,
    /// Metrics of the instances of this service are scraped.
    Scrape(u16),
    /// The law of this service decides.
    Decide(u16),
    /// The node autoscaler looks.
    Scan,
    /// A slice of the calendar ends.
    Roll,
    /// Users come or go. From here on, arrivals.
    Crowd(u32),
    /// A user or a client asks, for the first time or again.
    Caller(u32),
}

const KIND_SHIFT: u32 = 56;
const NUMBER_SHIFT: u32 = 8;

impl Event {
    /// Its order on the agenda.
    #[inline]
    pub const fn order(self) -> u64 {
        let (kind, number, last) = match self {
            Self::Leaf(instance) => (0, instance, 0),
            Self::Own(instance) => (0, instance, 1),
            Self::Record(slot) => (1, slot, 0),
            Self::Cpu(instance) => (2, instance, 0),
            Self::Store(store) => (3, store, 0),
            Self::Ready(instance) => (4, instance, 0),
            Self::Node(node) => (5, node, 0),
            Self::Deadline(lane) => (6, lane, 0),
            Self::Idle(instance) => (7, instance, 0),
            Self::Fault => (8, 0, 0),
            Self::Scrape(station) => (9, station as u32, 0),
            Self::Decide(station) => (10, station as u32, 0),
            Self::Scan => (11, 0, 0),
            Self::Roll => (12, 0, 0),
            Self::Crowd(crowd) => (13, crowd, 0),
            Self::Caller(caller) => (14, caller, 0),
        };
        (kind << KIND_SHIFT) | ((number as u64) << NUMBER_SHIFT) | last
    }

    /// The event with this order.
    #[inline]
    #[allow(clippy::cast_possible_truncation)] // numbers are 32 bits
    pub const fn of(order: u64) -> Self {
        let number = (order >> NUMBER_SHIFT) as u32;
        match order >> KIND_SHIFT {
            0 if order & 1 == 0 => Self::Leaf(number),
            0 => Self::Own(number),
            1 => Self::Record(number),
            2 => Self::Cpu(number),
            3 => Self::Store(number),
            4 => Self::Ready(number),
            5 => Self::Node(number),
            6 => Self::Deadline(number),
            7 => Self::Idle(number),
            8 => Self::Fault,
            9 => Self::Scrape(number as u16),
            10 => Self::Decide(number as u16),
            11 => Self::Scan,
            12 => Self::Roll,
            13 => Self::Crowd(number),
            _ => Self::Caller(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn an_order_tells_its_event_and_completions_come_first() {
        let events = [
            Event::Leaf(7),
            Event::Own(7),
            Event::Leaf(8),
            Event::Record(u32::MAX),
            Event::Cpu(1),
            Event::Store(6),
            Event::Ready(3),
            Event::Node(2),
            Event::Deadline(5),
            Event::Idle(1),
            Event::Fault,
            Event::Scrape(1),
            Event::Decide(0),
            Event::Decide(9),
            Event::Scan,
            Event::Roll,
            Event::Crowd(4),
            Event::Caller(0),
            Event::Caller(u32::MAX),
        ];
        for pair in events.windows(2) {
            assert!(pair[0].order() < pair[1].order(), "{pair:?}");
        }
        for event in events {
            assert_eq!(Event::of(event.order()), event);
        }
    }
}
