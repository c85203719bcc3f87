//! What logs, metrics and traces cost, from the books of a run.

use crate::kernel::whole;
use crate::metering::usage::Dimension;
use crate::platform::observability::{DISK, Observability};

use super::station::Station;
use super::traces::Sampler;
use super::usage::Books;

impl Books<'_, '_> {
    /// Books what the services told about themselves.
    pub(super) fn telemetry(&mut self, stations: &[Box<Station<'_>>], sampler: Option<&Sampler<'_>>) {
        let told = &self.plan.deployment.observability;
        for station in stations {
            self.logs(told, station);
            self.metrics(told, station);
        }
        if let Some(sampler) = sampler {
            self.traces(told, stations, sampler);
        }
        for (slice, cut) in self.plan.calendar.slices.iter().enumerate() {
            let length = u128::from((cut.end - cut.start).0);
            self.add("", Dimension::VolumeGibHours, DISK, slice, length * u128::from(told.disk_gib));
        }
    }

    /// The log lines of a service, by what each attempt leaves.
    fn logs(&mut self, told: &Observability, station: &Station<'_>) {
        let Some(logs) = &told.logs else { return };
        let service = station.service;
        let (each, taken_in, stored) = (logs.of_attempt(service.telemetry), logs.taken_in(), logs.stored());
        for (slice, used) in station.levels.uses.iter().enumerate() {
            let bytes = u128::from(used.requests) * u128::from(each);
            self.add(&service.name, Dimension::LogBytes, &taken_in, slice, bytes);
            // What is lost by rounding is less than a MiB for a nanosecond.
            self.add(&service.name, Dimension::StoredGibHours, &stored, slice, logs.mib_nanoseconds(bytes));
        }
    }

    /// The metrics of a service, by time or by the time of its instances.
    fn metrics(&mut self, told: &Observability, station: &Station<'_>) {
        let Some(metrics) = &told.metrics else { return };
        let Some((dimension, variant)) = metrics.meter() else { return };
        let service = station.service;
        let slices = self.plan.calendar.slices.iter().zip(&station.levels.uses);
        let times = slices.map(|(cut, used)| metrics.time(cut.end - cut.start, used.instances));
        let counted = whole::spread(times, |time| metrics.quantity(service.telemetry.metrics, time));
        for (slice, counted) in counted.enumerate() {
            self.add(&service.name, dimension, &variant, slice, counted);
        }
    }

    /// The traces of requests, or the spans that their attempts left: of all spans, the share of requests that were traced.
    fn traces(&mut self, told: &Observability, stations: &[Box<Station<'_>>], sampler: &Sampler<'_>) {
        let Some(traces) = &told.traces else { return };
        let (traced, variant) = (sampler.traced(), traces.variant());
        if !traces.by_span {
            for (slice, &traced) in traced.iter().enumerate() {
                self.add("", Dimension::Traces, &variant, slice, traced);
            }
            return;
        }
        let (traced, requests) = (traced.iter().sum::<u128>(), sampler.requests().max(1));
        for station in stations {
            let spans = u128::from(station.service.telemetry.spans);
            let all = station.levels.uses.iter().map(|used| u128::from(used.requests) * spans);
            for (slice, left) in whole::spread(all, |spans| spans * traced / requests).enumerate() {
                self.add(&station.service.name, Dimension::Traces, &variant, slice, left);
            }
        }
    }
}
