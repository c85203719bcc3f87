//! Services that reach each other. A call is made by a caller, as a request is by its client: one and the same deals with
//! attempts, back-off and budgets. The attempt that calls holds its place and waits; it goes on when all that it called
//! have answered, and fails if one of them failed.
//!
//! Whoever can go on, and whatever is to be asked, is put on a list, which is worked off when an event is done: chains of
//! calls, and of refusals, would else recurse without bound.

use crate::application::draw::{Draw, drawn, step_key};
use crate::application::program::{Op, Program};

use super::Core;
use super::clients::{Caller, Doing, Who};
use super::kind::Policy;
use super::record::{NONE, State};
use super::service::kind_of;
use super::shortcut::Asker;
use super::steps::Place;

/// What is to be done at this instant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    /// An attempt goes on: all that it called have answered.
    GoOn(u32),
    /// A caller asks.
    Ask(u32),
    /// An attempt makes a call that arrives at once.
    Call(Call),
    /// What one service gave back, those who wait at this one may use.
    Start(u16),
    /// Instances that take the messages of this line may ask for more.
    Listen(u16),
}

/// A call that is about to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// Names it: its work is drawn from it.
    pub key: u64,
    /// What the attempt that calls is at ([`Record::reaches`]): another may have its record by then.
    pub of: u64,
    /// The instant by which it is counted ([`Core::counted_at`]).
    pub arrived: u64,
    /// The record of the attempt that calls, and the instruction.
    pub slot: u32,
    at: u16,
    pub kind: u16,
}

/// Where an attempt reaches from.
struct From<'a> {
    slot: u32,
    of: u64,
    body: u16,
    place: Place,
    program: &'a Program,
    arrived: u64,
}

/// In a record that waits for what it reached: how many of them have not answered, and above that whether one failed,
const FAILED: u64 = 1 << 63;
/// and whether a service is among them.
const CALLING: u64 = 1 << 62;
const ANSWERS: u64 = !(FAILED | CALLING);

impl Core<'_> {
    /// An attempt reaches beyond its service, at the instruction `at` of its program: a call, or several at once.
    pub(super) fn reach(&mut self, slot: u32, at: u16, place: Place) {
        let record = self.records.get_mut(slot);
        record.state = State::Calling;
        (record.work, record.waits_until) = (place.packed(), 0);
        let (key, of) = (record.key, record.reaches());
        let kind = &self.kinds.all[usize::from(record.kind)];
        let (body, is_run) = (kind.body, kind.is_run());
        let program = self.kinds.bodies[usize::from(body)];
        let from = From { slot, of, body, place, program, arrived: self.counted_at(slot) };
        let instruction = &program.code[usize::from(at)];
        let (first, reached, parallel) = match instruction.op {
            Op::Parallel { n } => (at + 1, &program.code[usize::from(at) + 1..][..usize::from(n)], true),
            _ => (at, std::slice::from_ref(instruction), false),
        };
        for (at, instruction) in (first..).zip(reached) {
            let own = instruction.key(key, place.attempt);
            // A step of its own was taken when it was come to.
            if parallel && !instruction.is_taken(|| own, u32::from(place.class)) {
                continue;
            }
            if parallel && is_run {
                self.count_steps(slot, 1);
            }
            self.reach_one(&from, at, own, instruction.op);
        }
        if self.records.get(slot).waits_until & ANSWERS == 0 {
            self.goes_on(slot);
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always)] // of one place only
    fn reach_one(&mut self, from: &From<'_>, at: u16, own: u64, op: Op) {
        let Op::Call { site, .. } = op else { return self.reach_beside(from, at, own, op) };
        let &From { slot, of, body, place, arrived, .. } = from;
        self.records.get_mut(slot).waits_until += 1;
        let kind = self.kinds.sites[usize::from(body)][usize::from(site)] + place.class;
        self.begins_to_call(slot, kind);
        if self.kinds.all[usize::from(kind)].hop == 0 {
            self.count_bytes(slot, at, own, arrived);
            self.next.push(Next::Call(Call { key: own, of, arrived, slot, at, kind }));
        } else {
            self.call_by_caller(from, at, own, kind);
        }
    }

    /// An attempt reaches something else than a service.
    #[inline(never)]
    fn reach_beside(&mut self, from: &From<'_>, at: u16, own: u64, op: Op) {
        let &From { slot, of, body, place, program, arrived } = from;
        let kind = |site: u16| self.kinds.sites[usize::from(body)][usize::from(site)] + place.class;
        match op {
            Op::Publish { queue, size } => {
                self.publish(slot, own, (queue, &program.laws[usize::from(size)]), place.class);
                return;
            }
            Op::Start { awaited: false, site, .. } => {
                let kind = kind(site);
                self.count_bytes(slot, at, own, arrived);
                self.set_going(kind, own, arrived);
                return;
            }
            _ => {}
        }
        let blank = Caller { key: own, of, arrived, who: Who::Attempt(slot, at), ..Caller::blank() };
        self.records.get_mut(slot).waits_until += 1;
        match op {
            Op::Start { site, .. } => {
                let kind = kind(site);
                self.begins_to_call(slot, kind);
                self.call_by_caller(from, at, own, kind);
            }
            Op::Query { store, access, site } => self.query(slot, blank, (store, access, site), body),
            Op::Io(amount) => {
                let class = &self.plan.application.classes[usize::from(place.class)];
                self.wait_beside(blank, program.amount(amount, || &class.io, own));
            }
            Op::Wait(law) => self.wait_beside(blank, drawn(&program.laws[usize::from(law)], own)),
            _ => unreachable!("no step of its own reaches beyond its service"),
        }
    }

    /// What is so for every call and start that is waited for.
    #[inline(always)]
    #[allow(clippy::inline_always)] // part of the straight line of a call
    fn begins_to_call(&mut self, slot: u32, kind: u16) {
        if let Policy::Retry(_, budget) = self.kinds.all[usize::from(kind)].policy {
            self.clients.put(budget, self.now);
        }
        // A run holds no slot while it waits.
        let record = self.records.get_mut(slot);
        if record.instance != NONE && record.waits_until & CALLING == 0 {
            record.waits_until |= CALLING;
            self.station.levels.calling.raise(1, self.now);
        }
    }

    fn call_by_caller(&mut self, from: &From<'_>, at: u16, key: u64, kind: u16) {
        let &From { slot, of, arrived, .. } = from;
        let caller = Caller { key, of, arrived, kind, who: Who::Attempt(slot, at), ..Caller::blank() };
        let place = self.clients.keep(caller);
        self.send(place);
    }

    /// A call of no way is made: booked at once where that can be done, else by a caller. Its place is taken either way, so
    /// that callers have the same places with the shortcut and without.
    fn call(&mut self, call: &Call) {
        if self.find_calling(call.slot, call.of).is_none() {
            return;
        }
        let caller = self.clients.reserve();
        if self.book_call(call, caller) {
            return;
        }
        let &Call { key, of, arrived, slot, at, kind } = call;
        let who = Who::Attempt(slot, at);
        self.clients.callers[caller as usize] =
            Caller { key, of, arrived, kind, who, doing: Doing::Asking, ..Caller::blank() };
        let request = self.attempt(caller);
        self.admit(&request);
    }

    /// Waiting beside calls, as one of several at once.
    fn wait_beside(&mut self, caller: Caller, waits: u64) {
        let place = self.clients.keep(Caller { doing: Doing::Waiting, ..caller });
        self.call_at(place, self.now.saturating_add(waits));
    }

    /// The instant by which calls that an attempt makes now are counted: now, unless its request is counted nowhere.
    pub(super) fn counted_at(&self, slot: u32) -> u64 {
        let record = self.records.get(slot);
        let stamp = self.stamp(record);
        let counted = stamp >= self.plan.warmup.0 && record.client.is_counted();
        if counted { self.now } else { 0 }
    }

    /// An attempt of this station waits for no service any more.
    pub(super) fn calls_no_more(&mut self, slot: u32) {
        let record = self.records.get_mut(slot);
        if matches!(record.state, State::Calling | State::Answered) && record.waits_until & CALLING != 0 {
            record.waits_until &= !CALLING;
            self.station.levels.calling.lower(1, self.now);
        }
    }

    /// All that an attempt called have answered.
    fn goes_on(&mut self, slot: u32) {
        self.records.get_mut(slot).state = State::Answered;
        self.next.push(Next::GoOn(slot));
    }

    /// Works off what is to be done at this instant.
    pub(super) fn work_off(&mut self) {
        let mut done = 0;
        while let Some(next) = self.next.get(done) {
            done += 1;
            match *next {
                // One that was ended meanwhile has lost its slot; who has it now is on the list himself, if he is there.
                Next::GoOn(slot) if self.records.find(slot).is_some_and(|record| record.state == State::Answered) => {
                    if self.is_run(slot) {
                        self.run_answered(slot, self.records.get(slot).waits_until & FAILED == 0);
                        continue;
                    }
                    self.enter_that_of_record(slot);
                    self.calls_no_more(slot);
                    if self.records.get(slot).waits_until & FAILED == 0 {
                        self.go_on(slot);
                    } else {
                        self.fail(slot);
                    }
                }
                Next::GoOn(_) => {}
                Next::Start(station) => {
                    self.enter(station);
                    self.start_for_queue();
                }
                Next::Listen(line) => self.listen(line),
                Next::Call(call) => self.call(&call),
                Next::Ask(place) => {
                    let request = self.attempt(place);
                    if self.kinds.all[usize::from(kind_of(&request))].is_run() {
                        self.begin_run(&request);
                    } else {
                        self.admit(&request);
                    }
                }
            }
        }
        self.next.clear();
    }

    /// The record that waits for a caller's answer, unless it was ended meanwhile.
    pub(super) fn waiting_for(&self, place: u32) -> Option<u32> {
        let caller = &self.clients.callers[place as usize];
        let Who::Attempt(slot, _) = caller.who else { return None };
        self.find_calling(slot, caller.of)
    }

    /// The record of this slot, if it is still the attempt that was at `of` when it called.
    #[inline]
    fn find_calling(&self, slot: u32, of: u64) -> Option<u32> {
        let record = self.records.find(slot)?;
        (record.state == State::Calling && record.reaches() == of).then_some(slot)
    }

    /// A call has its answer, or who called has given up.
    pub(super) fn call_returns(&mut self, place: u32, success: bool) {
        let waiting = self.waiting_for(place);
        self.clients.dismiss(place);
        if let Some(slot) = waiting {
            self.has_answer(slot, success);
        }
    }

    /// A call that was booked at once is over.
    #[inline]
    pub(super) fn booked_call_returns(&mut self, asker: Asker) {
        self.clients.give_back(asker.place);
        if let Some(slot) = self.find_calling(asker.slot, asker.of) {
            self.has_answer(slot, true);
        }
    }

    /// One of those that an attempt reached has answered.
    #[inline]
    fn has_answer(&mut self, slot: u32, success: bool) {
        let record = self.records.get_mut(slot);
        record.waits_until = (record.waits_until - 1) | if success { 0 } else { FAILED };
        if record.waits_until & ANSWERS == 0 {
            self.goes_on(slot);
        }
    }

    /// The wait before another attempt of a call is over.
    pub(super) fn call_again(&mut self, place: u32) {
        let Some(slot) = self.waiting_for(place) else {
            self.clients.dismiss(place);
            return;
        };
        self.count_retry(slot);
        self.clients.callers[place as usize].attempt += 1;
        self.send(place);
    }

    /// An attempt of a call sets out.
    fn send(&mut self, place: u32) {
        if let Caller { key, arrived, who: Who::Attempt(slot, at), .. } = self.clients.callers[place as usize] {
            self.count_bytes(slot, at, key, arrived);
        }
        let caller = &mut self.clients.callers[place as usize];
        let hop = self.kinds.all[usize::from(caller.kind)].hop;
        if hop == 0 {
            caller.doing = Doing::Asking;
            self.next.push(Next::Ask(place));
        } else {
            caller.doing = Doing::OnTheWay;
            self.call_at(place, self.now.saturating_add(hop));
        }
    }

    /// An attempt of a call arrives, unless its caller has gone meanwhile.
    pub(super) fn call_arrives(&mut self, place: u32) {
        if self.waiting_for(place).is_none() {
            self.clients.dismiss(place);
            return;
        }
        self.clients.callers[place as usize].doing = Doing::Asking;
        self.next.push(Next::Ask(place));
    }

    /// Counts what an attempt of a call, or the start of a run, carries from an instance, where that is billed. What a
    /// workflow calls has no zone.
    #[inline]
    fn count_bytes(&mut self, slot: u32, at: u16, key: u64, arrived: u64) {
        if self.carries_bytes && arrived >= self.plan.warmup.0 {
            self.count_counted_bytes(slot, at, key);
        }
    }

    fn count_counted_bytes(&mut self, slot: u32, at: u16, key: u64) {
        let record = self.records.get(slot);
        if record.instance == NONE {
            return;
        }
        let program = self.kinds.bodies[usize::from(self.kinds.all[usize::from(record.kind)].body)];
        let size =
            |site: u16| drawn(&program.sites[usize::from(site)].size, step_key(key, 0, Draw::RequestBytes as u32));
        match program.code[usize::from(at)].op {
            Op::Call { site, .. } => self.tally.carried(size(site)),
            Op::Start { workflow, site, .. } => {
                if let Some(slice) = self.tally.current_slice() {
                    self.flows[usize::from(workflow)].uses[slice].carried += size(site);
                }
            }
            _ => {}
        }
    }
}
