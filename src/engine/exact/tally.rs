//! Bookkeeping of a run: outcomes of attempts, levels of instances, limits, all by slice of the calendar.
//!
//! A request belongs to the slice in which it arrived; what arrived in the warm-up is counted nowhere.

pub(in crate::engine) mod given;

use crate::application::{Application, Class};
use crate::kernel::histogram::{ALL_EIGHTHS, eighth};
use crate::metering::calendar::Calendar;
use crate::metering::measurement::{ClassMeasure, CoarseHistogram, Level, Measurement, SliceMeasure};
use crate::platform::edge::Edge;

use super::sampled::Brought;
use super::sizes::Sizes;

/// What the requests that arrived in one slice brought.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SliceUse {
    pub egress: u64,
    /// Bytes of calls between services.
    pub called_bytes: u64,
    /// Attempts that passed the edge.
    pub edge_attempts: u64,
    pub edge_units: u64,
    pub edge_bytes: u64,
    offered: u64,
    lost: u64,
    /// Micro-vCPU nanoseconds of one-slot instances.
    cpu: u128,
}

impl SliceUse {
    const fn add(&mut self, other: &Self) {
        self.egress += other.egress;
        self.called_bytes += other.called_bytes;
        self.edge_attempts += other.edge_attempts;
        self.edge_units += other.edge_units;
        self.edge_bytes += other.edge_bytes;
        self.offered += other.offered;
        self.lost += other.lost;
        self.cpu += other.cpu;
    }
}

/// The books of one class.
#[derive(Clone, Debug)]
struct ClassBook {
    sizes: Sizes,
    /// Added to every latency.
    edge_latency: u64,
    measure: ClassMeasure,
    /// Of each eighth of a power of two, the latencies that are in a bucket of the charts already.
    charted: Vec<u64>,
}

/// The books of one run.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    calendar: &'a Calendar,
    buckets: &'a [u32],
    classes: &'a [Class],
    books: Vec<ClassBook>,
    edge_unit: Option<u64>,
    has_edge: bool,
    window_start: u64,
    horizon: u64,
    /// The slice that time is in: index, start and end; none before the window.
    slice: usize,
    slice_start: u64,
    slice_end: u64,
    measurement: Measurement,
    /// What the requests of the slice that time is in have brought so far; that of the others is in `uses`.
    current: SliceUse,
    uses: Vec<SliceUse>,
    /// The bucket of the charts that time is in. Latencies that are in no bucket yet belong to it.
    bucket: usize,
    /// Instances of all services.
    instances: u64,
    pub nodes: Level,
    pub node_cpu: Level,
    pub node_cpu_requested: Level,
}

impl<'a> Tally<'a> {
    pub fn new(
        calendar: &'a Calendar,
        buckets: &'a [u32],
        application: &'a Application,
        edge: Option<&Edge>,
        window: (u64, u64),
    ) -> Self {
        let charted = buckets.last().map_or(0, |&last| last as usize + 1);
        let edge_unit = edge.and_then(|edge| edge.meter.request_unit_bytes);
        let book = |class: &Class| ClassBook {
            sizes: Sizes::new(class, edge_unit),
            edge_latency: edge.filter(|_| class.passes_edge()).map_or(0, |edge| edge.latency.0),
            measure: ClassMeasure::default(),
            charted: vec![0; ALL_EIGHTHS],
        };
        let mut tally = Self {
            calendar,
            buckets,
            classes: &application.classes,
            books: application.classes.iter().map(book).collect(),
            edge_unit,
            has_edge: edge.is_some(),
            window_start: window.0,
            horizon: window.1,
            slice: 0,
            slice_start: u64::MAX,
            slice_end: window.0,
            measurement: Measurement {
                slices: vec![SliceMeasure::default(); calendar.slices.len()],
                buckets: vec![CoarseHistogram::default(); charted],
                ..Measurement::default()
            },
            current: SliceUse::default(),
            uses: vec![SliceUse::default(); calendar.slices.len()],
            bucket: 0,
            instances: 0,
            nodes: Level::default(),
            node_cpu: Level::default(),
            node_cpu_requested: Level::default(),
        };
        if window.0 == 0 {
            tally.enter_slice(0);
        }
        tally
    }

    /// When the slice that time is in ends (before the window: when the window starts).
    pub const fn slice_end(&self) -> u64 {
        self.slice_end
    }

    fn enter_slice(&mut self, slice: usize) {
        self.close_slice();
        if let Some(next) = self.calendar.slices.get(slice) {
            (self.slice, self.slice_start, self.slice_end) = (slice, next.start.0, next.end.0);
            let bucket = self.buckets[slice] as usize;
            if bucket != self.bucket {
                self.close_bucket();
                self.bucket = bucket;
            }
        } else {
            self.slice_end = u64::MAX;
        }
    }

    fn close_slice(&mut self) {
        if let Some(slice) = self.uses.get_mut(self.slice) {
            slice.add(&std::mem::take(&mut self.current));
        }
    }

    fn close_bucket(&mut self) {
        let Some(bucket) = self.measurement.buckets.get_mut(self.bucket) else { return };
        for book in &mut self.books {
            let counted = book.charted.iter_mut().zip(book.measure.latency.by_eighth());
            for (eighth, (charted, now)) in counted.enumerate().filter(|(_, (before, now))| **before < *now) {
                bucket.record_eighth(eighth, now - *charted);
                *charted = now;
            }
        }
    }

    /// The slice of an instant, `None` before the window.
    #[inline]
    pub fn slice_of(&self, at: u64) -> Option<usize> {
        if at >= self.slice_start && at < self.slice_end {
            return Some(self.slice);
        }
        if at < self.window_start {
            return None;
        }
        let after = self.calendar.slices.partition_point(|slice| slice.start.0 <= at);
        Some(after - 1)
    }

    /// What the requests brought that arrived in the slice of an instant; `None` before the window.
    #[inline(always)]
    #[allow(clippy::inline_always)] // part of the straight line of the shortcut
    fn use_of(&mut self, at: u64) -> Option<&mut SliceUse> {
        let slice = self.slice_of(at)?;
        Some(if slice == self.slice { &mut self.current } else { &mut self.uses[slice] })
    }

    /// Ends the slice at `now`, in which the instances of all services brought this.
    pub fn roll(&mut self, now: u64, instances: SliceMeasure) {
        let measure = SliceMeasure {
            nodes: self.nodes.take(now),
            node_cpu: self.node_cpu.take(now),
            node_cpu_requested: self.node_cpu_requested.take(now),
            ..instances
        };
        if self.slice_start == u64::MAX {
            // The warm-up ends: what was gathered is dropped, what stands now begins to count.
            self.measurement.peak = self.instances;
            self.measurement.nodes_peak = self.nodes.count();
            self.enter_slice(0);
            return;
        }
        self.measurement.slices[self.slice] = measure;
        self.enter_slice(self.slice + 1);
    }

    /// Whether time is in this slice.
    #[inline]
    pub const fn is_current(&self, slice: usize) -> bool {
        slice == self.slice
    }

    /// The slice that time is in; `None` before the window.
    pub const fn current_slice(&self) -> Option<usize> {
        if self.in_window() { Some(self.slice) } else { None }
    }

    const fn in_window(&self) -> bool {
        self.slice_start != u64::MAX
    }

    /// An instance is asked for, or (`initial`) is there at the first instant.
    /// Whether that is counted.
    pub fn instance_started(&mut self, initial: bool) -> bool {
        self.instances += 1;
        let counted = self.in_window();
        if counted {
            self.measurement.started += u64::from(!initial);
            self.measurement.peak = self.measurement.peak.max(self.instances);
        }
        counted
    }

    /// An instance has ended.
    pub const fn instance_ended(&mut self) {
        self.instances -= 1;
    }

    /// A node is ordered, or (`initial`) is there at the first instant.
    pub fn node_started(&mut self, now: u64, initial: bool) {
        self.nodes.raise(1, now);
        if self.in_window() {
            *self.measurement.nodes_started.get_or_insert(0) += u64::from(!initial);
            self.measurement.nodes_peak = self.measurement.nodes_peak.max(self.nodes.count());
        }
    }

    /// There are nodes, so that their figures are reported.
    pub fn has_nodes(&mut self) {
        self.measurement.nodes_started.get_or_insert(0);
    }

    /// A request arrives, with its first attempt.
    #[inline(always)]
    #[allow(clippy::inline_always)] // part of the straight line of an arrival
    pub fn offered(&mut self, class: u32, now: u64, key: u64) {
        if now < self.window_start {
            return;
        }
        self.arrived(class);
        self.pass_edge(class, key);
    }

    /// A request arrives in the window, and has not passed the edge yet.
    #[inline(always)]
    #[allow(clippy::inline_always)] // part of the straight line of an arrival
    pub fn arrived(&mut self, class: u32) {
        self.books[class as usize].measure.offered += 1;
        self.current.offered += 1;
    }

    /// Another attempt of a request that arrived then.
    pub fn retried(&mut self, class: u32, arrived: u64) {
        if arrived < self.window_start {
            return;
        }
        let measure = &mut self.books[class as usize].measure;
        measure.offered += 1;
        measure.retries += 1;
    }

    /// A request that is counted passes the edge.
    #[inline(always)]
    #[allow(clippy::inline_always)] // part of the straight line of an arrival
    pub fn pass_edge(&mut self, class: u32, key: u64) {
        if self.has_edge {
            let book = &self.books[class as usize];
            let (units, bytes) = book.sizes.at_edge(&self.classes[class as usize], self.edge_unit, key);
            self.current.edge_attempts += 1;
            self.current.edge_units += units;
            self.current.edge_bytes += bytes;
        }
    }

    /// A call between services carries so many bytes.
    pub const fn carried(&mut self, bytes: u64) {
        self.current.called_bytes += bytes;
    }

    /// An attempt has completed at `end`.
    #[inline(always)]
    #[allow(clippy::inline_always)] // part of the straight line of the shortcut
    pub fn completed(&mut self, class: u16, key: u64, arrived: u64, end: u64, queue_wait: u64, cold: bool) {
        let book = &mut self.books[class as usize];
        let latency = end - arrived + book.edge_latency;
        let egress = book.sizes.response(&self.classes[class as usize], key);
        if arrived >= self.slice_start {
            self.current.egress += egress;
        } else {
            if arrived < self.window_start {
                return;
            }
            let slice = self.calendar.slices.partition_point(|slice| slice.start.0 <= arrived) - 1;
            self.uses[slice].egress += egress;
            self.measurement.buckets[self.buckets[slice] as usize].record_n(latency, 1);
            book.charted[eighth(latency)] += 1;
        }
        book.measure.cold += u64::from(cold);
        book.measure.latency.record(latency);
        // Those that did not wait are what the others leave.
        if queue_wait > 0 {
            self.measurement.queue_wait.record(queue_wait);
        }
    }

    /// The client of a request that arrived then has made its last attempt, in vain.
    pub fn lost(&mut self, class: u16, arrived: u64) {
        let Some(used) = self.use_of(arrived) else { return };
        used.lost += 1;
        self.books[class as usize].measure.lost += 1;
    }

    /// The client of a request that arrived then waits before its next attempt, at the horizon.
    pub fn backing_off(&mut self, class: u32, arrived: u64) {
        if self.slice_of(arrived).is_some() {
            self.books[class as usize].measure.backing_off += 1;
        }
    }

    /// An attempt was refused before any work.
    pub fn rejected(&mut self, class: u16, arrived: u64) {
        if arrived >= self.window_start {
            self.books[class as usize].measure.rejected += 1;
        }
    }

    /// A limit of the client, the edge or the platform has passed.
    pub fn timed_out(&mut self, class: u16, arrived: u64, cold: bool) {
        if arrived < self.window_start {
            return;
        }
        let measure = &mut self.books[class as usize].measure;
        measure.timed_out += 1;
        measure.cold += u64::from(cold);
    }

    /// The work of an attempt has ended in an error.
    pub fn failed(&mut self, class: u16, arrived: u64, cold: bool) {
        if arrived >= self.window_start {
            let measure = &mut self.books[class as usize].measure;
            measure.failed += 1;
            measure.cold += u64::from(cold);
        }
    }

    /// An attempt is in flight at the horizon.
    pub fn in_flight(&mut self, class: u16, arrived: u64, cold: bool) {
        if self.slice_of(arrived).is_some() {
            let measure = &mut self.books[class as usize].measure;
            measure.in_flight += 1;
            measure.cold += u64::from(cold);
        }
    }

    /// The work of an abandoned attempt has ended, or is still running at the horizon.
    pub fn abandoned(&mut self, arrived: u64, running: bool) {
        if self.slice_of(arrived).is_some() {
            if running {
                self.measurement.abandoned_running += 1;
            } else {
                self.measurement.wasted += 1;
            }
        }
    }

    /// A one-slot instance uses `micro_vcpu` of CPU from `from` to `to`; counted in the slice of `from`.
    #[inline]
    pub fn cpu(&mut self, micro_vcpu: u64, from: u64, to: u64) {
        let (from, to) = (from.max(self.window_start), to.min(self.horizon));
        if from < to
            && let Some(used) = self.use_of(from)
        {
            used.cpu += u128::from(micro_vcpu) * u128::from(to - from);
        }
    }

    /// The same, each slice with what of it lies there; how much that is, in micro-vCPU nanoseconds.
    pub fn cpu_by_slice(&mut self, micro_vcpu: u64, from: u64, to: u64) -> u128 {
        let (start, to) = (from.max(self.window_start), to.min(self.horizon));
        let mut from = start;
        while from < to
            && let Some(slice) = self.slice_of(from)
        {
            let end = self.calendar.slices[slice].end.0.min(to);
            self.cpu(micro_vcpu, from, end);
            from = end;
        }
        u128::from(micro_vcpu) * u128::from(to.saturating_sub(start))
    }

    /// What all requests so far have brought.
    pub fn brought(&self) -> Brought {
        let mut all = self.current;
        self.uses.iter().for_each(|used| all.add(used));
        let SliceUse { egress, called_bytes, edge_units, edge_bytes, .. } = all;
        Brought { egress, called_bytes, edge_units, edge_bytes, ..Brought::default() }
    }

    /// Closes the books.
    pub fn finish(mut self) -> (Measurement, Vec<SliceUse>) {
        self.close_slice();
        self.close_bucket();
        for (slice, used) in self.measurement.slices.iter_mut().zip(&self.uses) {
            (slice.offered, slice.lost) = (used.offered, used.lost);
            slice.cpu_used += used.cpu;
        }
        self.measurement.classes = self.books.into_iter().map(|book| book.measure).collect();
        let waited = self.measurement.queue_wait.count();
        let completed = self.measurement.sum(ClassMeasure::completed);
        self.measurement.queue_wait.record_n(0, completed - waited);
        (self.measurement, self.uses)
    }
}
