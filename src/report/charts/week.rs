//! The hours of a week: how much comes at each, as shades, in a drawing and in letters.

use std::fmt::Write as _;

use super::axis::Axis;
use super::canvas::{Mark, Panel, Plot, Swatch, series};
use super::{Chart, ChartError};
use crate::report::number::{Unit, plain};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Shades of a terminal, the lightest first.
const SHADES: [&str; 5] = ["  ", "░░", "▒▒", "▓▓", "██"];

/// The busiest and the quietest hour: which one of the week, and requests per second.
fn extremes(week: &[Option<f64>]) -> Option<((usize, f64), (usize, f64))> {
    let known = || week.iter().enumerate().filter_map(|(hour, rate)| Some((hour, (*rate)?)));
    let most = known().max_by(|one, other| one.1.total_cmp(&other.1).then(other.0.cmp(&one.0)))?;
    let least = known().min_by(|one, other| one.1.total_cmp(&other.1))?;
    Some((most, least))
}

fn named(hour: usize) -> String {
    format!("{} {:02} h", DAYS[hour / 24 % 7], hour % 24)
}

fn sentence(week: &[Option<f64>]) -> String {
    match extremes(week) {
        Some(((_, 0.0), _)) | None => "No request came.".to_owned(),
        Some(((busiest, most), (quietest, least))) => format!(
            "The busiest hour is {} with {}, the quietest {} with {}.",
            named(busiest),
            plain(most, Unit::Rate),
            named(quietest),
            plain(least, Unit::Rate)
        ),
    }
}

/// The drawing: a row per day, a column per hour; hours that are not known are left out.
pub fn hours(week: &[Option<f64>], title: &str) -> Result<Chart, ChartError> {
    let top = extremes(week).map_or(0.0, |((_, most), _)| most);
    let ink = series(0);
    let mut marks = Vec::new();
    for (hour, rate) in week.iter().enumerate() {
        let Some(rate) = rate else { continue };
        let (left, low) = ((hour % 24) as f64, 6.0 - (hour / 24) as f64);
        let outline = vec![(left, low), (left + 1.0, low), (left + 1.0, low + 1.0), (left, low + 1.0)];
        marks.push(Mark::Area(ink, shade(*rate, top), outline));
    }
    let swatch = |part: f64| (Swatch::Area(ink, shade(part * top, top)), plain(part * top, Unit::Rate));
    let names = DAYS.map(str::to_owned);
    let mut x = Axis::between("hour of the day", 0.0, 24.0);
    x.ticks = (0..=8u32).map(|tick| (f64::from(tick) * 3.0, format!("{:02}", tick * 3))).collect();
    x.grid = false;
    let plot = Plot {
        title: format!("Hours of the week: {title}"),
        legend: [0.0, 0.25, 0.5, 0.75, 1.0].map(swatch).to_vec(),
        rows: vec![vec![Panel { title: String::new(), x, y: Axis::names(&names), marks }]],
        row_height: 300,
    };
    Chart::draw("week", sentence(week), &plot)
}

/// Opacity of a rate; what is known is never invisible.
fn shade(rate: f64, top: f64) -> f64 {
    if top > 0.0 { 0.04 + 0.96 * rate / top } else { 0.04 }
}

/// The same in letters.
pub fn letters(week: &[Option<f64>]) -> String {
    let top = extremes(week).map_or(0.0, |((_, most), _)| most);
    let mut text = String::from("             00    03    06    09    12    15    18    21\n");
    for (day, name) in DAYS.iter().enumerate() {
        let _ = write!(text, "  {name:10} ");
        for rate in week.iter().skip(day * 24).take(24) {
            text.push_str(match rate {
                Some(rate) if top > 0.0 => {
                    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 4
                    let shade = (rate / top * 4.0).round() as usize;
                    SHADES[shade.min(4)]
                }
                Some(_) => SHADES[0],
                None => " .",
            });
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    let _ = writeln!(text, "\n{}", sentence(week));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week() -> Vec<Option<f64>> {
        let rate = |hour: usize| if hour % 24 < 6 { 0.0 } else { (hour / 24) as f64 + 1.0 };
        (0..168).map(|hour| (hour < 150).then(|| rate(hour))).collect()
    }

    #[test]
    fn shades_follow_the_rate() {
        let text = letters(&week());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], format!("  Monday     {}{}", " ".repeat(12), "░░".repeat(18)));
        assert!(lines[6].ends_with("██") && lines[7].contains(" ."), "{text}");
        assert!(text.contains("busiest hour is Saturday 06 h with 6"), "{text}");
        assert!(letters(&[Some(0.0); 168]).contains("No request came."));
    }

    #[test]
    fn the_drawing_has_a_cell_per_known_hour() {
        let chart = hours(&week(), "school").expect("drawn");
        assert_eq!(chart.svg.matches("<polygon").count(), 150);
        assert!(chart.svg.contains("Wednesday") && chart.sentence.contains("quietest"));
    }
}
