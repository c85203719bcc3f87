//! From a distribution as it was written to one that can be drawn from.

use crate::document::tree::{Node, Table};
use crate::kernel::distribution::{Distribution, Law};

/// The distribution of durations, in nanoseconds, that `node` says. It was checked as
/// [`crate::document::grammar::DISTRIBUTION`], and its files were read into quantiles.
#[must_use]
pub fn durations(node: &Node) -> Distribution {
    distribution(node, |node| node.duration().0 as f64)
}

/// As [`durations`]; `None` for `"none"`.
#[must_use]
pub fn durations_or_none(node: &Node) -> Option<Distribution> {
    (!node.is_unlimited()).then(|| durations(node))
}

/// The distribution of sizes, in bytes, that `node` says. It was checked as
/// [`crate::document::grammar::SIZE_DISTRIBUTION`], and its files were read into quantiles.
#[must_use]
pub fn sizes(node: &Node) -> Distribution {
    distribution(node, |node| node.size().0 as f64)
}

fn distribution(node: &Node, value: impl Fn(&Node) -> f64 + Copy) -> Distribution {
    let Some(table) = node.as_table() else {
        return Distribution::constant(value(node));
    };
    let min = table.get("min").map_or(0.0, value);
    let max = table.get("max").map_or(f64::MAX, value);
    Distribution::clipped(law(table, value), min, max)
}

fn law(table: &Table, value: impl Fn(&Node) -> f64 + Copy) -> Law {
    let number = |key: &str| table.at(key).number();
    let unit = |key: &str| value(table.at(key));
    match table.at("dist").text() {
        "exponential" => Law::Exponential { mean: unit("mean") },
        "lognormal" => {
            // sigma^2 = ln(1 + cv^2); median = exp(mu); mean = exp(mu + sigma^2 / 2).
            let sigma = table.get("sigma").map_or_else(|| libm::sqrt(libm::log1p(number("cv").powi(2))), Node::number);
            let mu = match table.get("median") {
                Some(median) => libm::log(value(median)),
                None => libm::log(unit("mean")) - sigma * sigma / 2.0,
            };
            Law::LogNormal { mu, sigma }
        }
        "gamma" => Law::Gamma { mean: unit("mean"), cv: number("cv") },
        "weibull" => {
            let shape = number("shape");
            // mean = scale * gamma(1 + 1 / shape).
            let scale = table.get("scale").map_or_else(|| unit("mean") / libm::tgamma(1.0 + 1.0 / shape), value);
            Law::Weibull { shape, scale }
        }
        "pareto" => Law::Pareto { shape: number("shape"), scale: unit("scale") },
        "uniform" => Law::Uniform { low: unit("low"), high: unit("high") },
        "empirical" => Law::Empirical { quantiles: table.at("quantiles").quantiles(value) },
        _ => Law::Constant(unit("value")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::diagnostic::Diagnostics;
    use crate::document::grammar::{DISTRIBUTION, check_node};
    use crate::document::source::Sources;
    use crate::document::tree::parse_value;
    use crate::kernel::streams::stream;
    use proptest::prelude::*;

    fn node(text: &str) -> Option<Node> {
        let mut sources = Sources::new();
        let id = sources.add("t", text);
        let mut diagnostics = Diagnostics::new();
        let node = parse_value(&sources, id, 0..text.len(), &mut diagnostics);
        check_node(&node, &DISTRIBUTION, &mut diagnostics);
        diagnostics.is_empty().then_some(node)
    }

    fn mean_ms(text: &str) -> f64 {
        durations(&node(text).unwrap_or_else(|| panic!("{text}"))).mean() / 1e6
    }

    #[test]
    fn every_law_has_the_mean_it_was_given() {
        for (text, mean) in [
            ("20ms", 20.0),
            ("{ dist = 'exponential', mean = '20ms' }", 20.0),
            ("{ dist = 'lognormal', mean = '20ms', cv = 1.5 }", 20.0),
            ("{ dist = 'lognormal', median = '20ms', sigma = 0.5 }", 20.0 * (0.125_f64).exp()),
            ("{ dist = 'gamma', mean = '20ms', cv = 0.5 }", 20.0),
            ("{ dist = 'weibull', mean = '20ms', shape = 0.7 }", 20.0),
            ("{ dist = 'weibull', scale = '20ms', shape = 1 }", 20.0),
            ("{ dist = 'pareto', scale = '20ms', shape = 2 }", 40.0),
            ("{ dist = 'uniform', low = '10ms', high = '30ms' }", 20.0),
            ("{ dist = 'constant', value = '20ms', max = '15ms' }", 15.0),
            ("{ dist = 'empirical', quantiles = [[0.0, '10ms'], [1.0, '30ms']] }", 20.0),
        ] {
            assert!((mean_ms(text) / mean - 1.0).abs() < 1e-9, "{text}: {}", mean_ms(text));
        }
        let text = "{ dist = 'exponential', mean = '2KiB' }";
        let mut sources = Sources::new();
        let id = sources.add("t", text);
        let sizes = sizes(&parse_value(&sources, id, 0..text.len(), &mut Diagnostics::new()));
        assert_eq!(sizes.mean(), 2048.0);
    }

    proptest! {
        #[test]
        fn whatever_passes_the_check_can_be_drawn(a in 0_u64..4_000_000_000, b in -1.0..2000.0_f64, law in 0_usize..7) {
            let text = [
                format!("{{ dist = 'exponential', mean = '{a}s' }}"),
                format!("{{ dist = 'lognormal', mean = '{a}s', cv = {b:?} }}"),
                format!("{{ dist = 'lognormal', median = '{a}ns', sigma = {b:?} }}"),
                format!("{{ dist = 'gamma', mean = '{a}s', cv = {b:?} }}"),
                format!("{{ dist = 'weibull', mean = '{a}s', shape = {b:?} }}"),
                format!("{{ dist = 'pareto', scale = '{a}s', shape = {b:?} }}"),
                format!("{{ dist = 'uniform', low = '{a}s', high = '{b:?}s' }}"),
            ];
            if let Some(node) = node(&text[law]) {
                let built = durations(&node);
                let mut rng = stream(1, "test", "draw", 0);
                for _ in 0..100 {
                    let drawn = built.draw(&mut rng);
                    prop_assert!(drawn >= 0.0 && !drawn.is_nan(), "{} gives {drawn}", text[law]);
                }
                prop_assert!(!built.mean().is_nan());
            }
        }
    }
}
