//! Noise: bursts from the variance of bins within an hour, clusters from that of seconds within ten minutes.

use rand::SeedableRng;

use super::event::Outage;
use crate::kernel::distribution::{Distribution, Law};
use crate::kernel::streams::Stream;
use crate::traffic::counts::CountTable;
use crate::traffic::open::Burst;
use crate::units::Nanos;

const SECOND: u64 = Nanos::SECOND.0;
const MINUTE: u64 = 60 * SECOND;
/// Less variation than this is none.
const LEAST_CV: f64 = 0.02;
/// The most variation that a source may say.
const MOST_CV: f64 = 30.0;
/// Seconds whose variance over mean is below this are those of independent arrivals.
const LEAST_DISPERSION: f64 = 1.1;

/// Sums over blocks of a series: of means, of squared means and of variances.
#[derive(Clone, Copy, Debug, Default)]
struct Within {
    means: f64,
    squares: f64,
    variances: f64,
}

/// The spacings' coefficient of variation, if seconds show one, and the bursts, if minutes (or the bins) show any.
pub(super) fn noise(table: &CountTable, outages: &[Outage], rate: f64) -> (Option<f64>, Option<Burst>) {
    let window = table.period.0.max(MINUTE).next_multiple_of(table.period.0);
    let block = (Nanos::HOUR.0 / window).max(6);
    let coarse = within(table, outages, window, block);
    let fine = (table.period.0 == SECOND).then(|| within(table, outages, SECOND, 600));
    let most = if coarse.means > 0.0 { coarse.variances / coarse.means } else { 1.0 };
    let arrivals_cv = fine.filter(|fine| fine.means > 0.0).and_then(|fine| {
        let dispersion = (fine.variances / fine.means).min(most);
        (dispersion > LEAST_DISPERSION).then(|| spacing_cv(dispersion, rate).min(most.sqrt()).min(MOST_CV))
    });
    let clusters = arrivals_cv.map_or(1.0, |cv| cv * cv);
    let excess = coarse.variances - clusters * coarse.means;
    let cv = if coarse.squares > 0.0 { (excess / coarse.squares).max(0.0).sqrt() } else { 0.0 };
    (arrivals_cv, (cv >= LEAST_CV).then_some(Burst { cv: cv.min(MOST_CV), window: Nanos(window) }))
}

/// Sums over blocks of `block` bins of `width` each, a whole number of the series' own; those that touch an outage are left
/// out, and so is what is left at the end, unless it is all there is.
fn within(table: &CountTable, outages: &[Outage], width: u64, block: u64) -> Within {
    let take = usize::try_from(width / table.period.0).unwrap_or(1).max(1);
    let bins: Vec<f64> = table.counts.chunks_exact(take).map(|bins| bins.iter().sum()).collect();
    let block = usize::try_from(block).unwrap_or(usize::MAX).min(bins.len().max(1));
    let mut sums = Within::default();
    for (index, bins) in bins.chunks_exact(block).enumerate() {
        let from = table.first + (index * block) as i128 * i128::from(width);
        let until = from + block as i128 * i128::from(width);
        if bins.len() < 2 || outages.iter().any(|outage| outage.from < until && outage.until > from) {
            continue;
        }
        let mean = bins.iter().sum::<f64>() / bins.len() as f64;
        let squares: f64 = bins.iter().map(|count| (count - mean) * (count - mean)).sum();
        let variance = squares / (bins.len() - 1) as f64;
        sums.means += mean;
        // The mean of a block varies as well; where it hardly says more than that, half of it is kept.
        sums.squares += (mean * mean - variance / bins.len() as f64).max(mean * mean / 2.0);
        sums.variances += variance;
    }
    sums
}

/// The coefficient of variation of gamma spacings at `rate` per second whose counts per second have this dispersion, by
/// bisection over simulated spacings.
fn spacing_cv(dispersion: f64, rate: f64) -> f64 {
    const SPACINGS: usize = 100_000;
    let found = |cv: f64| {
        let (law, mut stream) = (Distribution::new(Law::Gamma { mean: 1.0 / rate, cv }), Stream::seed_from_u64(1));
        let (mut at, mut second, mut count) = (0.0, 0.0, 0.0);
        let (mut sum, mut squares): (f64, f64) = (0.0, 0.0);
        for _ in 0..SPACINGS {
            at += law.draw(&mut stream);
            if at.floor() > second {
                sum += count;
                squares += count * count;
                (second, count) = (at.floor(), 0.0);
            }
            count += 1.0;
        }
        let mean = sum / second.max(1.0);
        if mean > 0.0 { (squares / second.max(1.0) - mean * mean) / mean } else { 1.0 }
    };
    let (mut low, mut high) = (1.0, MOST_CV);
    for _ in 0..14 {
        let middle = f64::midpoint(low, high);
        if found(middle) > dispersion { high = middle } else { low = middle }
    }
    f64::midpoint(low, high)
}
