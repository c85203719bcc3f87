//! Messages: what is published is delivered to each consumer of the queue, again when that was in vain, and is a dead
//! letter after as many deliveries as there may be. A message is its own caller; of those that come together the first is.

use crate::application::draw::delivery_key;
use crate::application::queue::Queue;
use crate::application::{Draw, work};
use crate::kernel::distribution::Distribution;
use crate::metering::measurement::QueueMeasure;
use crate::platform::autoscaler::Law;

use super::Core;
use super::calls::Next;
use super::clients::{Caller, Doing, Loss, Who};
use super::queues::{Answer, Letter, Line};
use super::record::{NONE, Record};

impl Core<'_> {
    /// An attempt leaves a message in a queue, under this key, for a request of `class`: one for each consumer.
    pub(super) fn publish(&mut self, slot: u32, own: u64, (queue, size): (u16, &Distribution), class: u16) {
        let arrived = self.counted_at(slot);
        let counted = arrived >= self.plan.warmup.0;
        let bytes = work(size, own, Draw::RequestBytes);
        let slice = self.tally.current_slice().filter(|_| counted);
        self.queues.all[usize::from(queue)].pass(slice, bytes, false);
        if self.records.get(slot).instance != NONE {
            self.queues.all[usize::from(queue)].carry(slice, bytes, true);
        }
        let consumers = self.kinds.queues[usize::from(queue)].len();
        for (number, consumer) in (0..).zip(0..consumers) {
            if counted {
                self.queues.all[usize::from(queue)].measure.published += 1;
            }
            let kind = self.kinds.queues[usize::from(queue)][consumer] + class;
            let key = delivery_key(own, number);
            let message =
                Caller { key, arrived, kind, who: Who::Message(queue), doing: Doing::Asking, ..Caller::blank() };
            let place = self.clients.keep(message);
            self.queues.keep(place, Letter::new(bytes));
            self.deliver(place);
        }
    }

    /// A message can be taken: at once, or with others.
    fn deliver(&mut self, place: u32) {
        let number = self.line_of(self.clients.callers[place as usize].kind);
        let line = &self.queues.lines[usize::from(number)];
        if line.gathers {
            self.gather(number, place);
            return;
        }
        if line.calls {
            self.receive(number, &[place]);
        }
        self.next.push(Next::Ask(place));
    }

    /// The line that the deliveries of a kind come from.
    pub(super) fn line_of(&self, kind: u16) -> u16 {
        (kind - self.kinds.deliveries) / self.kinds.classes
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
        counted.then_some(&mut self.queues.all[usize::from(queue)].measure)
    }

    /// Counts messages that a consumer, or a poller, is given now.
    pub(super) fn receive(&mut self, line: u16, messages: &[u32]) {
        let slice = self.tally.current_slice();
        let Line { queue, calls, .. } = self.queues.lines[usize::from(line)];
        let queue = usize::from(queue);
        // What pollers bring to functions they fetch outside of the network.
        let fetched = !calls && self.queues.all[queue].bound.polling.is_some();
        let most = self.queues.all[queue].bound.polling.map_or(1, |polling| polling.messages);
        let mut answer = Answer::default();
        for (&place, left) in messages.iter().zip((0..messages.len()).rev()) {
            let letter = self.queues.letter(place);
            if !std::mem::replace(&mut letter.received, true) {
                answer.messages += 1;
                answer.bytes += letter.bytes;
                answer.counted |= self.clients.callers[place as usize].arrived >= self.plan.warmup.0;
            }
            if answer.messages > 0 && (answer.messages == most || left == 0) {
                let Answer { bytes, counted, .. } = std::mem::take(&mut answer);
                let slice = slice.filter(|_| counted);
                self.queues.all[queue].pass(slice, bytes, true);
                self.queues.all[queue].carry(slice, bytes, fetched);
            }
        }
    }

    /// A consumer is done with a message, and with those that came with it.
    pub(super) fn message_taken(&mut self, head: u32, queue: u16) {
        let line = self.line_of(self.clients.callers[head as usize].kind);
        let messages: Vec<u32> = self.queues.together(head).collect();
        let mut counted = false;
        for &place in &messages {
            let since = self.now - self.clients.callers[place as usize].arrived;
            if let Some(measure) = self.of_queue(place, queue) {
                measure.latency.record(since);
                counted = true;
            }
            self.clients.dismiss(place);
        }
        let queue = &mut self.queues.all[usize::from(queue)];
        if let Some(polling) = queue.bound.polling {
            let deletes = messages.len().div_ceil(polling.messages as usize);
            queue.count(self.tally.current_slice().filter(|_| counted), deletes as u64);
        }
        self.consumer_is_free(line, false);
    }

    /// A delivery was in vain. Its messages are hidden until their visibility timeout has passed since they were taken.
    pub(super) fn delivery_failed(&mut self, record: &Record, queue: &Queue, number: u16, loss: Loss) {
        let head = record.client.caller().expect("a delivery has its message");
        let taken = if record.started == u64::MAX { record.arrived } else { record.started };
        let visible = taken.saturating_add(queue.visibility_timeout.0);
        let messages: Vec<u32> = self.queues.together(head).collect();
        for place in messages {
            let bytes = self.queues.letter(place).bytes;
            self.queues.keep(place, Letter::new(bytes));
            let caller = &mut self.clients.callers[place as usize];
            if caller.attempt + 1 >= queue.max_receives {
                if let Some(measure) = self.of_queue(place, number) {
                    measure.dead_lettered += 1;
                }
                self.clients.dismiss(place);
                continue;
            }
            caller.doing = Doing::BackingOff;
            self.call_at(place, visible.max(self.now));
        }
        let line = self.line_of(record.kind);
        self.close(line, head);
        self.consumer_is_free(line, loss == Loss::Rejected);
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
        self.deliver(place);
    }

    /// Books what is still in the queues at the horizon.
    pub(super) fn book_waiting_messages(&mut self) {
        for caller in self.clients.callers.iter().filter(|caller| caller.doing != Doing::Nothing) {
            if let Who::Message(queue) = caller.who
                && caller.arrived >= self.plan.warmup.0
            {
                self.queues.all[usize::from(queue)].measure.waiting += 1;
            }
        }
    }
}
