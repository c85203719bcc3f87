//! Draws a [`Plot`] as SVG: the one module that knows the drawing library.
//!
//! There is no font engine behind it, so widths of text are estimated, generously.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::ChartError;
use super::axis::Axis;

/// A colour in light and in dark, and the dashes of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink {
    /// As written into the drawing.
    pub light: &'static str,
    /// As shown on dark paper.
    pub dark: &'static str,
    /// `stroke-dasharray`; empty for a solid line.
    pub dashes: &'static str,
}

const fn ink(light: &'static str, dark: &'static str, dashes: &'static str) -> Ink {
    Ink { light, dark, dashes }
}

/// Background of a drawing.
pub const PAPER: Ink = ink("#FFFFFF", "#14171C", "");
/// Titles and labels.
pub const TEXT: Ink = ink("#24292F", "#E4E7EB", "");
/// Axes and their numbers.
pub const SOFT: Ink = ink("#57606A", "#A0A8B3", "");
/// Grid.
pub const GRID: Ink = ink("#E3E7EB", "#2E353F", "");
/// Colours of series, after Okabe and Ito, "Color Universal Design" (2008), <https://jfly.uni-koeln.de/color/>; the light
/// ones of theirs are darkened for white paper, and all are lightened for dark paper. Dashes say the same again.
pub const SERIES: [Ink; 8] = [
    ink("#0072B2", "#5AB4F0", ""),
    ink("#D55E00", "#FF9452", "9 3"),
    ink("#00875F", "#3DD6A3", "4 3"),
    ink("#B0528C", "#E79AC6", "10 3 2 3"),
    ink("#A87500", "#F0B93A", "5 5"),
    ink("#3C96CC", "#9BDBFF", "14 4"),
    ink("#6A6F76", "#B9C0C9", "2 4"),
    ink("#7A2048", "#F2789F", "12 3 2 3 2 3"),
];
/// Every colour that appears in a drawing, the paper excepted.
pub const INKS: [Ink; 11] =
    [TEXT, SOFT, GRID, SERIES[0], SERIES[1], SERIES[2], SERIES[3], SERIES[4], SERIES[5], SERIES[6], SERIES[7]];

/// The colour of the series of that index.
pub const fn series(index: usize) -> Ink {
    SERIES[index % SERIES.len()]
}

/// A whole drawing.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Title.
    pub title: String,
    /// Names of the colours.
    pub legend: Vec<(Swatch, String)>,
    /// Panels, row by row; all rows have as many.
    pub rows: Vec<Vec<Panel>>,
    /// Height of one row in pixels.
    pub row_height: u32,
}

/// How a legend shows a colour.
#[derive(Clone, Copy, Debug)]
pub enum Swatch {
    /// As a line.
    Line(Ink),
    /// As an area.
    Area(Ink, f64),
}

/// One pair of axes.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Title; may be empty.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Content, in positions of the axes; later marks cover earlier ones.
    pub marks: Vec<Mark>,
}

/// Something drawn in a panel.
#[derive(Clone, Debug)]
pub enum Mark {
    /// A line through points.
    Line(Ink, Vec<(f64, f64)>),
    /// A filled outline.
    Area(Ink, f64, Vec<(f64, f64)>),
    /// A filled rectangle between two corners.
    Bar(Ink, (f64, f64), (f64, f64)),
    /// A point.
    Dot(Ink, (f64, f64)),
    /// A vertical line with a label so many lines below its upper end.
    Rule(f64, i32, String),
    /// Text to the right of a point, centred on its height.
    Note((f64, f64), String),
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Fallible = Result<(), Box<dyn std::error::Error>>;

const WIDTH: u32 = 960;
const MARGIN: i32 = 14;
const LEGEND_ROW: i32 = 22;
/// Mean width of a character relative to the size of the font, on the large side.
const CHARACTER: f64 = 0.58;
/// Longest name that is drawn in full.
const LONGEST: usize = 34;

/// Draws `plot`; `description` is what screen readers say.
///
/// # Errors
/// When the library refuses, which it does only for its own faults: it writes to memory.
pub fn draw(plot: &Plot, description: &str) -> Result<String, ChartError> {
    let legend = arrange(&plot.legend);
    let head = 40 + legend.iter().map(|(_, row, _)| row + 1).max().unwrap_or(0) * LEGEND_ROW;
    let row_height = plot.row_height.cast_signed();
    let height = head + row_height * i32::try_from(plot.rows.len()).unwrap_or(1) + 6;
    let mut svg = String::new();
    let drawn = (|| -> Fallible {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height.unsigned_abs())).into_drawing_area();
        root.fill(&colour(PAPER))?;
        root.draw_text(&clean(&plot.title), &text(17, TEXT).into_text_style(&root), (MARGIN, 12))?;
        draw_legend(&root, &plot.legend, &legend)?;
        for (row, panels) in plot.rows.iter().enumerate() {
            let width = (WIDTH.cast_signed() - 2 * MARGIN) / i32::try_from(panels.len().max(1))?;
            for (column, shown) in panels.iter().enumerate() {
                let at = (MARGIN + width * i32::try_from(column)?, head + row_height * i32::try_from(row)?);
                let area = root.clone().shrink(at, (width.unsigned_abs(), plot.row_height));
                panel(&area, shown)?;
            }
        }
        root.present()?;
        Ok(())
    })();
    drawn.map_err(|error| ChartError(error.to_string()))?;
    Ok(accessible(&svg, &plot.title, description))
}

/// The drawing without a fixed size, with a name and a description.
fn accessible(svg: &str, title: &str, description: &str) -> String {
    let (head, rest) = svg.split_once('>').unwrap_or((svg, ""));
    let head = head.replacen("<svg", "<svg role=\"img\"", 1);
    let title = escaped(&clean(title));
    let description = escaped(&clean(description));
    format!("{head}>\n<title>{title}</title>\n<desc>{description}</desc>{rest}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Text without what XML does not allow, and not longer than a label may be for titles' sake.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A name that fits a label.
fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST {
        return clean(name);
    }
    clean(&name.chars().take(LONGEST - 1).chain(['…']).collect::<String>())
}

fn colour(ink: Ink) -> RGBColor {
    let part = |at: usize| u8::from_str_radix(&ink.light[at..at + 2], 16).unwrap_or(0);
    RGBColor(part(1), part(3), part(5))
}

fn text(size: u32, ink: Ink) -> TextStyle<'static> {
    let colour = colour(ink);
    TextStyle { color: colour.to_backend_color(), ..TextStyle::from(("sans-serif", size).into_font()) }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // labels are short
fn text_width(text: &str, size: u32) -> i32 {
    (text.chars().count() as f64 * f64::from(size) * CHARACTER) as i32
}

/// Places for the entries of a legend: (left edge, row, name), wrapped at the width of the drawing.
fn arrange(legend: &[(Swatch, String)]) -> Vec<(i32, i32, String)> {
    let (mut left, mut row) = (MARGIN, 0);
    let place = |(_, name): &(Swatch, String)| {
        let name = shortened(name);
        let width = 34 + text_width(&name, 13) + 18;
        if left > MARGIN && left + width > WIDTH.cast_signed() {
            (left, row) = (MARGIN, row + 1);
        }
        let at = left;
        left += width;
        (at, row, name)
    };
    legend.iter().map(place).collect()
}

fn draw_legend(root: &Area<'_>, legend: &[(Swatch, String)], places: &[(i32, i32, String)]) -> Fallible {
    for ((swatch, _), (left, row, name)) in legend.iter().zip(places) {
        let y = 46 + row * LEGEND_ROW;
        match swatch {
            Swatch::Line(ink) => {
                let line = vec![(*left, y), (left + 28, y)];
                root.draw(&PathElement::new(line, colour(*ink).stroke_width(2)))?;
            }
            Swatch::Area(ink, opacity) => {
                let corners = [(left + 8, y - 6), (left + 26, y + 6)];
                root.draw(&Rectangle::new(corners, colour(*ink).mix(*opacity).filled()))?;
            }
        }
        let style = text(13, TEXT).pos(Pos::new(HPos::Left, VPos::Center));
        root.draw_text(name, &style, (left + 34, y))?;
    }
    Ok(())
}

/// An axis as the library's coordinates: linear in positions, labelled at our ticks and nowhere else.
struct Scale(Axis);

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.0.low) / (self.0.high - self.0.low);
        #[allow(clippy::cast_possible_truncation)] // a float to integer cast saturates
        let offset = (share * f64::from(limit.1 - limit.0)).round() as i32;
        limit.0.saturating_add(offset)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.0.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.0.low..self.0.high
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        self.0.ticks.iter().find(|(at, _)| at == value).map_or_else(String::new, |(_, label)| shortened(label))
    }
}

fn panel(area: &Area<'_>, panel: &Panel) -> Fallible {
    let widest = panel.y.ticks.iter().map(|(_, label)| text_width(&shortened(label), 12)).max().unwrap_or(0);
    let labels = widest + if panel.y.title.is_empty() { 16 } else { 36 };
    let mut builder = ChartBuilder::on(area);
    builder.margin_top(if panel.title.is_empty() { 8 } else { 26 }).margin_right(18).margin_bottom(4);
    builder.x_label_area_size(46).y_label_area_size(labels);
    let mut chart = builder.build_cartesian_2d(Scale(panel.x.clone()), Scale(panel.y.clone()))?;
    let mut mesh = chart.configure_mesh();
    mesh.light_line_style(TRANSPARENT).bold_line_style(colour(GRID));
    if !panel.x.grid {
        mesh.disable_x_mesh();
    }
    if !panel.y.grid {
        mesh.disable_y_mesh();
    }
    // Without an axis the library draws no labels either, so it is drawn, but not to be seen.
    mesh.axis_style(TRANSPARENT).label_style(text(12, SOFT)).axis_desc_style(text(12, SOFT));
    mesh.x_desc(clean(&panel.x.title)).y_desc(clean(&panel.y.title));
    mesh.draw()?;
    let plane = chart.plotting_area();
    let floor = [(panel.x.low, panel.y.low), (panel.x.high, panel.y.low)];
    plane.draw(&PathElement::new(floor, colour(SOFT)))?;
    for mark in &panel.marks {
        match mark {
            Mark::Line(ink, points) => plane.draw(&PathElement::new(points.clone(), colour(*ink).stroke_width(2)))?,
            Mark::Area(ink, opacity, outline) => {
                plane.draw(&Polygon::new(outline.clone(), colour(*ink).mix(*opacity)))?;
            }
            Mark::Bar(ink, low, high) => plane.draw(&Rectangle::new([*low, *high], colour(*ink).filled()))?,
            Mark::Dot(ink, at) => plane.draw(&Circle::new(*at, 4, colour(*ink).filled()))?,
            Mark::Rule(at, line, name) => {
                plane.draw(&PathElement::new([(*at, panel.y.low), (*at, panel.y.high)], colour(SOFT)))?;
                let right = *at > f64::midpoint(panel.x.low, panel.x.high);
                let (side, shift) = if right { (HPos::Right, -6) } else { (HPos::Left, 6) };
                let style = text(12, TEXT).pos(Pos::new(side, VPos::Top));
                plane.draw(
                    &(EmptyElement::at((*at, panel.y.high)) + Text::new(clean(name), (shift, 4 + 16 * line), style)),
                )?;
            }
            Mark::Note(at, words) => {
                let style = text(12, TEXT).pos(Pos::new(HPos::Left, VPos::Center));
                plane.draw(&(EmptyElement::at(*at) + Text::new(clean(words), (8, 0), style)))?;
            }
        }
    }
    if !panel.title.is_empty() {
        area.draw_text(&shortened(&panel.title), &text(13, TEXT), (labels, 4))?;
    }
    Ok(())
}
