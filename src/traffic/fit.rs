//! From a series of counts to a model of it: an open source with the shape of a week, other levels for ranges of days,
//! events, and bursts.
//!
//! Imports the rest of the room. Owns the fitted parameters; `Fitted` turns them into what a scenario plays.
//! Promises that the same series gives the same fit, and that the expected number of requests over the series' own span is
//! that of the series.
//!
//! The parts are found in this order, each from what those before it leave over: outages (bins without requests where
//! other days had many), hours of the day and days of the week, levels of days, events (hours that stand out), bursts
//! (variance of bins within an hour beyond that of independent arrivals), clusters (variance of seconds within ten minutes
//! that bursts leave over).

pub mod bins;
mod burst;
mod compare;
mod event;
pub mod hours;
mod mixture;
pub mod read;
#[cfg(test)]
mod tests;
mod week;

use std::collections::BTreeMap;

use jiff::Zoned;
use jiff::tz::TimeZone;

use super::counts::CountTable;
use super::curve::{Curve, Frame};
use super::event::Event;
use super::measure::Measures;
use super::open::{Arrivals, Audience, Burst, CalendarRange, Level, Open};
use super::profile::{Interpolation, Profile};
use super::{Flow, Source, Traffic, Uncertainty};
use crate::units::Nanos;
pub use compare::{Comparison, Row, compare};
pub use mixture::{Class, Mixture, Spread};
pub use week::Week;

/// A series and the model of it.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// First instant of the series, on the clock by which its hours were read.
    pub start: Zoned,
    /// The time that it covers.
    pub span: Nanos,
    /// Length of its bins.
    pub period: Nanos,
    /// Requests per second, over a plain week.
    pub rate: f64,
    /// The shape of a plain week.
    pub week: Week,
    /// Days with another level, in order.
    pub calendar: Vec<CalendarRange>,
    /// Outages and hours that stand out, in order.
    pub events: Vec<Event>,
    /// Noise of the rate, if there is any to be seen.
    pub burst: Option<Burst>,
    /// Standard deviation over mean of the spacings, where single seconds vary more than independent arrivals do.
    pub arrivals_cv: Option<f64>,
    /// Figures of the series.
    pub measures: Measures,
}

impl Fitted {
    /// The model of `table`, whose hours are read on the clock of `timezone`; `None` for a series without requests, or one
    /// that does not lie in the years 1 to 9999.
    #[must_use]
    pub fn new(table: &CountTable, timezone: &TimeZone) -> Option<Self> {
        let measures = Measures::of(table, timezone);
        let start = jiff::Timestamp::from_nanosecond(table.first).ok()?.to_zoned(timezone.clone());
        if measures.requests <= 0.0 {
            return None;
        }
        let outages = event::outages(table, timezone);
        let hours = hours::hours(table, timezone, &outages);
        let (week, days) = week::shape(&hours);
        let calendar = week::calendar(&hours, &week, &days);
        let mut fitted = Self {
            start,
            span: table.span(),
            period: table.period,
            rate: 1.0,
            week,
            calendar,
            events: outages.iter().filter_map(event::silence).collect(),
            burst: None,
            arrivals_cv: None,
            measures,
        };
        fitted.scale();
        (fitted.arrivals_cv, fitted.burst) = burst::noise(table, &outages, fitted.measures.mean_rate);
        let found = event::outstanding(&hours, &fitted);
        fitted.events.extend(found);
        fitted.events.sort_by_key(|event| event.at);
        number(&mut fitted.events);
        fitted.scale();
        Some(fitted)
    }

    /// Brings the expected number of requests over the span to that of the series.
    fn scale(&mut self) {
        let expected: f64 = self.expected(self.span.max(Nanos(1))).iter().sum();
        if expected > 0.0 {
            self.rate *= self.measures.requests / expected;
        }
    }

    /// Expected requests in each `width` of the span, the last one cut; at least one.
    fn expected(&self, width: Nanos) -> Vec<f64> {
        let frame = Frame { origin: self.start.timestamp().as_nanosecond(), start: 0, end: self.span.0 };
        let curve = Curve::new(&self.open(), frame, 0, frame.end, 1.0, 1.0);
        let bins = usize::try_from(self.span.0.div_ceil(width.0)).unwrap_or(usize::MAX);
        bins::areas(curve, width.0, bins)
    }

    /// Standard deviation of the number of requests of a series that is generated, over its mean: of bursts in each of
    /// their windows, and of spacings.
    #[must_use]
    pub fn relative_deviation(&self) -> f64 {
        let spacings = self.arrivals_cv.map_or(1.0, |cv| cv * cv) / self.measures.requests;
        let bursts = self.burst.map_or(0.0, |burst| {
            let expected = self.expected(burst.window);
            let (sum, squares) =
                expected.iter().fold((0.0, 0.0), |(sum, squares), count| (sum + count, squares + count * count));
            if sum > 0.0 { burst.cv * burst.cv * squares / (sum * sum) } else { 0.0 }
        });
        (spacings + bursts).sqrt()
    }

    /// The model as an open source.
    #[must_use]
    pub fn open(&self) -> Open {
        Open {
            level: Level::Mean(self.rate),
            arrivals: self.arrivals_cv.map_or(Arrivals::Poisson, |cv| Arrivals::Gamma { cv }),
            profile: self.week.profile(),
            audience: vec![Audience { timezone: self.start.time_zone().clone(), weight: 1.0 }],
            calendar: self.calendar.clone(),
            events: self.events.clone(),
            growth: 0.0,
            burst: self.burst,
        }
    }

    /// The model as the traffic of its own span.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let flow = Flow::Open(Box::new(self.open()));
        Traffic {
            sources: vec![Source { name: "fitted".to_owned(), mix: Vec::new(), flow }],
            start: self.start.clone(),
            warmup: Nanos::ZERO,
            duration: self.span,
            uncertainty: Uncertainty::default(),
        }
    }
}

/// Gives every event a name of its own: the second `peak` is `peak-2`.
fn number(events: &mut [Event]) {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for event in events {
        let count = found.entry(event.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            event.name = format!("{}-{count}", event.name);
        }
    }
}

impl Week {
    fn profile(&self) -> Profile {
        let [day, weekend, week] = [
            Some(&self.day[..]),
            self.weekend.as_ref().map(|hours| &hours[..]),
            self.week.as_ref().map(|days| &days[..]),
        ];
        let day = day.unwrap_or(&[]);
        Profile::weekly(day, weekend, week, Interpolation::Step).unwrap_or_else(|_| Profile::flat())
    }
}
