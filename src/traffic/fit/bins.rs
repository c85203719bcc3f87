//! A rate function summed up in equal bins.

use crate::traffic::curve::Segment;

/// The area below `segments` in each of `bins` bins of `width`, from engine time 0.
pub(super) fn areas(segments: impl Iterator<Item = Segment>, width: u64, bins: usize) -> Vec<f64> {
    let mut areas = vec![0.0; bins];
    for segment in segments {
        let slope = (segment.last - segment.first) / (segment.to - segment.from) as f64;
        let mut from = segment.from;
        while from < segment.to {
            let bin = from / width;
            let to = segment.to.min((bin + 1).saturating_mul(width));
            let middle = segment.first + slope * ((from - segment.from) as f64 + (to - from) as f64 / 2.0);
            if let Some(area) = usize::try_from(bin).ok().and_then(|bin| areas.get_mut(bin)) {
                *area += middle * (to - from) as f64;
            }
            from = to;
        }
    }
    areas
}
