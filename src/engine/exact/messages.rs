//! Messages: what is published is delivered to each consumer of the queue, again when that was in vain, and is a dead
//! letter after as many deliveries as there may be. A message is its own caller.

use crate::application::draw::delivery_key;
use crate::application::queue::Queue;
use crate::metering::measurement::QueueMeasure;
use crate::platform::autoscaler::Law;

use super::Core;
use super::calls::Next;
use super::clients::{Caller, Doing, Who};
use super::record::Record;

impl Core<'_> {
    /// An attempt leaves a message in a queue, under this key: one for each consumer.
    pub(super) fn publish(&mut self, slot: u32, own: u64, queue: u16) {
        let arrived = self.counted_at(slot);
        let class = self.kinds.all[usize::from(self.records.get(slot).kind)].class;
        let consumers = self.kinds.queues[usize::from(queue)].len();
        for (number, consumer) in (0..).zip(0..consumers) {
            if arrived >= self.plan.warmup.0 {
                self.queues[usize::from(queue)].published += 1;
            }
            let kind = self.kinds.queues[usize::from(queue)][consumer] + class;
            let key = delivery_key(own, number);
            let message =
                Caller { key, arrived, kind, who: Who::Message(queue), doing: Doing::Asking, ..Caller::blank() };
            let place = self.clients.keep(message);
            self.next.push(Next::Ask(place));
        }
    }

    /// Whether an attempt is the delivery of a message to a service whose instances take their work: it waits in the
    /// queue, however many there are. Where instances follow requests it is offered to them like a request.
    pub(super) fn waits_in_queue(&self, kind: u16) -> bool {
        self.kinds.all[usize::from(kind)].is_delivery()
            && !matches!(self.station.spec.autoscaler.law, Law::PerRequest(_))
    }

    /// The books of a queue, for a message that is counted.
    fn of_queue(&mut self, place: u32, queue: u16) -> Option<&mut QueueMeasure> {
        let counted = self.clients.callers[place as usize].arrived >= self.plan.warmup.0;
        counted.then_some(&mut self.queues[usize::from(queue)])
    }

    /// A consumer is done with a message.
    pub(super) fn message_taken(&mut self, place: u32, queue: u16) {
        let since = self.now - self.clients.callers[place as usize].arrived;
        if let Some(measure) = self.of_queue(place, queue) {
            measure.latency.record(since);
        }
        self.clients.dismiss(place);
    }

    /// A delivery was in vain. The message is hidden until its visibility timeout has passed since it was taken.
    pub(super) fn delivery_failed(&mut self, record: &Record, queue: &Queue, number: u16) {
        let place = record.client.caller().expect("a delivery has its message");
        let deliveries = self.clients.attempt(record.client) + 1;
        if deliveries >= queue.max_receives {
            if let Some(measure) = self.of_queue(place, number) {
                measure.dead_lettered += 1;
            }
            self.clients.dismiss(place);
            return;
        }
        let taken = if record.started == u64::MAX { record.arrived } else { record.started };
        let visible = taken.saturating_add(queue.visibility_timeout.0);
        self.clients.callers[place as usize].doing = Doing::BackingOff;
        self.call_at(place, visible.max(self.now));
    }

    /// A message is visible again.
    pub(super) fn deliver_again(&mut self, place: u32) {
        let caller = &mut self.clients.callers[place as usize];
        caller.doing = Doing::Asking;
        caller.attempt += 1;
        if let Who::Message(queue) = caller.who
            && let Some(measure) = self.of_queue(place, queue)
        {
            measure.redelivered += 1;
        }
        self.next.push(Next::Ask(place));
    }

    /// Books what is still in the queues at the horizon.
    pub(super) fn book_waiting_messages(&mut self) {
        for caller in self.clients.callers.iter().filter(|caller| caller.doing != Doing::Nothing) {
            if let Who::Message(queue) = caller.who
                && caller.arrived >= self.plan.warmup.0
            {
                self.queues[usize::from(queue)].waiting += 1;
            }
        }
    }
}
