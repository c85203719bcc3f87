//! Closed sources: users who ask, wait for what they get, think, and ask again.
//!
//! They react to the deployment, so their requests are not part of the stream that all deployments share: each deployment
//! plays its own users. What a user thinks and asks for is drawn from keys that name source, user and visit, so the
//! same visit is the same everywhere.

use super::demand::Demand;
use super::{Flow, Traffic};
use crate::application::{Application, Draw, Request};
use crate::kernel::distribution::Distribution;
use crate::kernel::streams::{Draws, child, stream_key};
use crate::units::Nanos;

/// Most users of a source, and of all of them together.
pub const MOST_USERS: u32 = 10_000_000;

/// Most times that users of a source come or go.
pub const MOST_CHANGES: f64 = 1e8;

/// A source of users.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// How many there are, in straight lines; before the first measured instant as many as at it.
    pub users: Users,
    /// Between an answer and the next request, and before the first, in nanoseconds; not always zero.
    pub think: Distribution,
    /// After so many requests a user has had enough; `None` for never.
    pub requests: Option<u64>,
}

/// How many users there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Users {
    /// At the first measured instant.
    pub from: f64,
    /// Linear from stage to stage; the last holds.
    pub stages: Vec<Stage>,
}

/// One stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// How long it takes; zero jumps.
    pub span: Nanos,
    /// Users at its end.
    pub target: f64,
}

impl Users {
    /// Always so many.
    #[must_use]
    pub const fn constant(users: f64) -> Self {
        Self { from: users, stages: Vec::new() }
    }

    /// The most there ever are.
    #[must_use]
    pub fn most(&self) -> f64 {
        self.stages.iter().map(|stage| stage.target).fold(self.from, f64::max)
    }

    /// How often users come or go.
    #[must_use]
    pub fn coming_and_going(&self) -> f64 {
        let levels = std::iter::once(self.from).chain(self.stages.iter().map(|stage| stage.target));
        levels.clone().zip(levels.skip(1)).map(|(before, after)| (after - before).abs()).sum()
    }

    /// User-nanoseconds of a window of this length from the first measured instant on.
    fn area(&self, length: f64) -> f64 {
        let (mut level, mut left, mut area) = (self.from, length, 0.0);
        for stage in &self.stages {
            let span = stage.span.0 as f64;
            let part = span.min(left);
            if span > 0.0 {
                let end = level + (stage.target - level) * part / span;
                area += f64::midpoint(level, end) * part;
            }
            left -= part;
            level = stage.target;
        }
        area + level * left
    }

    /// When the number of whole users changes, from the first measured instant on, and to how many: each user comes when
    /// the line reaches their number and goes when it is back at it.
    fn changes(&self, level: f64) -> Vec<(u64, u32)> {
        let mut users = whole(self.from * level);
        let mut changes = vec![(0, users)];
        let (mut at, mut before) = (0_u64, self.from * level);
        for stage in &self.stages {
            let (target, span) = (stage.target * level, stage.span.0);
            let goal = whole(target);
            while users != goal && span > 0 {
                let number = if goal > users { users + 1 } else { users };
                let share = ((f64::from(number) - before) / (target - before)).clamp(0.0, 1.0);
                users = if goal > users { users + 1 } else { users - 1 };
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a share of the span
                changes.push((at.saturating_add((share * span as f64) as u64), users));
            }
            at = at.saturating_add(span);
            if users != goal {
                users = goal;
                changes.push((at, users));
            }
            before = target;
        }
        changes
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturating, and cut
fn whole(users: f64) -> u32 {
    ((users + 1e-9) as u32).min(MOST_USERS)
}

impl Closed {
    /// Expected requests of the measured window if they took no time: an upper bound.
    pub(super) fn most_requests(&self, duration: Nanos) -> f64 {
        let asked = self.users.area(duration.0 as f64) / self.think.mean();
        self.requests.map_or(asked, |each| asked.min(each as f64 * self.users.most()))
    }

    /// Requests per second at the first instant, if they took no time.
    pub(super) fn first_rate(&self) -> f64 {
        self.users.from * 1e9 / self.think.mean()
    }
}

/// The users of one source in one replication.
#[derive(Clone, Debug)]
pub struct Crowd {
    demand: Demand,
    think: Distribution,
    requests: u64,
    key: u64,
    /// Engine instants, and how many users there are from then on.
    changes: Vec<(u64, u32)>,
}

impl Traffic {
    /// What the users of closed sources ask per second at the most, first attempts alone.
    #[must_use]
    pub fn most_asked(&self) -> f64 {
        let asked = self.sources.iter().filter_map(|source| match &source.flow {
            Flow::Closed(closed) => Some(closed.users.most() * 1e9 / closed.think.mean()),
            _ => None,
        });
        asked.sum()
    }

    /// The most users of each closed source, summed; `None` without one.
    #[must_use]
    pub fn most_users(&self) -> Option<u64> {
        let most = self.sources.iter().filter_map(|source| match &source.flow {
            Flow::Closed(closed) => Some(u64::from(whole(closed.users.most()))),
            _ => None,
        });
        most.reduce(|sum, users| sum + users)
    }

    /// The users of its closed sources in one replication.
    #[must_use]
    pub fn crowds(&self, application: &Application, seed: u64, replication: u32) -> Vec<Crowd> {
        let (level, _) = self.factors(seed, replication);
        let crowd = |source: &super::Source| {
            let Flow::Closed(closed) = &source.flow else { return None };
            let mut changes = closed.users.changes(level);
            for (at, _) in &mut changes[1..] {
                *at = at.saturating_add(self.warmup.0);
            }
            Some(Crowd {
                demand: Demand::new(application, &source.mix),
                think: closed.think.clone(),
                requests: closed.requests.unwrap_or(u64::MAX),
                key: stream_key(seed, "users", &source.name, replication),
                changes,
            })
        };
        self.sources.iter().filter_map(crowd).collect()
    }
}

impl Crowd {
    /// Engine instants in rising order, the first one 0, and how many users there are from then on.
    #[must_use]
    pub fn changes(&self) -> &[(u64, u32)] {
        &self.changes
    }

    /// The most users there are.
    #[must_use]
    pub fn most(&self) -> u32 {
        self.changes.iter().map(|&(_, users)| users).max().unwrap_or(0)
    }

    /// Whether a user asks once more after so many visits.
    #[must_use]
    pub const fn asks_again(&self, visits: u64) -> bool {
        visits < self.requests
    }

    fn visit(&self, user: u32, visit: u64) -> u64 {
        child(child(self.key, u64::from(user)), visit)
    }

    /// How long a user thinks before this visit, in nanoseconds.
    #[must_use]
    pub fn think(&self, user: u32, visit: u64) -> u64 {
        self.think.draw_whole(&mut Draws::new(child(self.visit(user, visit), Draw::Think as u64)))
    }

    /// What a user asks for at this visit, now.
    #[must_use]
    pub fn request(&self, user: u32, visit: u64, now: u64) -> Request {
        self.demand.request(now, self.visit(user, visit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(from: f64, stages: &[(u64, f64)]) -> Users {
        let stage = |&(span, target): &(u64, f64)| Stage { span: Nanos(span), target };
        Users { from, stages: stages.iter().map(stage).collect() }
    }

    #[test]
    fn users_come_when_the_line_reaches_their_number_and_go_when_it_is_back() {
        assert_eq!(users(7.0, &[]).changes(1.0), [(0, 7)]);
        let triangle = users(0.0, &[(400, 4.0), (100, 4.0), (200, 0.0)]);
        assert!((triangle.coming_and_going() - 8.0).abs() < 1e-9);
        let expected = [(0, 0), (100, 1), (200, 2), (300, 3), (400, 4), (500, 3), (550, 2), (600, 1), (650, 0)];
        assert_eq!(triangle.changes(1.0), expected);
        // A jump, and a level of half.
        assert_eq!(users(2.0, &[(0, 6.0), (50, 6.0), (0, 1.0)]).changes(0.5), [(0, 1), (0, 3), (50, 0)]);
    }

    #[test]
    fn the_area_is_that_of_the_lines() {
        let triangle = users(0.0, &[(400, 4.0), (100, 4.0), (200, 0.0)]);
        for (length, area) in [(200.0, 200.0), (400.0, 800.0), (500.0, 1_200.0), (600.0, 1_500.0), (900.0, 1_600.0)] {
            assert!((triangle.area(length) - area).abs() < 1e-9, "{length}");
        }
    }
}
