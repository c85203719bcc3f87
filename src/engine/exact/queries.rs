//! What an attempt, or a client, asks a store: admitted, connected, worked on, answered; or refused, and perhaps asked again.
//!
//! An attempt asks by a caller, as it calls a service. Every answer and every refusal comes through the agenda, even one
//! that takes no time: given at once, a long queue of attempts would be emptied by recursion.

use crate::application::retry::On;
use crate::application::step::Access;
use crate::application::{Draw, Request, work};
use crate::platform::store::connections::Lease;

use super::Core;
use super::clients::{Caller, Doing, Loss, Who};
use super::event::Event;
use super::limits::Limit;
use super::record::{NONE, Record, State};
use super::service::record_of;
use super::stores::{Asker, Phase, Query};

impl Core<'_> {
    /// An attempt asks a store, by this caller and from this call site of its body.
    pub(super) fn query(&mut self, slot: u32, caller: Caller, (store, access, site): (u16, Access, u16), body: u16) {
        let asked = &self.kinds.bodies[usize::from(body)].sites[usize::from(site)];
        let budget = self.stores.budget(body, site);
        self.clients.put(budget, self.now);
        let place = self.clients.keep(Caller { doing: Doing::Asking, ..caller });
        let id = self.stores.insert(Query {
            key: caller.key,
            asked: self.now,
            bytes: work(&asked.size, caller.key, Draw::RequestBytes),
            rest: 0,
            patience: asked.timeout.map_or(u64::MAX, |timeout| timeout.0),
            until: u64::MAX,
            asker: Asker::Caller(place),
            instance: self.records.get(slot).instance,
            slice: self.counting_slice(caller.arrived),
            attempt: 0,
            retry: Some((&asked.retry, budget)),
            store,
            access,
            phase: Phase::OnItsWay,
        });
        self.ask_store(id);
    }

    /// A client asks a store, with no server between.
    pub(super) fn enter_store(&mut self, request: &Request, store: u16, access: Access) {
        let class = &self.plan.application.classes[request.class as usize];
        let (law, draw) = match access {
            Access::Read => (&class.response_bytes, Draw::ResponseBytes),
            Access::Write => (&class.request_bytes, Draw::RequestBytes),
        };
        let record = Record { started: self.now, ..record_of(request) };
        let (stamp, counted) = (self.stamp(&record), record.client.is_counted());
        let slot = self.insert(record);
        let id = self.stores.insert(Query {
            key: request.key,
            asked: self.now,
            bytes: work(law, request.key, draw),
            rest: 0,
            patience: u64::MAX,
            until: u64::MAX,
            asker: Asker::Client(slot),
            instance: NONE,
            slice: if counted { self.counting_slice(stamp) } else { NONE },
            attempt: self.clients.attempt(record.client),
            retry: None,
            store,
            access,
            phase: Phase::OnItsWay,
        });
        let record = self.records.get_mut(slot);
        record.state = State::Asking;
        (record.work, record.waits_until) = (u64::from(id), u64::MAX);
        self.ask_store(id);
    }

    /// The slice of the calendar in which a query is counted whose request or call is counted then; [`NONE`]: nowhere.
    fn counting_slice(&self, at: u64) -> u32 {
        self.tally.slice_of(at).map_or(NONE, |slice| u32::try_from(slice).expect("slices are few"))
    }

    /// An attempt of a query is made.
    fn ask_store(&mut self, id: u32) {
        let now = self.now;
        self.stores.query_mut(id).asked = now;
        if let Some(measure) = self.stores.measure(id) {
            measure.asked += 1;
        }
        let query = *self.stores.query(id);
        let store = self.stores.asked(id);
        let halves = store.units.halves(query.access, query.bytes);
        if let Some(gates) = &mut store.gates
            && !gates[query.access as usize].take(now, halves)
        {
            return self.refuse_query(id);
        }
        match self.lease(id) {
            Lease::Kept | Lease::Opened => self.serve_query(id),
            Lease::Refused => self.refuse_query(id),
            Lease::Waits => {
                self.stores.query_mut(id).phase = Phase::Pooled;
                if let Some(pool) = &mut self.stores.asked(id).pool {
                    pool.wait(query.instance, id);
                }
                self.arm_patience(id);
            }
        }
    }

    /// A query asks for a connection, if its store has any.
    fn lease(&mut self, id: u32) -> Lease {
        if self.stores.asked(id).pool.is_none() {
            return Lease::Kept;
        }
        // Instances of a pool are ended when somebody looks, and until then seem to hold their connections.
        let here = self.station.number;
        for number in self.stations() {
            self.enter(number);
            self.expire();
        }
        self.enter(here);
        let now = self.now;
        let instance = self.stores.query(id).instance;
        let counted = now >= self.plan.warmup.0;
        let store = self.stores.asked(id);
        let Some(pool) = &mut store.pool else { return Lease::Kept };
        let (law, open) = (pool.law, pool.open.count());
        let lease = if instance != NONE {
            law.lease(pool.held(instance), open)
        } else if open < u64::from(law.max) {
            Lease::Opened
        } else {
            Lease::Refused
        };
        if lease == Lease::Opened {
            pool.open.raise(1, now);
            if counted {
                store.measure.connections_peak = store.measure.connections_peak.max(open + 1);
            }
        }
        lease
    }

    /// A query that has all that it needs is worked on.
    fn serve_query(&mut self, id: u32) {
        let now = self.now;
        let query = *self.stores.query(id);
        let asked = &self.plan.application.stores[usize::from(query.store)];
        let store = self.stores.asked(id);
        let time = store.trouble.slowed(asked.time(query.access, query.key, query.attempt));
        if query.slice != NONE {
            let taken = &mut store.taken[query.slice as usize][query.access as usize];
            *taken += store.units.halves(query.access, query.bytes);
            if query.instance != NONE {
                store.carried[query.slice as usize] += query.bytes;
            }
        }
        let cpu = store.processor.as_ref().map_or(0, |engine| engine.cpu_of(time).min(time));
        let rest = time - cpu;
        if cpu > 0
            && let Some(engine) = &mut store.processor
        {
            engine.add(now, cpu, id);
            let waiting = self.stores.query_mut(id);
            (waiting.rest, waiting.phase) = (rest, Phase::Working);
            self.arm_store(query.store);
            self.arm_patience(id);
            return;
        }
        self.wait_for_store(id, Phase::OnItsWay, rest);
    }

    /// For so long a query needs nobody.
    fn wait_for_store(&mut self, id: u32, phase: Phase, waits: u64) {
        let until = self.now.saturating_add(waits);
        let query = self.stores.query_mut(id);
        (query.phase, query.until) = (phase, until);
        let query = *query;
        match query.asker {
            Asker::Caller(place) => {
                let first = if phase == Phase::OnItsWay { until.min(query.gives_up()) } else { until };
                self.clients.callers[place as usize].doing = Doing::Querying(id);
                self.call_at(place, first);
            }
            Asker::Client(slot) => {
                self.records.get_mut(slot).waits_until = until;
                self.agenda.schedule(until, Event::Record(slot).order());
            }
        }
    }

    /// A query waits or is worked on, and who asks may give up before anything else is known.
    fn arm_patience(&mut self, id: u32) {
        let query = self.stores.query(id);
        let gives_up = query.gives_up();
        if let Asker::Caller(place) = query.asker
            && query.patience != u64::MAX
        {
            self.clients.callers[place as usize].doing = Doing::Querying(id);
            self.call_at(place, gives_up);
        }
    }

    /// The caller of a query gives up on it. What the store has begun goes on, and is answered to nobody; what still waits
    /// for a connection is not asked.
    fn give_up_query(&mut self, id: u32, place: u32) {
        let query = *self.stores.query(id);
        if self.waiting_for(place).is_none() {
            // So has the attempt itself.
            self.leave_query(id, place);
            return;
        }
        if query.phase == Phase::Pooled {
            if let Some(measure) = self.stores.measure(id) {
                measure.dropped += 1;
            }
            if let Some(pool) = &mut self.stores.asked(id).pool {
                pool.withdraw(query.instance, id);
            }
            self.ask_again(id, |on| on.timeout);
            return;
        }
        let nobody = self.clients.keep(Caller { who: Who::Nobody, doing: Doing::Querying(id), ..Caller::blank() });
        let left = self.stores.query_mut(id);
        (left.asker, left.retry) = (Asker::Caller(nobody), None);
        self.leave_query(id, nobody);
        let next = self.stores.insert(query);
        self.ask_again(next, |on| on.timeout);
    }

    /// Nobody waits for a query; it goes on, by this caller.
    fn leave_query(&mut self, id: u32, place: u32) {
        let query = self.stores.query_mut(id);
        query.patience = u64::MAX;
        let (phase, until) = (query.phase, query.until);
        if phase == Phase::OnItsWay {
            self.call_at(place, until);
        }
    }

    /// A query is refused: its caller asks again, or fails.
    fn refuse_query(&mut self, id: u32) {
        if let Some(measure) = self.stores.measure(id) {
            measure.refused += 1;
        }
        self.ask_again(id, |on| on.rejected);
    }

    /// A query was in vain: its caller asks again, if it does after what `says` says, or fails.
    fn ask_again(&mut self, id: u32, says: fn(&On) -> bool) {
        let query = *self.stores.query(id);
        let again = query.retry.filter(|(retry, _)| says(&retry.on) && retry.allows_after(query.attempt));
        let again = again.filter(|(_, budget)| self.clients.may_retry(*budget, self.now));
        let (phase, waits) = match again {
            Some((retry, _)) => (Phase::BackingOff, retry.backoff(query.key, query.attempt)),
            None => (Phase::Refused, 0),
        };
        self.wait_for_store(id, phase, waits);
    }

    /// What the entry of a store in the agenda stands for happens, unless it was moved.
    pub(super) fn store_due(&mut self, number: u32) {
        let now = self.now;
        let store = &mut self.stores.all[number as usize];
        if store.armed != now {
            return;
        }
        store.armed = u64::MAX;
        let done = if store.due() == now { store.processor.as_mut().and_then(|engine| engine.fire(now)) } else { None };
        self.arm_store(u16::try_from(number).expect("stores are few"));
        if let Some(id) = done {
            let rest = self.stores.query(id).rest;
            self.wait_for_store(id, Phase::OnItsWay, rest);
        }
    }

    /// An entry that must fire earlier is scheduled anew; one that may fire later is left to find that out itself.
    fn arm_store(&mut self, number: u16) {
        let store = &mut self.stores.all[usize::from(number)];
        let due = store.due();
        if due < store.armed {
            store.armed = due;
            self.agenda.schedule(due, Event::Store(u32::from(number)).order());
        }
    }

    /// The wait of a caller that asks a store is over.
    pub(super) fn query_due(&mut self, id: u32) {
        let Query { asker, phase, until, .. } = *self.stores.query(id);
        let Asker::Caller(place) = asker else { return };
        match phase {
            Phase::Pooled | Phase::Working => self.give_up_query(id, place),
            Phase::OnItsWay if until > self.now => self.give_up_query(id, place),
            Phase::OnItsWay => {
                if self.end_query(id) {
                    self.stores.remove(id);
                    self.call_returns(place, true);
                } else {
                    self.ask_again(id, |on| on.failed);
                }
            }
            Phase::Refused => {
                self.stores.remove(id);
                self.call_returns(place, false);
            }
            // An attempt that was ended meanwhile does not ask again.
            Phase::BackingOff => {
                if let Some(slot) = self.waiting_for(place) {
                    self.count_retry(slot);
                    self.stores.query_mut(id).attempt += 1;
                    self.ask_store(id);
                } else {
                    self.stores.remove(id);
                    self.clients.dismiss(place);
                }
            }
        }
    }

    /// The wait of a client that asks a store is over.
    pub(super) fn asking_over(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        let id = u32::try_from(record.work).expect("the query it waits for");
        let refused = self.stores.query(id).phase == Phase::Refused;
        let answered = !refused && self.end_query(id);
        self.stores.remove(id);
        if !record.client.waits() {
            self.wasted(&record, false);
        } else if refused {
            self.refuse(&record, Limit::Store);
        } else if !answered {
            self.tally.failed(record.kind, self.stamp(&record), false);
            self.lost(&record, Loss::Failed);
        } else {
            self.tally.completed(record.kind, record.key, self.clients.arrival(&record), self.now, 0, false);
            self.answered(record.client, true);
        }
        self.forget(slot);
    }

    /// A client waits for its answer at the horizon, or has gone.
    pub(super) fn remains_asking(&mut self, record: &Record) {
        if record.client.waits() {
            self.tally.in_flight(record.kind, self.stamp(record), false);
        } else {
            self.wasted(record, true);
        }
    }

    /// The store is done with a query, and has answered it or (`false`) failed. Its connection goes to who waits for it.
    fn end_query(&mut self, id: u32) -> bool {
        let now = self.now;
        let query = *self.stores.query(id);
        let failed = self.stores.asked(id).trouble.fails(query.key, query.attempt);
        if let Some(measure) = self.stores.measure(id) {
            if failed {
                measure.failed += 1;
            } else {
                measure.answered += 1;
                measure.latency.record(now - query.asked);
            }
        }
        let pool = self.stores.all[usize::from(query.store)].pool.as_mut();
        if let Some(next) = pool.and_then(|pool| pool.release(query.instance, now)) {
            self.serve_query(next);
        }
        !failed
    }

    /// An instance has ended at `at`, and with it its connections. What it had asked for and has a connection goes on; what
    /// waits for one is given up.
    pub(super) fn leave_stores(&mut self, instance: u32, at: u64) {
        for id in self.stores.instance_ended(instance, at) {
            if let Some(measure) = self.stores.measure(id) {
                measure.dropped += 1;
            }
            let asker = self.stores.query(id).asker;
            self.stores.remove(id);
            if let Asker::Caller(place) = asker {
                self.clients.dismiss(place);
            }
        }
    }
}
