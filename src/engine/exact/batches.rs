//! Messages that are taken together: gathered in the line of a consumer, handed out in one call, and worked on one after
//! the other by its attempt.
//!
//! Where the queue calls functions, what is gathered is handed out at once, or as soon as a poller is free. Where
//! instances take their work, a call waits for one of them in the queue of the service, and gets more messages meanwhile.

use crate::platform::queue::pollers::Ramp;

use super::Core;
use super::calls::Next;
use super::clients::{Caller, Doing, Who};
use super::queues::{Carried, Open};
use super::steps::Place;

impl Core<'_> {
    /// What stands at the first instant: the clocks of the lines, and who asks for messages.
    pub(super) fn open_queues(&mut self) {
        for number in self.lines() {
            if self.queues.lines[usize::from(number)].gathers {
                let clock = Caller { who: Who::Line(number), doing: Doing::BackingOff, ..Caller::blank() };
                self.queues.lines[usize::from(number)].clock = self.clients.keep(clock);
            }
            self.listen(number);
        }
    }

    fn lines(&self) -> std::ops::Range<u16> {
        0..u16::try_from(self.queues.lines.len()).expect("fewer than 65 536 kinds")
    }

    /// A slice ends: what was asked in vain belongs to it.
    pub(super) fn roll_queues(&mut self) {
        for number in self.lines() {
            self.listen(number);
        }
    }

    /// A message waits for others, or for who takes it.
    pub(super) fn gather(&mut self, number: u16, place: u32) {
        let line = &mut self.queues.lines[usize::from(number)];
        if let Some(open) = line.open {
            let messages = open.messages + 1;
            line.open = (messages < line.size).then_some(Open { last: place, messages, ..open });
            self.queues.letter(open.last).next = place;
            return;
        }
        line.waiting.push_back(place);
        self.hand_out(number);
    }

    /// The clock of a line rings.
    pub(super) fn hand_out(&mut self, number: u16) {
        self.count_empty_receives(number);
        let at = loop {
            if let Err(at) = self.hand_out_once(number) {
                break at;
            }
        };
        let clock = self.queues.lines[usize::from(number)].clock;
        match at {
            None => self.clients.callers[clock as usize].due = u64::MAX,
            Some(at) if self.clients.callers[clock as usize].due == at => {}
            Some(at) => self.call_at(clock, at),
        }
    }

    /// Hands out one call, or says when there may be something to do.
    fn hand_out_once(&mut self, number: u16) -> Result<(), Option<u64>> {
        let now = self.now;
        let line = &mut self.queues.lines[usize::from(number)];
        if line.waiting.is_empty() {
            line.ramp.iter_mut().for_each(Ramp::rest);
            return Err(None);
        }
        let pollers = line.pollers();
        if let (Some(ramp), Some(polls)) = (&mut line.ramp, &mut line.polls)
            && pollers == line.busy
        {
            if !ramp.is_added(now, pollers) {
                line.since = None;
                return Err(ramp.due());
            }
            polls.begin(now);
        }
        let until = line.since.get_or_insert(now).saturating_add(line.window);
        if line.waiting.len() < line.size as usize && now < until {
            line.ramp.iter_mut().for_each(Ramp::rest);
            let new: Vec<u32> = line.waiting.iter().skip(line.held).copied().collect();
            line.held = line.waiting.len();
            self.receive(number, &new);
            return Err(Some(until));
        }
        line.since = None;
        let messages: Vec<u32> = line.waiting.drain(..line.waiting.len().min(line.size as usize)).collect();
        line.held = line.held.saturating_sub(messages.len());
        if let (Some(_), Some(polls)) = (&line.ramp, &mut line.polls) {
            polls.answer();
            line.busy += 1;
        }
        let (head, last) = (messages[0], messages[messages.len() - 1]);
        let (calls, taken) = (line.calls, u32::try_from(messages.len()).expect("no more than the size of a batch"));
        line.open = (!calls && taken < line.size).then_some(Open { head, last, messages: taken });
        for pair in messages.windows(2) {
            self.queues.letter(pair[0]).next = pair[1];
        }
        if calls {
            self.receive(number, &messages);
        }
        self.next.push(Next::Ask(head));
        Ok(())
    }

    /// The call of `head` gets no more messages.
    pub(super) fn close(&mut self, number: u16, head: u32) {
        let line = &mut self.queues.lines[usize::from(number)];
        if line.open.is_some_and(|open| open.head == head) {
            line.open = None;
        }
    }

    /// The work of a delivery begins.
    pub(super) fn delivery_begins(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        let Some(head) = record.client.caller() else { return };
        let number = self.line_of(record.kind);
        self.close(number, head);
        let line = &self.queues.lines[usize::from(number)];
        let (calls, together) = (line.calls, line.size > 1);
        if together {
            self.carry(slot, head);
        }
        if !calls {
            let messages: Vec<u32> = self.queues.together(head).collect();
            self.receive(number, &messages);
            self.count_empty_receives(number);
            self.queues.lines[usize::from(number)].polls.iter_mut().for_each(|polls| _ = polls.answer());
            self.listen(number);
        }
    }

    /// An attempt keeps what it comes to: its messages may be delivered again before it is done.
    fn carry(&mut self, slot: u32, head: u32) {
        let slot = slot as usize;
        if self.queues.carried.len() <= slot {
            self.queues.carried.resize(slot + 1, Vec::new());
        }
        let mut carried = std::mem::take(&mut self.queues.carried[slot]);
        carried.clear();
        carried.extend(self.queues.together(head).skip(1).map(|place| {
            let Caller { key, attempt, kind, .. } = self.clients.callers[place as usize];
            Carried { key, attempt, class: self.kinds.all[usize::from(kind)].class }
        }));
        carried.reverse();
        self.queues.carried[slot] = carried;
    }

    /// An attempt is done with its message, and comes to the next, if there is one.
    pub(super) fn comes_to_next_message(&mut self, slot: u32) -> bool {
        let record = self.records.get_mut(slot);
        if record.kind < self.kinds.deliveries {
            return false;
        }
        let line = (record.kind - self.kinds.deliveries) / self.kinds.classes;
        if self.queues.lines[usize::from(line)].size == 1 {
            return false;
        }
        let Some(Carried { key, attempt, class }) = self.queues.carried[slot as usize].pop() else { return false };
        record.key = key;
        record.work = Place { attempt, next: 0, class }.packed();
        self.wait_until(slot, self.now);
        true
    }

    /// Who was called with messages is done with them, or (`refused`) was not there.
    pub(super) fn consumer_is_free(&mut self, number: u16, refused: bool) {
        let line = &self.queues.lines[usize::from(number)];
        let Some(ramp) = &line.ramp else {
            if line.polls.is_some() {
                self.next.push(Next::Listen(number));
            }
            return;
        };
        let rest = ramp.law().throttle_backoff.0;
        if refused && rest > 0 {
            let poller = Caller { who: Who::Poller(number), doing: Doing::BackingOff, ..Caller::blank() };
            let place = self.clients.keep(poller);
            self.call_at(place, self.now.saturating_add(rest));
        } else {
            self.poller_is_free(number);
        }
    }

    /// A poller asks for messages again.
    pub(super) fn poller_is_free(&mut self, number: u16) {
        self.count_empty_receives(number);
        let now = self.now;
        let line = &mut self.queues.lines[usize::from(number)];
        line.busy -= 1;
        line.polls.iter_mut().for_each(|polls| polls.begin(now));
        self.hand_out(number);
    }

    /// Instances that take their work ask for it as long as they have room for more.
    pub(super) fn listen(&mut self, number: u16) {
        self.count_empty_receives(number);
        let Self { queues, station, others, now, .. } = self;
        let line = &mut queues.lines[usize::from(number)];
        if let (None, Some(polls)) = (&line.ramp, &mut line.polls) {
            let consumer = others[usize::from(line.station)].as_ref().unwrap_or(station);
            polls.keep(*now, consumer.levels.listening());
        }
    }

    fn count_empty_receives(&mut self, number: u16) {
        let line = &mut self.queues.lines[usize::from(number)];
        let (queue, times) = (line.queue, line.empty_receives(self.now));
        if times > 0 {
            self.queues.all[usize::from(queue)].count_empty(self.tally.current_slice(), times);
        }
    }
}
