//! The queues of a deployment while it is played: messages that wait to be taken, who asks for them, and what is counted
//! of that.
//!
//! Every consumer of a queue has a *line* of its own. Messages that come together make one call are linked: the first of
//! them is the caller whose attempt it is.

use std::collections::VecDeque;

use crate::application::Application;
use crate::metering::measurement::QueueMeasure;
use crate::metering::rounding::chunks;
use crate::platform::Deployment;
use crate::platform::autoscaler::Law;
use crate::platform::queue::BoundQueue;
use crate::platform::queue::pollers::Ramp;

use super::record::NONE;

/// What is kept of a message beside its caller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Letter {
    pub bytes: u64,
    /// The next message of the same call; [`NONE`]: it is the last.
    pub next: u32,
    /// Whether this delivery of it has been counted.
    pub received: bool,
}

impl Letter {
    pub const fn new(bytes: u64) -> Self {
        Self { bytes, next: NONE, received: false }
    }
}

/// A message that an attempt comes to after the one that it is at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried {
    pub key: u64,
    pub attempt: u32,
    pub class: u16,
}

/// Messages that were asked for, and are in the queue still.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub head: u32,
    pub last: u32,
    pub messages: u32,
}

/// What a queue counted for its bill in one slice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct QueueUse {
    pub requests: u64,
    /// Those of a variant of their own.
    pub deliveries: u64,
    pub bytes: u64,
    /// Bytes between it and instances.
    pub carried: u64,
    /// Those of them that instances send or ask for, and that are not brought to them.
    pub fetched: u64,
}

/// One queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub bound: BoundQueue,
    pub measure: QueueMeasure,
    /// Per slice.
    pub uses: Vec<QueueUse>,
}

/// Messages that one answer brings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answer {
    pub messages: u32,
    pub bytes: u64,
    /// Whether one of them is counted.
    pub counted: bool,
}

/// Those who ask a queue for messages, and have not been answered.
#[derive(Debug)]
pub(super) struct Polls {
    wait: u64,
    /// Since when each of them waits, the longest first.
    begun: VecDeque<u64>,
}

/// The messages of a queue on their way to one consumer.
#[derive(Debug)]
pub(super) struct Line {
    /// Index of the queue.
    pub queue: u16,
    /// The service that consumes.
    pub station: u16,
    /// Most messages of one call.
    pub size: u32,
    /// Longest wait for more of them.
    pub window: u64,
    /// Whether instances follow requests, so that the queue calls them; else they take their work.
    pub calls: bool,
    /// Whether messages wait here for others, or for a poller, before a consumer is called.
    pub gathers: bool,
    pub waiting: VecDeque<u32>,
    /// How many of them have been received, and wait for others.
    pub held: usize,
    /// Since when messages are gathered for the next call.
    pub since: Option<u64>,
    /// A call that may get more messages until a consumer takes it.
    pub open: Option<Open>,
    pub ramp: Option<Ramp>,
    /// Pollers that wait for their invocation, or rest.
    pub busy: u32,
    pub polls: Option<Polls>,
    /// The caller that wakes it.
    pub clock: u32,
}

/// All queues of a deployment.
#[derive(Debug)]
pub(super) struct Queues {
    pub all: Vec<Queue>,
    pub lines: Vec<Line>,
    /// By caller.
    letters: Vec<Letter>,
    /// By record: what its attempt comes to, the next last.
    pub carried: Vec<Vec<Carried>>,
}

impl Queues {
    /// The queues of `application` on `deployment`, in a run of so many slices.
    pub fn new(application: &Application, deployment: &Deployment, slices: usize) -> Self {
        let mut queues = Self { all: Vec::new(), lines: Vec::new(), letters: Vec::new(), carried: Vec::new() };
        for (number, queue) in (0..).zip(&application.queues) {
            let bound = deployment.bindings.queues.get(usize::from(number)).cloned().unwrap_or_default();
            for &station in &queue.consumers {
                let law = &deployment.of_service(usize::from(station)).autoscaler.law;
                let calls = matches!(law, Law::PerRequest(_));
                let ramp = bound.pollers.filter(|_| calls).map(Ramp::new);
                let polls = bound.polling.filter(|_| ramp.is_some() || !calls).map(|polling| Polls {
                    wait: polling.wait.0,
                    begun: ramp.iter().flat_map(|ramp| (0..ramp.law().initial).map(|_| 0)).collect(),
                });
                let size = queue.batch.size.min(bound.max_batch.unwrap_or(u32::MAX));
                queues.lines.push(Line {
                    queue: number,
                    station,
                    size,
                    window: queue.batch.window.0,
                    calls,
                    gathers: size > 1 || ramp.is_some(),
                    waiting: VecDeque::new(),
                    held: 0,
                    since: None,
                    open: None,
                    ramp,
                    busy: 0,
                    polls,
                    clock: NONE,
                });
            }
            queues.all.push(Queue { bound, measure: QueueMeasure::default(), uses: vec![QueueUse::default(); slices] });
        }
        queues
    }

    /// Keeps what belongs to the message of a caller.
    pub fn keep(&mut self, place: u32, letter: Letter) {
        let place = place as usize;
        if self.letters.len() <= place {
            self.letters.resize(place + 1, Letter::new(0));
        }
        self.letters[place] = letter;
    }

    pub fn letter(&mut self, place: u32) -> &mut Letter {
        &mut self.letters[place as usize]
    }

    /// The messages that came with `head`, which is the first.
    pub fn together(&self, head: u32) -> impl Iterator<Item = u32> {
        let next = |&place: &u32| Some(self.letters[place as usize].next).filter(|&next| next != NONE);
        std::iter::successors(Some(head), next)
    }
}

impl Queue {
    /// So many requests are made, in this slice.
    pub fn count(&mut self, slice: Option<usize>, requests: u64) {
        if let Some(slice) = slice
            && self.bound.meter.request_bytes.is_some()
        {
            self.uses[slice].requests += requests;
            self.measure.requests += requests;
        }
    }

    /// So many times in this slice, somebody asked and there was no message.
    pub fn count_empty(&mut self, slice: Option<usize>, times: u64) {
        self.count(slice, times);
        self.measure.empty_receives += if slice.is_some() { times } else { 0 };
    }

    /// Instances send so many bytes or ask for them, or (`!fetched`) are brought them.
    pub fn carry(&mut self, slice: Option<usize>, bytes: u64, fetched: bool) {
        let Some(used) = slice.map(|slice| &mut self.uses[slice]) else { return };
        used.carried += bytes;
        used.fetched += if fetched { bytes } else { 0 };
    }

    /// A message is published, or (`delivered`) messages come with one answer, or are pushed.
    pub fn pass(&mut self, slice: Option<usize>, bytes: u64, delivered: bool) {
        let Some(index) = slice else { return };
        let meter = &self.bound.meter;
        if let Some(least) = meter.least_bytes {
            self.uses[index].bytes += bytes.max(least);
        }
        let requests = meter.request_bytes.map_or(0, |unit| chunks(bytes, unit));
        if delivered && !meter.deliveries.is_empty() {
            self.uses[index].deliveries += requests;
            self.measure.requests += requests;
        } else {
            self.count(slice, requests);
        }
    }
}

impl Line {
    /// Pollers that there are.
    pub fn pollers(&self) -> u32 {
        let waiting = self.polls.as_ref().map_or(0, |polls| polls.begun.len());
        self.busy + u32::try_from(waiting).unwrap_or(u32::MAX)
    }

    /// Receives up to `now` that found no message. A poller beyond the first stops after one.
    pub fn empty_receives(&mut self, now: u64) -> u64 {
        let kept = self.ramp.as_ref().map_or(usize::MAX, |ramp| ramp.law().initial.saturating_sub(self.busy) as usize);
        self.polls.as_mut().map_or(0, |polls| polls.look(now, kept))
    }
}

impl Polls {
    /// Catches up on the answers that were empty up to `now`; while more than `kept` ask, who got one asks no more.
    fn look(&mut self, now: u64, kept: usize) -> u64 {
        let mut empty = 0;
        while let Some(&first) = self.begun.front()
            && first + self.wait <= now
        {
            self.begun.pop_front();
            empty += 1;
            if self.begun.len() < kept {
                self.begun.push_back(first + self.wait);
            }
        }
        empty
    }

    /// One more asks.
    pub fn begin(&mut self, now: u64) {
        self.begun.push_back(now);
    }

    /// The one who has asked for longest is answered; whether there is one.
    pub fn answer(&mut self) -> bool {
        self.begun.pop_front().is_some()
    }

    /// So many ask.
    pub fn keep(&mut self, now: u64, asking: usize) {
        while self.begun.len() > asking {
            self.begun.pop_front();
        }
        self.begun.resize(asking, now);
    }
}
