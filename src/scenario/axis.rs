//! What a sweep varies: one numeric key of a scenario, from LOW to HIGH in the key's own units.

use std::ops::Range;

use super::document::Document;
use super::grammar::SCENARIO;
use super::path::{Segment, entry, no_entry, split};
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::grammar::{Key, Kind};
use crate::document::quantity;
use crate::document::source::{SourceId, Span};
use crate::document::tree::{Node, Table};
use crate::units::Nanos;

/// Most points of a sweep.
const MOST_POINTS: usize = 1000;

/// A key and the values it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Path of the key, for [`Document::with_value`].
    pub path: String,
    /// Base unit of the values: `requests/s`, `s`, `bytes`, `USD` or `1`.
    pub unit: &'static str,
    /// Values in base units, rising.
    pub values: Vec<f64>,
    /// The same as they would be written, for [`Document::with_value`].
    pub texts: Vec<String>,
    /// Whether they are spaced evenly on a logarithmic scale.
    pub logarithmic: bool,
}

/// What a numeric key measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Duration,
    Rate,
    Growth,
    Size,
    Money,
    Share,
    Number,
    Count,
}

impl Axis {
    /// Reads `PATH=LOW..HIGH:N` or `PATH=LOW..HIGH:N:log` for `document`, whose sources get the text, so that
    /// [`Document::render`] can show it.
    ///
    /// # Errors
    /// A path that leads nowhere (with the nearest key), a key that is not numeric, limits that are not of its unit,
    /// too few or too many points.
    pub fn read(document: &mut Document, over: &str) -> Result<Self, Diagnostics> {
        let source = document.sources.add("<--over>", over);
        parse(document, source, over).map_err(Diagnostics::from)
    }
}

fn parse(document: &Document, source: SourceId, over: &str) -> Result<Axis, Diagnostic> {
    let malformed = |range: Range<usize>, what: &str| {
        let problem = Diagnostic::error(what).at(Span::new(source, &range));
        problem.help("PATH=LOW..HIGH:N or PATH=LOW..HIGH:N:log, such as traffic.source.0.rate=10/s..1000/s:12:log")
    };
    let whole = 0..over.len();
    let equals = over.find('=').ok_or_else(|| malformed(whole.clone(), "no `=`"))?;
    let dots =
        equals + over[equals..].find("..").ok_or_else(|| malformed(whole.clone(), "no `..` between the limits"))?;
    let colon = dots + over[dots..].find(':').ok_or_else(|| malformed(whole.clone(), "no number of points"))?;
    let (count, logarithmic) = match over[colon + 1..].split_once(':') {
        Some((count, "log")) => (count, true),
        Some(_) => return Err(malformed(colon + 1..over.len(), "expected `:N` or `:N:log`")),
        None => (&over[colon + 1..], false),
    };
    let points = count.trim().parse().ok().filter(|points| (2..=MOST_POINTS).contains(points));
    let points: usize = points
        .ok_or_else(|| malformed(colon + 1..over.len(), &format!("the number of points is from 2 to {MOST_POINTS}")))?;
    let measure = measure_at(document, &split(over, source, 0..equals)?)?;
    let limit = |range: Range<usize>| measure.read(over[range.clone()].trim()).map_err(|why| malformed(range, &why));
    let (low, high) = (limit(equals + 1..dots)?, limit(dots + 2..colon)?);
    if low >= high {
        return Err(malformed(equals + 1..colon, "the lower limit is not below the upper one"));
    }
    if logarithmic && low <= 0.0 {
        return Err(malformed(equals + 1..dots, "a logarithmic axis starts above zero"));
    }
    let mut texts: Vec<String> =
        (0..points).map(|point| measure.write(spaced(low, high, points, point, logarithmic))).collect();
    // Whole numbers may fall together; what is played is what was written.
    texts.dedup();
    let values = texts.iter().map(|text| measure.read(text.trim_matches('"'))).collect::<Result<_, _>>();
    let values = values.map_err(|why| malformed(equals + 1..colon, &why))?;
    Ok(Axis { path: over[..equals].to_owned(), unit: measure.unit(), values, texts, logarithmic })
}

/// Point number `point` of `points` from `low` to `high`; the ends exactly.
fn spaced(low: f64, high: f64, points: usize, point: usize, logarithmic: bool) -> f64 {
    let share = point as f64 / (points - 1) as f64;
    match point {
        0 => low,
        _ if point == points - 1 => high,
        _ if logarithmic => low * libm::pow(high / low, share),
        _ => low + (high - low) * share,
    }
}

impl Measure {
    /// What `kind` measures, if it is numeric; of alternatives the first that is.
    fn of(kind: &Kind) -> Option<Self> {
        match kind {
            Kind::Duration { .. } => Some(Self::Duration),
            Kind::Rate(_) => Some(Self::Rate),
            Kind::Growth => Some(Self::Growth),
            Kind::Size { .. } => Some(Self::Size),
            Kind::Money | Kind::Price => Some(Self::Money),
            Kind::Share(_) => Some(Self::Share),
            Kind::Number(_) | Kind::NumberOrNone(_) => Some(Self::Number),
            Kind::Count { .. } => Some(Self::Count),
            Kind::OneOf(kinds) => kinds.iter().find_map(Self::of),
            _ => None,
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::Duration => "s",
            Self::Rate => "requests/s",
            Self::Size => "bytes",
            Self::Money => "USD",
            Self::Growth | Self::Share | Self::Number | Self::Count => "1",
        }
    }

    /// The value of `text` in base units.
    fn read(self, text: &str) -> Result<f64, String> {
        use rust_decimal::prelude::ToPrimitive;
        let number = || text.parse::<f64>().ok().filter(|number| number.is_finite());
        match self {
            Self::Duration => quantity::duration(text).map(Nanos::seconds),
            Self::Rate => quantity::rate(text),
            Self::Growth => quantity::growth(text),
            Self::Size => text
                .parse::<u64>()
                .map(|bytes| bytes as f64)
                .or_else(|_| quantity::size(text).map(|size| size.0 as f64)),
            Self::Money => quantity::price(text).and_then(|(usd, per)| {
                usd.checked_div(per).and_then(|price| price.to_f64()).ok_or_else(|| "price too large".to_owned())
            }),
            Self::Share => number().map_or_else(|| quantity::share(text), Ok),
            Self::Number => number().ok_or_else(|| format!("`{text}` is not a number")),
            Self::Count => {
                text.parse::<u64>().map(|count| count as f64).map_err(|_| format!("`{text}` is not a whole number"))
            }
        }
    }

    /// `value`, given in base units, as TOML.
    fn write(self, value: f64) -> String {
        match self {
            Self::Duration => format!("\"{:.0}ns\"", value * 1e9),
            Self::Rate => format!("\"{value}/s\""),
            Self::Growth => format!("\"{}%/year\"", value * 100.0),
            Self::Size | Self::Count => format!("{value:.0}"),
            Self::Money => format!("\"{value} USD\""),
            Self::Share | Self::Number => format!("{value:?}"),
        }
    }
}

/// What the key at `path` measures.
fn measure_at(document: &Document, path: &[Segment]) -> Result<Measure, Diagnostic> {
    let mut keys: Vec<&'static Key> = SCENARIO.keys.iter().collect();
    let mut node: Option<&Node> = None;
    let mut table: Option<&Table> = Some(&document.table);
    let mut reached: Option<&Segment> = None;
    for (index, segment) in path.iter().enumerate() {
        // An entry of an array, by name or index.
        if let (Some(nodes), Some(section)) = (node.and_then(Node::as_array), reached) {
            let Some((element, named)) = entry(nodes, &segment.text) else {
                return Err(no_entry(nodes, section, segment));
            };
            table = nodes[element].as_table();
            node = None;
            if named {
                continue;
            }
        }
        let Some(key) = keys.iter().copied().find(|key| key.name == segment.text && key.refused().is_none()) else {
            let names = keys.iter().filter(|key| key.refused().is_none()).map(|key| key.name);
            let unknown = Diagnostic::error(format!("unknown key `{}`", segment.text)).at(segment.span);
            return Err(unknown.nearest(&segment.text, names));
        };
        node = table.and_then(|table| table.get(key.name));
        table = node.and_then(Node::as_table);
        reached = Some(segment);
        keys = keys_below(&key.kind, table);
        if index + 1 == path.len() {
            let not_numeric = || Diagnostic::error(format!("`{}` is not a number", segment.text)).at(segment.span);
            return Measure::of(&key.kind).ok_or_else(not_numeric);
        }
    }
    let last = path.last().map_or(Span::BUILT_IN, |segment| segment.span);
    Err(Diagnostic::error("an entry is not a number").at(last).help("go on to one of its keys"))
}

/// The keys that a table of this kind has: of a tagged one those of its variant, or of all while the tag is open.
fn keys_below(kind: &Kind, table: Option<&Table>) -> Vec<&'static Key> {
    match kind {
        Kind::Table(shape) | Kind::Overlay(shape) => shape.keys.iter().collect(),
        Kind::Named(named) => named.shape.keys.iter().collect(),
        Kind::OneOrMany(kind) | Kind::List { of: kind, .. } => keys_below(kind, None),
        Kind::Tagged(tagged) => {
            let word = table.and_then(|table| table.get(tagged.tag)).and_then(Node::as_str);
            let variants = tagged.variants.iter().filter(|variant| word.is_none_or(|word| variant.word == word));
            tagged.common.keys.iter().chain(variants.flat_map(|variant| variant.shape.keys)).collect()
        }
        Kind::OneOf(kinds) => kinds.iter().flat_map(|kind| keys_below(kind, table)).collect(),
        _ => Vec::new(),
    }
}
