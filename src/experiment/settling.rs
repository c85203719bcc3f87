//! Whether fleets were still settling when the measured time began, as they are that begin with other instances than their
//! traffic needs and had too short a warm-up.
//!
//! MSER-5 finds where they have settled: the point from which on the course of the instances is known best by its mean (White,
//! "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997) 323-334; White, Cobb and
//! Spratt, Proc. Winter Simulation Conf. 2000, 755-760). A course that merely moves slowly has such a point, too. So each
//! replication is cut where the others find it, and it counts only what replications agree on: Student's test of the
//! differences between the time before and after.

use super::fold::Folded;
use super::result::Unsettled;
use crate::kernel::estimate::chance_of_mean;
use crate::scenario::Scenario;

/// Values of a course that are one to MSER-5.
const BATCH: usize = 5;
/// Replications that can agree.
const LEAST_REPLICATIONS: usize = 5;
/// So seldom replications agree by chance.
const CHANCE: f64 = 0.01;
/// Differences below this share of the mean do not matter, nor do those that move the mean of all measured time by less than
/// that, nor those of less than an instance: fleets cannot begin with a part of one.
const MATTERS: f64 = 0.05;
const MATTERS_FOR_ALL: f64 = 0.02;
const WHOLE: f64 = 1.0;

/// How the measured time of a deployment begins, if that is not as it goes on. Where the traffic moves, instances do, too.
pub(super) fn unsettled(scenario: &Scenario, index: usize, folded: &Folded) -> Option<Unsettled> {
    let traffic = &scenario.traffic;
    let found = found(&folded.deployments[index].courses, &folded.bucket_ends, traffic.warmup.seconds())?;
    traffic.is_steady().then_some(found)
}

/// How it begins, if that is not as it goes on: from the mean instances of each replication in stretches of the
/// measured time that end at these seconds, after a warm-up of so many.
fn found(courses: &[Vec<f64>], ends: &[f64], warmup: f64) -> Option<Unsettled> {
    let all: Vec<&[f64]> = courses.iter().map(Vec::as_slice).collect();
    let point = settled(&all)?;
    if all.len() < LEAST_REPLICATIONS {
        return None;
    }
    let difference = |(number, course): (usize, &&[f64])| {
        let others: Vec<&[f64]> =
            all.iter().enumerate().filter(|(other, _)| *other != number).map(|(_, one)| *one).collect();
        let (before, after) = course.split_at(settled(&others).unwrap_or(point));
        mean(before) - mean(after)
    };
    let differences: Vec<f64> = all.iter().enumerate().map(difference).collect();
    let course = averaged(&all);
    let (before, after) = (mean(&course[..point]), mean(&course[point..]));
    let (share, of_all) = (before / after - 1.0, mean(&course) / after - 1.0);
    let matters = share.abs() >= MATTERS && of_all.abs() >= MATTERS_FOR_ALL && (before - after).abs() >= WHOLE;
    let agreed = chance_of_mean(&differences).is_some_and(|chance| chance < CHANCE);
    let seconds = ends[point - 1];
    let found = Unsettled { seconds, instances: share, of_all, warmup_seconds: warmup + seconds };
    (matters && agreed).then_some(found)
}

/// Where courses have settled, on average; `None` if that is where they begin.
fn settled(courses: &[&[f64]]) -> Option<usize> {
    let batches: Vec<f64> = averaged(courses).chunks_exact(BATCH).map(mean).collect();
    // How well the mean is known from here on, as a variance; beyond half of them there is too little left to tell.
    let variance = |from: usize| {
        let rest = &batches[from..];
        let middle = mean(rest);
        rest.iter().map(|value| (value - middle).powi(2)).sum::<f64>() / (rest.len() as f64).powi(2)
    };
    let point = (0..=batches.len() / 2).min_by(|&a, &b| variance(a).total_cmp(&variance(b)))?;
    (point > 0).then_some(point * BATCH)
}

fn averaged(courses: &[&[f64]]) -> Vec<f64> {
    let length = courses.first().map_or(0, |course| course.len());
    (0..length).map(|place| courses.iter().map(|course| course[place]).sum::<f64>() / courses.len() as f64).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::experiment::{self, RunOptions};
    use crate::scenario::Document;

    /// Five replications of functions that are kept for so long, of requests that take so long on average.
    fn played(seed: u64, io: &str, fleet: &str, traffic: &str) -> Option<Unsettled> {
        let text = format!(
            "scenario = {{ seed = {seed}, replications = 5 }}\ntraffic = {{ duration = '6h', {traffic} }}\n\
             class = {{ io = {{ dist = 'exponential', mean = '{io}' }} }}\n\
             deployment = {{ platform = 'faas', fleet = {{ {fleet} }}, autoscaler = {{ kind = 'per-request' }} }}\n"
        );
        let mut document = Document::new("s.toml", &text, Path::new("."), "s", &[]);
        let scenario = document.build().map_err(|problems| document.render(&problems, false)).unwrap();
        experiment::run(&scenario, &RunOptions::quiet()).unwrap().deployments[0].unsettled
    }

    const JOBS: &str = "source = { rate = '0.1/s' }";

    #[test]
    fn who_begins_with_nothing_is_told_and_a_warm_up_leaves_it_out() {
        let found = played(1, "15m", "keep_alive = '5m'", JOBS).expect("it takes an hour until as many are at work");
        assert!(found.instances < -0.1 && found.of_all < -0.02, "{found:?}");
        assert!((900.0..=7_200.0).contains(&found.seconds), "{found:?}");
        let warm = format!("warmup = '{}s', {JOBS}", found.warmup_seconds);
        assert_eq!(played(1, "15m", "keep_alive = '5m'", &warm), None);
    }

    #[test]
    fn who_moves_slowly_is_left_alone() {
        let told = |seed: &u64| {
            played(*seed, "500ms", "keep_alive = '30m', initial = 'stationary'", "source = { rate = '1/s' }").is_some()
        };
        assert_eq!((0..20).find(told), None);
    }

    #[test]
    fn nothing_is_said_of_traffic_that_moves() {
        let moving = "source = { rate = '0.1/s', profile = 'web-weekday' }";
        assert_eq!(played(1, "15m", "keep_alive = '5m'", moving), None);
    }

    /// The course of a replication: noise, and so much less at the beginning of 200.
    fn course(seed: usize, less: f64) -> Vec<f64> {
        let noise = |place: usize| libm::sin((place * place * (seed + 3)) as f64);
        (0..200).map(|place| 100.0 + noise(place) - if place < 40 { less } else { 0.0 }).collect()
    }

    #[test]
    fn the_point_is_where_it_was() {
        let ends: Vec<f64> = (1..=200).map(|end| f64::from(end) * 60.0).collect();
        let unsettled = |courses: &[Vec<f64>]| found(courses, &ends, 600.0);
        let all = |less: f64| (0..5).map(|seed| course(seed, less)).collect::<Vec<_>>();
        let found = unsettled(&all(30.0)).unwrap();
        assert!((2_400.0..=3_000.0).contains(&found.seconds), "{found:?}");
        assert_eq!(found.warmup_seconds, found.seconds + 600.0);
        assert!((found.instances + 0.27).abs() < 0.04 && (found.of_all + 0.06).abs() < 0.005, "{found:?}");
        assert_eq!(unsettled(&all(30.0)[..4]), None, "four replications are too few to agree");
        assert_eq!(unsettled(&all(4.0)), None, "four in a hundred do not matter");
        let small =
            all(30.0).iter().map(|course| course.iter().map(|value| value / 50.0).collect()).collect::<Vec<_>>();
        assert_eq!(unsettled(&small), None, "less than one instance is that of whole numbers");
        let mut one = all(0.0);
        one[0] = course(0, 300.0);
        assert_eq!(unsettled(&one), None, "one replication alone is chance");
    }
}
