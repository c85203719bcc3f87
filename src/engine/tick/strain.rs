//! A while in which about as much comes as instances can take, or more, until a scheduler that sees it has started others.
//!
//! The mean number at work is one number. What is done in a time is what would come in it at the load at which that number is the
//! mean (the pointwise stationary fluid flow approximation: Wang, Tipper and Banerjee, 1996).

use super::cells::{Cells, load_of};
use super::looks::{HIGHEST, Looks};
use crate::engine::Plan;
use crate::traffic::path::Stretch;

/// At lower loads those at work are as many as the rate needs, at every instant.
const CALM: f64 = 0.6;
/// Parts of a stretch are at most so long, in nanoseconds.
const PART: f64 = 1e8;
/// Share of requests that may come while instances have more than samples tell: it is them that a p99 would have to know.
const RARE: f64 = 3e-3;

/// The strain that instances are under.
#[derive(Debug, Default)]
pub(super) struct Strain {
    /// The load that those at work come to, and how many more there are than at the highest that samples tell; unless all is
    /// calm.
    pub load: Option<(f64, f64)>,
    /// Those at work.
    at_work: f64,
    /// Requests that came while there were more than samples tell.
    beyond: f64,
}

impl Strain {
    /// Whether it is felt at this load.
    pub fn is_felt(&self, load: f64) -> bool {
        self.load.is_some() || load > CALM
    }

    /// Requests come under strain, in this slice.
    pub fn go(
        &mut self,
        stretch: Stretch,
        plan: &Plan<'_>,
        looks: &mut Looks,
        (cells, slice, mix): (&mut Cells, Option<usize>, &[f64]),
    ) {
        let capacity = cells.capacity();
        let highest = load_of(HIGHEST);
        if self.load.is_none() {
            self.at_work = looks.of(plan, cells, (stretch.first / capacity).min(CALM), 0).at_work;
        }
        let span = (stretch.to - stretch.from) as f64;
        let parts = (span / PART).ceil();
        let (mut part, length) = (0.5, span / parts);
        while part < parts {
            let rate = stretch.first + (stretch.last - stretch.first) * part / parts;
            let load = looks.load_of(plan, cells, self.at_work);
            let come = rate * length;
            self.pass(come, capacity * length, load);
            cells.come(slice, load.min(highest), mix, come);
            self.beyond += if load > highest && slice.is_some() { come } else { 0.0 };
            part += 1.0;
        }
        let load = looks.load_of(plan, cells, self.at_work);
        let is_calm = load <= CALM && stretch.last / capacity <= CALM;
        self.load = (!is_calm).then(|| {
            let most = looks.of(plan, cells, highest, 0).at_work;
            (load.min(highest), (self.at_work - most).max(0.0))
        });
    }

    /// So many come in a time in which `most` could be done, and is at a load of 1.
    fn pass(&mut self, come: f64, most: f64, load: f64) {
        self.at_work = (self.at_work + come - most * load).max(0.0);
    }

    /// # Errors
    /// So many of `all` requests of the run came under more strain than samples tell that they count.
    pub fn is_rare(&self, all: f64) -> Result<(), String> {
        if self.beyond <= RARE * all {
            return Ok(());
        }
        Err(format!(
            "more than {:.1} % of its requests come when there are more than its instances can take",
            RARE * 100.0
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_at_work_settle_where_as_much_is_done_as_comes_and_grow_where_it_is_not() {
        // One server: at a load of m / (1 + m) there are m.
        let passed = |strain: &mut Strain, come: f64, times: u32| {
            for _ in 0..times {
                let load = strain.at_work / (1.0 + strain.at_work);
                strain.pass(come, 1.0, load);
            }
            strain.at_work
        };
        let mut strain = Strain { at_work: 1.0, ..Strain::default() };
        assert!((passed(&mut strain, 0.8, 1_000) - 4.0).abs() < 1e-3, "{}", strain.at_work);
        let soon = passed(&mut strain, 1.5, 100);
        assert!((54.0..70.0).contains(&soon), "half of what comes stays: {soon}");
        assert!(passed(&mut strain, 0.0, 200) < 1e-3, "{}", strain.at_work);
    }

    #[test]
    fn strain_that_counts_is_refused() {
        let strain = Strain { beyond: 4.0, ..Strain::default() };
        assert!(strain.is_rare(2_000.0).is_ok());
        assert!(strain.is_rare(1_000.0).unwrap_err().contains("0.3 % of its requests"));
        assert!(!strain.is_felt(0.5) && strain.is_felt(0.7));
        assert!(Strain { load: Some((0.3, 0.0)), ..strain }.is_felt(0.1), "until it is over");
    }
}
