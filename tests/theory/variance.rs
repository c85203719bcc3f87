//! The number at work in M/G/inf is Poisson: its variance is its mean.
//!
//! The result states means over time, not variances; but the time series of a chart holds the mean over each bucket, and
//! its variance about the known mean is known, too.

use breakeven::kernel::estimate::mean_interval;

use crate::system::run;

const ERLANGS: f64 = 20.0;
const MEAN_SERVICE: f64 = 100.0;
const RUNS: u64 = 40;

/// Variance of the mean over `width` seconds of the number at work, service exponential. The covariance at lag t is
/// a exp(-t/m) (Cox and Isham, Point Processes, 1980), averaged over all pairs of instants of the bucket.
fn variance_of_a_mean(width: f64) -> f64 {
    let ratio = width / MEAN_SERVICE;
    ERLANGS * 2.0 / (ratio * ratio) * (ratio - 1.0 + (-ratio).exp())
}

/// One run's mean squared deviation of its buckets over what it should be: 1 on average.
fn dispersion(seed: u64) -> f64 {
    let rate = ERLANGS / MEAN_SERVICE;
    let result = run(&format!(
        "scenario = {{ name = \"variance\", seed = {seed}, replications = 1 }}\n\
         traffic = {{ duration = \"20000s\", warmup = \"2000s\", source = {{ rate = \"{rate}/s\" }} }}\n\
         class = {{ io = {{ dist = \"exponential\", mean = \"{MEAN_SERVICE}s\" }}, timeout = \"none\" }}\n\
         deployment = {{ platform = \"faas\", fleet = {{ keep_alive = \"0s\" }} }}"
    ));
    let busy = &result.charts.deployments[0].busy;
    let ends = &result.charts.bucket_ends_seconds;
    assert!(busy.len() == ends.len() && busy.len() > 10, "{} means in {} buckets", busy.len(), ends.len());
    let starts = std::iter::once(0.0).chain(ends.iter().copied());
    let ratios = starts
        .zip(ends)
        .zip(busy)
        .map(|((start, end), mean)| (mean - ERLANGS).powi(2) / variance_of_a_mean(end - start));
    ratios.sum::<f64>() / busy.len() as f64
}

#[test]
fn the_number_at_work_varies_as_a_poisson_law() {
    let found: Vec<f64> = (1..=RUNS).map(dispersion).collect();
    let estimate = mean_interval(&found).expect("there are runs");
    let (low, high) = estimate.ci95.expect("there are many runs");
    // The interval is 2.02 standard errors to each side.
    let z = (estimate.mean - 1.0) / ((high - low) / 2.0 / 2.022_691);
    println!("M/G/inf: variance over mean {:.4}, z {z:.2}", estimate.mean);
    assert!(z.abs() < 4.0, "variance over mean is {} [{low}, {high}], z {z}", estimate.mean);
}
