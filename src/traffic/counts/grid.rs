//! From rows to a regular grid of bins.

use super::CountTable;
use super::file::{Missing, Reading};
use super::format::{Fault, Gathered, Row};
use crate::traffic::instant::shown;
use crate::traffic::problem::{MOST_BINS, Problem};
use crate::units::Nanos;

/// Sorts the rows by time and puts them on a grid. Rows of several files that say the same are counted once, which
/// `gathered.notes` says.
pub(super) fn grid(gathered: &mut Gathered, reading: &Reading) -> Result<CountTable, Fault> {
    let rows = &mut gathered.rows;
    rows.sort_by_key(|row| row.at);
    let (before, fault) = (rows.len(), |row: &Row, problem| Fault { file: row.file, line: row.line, problem });
    // Few of them, and only where they are let be.
    let mut odd = if reading.lenient { before / 100 } else { 0 };
    let few = odd;
    let mut twice = rows.windows(2).filter(|pair| pair[0].at == pair[1].at && pair[0].count != pair[1].count);
    if let Some(pair) = twice.nth(odd) {
        return Err(fault(&pair[1], Problem::Duplicate(shown(pair[1].at))));
    }
    rows.dedup_by(|later, row| {
        let other = later.at == row.at && later.count != row.count;
        if other {
            row.count += later.count;
            odd = odd.saturating_sub(1);
        }
        other
    });
    let added = few - odd;
    let before = before - added;
    rows.dedup_by_key(|row| row.at);
    if rows.len() < before {
        gathered.notes.push(format!("{} bins are there more than once, alike, and count once", before - rows.len()));
    }
    let Some(first) = rows.first().copied() else {
        return Err(Fault { file: 0, line: None, problem: Problem::Empty });
    };
    let gaps = rows.windows(2).map(|pair| pair[1].at - pair[0].at);
    let period = match reading.period.or(gathered.period) {
        Some(period) => Nanos(period.0.max(1)),
        None => median(gaps)
            .and_then(|gap| u64::try_from(gap).ok())
            .map(Nanos)
            .ok_or_else(|| fault(&first, Problem::NoPeriod))
            .map_err(|fault| Fault { line: None, ..fault })?,
    };
    let step = i128::from(period.0);
    let bins = bins(first.at, rows[rows.len() - 1].at, step);
    let bins = bins.map_err(|problem| Fault { line: None, ..fault(&first, problem) })?;
    let mut counts: Vec<f64> = Vec::with_capacity(usize::try_from(bins).unwrap_or(0));
    for row in rows.iter() {
        if (row.at - first.at) % step != 0 {
            let Some(left) = odd.checked_sub(1) else {
                return Err(fault(row, Problem::Mixed { time: shown(row.at), period }));
            };
            odd = left;
        }
        let index = usize::try_from((row.at - first.at) / step).unwrap_or(usize::MAX);
        if index > counts.len() {
            let filler = match reading.missing {
                Missing::Zero => 0.0,
                Missing::Hold => counts.last().copied().unwrap_or(0.0),
                Missing::Error => {
                    let bins = (index - counts.len()) as u64;
                    return Err(fault(row, Problem::Missing { bins, before: shown(row.at), period }));
                }
            };
            counts.resize(index, filler);
        }
        if !row.count.is_finite() {
            return Err(fault(row, Problem::Count(row.count.to_string())));
        }
        match counts.get_mut(index) {
            Some(count) => *count += row.count,
            None => counts.push(row.count),
        }
    }
    if few > odd {
        gathered.notes.push(format!("{} bins lie off the grid or are there twice, and were added up", few - odd));
    }
    Ok(CountTable { first: first.at, period, counts })
}

/// The median (the lower one of two in the middle).
pub(super) fn median(gaps: impl Iterator<Item = i128>) -> Option<i128> {
    let mut gaps: Vec<i128> = gaps.collect();
    gaps.sort_unstable();
    let middle = gaps.len().checked_sub(1)? / 2;
    Some(gaps[middle])
}

/// How many bins of length `step` reach from `first` to `last`, if that is not too many.
pub(super) fn bins(first: i128, last: i128, step: i128) -> Result<u64, Problem> {
    let bins = u64::try_from((last - first) / step + 1).unwrap_or(u64::MAX);
    if bins > MOST_BINS { Err(Problem::TooLong(bins)) } else { Ok(bins) }
}
