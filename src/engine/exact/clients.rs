//! Clients that react: who tries again after an attempt that did not succeed, and users who think between requests.
//!
//! Most requests need none of this: a client who asks once is no more than a deadline. A *caller* is kept for a client
//! that is about to try again, and for every user of a closed source. It has at most one entry in the agenda.

use crate::application::draw::{drawn, step_key};
use crate::application::retry::{Budget, Retry};
use crate::application::{Application, Draw, Request};
use crate::traffic::closed::Crowd;

use super::Core;
use super::event::Event;
use super::kind::Policy;
use super::record::{Client, Record};
use super::service::kind_of;

/// What a caller does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// Nothing: its place is free, or its user is not there.
    Nothing,
    /// Its user thinks.
    Thinking,
    /// An attempt is in flight.
    Asking,
    /// Waits before the next attempt.
    BackingOff,
    /// Its attempt is on the way.
    OnTheWay,
    /// Waits, as one of several things that an attempt does at once.
    Waiting,
    /// Waits for this query of a store.
    Querying(u32),
}

/// Who a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// The client of a request from outside.
    Outside,
    /// A user: the crowd, and the number in it.
    User(u16, u32),
    /// An attempt that calls another service: its record, and the instruction that calls.
    Attempt(u32, u16),
    /// A message of the queue of this index.
    Message(u16),
    /// Nobody: it wakes the line of this number.
    Line(u16),
    /// A poller of this line, which rests.
    Poller(u16),
    /// Nobody: who asked a store has given up.
    Nobody,
}

/// A client of whom something is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    /// Names its request.
    pub key: u64,
    /// What the record of an attempt that calls is at ([`Record::reaches`]): another may have its slot meanwhile.
    pub of: u64,
    /// When the first attempt of its request arrived; of a call for a request of the warm-up, an instant of it.
    pub arrived: u64,
    /// When its entry fires; `u64::MAX` without one.
    pub due: u64,
    /// Visits that its user has begun.
    pub visits: u64,
    /// Kind of its attempts.
    pub kind: u16,
    /// Number of its attempt, from 0.
    pub attempt: u32,
    pub who: Who,
    pub doing: Doing,
}

/// The retries that all clients of a class may make together: a window of ten seconds over what first attempts put in and
/// retries took out, in ten parts, and a reserve beside it (as Finagle's `RetryBudget` has it,
/// <https://twitter.github.io/finagle/docs/com/twitter/finagle/service/RetryBudget$.html>, read 2026-11: what is put in
/// expires after about that long).
#[derive(Clone, Debug)]
struct Bucket {
    share: f64,
    reserve: f64,
    parts: [f64; PARTS],
    /// The part that time is in, counted from the first instant.
    part: u64,
}

const PARTS: usize = 10;
/// Nanoseconds.
const PART: u64 = 1_000_000_000;

impl Bucket {
    fn new(budget: Budget) -> Self {
        Self { share: budget.share, reserve: budget.floor * PARTS as f64, parts: [0.0; PARTS], part: 0 }
    }

    #[allow(clippy::cast_possible_truncation)] // below PARTS
    const fn place(part: u64) -> usize {
        (part % PARTS as u64) as usize
    }

    /// The part of now, what has expired taken out.
    fn now(&mut self, now: u64) -> &mut f64 {
        let part = now / PART;
        for passed in (self.part..part).take(PARTS) {
            self.parts[Self::place(passed + 1)] = 0.0;
        }
        self.part = part;
        &mut self.parts[Self::place(part)]
    }

    fn put(&mut self, now: u64) {
        let share = self.share;
        *self.now(now) += share;
    }

    fn take(&mut self, now: u64) -> bool {
        self.now(now);
        let holds = self.reserve + self.parts.iter().sum::<f64>();
        // A token put in as ten tenths is one, whatever floats make of it.
        let enough = holds >= 1.0 - 1e-9;
        if enough {
            *self.now(now) -= 1.0;
        }
        enough
    }
}

/// An end of an attempt that is not success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// Refused before any work.
    Rejected,
    /// A limit passed first.
    TimedOut,
    /// Its work ended in an error.
    Failed,
}

/// All clients of a deployment.
#[derive(Debug)]
pub(super) struct Clients<'a> {
    pub callers: Vec<Caller>,
    free: Vec<u32>,
    /// Per class, then per call site.
    budgets: Vec<Option<Bucket>>,
    /// Whether any of a class has one.
    pub budgeted: bool,
    crowds: Vec<Present<'a>>,
}

/// A crowd, and who of it is there.
#[derive(Debug)]
struct Present<'a> {
    crowd: &'a Crowd,
    /// The caller of its first user; the others follow.
    first: u32,
    users: u32,
    /// Changes that have happened.
    changes: usize,
}

impl<'a> Clients<'a> {
    /// The clients of these classes, the call sites of these services and workflows, and these users.
    pub fn new(application: &Application, crowds: &'a [Crowd]) -> Self {
        let of_classes = application.classes.iter().map(|class| &class.retry);
        let sites = application.bodies().flat_map(|body| &body.program.sites);
        let bucket = |retry: &Retry| retry.budget.filter(|_| !retry.is_once()).map(Bucket::new);
        let budgets: Vec<_> = of_classes.chain(sites.map(|site| &site.retry)).map(bucket).collect();
        let budgeted = budgets[..application.classes.len()].iter().any(Option::is_some);
        let mut callers = Vec::new();
        let mut present = Vec::new();
        for (number, crowd) in (0..).zip(crowds) {
            let first = u32::try_from(callers.len()).expect("fewer than four billion users");
            callers.extend((0..crowd.most()).map(|user| Caller { who: Who::User(number, user), ..Caller::blank() }));
            present.push(Present { crowd, first, users: 0, changes: 0 });
        }
        Self { callers, free: Vec::new(), budgets, budgeted, crowds: present }
    }

    /// When the first attempt of what this attempt belongs to arrived.
    #[inline]
    pub fn arrival(&self, record: &Record) -> u64 {
        match record.client.caller() {
            None => record.arrived,
            Some(caller) => self.callers[caller as usize].arrived,
        }
    }

    /// Number of the attempt that a client makes, from 0.
    pub fn attempt(&self, client: Client) -> u32 {
        client.caller().map_or(0, |place| self.callers[place as usize].attempt)
    }

    /// The class and first arrival of every request whose client waits before its next attempt.
    pub fn backing_off(&self) -> impl Iterator<Item = (u32, u64)> {
        let outside = |caller: &&Caller| matches!(caller.who, Who::Outside | Who::User(..));
        let waiting = self.callers.iter().filter(|caller| caller.doing == Doing::BackingOff).filter(outside);
        waiting.map(|caller| (u32::from(caller.kind), caller.arrived))
    }

    /// A first attempt adds to a budget.
    pub fn put(&mut self, budget: usize, now: u64) {
        if let Some(bucket) = &mut self.budgets[budget] {
            bucket.put(now);
        }
    }

    /// Whether a budget has a retry left, which is taken.
    pub fn may_retry(&mut self, budget: usize, now: u64) -> bool {
        self.budgets[budget].as_mut().is_none_or(|bucket| bucket.take(now))
    }

    /// A caller that is needed no more.
    pub fn dismiss(&mut self, place: u32) {
        self.callers[place as usize].doing = Doing::Nothing;
        self.give_back(place);
    }

    /// A place that is needed no more, of a caller who does nothing.
    #[inline]
    pub fn give_back(&mut self, place: u32) {
        self.free.push(place);
    }

    /// A place for a caller, who does nothing yet.
    #[inline]
    pub fn reserve(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| self.one_more())
    }

    #[cold]
    fn one_more(&mut self) -> u32 {
        self.callers.push(Caller::blank());
        let place = self.callers.len() - 1;
        u32::try_from(place).ok().filter(|&place| place < Client::SPECIAL).expect("fewer than four billion clients")
    }

    /// A caller for a client of whom nothing was kept.
    pub fn keep(&mut self, caller: Caller) -> u32 {
        let place = self.reserve();
        self.callers[place as usize] = caller;
        place
    }
}

impl Caller {
    pub const fn blank() -> Self {
        Self {
            key: 0,
            of: 0,
            arrived: 0,
            due: u64::MAX,
            visits: 0,
            kind: 0,
            attempt: 0,
            who: Who::Outside,
            doing: Doing::Nothing,
        }
    }
}

impl Core<'_> {
    /// The users of the first instant come at it.
    pub(super) fn schedule_crowds(&mut self) {
        for number in 0..self.clients.crowds.len() {
            let number = u32::try_from(number).expect("fewer than four billion sources");
            self.agenda.schedule(0, Event::Crowd(number).order());
        }
    }

    /// Users come or go.
    pub(super) fn crowd_changes(&mut self, number: u32) {
        let present = &mut self.clients.crowds[number as usize];
        let changes = present.crowd.changes();
        let users = changes[present.changes].1;
        let before = std::mem::replace(&mut present.users, users);
        present.changes += 1;
        let first = present.first;
        if let Some(&(at, _)) = changes.get(present.changes) {
            self.agenda.schedule(at, Event::Crowd(number).order());
        }
        for user in before..users {
            // One who was on the way out, but has not gone yet, stays.
            if self.clients.callers[(first + user) as usize].doing == Doing::Nothing {
                self.think(first + user);
            }
        }
        for user in users..before {
            let caller = &mut self.clients.callers[(first + user) as usize];
            if caller.doing == Doing::Thinking {
                (caller.doing, caller.due) = (Doing::Nothing, u64::MAX);
            }
        }
    }

    /// A user thinks before the next visit, if there is one.
    fn think(&mut self, place: u32) {
        let caller = &mut self.clients.callers[place as usize];
        caller.doing = Doing::Nothing;
        let Who::User(crowd, user) = caller.who else { return };
        let present = &self.clients.crowds[crowd as usize];
        if user < present.users && present.crowd.asks_again(caller.visits) {
            caller.doing = Doing::Thinking;
            let thinks = present.crowd.think(user, caller.visits);
            self.call_at(place, self.now.saturating_add(thinks));
        }
    }

    pub(super) fn call_at(&mut self, place: u32, at: u64) {
        self.clients.callers[place as usize].due = at;
        self.agenda.schedule(at, Event::Caller(place).order());
    }

    /// The entry of a caller fires, unless its user has gone.
    #[inline(never)]
    pub(super) fn caller_due(&mut self, place: u32) {
        let caller = &mut self.clients.callers[place as usize];
        if caller.due != self.now {
            return;
        }
        caller.due = u64::MAX;
        match (caller.doing, caller.who) {
            (Doing::Thinking, Who::User(crowd, user)) => {
                let request = self.clients.crowds[crowd as usize].crowd.request(user, caller.visits, self.now);
                caller.visits += 1;
                caller.doing = Doing::Asking;
                (caller.key, caller.arrived, caller.kind, caller.attempt) =
                    (request.key, self.now, kind_of(&request), 0);
                self.announce(&request);
                self.ask(&Request { caller: place, ..request });
            }
            (Doing::BackingOff, Who::Attempt(..)) => self.call_again(place),
            (Doing::BackingOff, Who::Message(_)) => self.deliver_again(place),
            (Doing::OnTheWay, _) => self.call_arrives(place),
            (Doing::BackingOff, Who::Line(line)) => self.hand_out(line),
            (Doing::BackingOff, Who::Poller(line)) => {
                self.clients.dismiss(place);
                self.poller_is_free(line);
            }
            (Doing::BackingOff, _) => {
                caller.doing = Doing::Asking;
                caller.attempt += 1;
                let request = self.attempt(place);
                let arrived = self.clients.callers[place as usize].arrived;
                self.tally.retried(request.class, arrived);
                self.ask(&request);
            }
            (Doing::Waiting, _) => self.call_returns(place, true),
            (Doing::Querying(query), _) => self.query_due(query),
            _ => {}
        }
    }

    /// What a caller's attempt asks for, now.
    pub(super) fn attempt(&self, place: u32) -> Request {
        let &Caller { key, kind, attempt, .. } = &self.clients.callers[place as usize];
        let of_kind = &self.kinds.all[usize::from(kind)];
        let what = &self.plan.application.classes[usize::from(of_kind.class)];
        // Where a service has steps of its own, they say what is done.
        let drawn = |law, draw| if of_kind.is_of_class { drawn(law, step_key(key, attempt, draw as u32)) } else { 0 };
        Request {
            at: self.now,
            key,
            cpu: drawn(&what.cpu, Draw::Cpu),
            io: drawn(&what.io, Draw::Io),
            class: u32::from(kind),
            caller: place,
        }
    }

    /// An attempt has not succeeded: its client tries again, or has lost its request.
    pub(super) fn lost(&mut self, record: &Record, loss: Loss) {
        let (retry, budget) = match self.kinds.all[usize::from(record.kind)].policy {
            Policy::Retry(retry, budget) => (retry, budget),
            Policy::Deliver(queue, number) => return self.delivery_failed(record, queue, number, loss),
        };
        let caller = record.client.caller();
        let attempt = self.clients.attempt(record.client);
        let wanted = match loss {
            Loss::Rejected => retry.on.rejected,
            Loss::TimedOut => retry.on.timeout,
            Loss::Failed => retry.on.failed,
        };
        let again = wanted && retry.allows_after(attempt) && self.clients.may_retry(budget, self.now);
        if !again {
            if !self.is_call(record.kind) {
                self.tally.lost(record.kind, self.clients.arrival(record));
            }
            self.answered(record.client, false);
            return;
        }
        let place = caller.unwrap_or_else(|| {
            self.clients.keep(Caller { key: record.key, arrived: record.arrived, kind: record.kind, ..Caller::blank() })
        });
        self.clients.callers[place as usize].doing = Doing::BackingOff;
        let wait = retry.backoff(record.key, attempt);
        self.call_at(place, self.now.saturating_add(wait));
    }

    /// The request of a client is over, with success or without.
    #[inline]
    pub(super) fn answered(&mut self, client: Client, success: bool) {
        if let Some(place) = client.caller() {
            self.caller_answered(place, success);
        }
    }

    fn caller_answered(&mut self, place: u32, success: bool) {
        match self.clients.callers[place as usize].who {
            Who::User(..) => self.think(place),
            Who::Outside => self.clients.dismiss(place),
            Who::Attempt(..) => self.call_returns(place, success),
            Who::Message(queue) => self.message_taken(place, queue),
            Who::Line(_) | Who::Poller(_) | Who::Nobody => unreachable!("asks nobody"),
        }
    }

    /// The instant by which an attempt is counted: its own arrival, but that of its request if that was in the warm-up.
    pub(super) fn stamp(&self, record: &Record) -> u64 {
        let first = self.clients.arrival(record);
        if first < self.plan.warmup.0 { first } else { record.arrived }
    }

    /// The client of an attempt has gone; its work goes on. A request of the warm-up is counted nowhere.
    pub(super) fn abandon(&mut self, slot: u32) {
        let counted = self.stamp(self.records.get(slot)) >= self.plan.warmup.0;
        let record = self.records.get_mut(slot);
        record.client = if counted { Client::GONE } else { Client::UNCOUNTED };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_gives_a_share_of_the_first_attempts_and_a_floor() {
        let mut bucket = Bucket::new(Budget { share: 0.1, floor: 0.5 });
        // The floor is there from the first instant: five in ten seconds.
        assert_eq!((0..10).filter(|_| bucket.take(0)).count(), 5);
        for _ in 0..100 {
            bucket.put(PART);
        }
        assert_eq!((0..100).filter(|_| bucket.take(PART)).count(), 10);
        // What was taken out expires, as what was put in.
        assert_eq!((0..100).filter(|_| bucket.take(10 * PART)).count(), 5);
        assert_eq!((0..100).filter(|_| bucket.take(1_000 * PART)).count(), 5);
        assert!(!bucket.take(1_009 * PART));
        assert!(bucket.take(1_010 * PART));
    }
}
