//! How the jobs on an instance share its CPU.
//!
//! Each job gets min(threads, its equal water-filled share of the instance's CPU). Jobs of equal threads run at one
//! rate, so a group of them keeps the work that each has attained, and each job the value of it at which it ends. Both
//! are integers, in 1/1024 ns of one reference vCPU: with floats, results would depend on how long the instance has
//! been busy.

use crate::kernel::whole;

use super::jobs::Jobs;
use super::record::NONE;

/// Attained work is counted in parts of a nanosecond.
const PARTS: f64 = 1024.0;
const PARTS_SHIFT: u32 = 10;
/// vCPUs are counted in millionths where they are summed.
pub(super) const MICRO: f64 = 1e6;

/// Jobs of equal threads.
#[derive(Clone, Debug, Default)]
#[repr(C)]
struct Group {
    /// Work that every job of the group has attained since the group was last empty.
    attained: u64,
    /// How fast each job is served now.
    pace: Pace,
    /// By the attained work at which each ends.
    jobs: Jobs,
}

/// How fast each of some equal jobs is served.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// Parts of work per nanosecond.
    rate: f64,
    /// Nanoseconds per part. A division takes longer than all else that is done for an event.
    inverse: f64,
}

impl Pace {
    /// Of jobs that have `share` vCPUs of this speed each.
    fn of(share: f64, speed: f64) -> Self {
        let rate = share * speed * PARTS;
        Self { rate, inverse: 1.0 / rate }
    }
}

/// What some equal jobs get.
#[derive(Clone, Copy, Debug)]
struct Shared {
    pace: Pace,
    /// vCPUs of all of them, in millionths.
    allocated: u64,
}

impl Shared {
    /// Of `count` jobs of so many threads that share `limit` vCPUs.
    fn among(threads: f64, limit: f64, speed: f64, count: f64) -> Self {
        let share = threads.min(limit / count);
        Self { pace: Pace::of(share, speed), allocated: micro(share * count) }
    }
}

/// The CPU of one instance. What an event looks at stands first, in two cache lines.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Cpu {
    /// Where the instance's entry in the agenda stands; `u64::MAX` without one.
    pub armed: u64,
    /// When the next job ends; `u64::MAX` without jobs.
    pub due: u64,
    /// When the groups were last brought up to date.
    last: u64,
    /// vCPUs in use now, in millionths.
    allocated: u64,
    /// CPU used, in micro-vCPU nanoseconds.
    used: u128,
    /// One group per distinct number of threads, in rising order of threads: the first, and the others if any.
    first: Group,
    others: Box<[Group]>,
    /// Which of the model's paces an instance of this limit and speed has; `usize::MAX`: none.
    kept: usize,
    /// vCPUs that the jobs may use in all: the instance's own limit, or what its node leaves it.
    limit: f64,
    /// Speed of one vCPU relative to the reference.
    speed: f64,
    /// vCPUs that the jobs could use on an idle node, in millionths, as last told to the node.
    pub wanted: u64,
}

const _: () = assert!(std::mem::offset_of!(Cpu, limit) == 128);

/// What is the same for every instance of a fleet.
#[derive(Clone, Debug)]
pub(super) struct CpuModel {
    /// Distinct numbers of threads, rising.
    threads: Vec<f64>,
    /// Where all jobs have equal threads: their paces on instances that have all of their CPU.
    kept: Vec<Paces>,
}

/// What each of one, two... jobs gets on an instance with so many vCPUs of this speed.
#[derive(Clone, Debug)]
struct Paces {
    limit: f64,
    speed: f64,
    /// For one job first.
    by_jobs: Vec<Shared>,
}

impl CpuModel {
    /// Paces are kept for up to this many jobs; those of more are computed when needed.
    const KEPT: u32 = 128;

    /// Of jobs of these distinct numbers of threads, rising.
    pub const fn new(threads: Vec<f64>) -> Self {
        Self { threads, kept: Vec::new() }
    }

    fn find(&self, limit: f64, speed: f64) -> usize {
        self.kept.iter().position(|kept| kept.limit == limit && kept.speed == speed).unwrap_or(usize::MAX)
    }

    /// There are instances with this limit and speed.
    pub fn keep(&mut self, limit: f64, speed: f64) {
        if let [threads] = self.threads.as_slice()
            && self.find(limit, speed) == usize::MAX
        {
            let shared = |jobs: u32| Shared::among(*threads, limit, speed, f64::from(jobs));
            self.kept.push(Paces { limit, speed, by_jobs: (1..=Self::KEPT).map(shared).collect() });
        }
    }
}

impl Cpu {
    pub fn new(model: &CpuModel, limit: f64, speed: f64, now: u64) -> Self {
        Self {
            armed: u64::MAX,
            due: u64::MAX,
            last: now,
            allocated: 0,
            used: 0,
            first: Group::default(),
            others: vec![Group::default(); model.threads.len() - 1].into_boxed_slice(),
            kept: model.find(limit, speed),
            limit,
            speed,
            wanted: 0,
        }
    }

    fn groups(&self) -> impl Iterator<Item = &Group> {
        std::iter::once(&self.first).chain(&*self.others)
    }

    /// CPU used so far, in micro-vCPU nanoseconds. Call [`Cpu::advance`] first.
    pub const fn used(&self) -> u128 {
        self.used
    }

    /// vCPUs that the jobs use now, in millionths.
    pub const fn allocated(&self) -> u64 {
        self.allocated
    }

    /// vCPUs that the jobs could use if there were no limit.
    pub fn demand(&self, model: &CpuModel) -> f64 {
        self.groups().zip(&model.threads).map(|(group, threads)| group.jobs.len() as f64 * threads).sum()
    }

    /// Brings attained work up to `now`.
    #[inline]
    pub fn advance(&mut self, now: u64) {
        let elapsed = now - self.last;
        if elapsed == 0 {
            return;
        }
        self.last = now;
        if self.allocated == 0 {
            return;
        }
        self.used += u128::from(self.allocated) * u128::from(elapsed);
        self.first.attain(elapsed);
        for group in &mut *self.others {
            group.attain(elapsed);
        }
    }

    /// Adds a job of `work` nanoseconds of one reference vCPU. Call [`Cpu::share`] when done.
    #[inline]
    pub fn add(&mut self, group: usize, work: u64, record: u32) {
        let group = if group == 0 { &mut self.first } else { &mut self.others[group - 1] };
        if group.jobs.is_empty() {
            group.attained = 0;
        }
        let end = group.attained.saturating_add(work.saturating_mul(1 << PARTS_SHIFT));
        group.jobs.insert(end, record);
    }

    /// Takes the job that ends next. Call [`Cpu::share`] when done.
    #[inline]
    pub fn take_due(&mut self) -> u32 {
        let mut next = &mut self.first;
        if !self.others.is_empty() {
            let mut end = next.next_end(self.last);
            for group in &mut *self.others {
                let other = group.next_end(self.last);
                if other < end {
                    (next, end) = (group, other);
                }
            }
        }
        next.jobs.take_first().unwrap_or(NONE)
    }

    /// Takes a job that is ended from outside. Call [`Cpu::share`] when done.
    pub fn remove(&mut self, record: u32) {
        for group in std::iter::once(&mut self.first).chain(&mut *self.others) {
            group.jobs.remove(record);
        }
    }

    /// Takes all jobs, which are ended from outside. Call [`Cpu::share`] when done.
    pub fn clear(&mut self) {
        for group in std::iter::once(&mut self.first).chain(&mut *self.others) {
            group.jobs = Jobs::default();
        }
    }

    /// vCPUs that the jobs may use in all.
    pub const fn limit(&self) -> f64 {
        self.limit
    }

    /// Changes what the jobs may use in all. Call [`Cpu::share`] when done.
    pub fn set_limit(&mut self, model: &CpuModel, limit: f64) {
        self.limit = limit;
        self.kept = model.find(limit, self.speed);
    }

    /// Puts it on a machine of this speed, before it has jobs.
    pub fn set_machine(&mut self, model: &CpuModel, limit: f64, speed: f64) {
        self.speed = speed;
        self.set_limit(model, limit);
    }

    /// Shares the CPU out again after jobs or limit have changed: rates, use and the next end.
    #[inline(always)]
    #[allow(clippy::inline_always)] // twice per request
    pub fn share(&mut self, model: &CpuModel) {
        if !self.others.is_empty() {
            self.share_groups(model);
            return;
        }
        let group = &mut self.first;
        let Some(beside) = group.jobs.len().checked_sub(1) else {
            // An idle instance has no pace: it would be 0/0.
            self.allocated = 0;
            self.due = u64::MAX;
            return;
        };
        let shared = match model.kept.get(self.kept).and_then(|kept| kept.by_jobs.get(beside)) {
            Some(shared) => *shared,
            None => Shared::among(model.threads[0], self.limit, self.speed, group.jobs.len() as f64),
        };
        group.pace = shared.pace;
        self.allocated = shared.allocated;
        self.due = group.next_end(self.last);
    }

    /// Water-filling: the least demanding jobs first; what they leave is shared by the rest.
    #[inline(never)]
    fn share_groups(&mut self, model: &CpuModel) {
        let mut rest = self.limit;
        let mut jobs: usize = self.groups().map(|group| group.jobs.len()).sum();
        let mut used = 0.0;
        self.due = u64::MAX;
        let groups = std::iter::once(&mut self.first).chain(&mut *self.others);
        for (group, threads) in groups.zip(&model.threads) {
            let count = group.jobs.len();
            if count == 0 {
                continue;
            }
            let share = threads.min(rest / jobs as f64);
            group.pace = Pace::of(share, self.speed);
            rest -= share * count as f64;
            used += share * count as f64;
            jobs -= count;
            self.due = self.due.min(group.next_end(self.last));
        }
        self.allocated = micro(used);
    }
}

impl Group {
    /// Every job gets on for so many nanoseconds.
    #[inline]
    fn attain(&mut self, elapsed: u64) {
        self.attained = self.attained.saturating_add(whole::floor(elapsed as f64 * self.pace.rate));
    }

    /// When the next job of the group ends, seen from `now`.
    #[inline(always)]
    #[allow(clippy::inline_always)] // twice per request
    fn next_end(&self, now: u64) -> u64 {
        match self.jobs.first_end() {
            None => u64::MAX,
            Some(end) => {
                let rest = end.saturating_sub(self.attained) as f64 * self.pace.inverse;
                now.saturating_add(whole::ceil(rest))
            }
        }
    }
}

/// Millionths of a vCPU.
#[inline]
pub(super) fn micro(vcpu: f64) -> u64 {
    whole::round(vcpu * MICRO)
}
