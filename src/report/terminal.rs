//! A page as text for a terminal: verdict, differences, table, remarks. No colour: words carry the meaning.

use comfy_table::{CellAlignment, LineStyle, Table as Grid, presets};

use super::page::Page;
use super::table::{Row, RowKind, Table};

/// Deployments side by side in one table; more are set in further tables below, so that lines stay readable.
const COLUMNS: usize = 3;

/// Renders the short form of `page`.
pub fn render(page: &Page) -> String {
    let mut lines = vec![page.title.clone(), page.subtitle.clone(), String::new()];
    lines.extend(page.warnings.iter().map(|warning| format!("Note: {warning}")));
    lines.push(page.verdict.clone());
    lines.extend(page.findings.iter().map(|finding| format!("  {finding}")));
    lines.push(String::new());
    let mut text: String = lines.iter().map(|line| printable(line) + "\n").collect();
    for columns in slices(&page.table) {
        text.push_str(&grid(&columns));
        text.push_str("\n\n");
    }
    for remark in &page.remarks {
        text.push_str(&printable(remark));
        text.push('\n');
    }
    text
}

/// The table in pieces of at most [`COLUMNS`] columns of figures.
fn slices(table: &Table) -> Vec<Table> {
    let columns = table.head.len().saturating_sub(1);
    let slice = |from: usize| {
        let to = (from + COLUMNS).min(columns);
        let head = std::iter::once(&table.head[0]).chain(&table.head[from + 1..=to]).cloned().collect();
        let rows = table.rows.iter().map(|row| Row {
            cells: row.cells.get(from..to.min(row.cells.len())).unwrap_or_default().to_vec(),
            ..row.clone()
        });
        Table { head, rows: rows.collect(), ..table.clone() }
    };
    (0..columns).step_by(COLUMNS).map(slice).collect()
}

fn grid(table: &Table) -> String {
    let mut grid = Grid::new();
    grid.force_no_tty().load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    grid.set_header(table.head.iter().map(|title| printable(title)));
    for row in &table.rows {
        let label = printable(&row.label);
        let label = match row.kind {
            RowKind::Heading => label,
            RowKind::Plain | RowKind::Total => format!("  {label}"),
            RowKind::Part => format!("    {label}"),
        };
        let mut cells = vec![label];
        cells.extend(row.cells.iter().map(|cell| printable(&cell.joined(" "))));
        grid.add_row(cells);
    }
    for (index, column) in grid.column_iter_mut().enumerate() {
        let alignment = if table.is_text(index) { CellAlignment::Left } else { CellAlignment::Right };
        column.set_cell_alignment(alignment);
    }
    grid.trim_fmt()
}

/// Text without control characters, which a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::Cell;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\u{fffd}[31mb");
    }

    #[test]
    fn many_deployments_are_set_in_several_tables() {
        let head = (0..=9).map(|n| format!("d{n}")).collect();
        let cells = (1..=9).map(|n| Cell::from(format!("v{n}"))).collect();
        let table = Table { head, rows: vec![Row::heading("h"), Row::of("x", cells)], ..Table::default() };
        let slices = slices(&table);
        assert_eq!(slices.iter().map(|slice| slice.head.len()).collect::<Vec<_>>(), [4, 4, 4]);
        assert_eq!(slices[2].head[3], "d9");
        assert_eq!(slices[2].rows[1].cells[2].text, "v9");
    }
}
