//! A page as text for a terminal: verdict, differences, table, remarks. No colour: words carry the meaning.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table as Grid, presets};

use super::page::Page;
use super::table::{Cell, Row, RowKind, Table};

/// Deployments side by side in one table where the width of the terminal is not known.
const COLUMNS: usize = 3;
/// Least width of a column of labels, and of one of figures, in characters.
const NARROWEST: (usize, usize) = (20, 19);

/// Renders the short form of `page`. In a terminal of `width` characters nothing is longer: sentences are broken, and
/// intervals stand below their figures.
pub fn render(page: &Page, width: Option<usize>) -> String {
    let mut lines = vec![(page.title.clone(), 0), (page.subtitle.clone(), 0), (String::new(), 0)];
    lines.extend(page.warnings.iter().map(|warning| (format!("Note: {warning}"), 2)));
    lines.push((page.verdict.clone(), 0));
    lines.extend(page.findings.iter().map(|finding| (format!("  {finding}"), 4)));
    lines.push((String::new(), 0));
    let set = |(line, indent): (String, usize)| wrapped(&printable(&line), width, indent);
    let mut text: String = lines.into_iter().map(set).collect();
    for grid in grids(&page.table, width) {
        text.push_str(&grid);
        text.push_str("\n\n");
    }
    text.extend(page.remarks.iter().map(|remark| set((remark.clone(), 0))));
    text
}

/// The table in as few pieces as are readable.
fn grids(table: &Table, width: Option<usize>) -> Vec<String> {
    let in_lines = |columns| slices(table, columns).iter().map(|slice| grid(slice, None)).collect();
    let Some(width) = width else { return in_lines(COLUMNS) };
    let whole = grid(table, None);
    if whole.lines().all(|line| line.chars().count() <= width) {
        return vec![whole];
    }
    let columns = (width.saturating_sub(NARROWEST.0) / NARROWEST.1).max(1);
    slices(table, columns).iter().map(|slice| grid(slice, Some(width))).collect()
}

/// The table in pieces of at most `most` columns of figures.
fn slices(table: &Table, most: usize) -> Vec<Table> {
    let columns = table.head.len().saturating_sub(1);
    let slice = |from: usize| {
        let to = (from + most).min(columns);
        let head = std::iter::once(&table.head[0]).chain(&table.head[from + 1..=to]).cloned().collect();
        let rows = table.rows.iter().map(|row| Row {
            cells: row.cells.get(from..to.min(row.cells.len())).unwrap_or_default().to_vec(),
            ..row.clone()
        });
        Table { head, rows: rows.collect(), ..table.clone() }
    };
    (0..columns).step_by(most).map(slice).collect()
}

/// One table; squeezed to `width`, with intervals on lines of their own, if there is one.
fn grid(table: &Table, width: Option<usize>) -> String {
    let mut grid = Grid::new();
    grid.force_no_tty().load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    if let Some(width) = width {
        grid.set_content_arrangement(ContentArrangement::Dynamic);
        grid.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    }
    grid.set_header(table.head.iter().map(|title| printable(title)));
    let figures = NARROWEST.1 * table.head.len().saturating_sub(1);
    // A column has a blank on either side.
    let labels = width.map(|width| width.saturating_sub(figures).max(NARROWEST.0) - 2);
    for row in &table.rows {
        let indent = match row.kind {
            RowKind::Heading => 0,
            RowKind::Plain | RowKind::Total => 2,
            RowKind::Part => 4,
        };
        let label = format!("{:indent$}{}", "", printable(&row.label));
        let label = wrapped(&label, labels, indent + 2);
        let mut cells = vec![label.trim_end().to_owned()];
        let set = |cell: &Cell| if width.is_some() { stacked(cell) } else { printable(&cell.joined(" ")) };
        cells.extend(row.cells.iter().map(set));
        grid.add_row(cells);
    }
    for (index, column) in grid.column_iter_mut().enumerate() {
        let alignment = if table.is_text(index) { CellAlignment::Left } else { CellAlignment::Right };
        column.set_cell_alignment(alignment);
    }
    grid.trim_fmt()
}

/// Figure and interval below each other, each in one piece; a verdict may stand above its figure.
fn stacked(cell: &Cell) -> String {
    let whole = |text: &str| printable(text).replace(' ', "\u{a0}");
    let figure = whole(&cell.text).replacen(":\u{a0}", ": ", 1);
    if cell.interval.is_empty() { figure } else { format!("{figure}\n{}", whole(&cell.interval)) }
}

/// `line` with a line feed, broken at spaces before `width`; what follows a break is indented.
fn wrapped(line: &str, width: Option<usize>, indent: usize) -> String {
    let width = width.unwrap_or(usize::MAX);
    let mut text = String::new();
    let mut used = 0;
    for (index, word) in line.split(' ').enumerate() {
        let length = word.chars().count();
        if used > indent && used + 1 + length > width {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            used = indent;
        } else if index > 0 {
            text.push(' ');
            used += 1;
        }
        text.push_str(word);
        used += length;
    }
    text + "\n"
}

/// Text without control characters, which a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\u{fffd}[31mb");
    }

    #[test]
    fn many_deployments_are_set_in_several_tables() {
        let head = (0..=9).map(|n| format!("d{n}")).collect();
        let cells = (1..=9).map(|n| Cell::from(format!("v{n}"))).collect();
        let table = Table { head, rows: vec![Row::heading("h"), Row::of("x", cells)], ..Table::default() };
        let slices = slices(&table, 3);
        assert_eq!(slices.iter().map(|slice| slice.head.len()).collect::<Vec<_>>(), [4, 4, 4]);
        assert_eq!(slices[2].head[3], "d9");
        assert_eq!(slices[2].rows[1].cells[2].text, "v9");
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        let page = crate::report::run::text(&crate::report::fixture::run());
        for width in [80, 100, 120, 200] {
            let text = render(&page, Some(width));
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
        assert_eq!(wrapped("one two three", Some(8), 2), "one two\n  three\n");
        assert_eq!(wrapped("  longer-than-any-line x", Some(8), 4), "  longer-than-any-line\n    x\n");
    }
}
