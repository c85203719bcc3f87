//! From the books of a run to the usage that a bill is made from.

use std::ops::Range;

use crate::application::step::Access;
use crate::kernel::whole;
use crate::metering::capacity::{self, Ratio};
use crate::metering::measurement::Measurement;
use crate::metering::usage::{Dimension, Meter};
use crate::platform::edge::CapacityUnits;
use crate::platform::instance::Instance;
use crate::platform::meter::Per;
use crate::platform::passage::{ENDPOINT, Leaves, Passage};
use crate::platform::placement::Placement;
use crate::platform::store::BoundStore;
use crate::units::{Bytes, Nanos};

use super::super::Plan;
use super::cluster::Cluster;
use super::flows::Flow;
use super::queues::Queue;
use super::station::Station;
use super::stores::{Store, Stores};
use super::tally::SliceUse;
use super::traces::Sampler;

/// Books what was used, slice by slice: by the services, by the nodes, at the edge, and by what is told of them.
pub(super) fn book_usage(
    measurement: &mut Measurement,
    plan: &Plan<'_>,
    uses: &[SliceUse],
    stations: &[Box<Station<'_>>],
    cluster: Option<&Cluster>,
    sampler: Option<&Sampler<'_>>,
) {
    let mut books = Books { measurement, plan };
    for station in stations {
        books.service(station);
    }
    if let (Some(cluster), Placement::Nodes(nodes)) = (cluster, &plan.deployment.placement) {
        let shared = plan.application.shared_name();
        for (group, times) in nodes.groups.iter().zip(&cluster.billed_time) {
            books.nodes(&group.machine, shared, times);
        }
    }
    books.standing();
    books.ways_out();
    books.edge(uses);
    books.telemetry(stations, sampler);
    for (slice, used) in uses.iter().enumerate() {
        books.add("", Dimension::EgressBytes, "", slice, u128::from(used.egress));
        let from_edge = plan.deployment.edge.as_ref().filter(|edge| edge.on_nodes).map_or(0, |_| used.edge_bytes);
        let crossing = (used.called_bytes + from_edge) as f64 * plan.deployment.hop.cross_zone;
        books.add("", Dimension::InterzoneBytes, "", slice, u128::from(whole::round(crossing)));
    }
}

/// Books what the stores counted.
pub(super) fn book_stores(measurement: &mut Measurement, plan: &Plan<'_>, stores: &mut Stores<'_>) {
    stores.count_unanswered();
    let mut books = Books { measurement, plan };
    for (index, store) in stores.all.iter_mut().enumerate() {
        let bound = plan.deployment.bindings.stores.get(index);
        if let Some(bound) = bound {
            books.store(bound, plan.application.stores[index].stored, store);
            for (slice, &bytes) in store.carried.iter().enumerate() {
                books.pass(&bound.passage, slice, bytes, bytes);
            }
        }
        let measure = &mut store.measure;
        for (access, taken) in measure.taken.iter_mut().enumerate() {
            *taken = store.taken.iter().map(|slice| u128::from(slice[access])).sum();
        }
        if store.gates.is_some() && bound.is_some_and(|bound| bound.meter.capacity) {
            for (access, bought) in measure.bought.iter_mut().enumerate() {
                *bought = store.capacity.iter().map(|slice| slice[access]).sum();
            }
        }
        books.measurement.stores.push(std::mem::take(measure));
    }
}

/// Books what the queues counted.
pub(super) fn book_queues(measurement: &mut Measurement, plan: &Plan<'_>, queues: Vec<Queue>) {
    let mut books = Books { measurement, plan };
    for queue in queues {
        for (slice, used) in queue.uses.iter().enumerate() {
            let (all, deliveries) = (queue.bound.variant(""), queue.bound.variant(queue.bound.meter.deliveries));
            books.add("", Dimension::QueueRequests, &all, slice, u128::from(used.requests));
            books.add("", Dimension::QueueRequests, &deliveries, slice, u128::from(used.deliveries));
            books.add("", Dimension::QueueBytes, &all, slice, u128::from(used.bytes));
            books.pass(&queue.bound.passage, slice, used.carried, used.fetched);
        }
        books.measurement.queues.push(queue.measure);
    }
}

/// Books what the workflows counted.
pub(super) fn book_flows(measurement: &mut Measurement, plan: &Plan<'_>, flows: Vec<Flow>) {
    let mut books = Books { measurement, plan };
    for flow in flows {
        let (meter, variant) = (&flow.bound.meter, flow.bound.variant());
        for (slice, used) in flow.uses.iter().enumerate() {
            books.pass(&flow.bound.passage, slice, used.carried, used.carried);
            if meter.steps {
                books.add("", Dimension::WorkflowSteps, &variant, slice, u128::from(used.steps));
            }
            if meter.memory.is_some() {
                books.add("", Dimension::WorkflowRequests, &variant, slice, u128::from(used.runs));
                books.add("", Dimension::WorkflowGibSeconds, &variant, slice, used.mib_nanoseconds);
            }
        }
        books.measurement.workflows.push(flow.measure);
    }
}

/// Nanoseconds.
const HOUR: u128 = Nanos::HOUR.0 as u128;

/// The usage of a run, while it is booked.
pub(super) struct Books<'a, 'b> {
    measurement: &'a mut Measurement,
    pub plan: &'a Plan<'b>,
}

impl Books<'_, '_> {
    /// Adds to what a meter counted in a slice.
    pub fn add(&mut self, service: &str, dimension: Dimension, variant: &str, slice: usize, quantity: u128) {
        if quantity > 0 {
            let meter = Meter { service: service.to_owned(), dimension, variant: variant.to_owned() };
            self.measurement.usage.add(&meter, slice, quantity);
        }
    }

    /// Bytes between instances and something that is bound, of which so many leave their network.
    fn pass(&mut self, passage: &Passage, slice: usize, bytes: u64, leaving: u64) {
        let crossing = whole::round(bytes as f64 * passage.cross_zone);
        self.add("", Dimension::InterzoneBytes, "", slice, u128::from(crossing));
        match passage.leaves {
            Leaves::Free => {}
            Leaves::ByNat => self.add("", Dimension::NatBytes, "", slice, u128::from(leaving)),
            Leaves::ByEndpoint => self.add("", Dimension::NatBytes, ENDPOINT, slice, u128::from(leaving)),
        }
    }

    /// What a service is billed, per request or per instance.
    fn service(&mut self, station: &Station<'_>) {
        let deployment = self.plan.deployment;
        let size = station.spec.instance;
        let variant = match &deployment.placement {
            Placement::Nodes(nodes) => nodes.groups.first().map_or("", |group| group.machine.as_str()),
            Placement::Provider => size.variant.as_str(),
        };
        for (slice, used) in station.levels.uses.iter().enumerate() {
            let time = match deployment.meter.per {
                Per::Request => used.billed,
                Per::Instance => used.billed_time,
                Per::Node => return,
            };
            self.compute(&station.service.name, (size, variant), slice, used.requests, time);
        }
    }

    /// What the nodes of a group are billed, under the name of what they are there for.
    fn nodes(&mut self, machine: &str, service: &str, times: &[u128]) {
        let deployment = self.plan.deployment;
        if deployment.meter.per != Per::Node {
            return;
        }
        for (slice, &time) in times.iter().enumerate() {
            self.compute(service, (&deployment.instance, machine), slice, 0, time);
        }
    }

    /// The compute part of one slice.
    fn compute(&mut self, service: &str, (size, variant): (&Instance, &str), slice: usize, requests: u64, time: u128) {
        let meter = &self.plan.deployment.meter;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // vCPUs are positive and small
        let milli_vcpu = (size.vcpu * 1000.0).round() as u128;
        for &dimension in &meter.counts {
            let (variant, quantity) = match dimension {
                Dimension::Requests => ("", u128::from(requests)),
                Dimension::GibSeconds => ("", time * u128::from(size.memory.mib_ceil())),
                Dimension::VcpuSeconds => ("", time * milli_vcpu),
                Dimension::InstanceHours => (variant, time * u128::from(meter.weight)),
                Dimension::NodeHours => (variant, time),
                _ => continue,
            };
            self.add(service, dimension, variant, slice, quantity);
        }
        if meter.per != Per::Request {
            self.add(service, Dimension::VolumeGibHours, "", slice, time * u128::from(meter.volume_gib));
            self.add(service, Dimension::AddressHours, "", slice, time * u128::from(meter.addresses));
        }
    }

    /// What one store counted.
    fn store(&mut self, bound: &BoundStore, stored: Bytes, store: &Store) {
        const ACCESSES: [(Access, Dimension, &str); 2] =
            [(Access::Read, Dimension::StoreReads, "read"), (Access::Write, Dimension::StoreWrites, "write")];
        let meter = &bound.meter;
        for (access, dimension, word) in ACCESSES {
            let (variant, in_unit) = bound.counted(access);
            for (slice, halves) in store.taken.iter().enumerate().filter(|_| meter.accesses) {
                self.add("", dimension, &variant, slice, u128::from(halves[access as usize] * in_unit / 2));
            }
            for (slice, bought) in store.capacity.iter().enumerate().filter(|_| meter.capacity) {
                let (variant, milli_units) = if store.gates.is_some() {
                    (bound.variant(word), bought[access as usize] * 1000)
                } else {
                    (bound.variant(""), bought[access as usize] * 500)
                };
                self.add("", Dimension::CapacityHours, &variant, slice, milli_units);
            }
        }
        for (slice, cut) in self.plan.calendar.slices.iter().enumerate() {
            let length = u128::from((cut.end - cut.start).0);
            let mib = u128::from(bound.stored_mib(stored));
            self.add("", Dimension::StoredGibHours, &bound.variant(""), slice, length * mib);
            if let Some((machine, count)) = &meter.machines {
                let variant = bound.variant(machine);
                self.add("", Dimension::InstanceHours, &variant, slice, length * u128::from(*count));
            }
        }
    }

    /// What is paid for as long as the deployment stands.
    fn standing(&mut self) {
        let deployment = self.plan.deployment;
        for (slice, cut) in self.plan.calendar.slices.iter().enumerate() {
            let length = u128::from((cut.end - cut.start).0);
            self.add("", Dimension::ClusterHours, "", slice, length * u128::from(deployment.meter.clusters));
        }
    }

    /// The slices of every hour.
    fn hours(&self) -> Vec<Range<usize>> {
        let slices = &self.plan.calendar.slices;
        let mut first = 0;
        let next = std::iter::from_fn(|| {
            let hour = slices.get(first)?.hour;
            let after = first + slices[first..].partition_point(|slice| slice.hour == hour);
            Some(std::mem::replace(&mut first, after)..after)
        });
        next.collect()
    }

    /// What leads out of the private network: gateways and endpoints pay whole hours.
    fn ways_out(&mut self) {
        let Some(nat) = self.plan.deployment.nat else { return };
        for hour in self.hours() {
            let zones = HOUR * u128::from(nat.zones);
            self.add("", Dimension::NatHours, "", hour.start, zones);
            self.add("", Dimension::NatHours, ENDPOINT, hour.start, zones * u128::from(nat.endpoints));
        }
    }

    /// What the edge counts.
    fn edge(&mut self, uses: &[SliceUse]) {
        let Some(edge) = &self.plan.deployment.edge else { return };
        let slices = &self.plan.calendar.slices;
        for (slice, cut) in slices.iter().enumerate() {
            self.add("", Dimension::EdgeRequests, &edge.id, slice, u128::from(uses[slice].edge_units));
            let bytes = if edge.meter.bytes { uses[slice].edge_bytes } else { 0 };
            self.add("", Dimension::EdgeBytes, &edge.id, slice, u128::from(bytes));
            let length = u128::from((cut.end - cut.start).0);
            self.add("", Dimension::AddressHours, "", slice, length * u128::from(edge.meter.addresses));
        }
        // A load balancer pays whole hours, and each hour its largest ratio.
        for hour in self.hours() {
            let first = hour.start;
            self.add("", Dimension::EdgeHours, &edge.id, first, HOUR * u128::from(edge.meter.hours));
            if let Some(capacity) = edge.meter.capacity {
                let hour = &uses[hour];
                let attempts = hour.iter().map(|used| used.edge_attempts).sum();
                let bytes = hour.iter().map(|used| used.edge_bytes).sum();
                self.add("", Dimension::LcuHours, &edge.id, first, nano_units(capacity, attempts, bytes));
            }
        }
    }
}

/// Capacity units of one hour, in thousand-millionths: the largest of the ratios.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // not negative, and saturating is right
fn nano_units(capacity: CapacityUnits, requests: u64, bytes: u64) -> u128 {
    // In millionths, so that a unit may take a part of a request or of a byte.
    let ratio = |used: u64, per_unit: f64| Ratio {
        used: u128::from(used) * 1_000_000,
        per_unit: (per_unit * 1e6).round() as u128,
    };
    let requests_per_unit = capacity.requests_per_connection * 3600.0 * capacity.connections_per_second;
    capacity::nano_units(&[ratio(requests, requests_per_unit), ratio(bytes, capacity.bytes_per_hour)])
}
