//! What the reader must know first of fleets that were still settling when the measured time began.

use super::number::span;
use crate::experiment::result::{DeploymentResult, RunResult, Unsettled};

/// One sentence for each such deployment.
pub fn warnings(result: &RunResult) -> Vec<String> {
    let of = |one: &DeploymentResult| one.unsettled.map(|found| sentence(&one.name, found));
    result.deployments.iter().filter_map(of).collect()
}

fn sentence(name: &str, found: Unsettled) -> String {
    let (which, side) = if found.instances < 0.0 { ("fewer", "lower") } else { ("more", "higher") };
    let percent = |share: f64| format!("{:.0} %", 100.0 * share.abs());
    format!(
        "The first {} of the measured time have {} {which} instances of {name} than the rest, which makes their mean {} {side}: \
         a `traffic.warmup` of {} would leave them out.",
        span(found.seconds),
        percent(found.instances),
        percent(found.of_all),
        span(found.warmup_seconds)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_was_found_and_what_helps() {
        let found = Unsettled { seconds: 2_400.0, instances: -0.31, of_all: -0.06, warmup_seconds: 3_600.0 };
        assert_eq!(
            sentence("pods", found),
            "The first 40m of the measured time have 31 % fewer instances of pods than the rest, which makes their mean \
             6 % lower: a `traffic.warmup` of 1h would leave them out."
        );
        let more = Unsettled { instances: 0.31, of_all: 0.06, ..found };
        assert!(
            sentence("pods", more)
                .contains("31 % more instances of pods than the rest, which makes their mean 6 % higher")
        );
    }
}
