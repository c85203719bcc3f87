//! A page as Markdown (`CommonMark` with tables). Charts are links to the files beside it.

use std::fmt::Write;

use super::page::{Block, Page, Section};
use super::table::{RowKind, Table};

/// Renders the whole of `page`.
pub fn render(page: &Page) -> String {
    let mut out = format!("# {}\n\n{}\n\n", escaped(&page.title), escaped(&page.subtitle));
    for warning in &page.warnings {
        paragraph(&mut out, &format!("> {}", escaped(warning)));
    }
    paragraph(&mut out, &format!("**{}**", escaped(&page.verdict)));
    list(&mut out, &page.findings);
    table(&mut out, &page.table);
    for chart in &page.charts {
        let title = escaped(&chart.title);
        paragraph(&mut out, &format!("![{title}](charts/{}.svg)\n\n{}", chart.id, escaped(&chart.sentence)));
    }
    for part in &page.sections {
        section(&mut out, part);
    }
    while out.ends_with("\n\n") {
        out.pop();
    }
    out
}

fn section(out: &mut String, section: &Section) {
    paragraph(out, &format!("## {}", escaped(&section.title)));
    if !section.lead.is_empty() {
        paragraph(out, &escaped(&section.lead));
    }
    for block in &section.blocks {
        match block {
            Block::Text { title, text } => {
                heading(out, title);
                paragraph(out, &escaped(text));
            }
            Block::List { title, items } => {
                heading(out, title);
                list(out, items);
            }
            Block::Table { title, table: content, notes, .. } => {
                heading(out, title);
                table(out, content);
                list(out, notes);
            }
        }
    }
}

fn heading(out: &mut String, title: &str) {
    if !title.is_empty() {
        paragraph(out, &format!("### {}", escaped(title)));
    }
}

fn paragraph(out: &mut String, text: &str) {
    out.push_str(text);
    out.push_str("\n\n");
}

fn list(out: &mut String, items: &[String]) {
    for item in items {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "* {}", escaped(item));
    }
    if !items.is_empty() {
        out.push('\n');
    }
}

fn table(out: &mut String, table: &Table) {
    let mut line = |cells: &[String]| {
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    };
    line(&table.head.iter().map(|title| escaped(title)).collect::<Vec<_>>());
    let rules = (0..table.head.len()).map(|column| if table.is_text(column) { ":--" } else { "--:" }.to_owned());
    line(&rules.collect::<Vec<_>>());
    for row in &table.rows {
        let label = escaped(&row.label);
        let bold = matches!(row.kind, RowKind::Heading | RowKind::Total);
        let mut cells = vec![if bold { format!("**{label}**") } else { label }];
        cells.extend(row.cells.iter().map(|cell| escaped(&cell.joined(" "))));
        cells.resize(table.head.len(), String::new());
        line(&cells);
    }
    out.push('\n');
}

/// Plain text that stays plain: neither markup, nor HTML, nor a new cell or line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let characters: Vec<char> = text.chars().collect();
    for (index, &c) in characters.iter().enumerate() {
        let inside_word = index > 0
            && characters[index - 1].is_alphanumeric()
            && characters.get(index + 1).is_some_and(|next| next.is_alphanumeric());
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Underscores inside a word are no markup, and keys are full of them.
            '_' if inside_word => out.push('_'),
            '\\' | '`' | '*' | '_' | '|' | '~' => out.extend(['\\', c]),
            // Brackets alone are no link; with a parenthesis after them they would be.
            '(' if index > 0 && characters[index - 1] == ']' => out.extend(['\\', '(']),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_text_is_no_markup() {
        assert_eq!(escaped("<script>|*a*`b`[x](y)"), "&lt;script&gt;\\|\\*a\\*\\`b\\`[x]\\(y)");
        assert_eq!(escaped("max_pending_latency [28, 34]"), "max_pending_latency [28, 34]");
        assert_eq!(escaped("_a_\nb"), "\\_a\\_ b");
    }
}
