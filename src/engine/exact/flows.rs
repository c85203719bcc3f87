//! Runs of workflows: attempts that hold no slot and need no CPU. Each is a record at no station, which goes through the
//! steps of its workflow and calls, asks and publishes like an attempt on an instance.
//!
//! Whoever waits for the end of a run has called it. Who does not has forgotten it: its record has no client from the
//! first instant on.

use crate::application::Request;
use crate::application::program::walk::Task;
use crate::metering::measurement::WorkflowMeasure;
use crate::metering::rounding::steps;
use crate::platform::workflow::BoundWorkflow;

use super::calls::Next;
use super::clients::Loss;
use super::event::Event;
use super::record::{Client, NONE, Record, Start, State};
use super::service::record_of;
use super::steps::Place;
use super::{Core, Plan};

/// What a workflow counted for its bill in one slice.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct FlowUse {
    pub steps: u64,
    pub runs: u64,
    /// Bytes with which instances start runs.
    pub carried: u64,
    /// Memory of runs over the time that is billed.
    pub mib_nanoseconds: u128,
}

/// One workflow.
#[derive(Debug)]
pub(super) struct Flow {
    pub bound: BoundWorkflow,
    pub measure: WorkflowMeasure,
    /// Per slice.
    pub uses: Vec<FlowUse>,
}

/// The workflows of a deployment.
pub(super) fn flows(plan: &Plan<'_>) -> Vec<Flow> {
    let bound = |index: usize| plan.deployment.bindings.workflows.get(index).cloned().unwrap_or_default();
    let uses = vec![FlowUse::default(); plan.calendar.slices.len()];
    let flow = |index| Flow { bound: bound(index), measure: WorkflowMeasure::default(), uses: uses.clone() };
    (0..plan.application.workflows.len()).map(flow).collect()
}

impl Core<'_> {
    /// Whether a record is the run of a workflow.
    pub(super) fn is_run(&self, slot: u32) -> bool {
        self.kinds.all[usize::from(self.records.get(slot).kind)].is_run()
    }

    /// A run begins whose end is waited for.
    pub(super) fn begin_run(&mut self, request: &Request) {
        let attempt = self.clients.attempt(record_of(request).client);
        self.insert_run(record_of(request), attempt);
    }

    /// A run of this kind begins whose end nobody waits for; `counted_at` is the instant by which it is counted.
    pub(super) fn set_going(&mut self, kind: u16, key: u64, counted_at: u64) {
        let counted = counted_at >= self.plan.warmup.0;
        let record = Record {
            key,
            arrived: self.now,
            started: self.now,
            startup: 0,
            work: 0,
            waits_until: 0,
            next: NONE,
            client: if counted { Client::GONE } else { Client::UNCOUNTED },
            instance: NONE,
            kind,
            state: State::Answered,
            start: Start::Warm,
        };
        self.insert_run(record, 0);
    }

    fn insert_run(&mut self, record: Record, attempt: u32) {
        let class = self.kinds.all[usize::from(record.kind)].class;
        let slot = self.insert(record);
        let record = self.records.get_mut(slot);
        (record.started, record.state) = (self.now, State::Answered);
        (record.work, record.waits_until) = (Place { attempt, next: 0, class }.packed(), 0);
        let (record, slice) = (*record, self.tally.current_slice());
        if let Some(flow) = self.flow(&record) {
            flow.measure.started += 1;
            if let Some(slice) = slice {
                flow.uses[slice].runs += 1;
            }
        }
        self.next.push(Next::GoOn(slot));
    }

    /// The workflow of a run, if that is counted.
    fn flow(&mut self, run: &Record) -> Option<&mut Flow> {
        let counted = run.client.is_counted() && self.stamp(run) >= self.plan.warmup.0;
        let number = usize::from(self.kinds.all[usize::from(run.kind)].body) - self.plan.application.services.len();
        counted.then(|| &mut self.flows[number])
    }

    /// A run has done so many steps.
    pub(super) fn count_steps(&mut self, slot: u32, steps: u64) {
        let (record, slice) = (*self.records.get(slot), self.tally.current_slice());
        if let Some(flow) = self.flow(&record) {
            flow.measure.steps += steps;
            if let Some(slice) = slice {
                flow.uses[slice].steps += steps;
            }
        }
    }

    /// An attempt does again what it did in vain. For a workflow that is another step.
    pub(super) fn count_retry(&mut self, slot: u32) {
        if self.is_run(slot) {
            self.count_steps(slot, 1);
        }
    }

    /// All that a run called have answered.
    pub(super) fn run_answered(&mut self, slot: u32, success: bool) {
        if success {
            self.run_on(slot);
        } else {
            self.end_run(slot, false);
        }
    }

    /// A run goes on to its next step that takes time, or is done.
    pub(super) fn run_on(&mut self, slot: u32) {
        let record = *self.records.get(slot);
        let mut place = Place::unpacked(record.work);
        let program = self.kinds.bodies[usize::from(self.kinds.all[usize::from(record.kind)].body)];
        let (walker, mut steps) = (self.walker(record.key, place), 0);
        let task = program.next_task_by(&mut place.next, &walker, || steps += 1);
        self.count_steps(slot, steps);
        match task {
            Task::Wait(waits) => {
                let until = self.now.saturating_add(waits);
                let record = self.records.get_mut(slot);
                (record.state, record.work, record.waits_until) = (State::Pausing, place.packed(), until);
                self.agenda.schedule(until, Event::Record(slot).order());
            }
            Task::Reach(at) => self.reach(slot, at, place),
            Task::Done => self.end_run(slot, true),
            Task::Cpu(_) => unreachable!("a workflow has no CPU, which the reading of scenarios checks"),
        }
    }

    fn end_run(&mut self, slot: u32, success: bool) {
        let record = *self.records.get(slot);
        let (took, slice) = (self.now - record.started, self.tally.current_slice());
        if let Some(flow) = self.flow(&record) {
            if success {
                flow.measure.latency.record(took);
            } else {
                flow.measure.failed += 1;
            }
            flow.bill(slice, took);
        }
        if record.client.waits() {
            if success {
                self.answered(record.client, true);
            } else {
                self.lost(&record, Loss::Failed);
            }
        }
        self.forget(slot);
    }

    /// A run goes on at the horizon.
    pub(super) fn remains_running(&mut self, record: &Record) {
        let (took, last) = (self.now - record.started, self.plan.calendar.slices.len() - 1);
        if let Some(flow) = self.flow(record) {
            flow.measure.running += 1;
            flow.bill(Some(last), took);
        }
    }
}

impl FlowUse {
    pub const fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.runs += other.runs;
        self.carried += other.carried;
        self.mib_nanoseconds += other.mib_nanoseconds;
    }
}

impl Flow {
    /// Books the time of a run.
    fn bill(&mut self, slice: Option<usize>, took: u64) {
        let meter = &self.bound.meter;
        if let (Some(slice), Some(memory)) = (slice, meter.memory) {
            let billed = steps(took, meter.round_up.0, meter.round_up.0);
            self.uses[slice].mib_nanoseconds += u128::from(billed) * u128::from(memory.mib_ceil());
        }
    }
}
