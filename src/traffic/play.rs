//! The stream of requests of one replication: every source's own stream, merged by (instant, source).
//!
//! Promises that the stream does not depend on the sizes in which it is asked for.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::arrivals::{Generator, Keys};
use super::curve::Frame;
use super::demand::Demand;
use super::placement::Placement;
use super::process::Steps;
use super::replay::Replay;
use super::schedule::Timer;
use super::{Flow, Traffic};
use crate::application::{Application, Request};

/// Requests that a source makes ahead when several are merged.
const AHEAD: usize = 256;

/// One source in play.
#[derive(Clone, Debug)]
struct Lane {
    demand: Demand,
    instants: Instants,
    ready: Vec<Request>,
    next: usize,
}

#[derive(Clone, Debug)]
enum Instants {
    Open(Box<Generator>),
    Counts(Box<Placement>),
    Log(Box<Replay>),
    Steps(Box<Steps>),
    Timer(Box<Timer>),
}

impl Lane {
    fn fill(&mut self, batch: &mut Vec<Request>, limit: usize) {
        match &mut self.instants {
            Instants::Open(generator) => generator.fill(&self.demand, batch, limit),
            Instants::Counts(placement) => placement.fill(&self.demand, batch, limit),
            Instants::Log(replay) => replay.fill(&self.demand, batch, limit),
            Instants::Steps(steps) => steps.fill(&self.demand, batch, limit),
            Instants::Timer(timer) => timer.fill(&self.demand, batch, limit),
        }
    }

    /// The next request that was made ahead, if the source has not ended.
    fn peek(&mut self) -> Option<Request> {
        if self.next == self.ready.len() {
            let mut ready = std::mem::take(&mut self.ready);
            ready.clear();
            self.fill(&mut ready, AHEAD);
            self.ready = ready;
            self.next = 0;
        }
        self.ready.get(self.next).copied()
    }
}

/// The requests of one replication, in time order.
#[derive(Clone, Debug)]
pub struct Play {
    lanes: Vec<Lane>,
    /// Instant and lane of each lane's next request; not used with a single lane.
    heads: BinaryHeap<Reverse<(u64, usize)>>,
}

impl Play {
    /// The whole of the frame; of open sources only what comes from `from` on.
    pub(super) fn new(
        traffic: &Traffic,
        application: Option<&Application>,
        (seed, replication): (u64, u32),
        (frame, from): (Frame, u64),
    ) -> Self {
        let factors = traffic.factors(seed, replication);
        let (level, _) = factors;
        let lanes = traffic.sources.iter().filter_map(|source| {
            let keys = Keys::new(seed, &source.name, replication);
            let instants = match &source.flow {
                Flow::Open(open) => Instants::Open(Box::new(Generator::new(open, frame, from, keys, factors))),
                Flow::Counts(counts) => Instants::Counts(Box::new(Placement::new(counts, frame, keys, level))),
                Flow::Log(log) => Instants::Log(Box::new(Replay::new(log, frame, keys, level))),
                Flow::Switching(source) => Instants::Steps(Box::new(Steps::switching(source, frame, keys, level))),
                Flow::Hawkes(source) => Instants::Steps(Box::new(Steps::hawkes(*source, frame, keys, level))),
                Flow::Schedule(schedule) => Instants::Timer(Box::new(Timer::new(schedule, frame, keys))),
                // Each deployment has its own users.
                Flow::Closed(_) => return None,
            };
            let demand = application.map_or_else(Demand::nothing, |application| Demand::new(application, &source.mix));
            Some(Lane { demand, instants, ready: Vec::new(), next: 0 })
        });
        let mut lanes: Vec<Lane> = lanes.collect();
        let mut heads = BinaryHeap::new();
        if lanes.len() > 1 {
            for (index, lane) in lanes.iter_mut().enumerate() {
                heads.extend(lane.peek().map(|request| Reverse((request.at, index))));
            }
        }
        Self { lanes, heads }
    }

    /// Replaces the content of `batch` by the next up to `limit` requests, in time order. Empty means the end (or that
    /// `limit` is 0).
    pub fn fill(&mut self, batch: &mut Vec<Request>, limit: usize) {
        batch.clear();
        if let [lane] = self.lanes.as_mut_slice() {
            lane.fill(batch, limit);
            return;
        }
        while batch.len() < limit {
            let Some(mut head) = self.heads.peek_mut() else { return };
            let lane = &mut self.lanes[head.0.1];
            batch.extend(lane.peek());
            lane.next += 1;
            match lane.peek() {
                Some(request) => head.0.0 = request.at,
                None => drop(PeekMut::pop(head)),
            }
        }
    }
}
