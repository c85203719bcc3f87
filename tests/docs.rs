//! The documentation is true: generated pages are fresh, links lead somewhere, and every scenario in it is valid.
//!
//! `BLESS=1 cargo test --test docs` writes the generated pages anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use breakeven::document::provenance::Confidence;
use breakeven::metering::usage::Dimension;
use breakeven::platform::catalogue::{Catalogue, Platform, Row};
use breakeven::pricing::book::Book;
use breakeven::pricing::tariff::{Grant, Item, Tariff};
use breakeven::scenario::Document;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn book() -> PathBuf {
    root().join("docs/src")
}

/// Fails unless the page at `path` under `docs/src` says `text`; with `BLESS` set, makes it so.
fn fresh(path: &str, text: &str) {
    let file = book().join(path);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = text.lines().find(|line| !stored.lines().any(|other| other == *line));
    assert!(stored == text, "docs/src/{path} is out of date, first at {differs:?}: run the test with BLESS=1");
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The sources of a page, numbered in the order of their first use.
#[derive(Default)]
struct Sources(Vec<String>);

impl Sources {
    fn number(&mut self, source: &str, observed: &str) -> usize {
        let entry = format!("{source} (observed {observed})");
        if let Some(index) = self.0.iter().position(|known| *known == entry) {
            return index + 1;
        }
        self.0.push(entry);
        self.0.len()
    }

    fn list(&self) -> String {
        let mut text = "\n## Sources\n\n".to_owned();
        for (index, source) in self.0.iter().enumerate() {
            writeln!(text, "{}. {source}", index + 1).unwrap();
        }
        text
    }
}

/// The word, in bold where a reader must be warned.
fn flagged(confidence: Confidence) -> String {
    if confidence.is_flagged() { format!("**{}**", confidence.word()) } else { confidence.word().to_owned() }
}

#[test]
fn the_pages_of_platforms_are_fresh() {
    let catalogue = Catalogue::builtin();
    let mut index = "# Platforms\n\nWritten from the catalogue; `simulate platforms show ID` prints the same. A generic platform has no delay, no \
        limit and no price: every part of it is yours to set.\n\n| id | what it is | family | autoscalers | placements |\n|---|---|---|---|---|\n"
        .to_owned();
    for platform in catalogue.platforms() {
        let row = format!(
            "| [`{0}`](platforms/{0}.md) | {1} | {2} | {3} | {4} |",
            platform.id,
            platform.title,
            format!("{:?}", platform.family).to_lowercase(),
            words(&platform.autoscalers.words),
            words(&platform.placements.words)
        );
        writeln!(index, "{row}").unwrap();
        fresh(&format!("reference/platforms/{}.md", platform.id), &platform_page(catalogue, platform));
    }
    index.push_str("\nThe first kind is the default. [Edges](edges.md): ");
    writeln!(index, "{}.", words(catalogue.edges().iter().map(|edge| &edge.id))).unwrap();
    writeln!(index, "Machine types: {}.", words(catalogue.machines())).unwrap();
    writeln!(index, "Runtimes: {}.", words(catalogue.runtimes())).unwrap();
    fresh("reference/platforms.md", &index);
}

fn words<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    words.into_iter().map(|word| format!("`{}`", word.as_ref())).collect::<Vec<_>>().join(", ")
}

fn platform_page(catalogue: &Catalogue, platform: &Platform) -> String {
    let mut sources = Sources::default();
    let mut text =
        format!("# `{}`\n\n{}.\n\n## Defaults\n\nDurations in seconds, sizes in bytes. ", platform.id, platform.title);
    text.push_str("Words in bold are not verified facts: choices of this catalogue, or figures from memory.\n\n");
    rows(&mut text, &catalogue.describe(&platform.id).unwrap(), &mut sources);
    list(&mut text, "Not offered", platform.not_offered.iter().map(|(key, why)| format!("`{key}`: {why}")));
    let bills = platform.not_modelled.iter();
    let bills = bills.map(|(item, share)| if share.is_empty() { item.clone() } else { format!("{item}: {share}") });
    list(&mut text, "Billed, but not modelled", bills);
    text + &sources.list()
}

#[test]
fn the_page_of_edges_is_fresh() {
    let catalogue = Catalogue::builtin();
    let mut sources = Sources::default();
    let mut text = "# Edges\n\nWhat may stand in front of a deployment; `simulate platforms show ID` prints the same. Durations in seconds, sizes \
        in bytes. Words in bold are not verified facts.\n"
        .to_owned();
    for edge in catalogue.edges() {
        write!(text, "\n## `{}`\n\n{}.\n\n", edge.id, edge.title).unwrap();
        rows(&mut text, &catalogue.describe_edge(&edge.id).unwrap(), &mut sources);
        for (index, item) in edge.not_modelled.iter().enumerate() {
            let lead = if index == 0 { "\nNot modelled:\n\n" } else { "" };
            writeln!(text, "{lead}* {item}").unwrap();
        }
    }
    fresh("reference/edges.md", &(text + &sources.list()));
}

/// A table of defaults.
fn rows(text: &mut String, rows: &[Row], sources: &mut Sources) {
    text.push_str("| key | default | unit | confidence | source | remark |\n|---|---|---|---|---|---|\n");
    for row in rows {
        let source = sources.number(&row.source, &row.observed);
        let (value, note) = (cell(&row.value), cell(&row.note));
        writeln!(
            text,
            "| `{}` | `{value}` | {} | {} | {source} | {note} |",
            row.key,
            row.unit,
            flagged(row.confidence)
        )
        .unwrap();
    }
}

fn list(text: &mut String, title: &str, items: impl Iterator<Item = String>) {
    for (index, item) in items.enumerate() {
        if index == 0 {
            write!(text, "\n## {title}\n\n").unwrap();
        }
        writeln!(text, "* {item}").unwrap();
    }
}

#[test]
fn the_page_of_prices_is_fresh() {
    let mut sources = Sources::default();
    let mut text = "# Prices\n\nEvery price that is built in, written from the tariff files. An item's name is `tariff.item`, which \
        `[pricing.set]` takes for negotiated rates. Tiers are marginal. Allowances count only with `pricing.free_tier`. Words in \
        bold are not verified.\n"
        .to_owned();
    for tariff in Book::builtin().tariffs() {
        tariff_section(&mut text, tariff, &mut sources);
    }
    text += &not_verified();
    fresh("reference/prices.md", &(text + &sources.list()));
}

/// Every price and allowance that is an assumption or a recollection: tariff by tariff, in words of one line each.
fn not_verified() -> String {
    let mut text = "\n## Not verified\n\nNo source was found for these prices, allowances and shares of a price. Each is marked `(!)` wherever it is \
        printed, and no other price is.\n\n"
        .to_owned();
    for tariff in Book::builtin().tariffs() {
        let prefix = format!("{}.", tariff.id);
        let mut what: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for item in tariff.items.iter().filter(|item| item.id.starts_with(&prefix)) {
            let id = &item.id[prefix.len()..];
            let free = [&item.free_day, &item.free_month].into_iter().flatten();
            let all = item
                .tiers
                .iter()
                .map(|tier| ("price".to_owned(), &tier.provenance))
                .chain(free.map(|free| ("free tier".to_owned(), &free.provenance)));
            let under = item.plans.iter().map(|under| (format!("under `{}`", under.plan), &under.provenance));
            for (kind, provenance) in all.chain(under) {
                let ids = what.entry(kind).or_default();
                if provenance.confidence.is_flagged() && !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        for (kind, ids) in what.iter().filter(|(_, ids)| !ids.is_empty()) {
            let ids: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
            writeln!(text, "* `{}`, {kind} of {}", tariff.id, ids.join(", ")).unwrap();
        }
    }
    text
}

fn tariff_section(text: &mut String, tariff: &Tariff, sources: &mut Sources) {
    let prefix = format!("{}.", tariff.id);
    let own: Vec<&Item> =
        tariff.items.iter().map(AsRef::as_ref).filter(|item: &&Item| item.id.starts_with(&prefix)).collect();
    write!(text, "\n## `{}`\n\nRegion {}.", tariff.id, tariff.region).unwrap();
    if let Some(day) = tariff.edition {
        write!(text, " Known to hold from {day}.").unwrap();
    }
    let older: Vec<String> = Book::editions(&tariff.id)
        .into_iter()
        .flatten()
        .filter(|day| Some(*day) < tariff.edition)
        .map(|day| day.to_string())
        .collect();
    if !older.is_empty() {
        write!(text, " Older editions, for `pricing.as_of`: from {}.", older.join(", from ")).unwrap();
    }
    let plans: Vec<String> = tariff
        .plans
        .iter()
        .filter(|plan| plan.id.starts_with(&prefix))
        .map(|plan| format!("`{}` ({}: {})", plan.id, plan.kind.word(), plan.text))
        .collect();
    if !plans.is_empty() {
        write!(text, " Plans: {}.", plans.join("; ")).unwrap();
    }
    let others: BTreeSet<&str> = tariff
        .items
        .iter()
        .filter_map(|item| item.id.split_once('.'))
        .map(|(id, _)| id)
        .filter(|id| *id != tariff.id)
        .collect();
    if !others.is_empty() {
        write!(text, " Includes {}.", words(others)).unwrap();
    }
    if own.is_empty() {
        text.push('\n');
        return;
    }
    text.push_str("\n\n| item | for | USD | per | confidence | source |\n|---|---|---|---|---|---|\n");
    for item in own {
        let id = &item.id[prefix.len()..];
        let id = match &item.variant {
            Some(variant) if variant != id => format!("{id} ({variant})"),
            _ => id.to_owned(),
        };
        for tier in &item.tiers {
            let percent = if item.sustained { " % of the month" } else { "" };
            let up_to = tier.up_to.map_or_else(
                || if item.tiers.len() > 1 { "above".to_owned() } else { "all".to_owned() },
                |end| format!("up to {}{percent}", end.round_dp(6).normalize()),
            );
            let (source, word) = (
                sources.number(&tier.provenance.source, &tier.provenance.observed),
                flagged(tier.provenance.confidence),
            );
            writeln!(text, "| `{id}` | {up_to} | {} | {} | {word} | {source} |", tier.price, item.unit.name).unwrap();
        }
        for under in &item.plans {
            let source = sources.number(&under.provenance.source, &under.provenance.observed);
            let (plan, word) = (under.plan.rsplit('.').next().unwrap(), flagged(under.provenance.confidence));
            writeln!(
                text,
                "| `{id}` | under `{plan}` | {} | {} | {word} | {source} |",
                under.price.normalize(),
                item.unit.name
            )
            .unwrap();
        }
        for (allowance, period) in [(&item.free_day, "day"), (&item.free_month, "month")] {
            let Some(allowance) = allowance else { continue };
            let (source, word) = (
                sources.number(&allowance.provenance.source, &allowance.provenance.observed),
                flagged(allowance.provenance.confidence),
            );
            let much = match allowance.grant {
                Grant::Quantity(quantity) => quantity.to_string(),
                Grant::Credit(usd) => format!("{usd} USD"),
            };
            let unit = &item.unit.name;
            writeln!(text, "| `{id}` | free tier, {much} a {period} | 0 | {unit} | {word} | {source} |").unwrap();
        }
    }
}

#[test]
fn the_page_of_dimensions_is_fresh() {
    let mut text = "# Dimensions\n\nWhat is counted for a bill. Usage (`usage[]` of a result) is whole base units; bills speak of the \
        larger unit. `[deployment.tariff]` prices dimensions by these ids.\n\n| dimension | base unit | unit of a bill | base units in it |\n\
        |---|---|---|---|\n"
        .to_owned();
    for dimension in Dimension::ALL {
        let (base, unit, size) = (dimension.base_unit(), dimension.unit(), dimension.base_per_unit());
        writeln!(text, "| `{}` | {base} | {unit} | {size} |", dimension.id()).unwrap();
    }
    fresh("reference/dimensions.md", &text);
}

/// Every Markdown file of the documentation, the README and their like.
fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].iter().map(|name| root().join(name)).collect();
    collect(&book(), &mut pages);
    pages
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

/// Targets of `](target)` and `src="target"` that are paths.
fn links(text: &str) -> Vec<&str> {
    let after = |mark: &'static str, end: char| {
        text.split(mark).skip(1).filter_map(move |rest| rest.split_once(end)).map(|(target, _)| target)
    };
    let path = |target: &&str| !target.starts_with("http") && !target.starts_with('#') && !target.contains(' ');
    after("](", ')').chain(after("src=\"", '"')).filter(path).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            let target = link.split('#').next().unwrap_or_default();
            if !page.parent().unwrap().join(target).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_summary_lists_every_page_once() {
    let summary = std::fs::read_to_string(book().join("SUMMARY.md")).unwrap();
    let mut listed: Vec<PathBuf> = links(&summary).into_iter().map(|link| book().join(link)).collect();
    let mut stored = Vec::new();
    collect(&book(), &mut stored);
    stored.retain(|page| !page.ends_with("SUMMARY.md"));
    listed.sort();
    stored.sort();
    assert_eq!(listed, stored);
}

/// Fenced blocks of TOML that are whole scenarios: they have traffic and a deployment.
fn scenarios(text: &str) -> Vec<&str> {
    let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(block, _)| block);
    blocks.filter(|block| block.contains("traffic") && block.contains("deployment")).collect()
}

#[test]
fn scenarios_in_the_text_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("requests.csv"), "epoch_s,requests\n0,5\n60,7\n120,6\n").unwrap();
    let line = "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 512\n";
    std::fs::write(folder.path().join("access.log"), line).unwrap();
    let mut found = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in scenarios(&text) {
            let mut document = Document::new(&page.display().to_string(), block, folder.path(), "example", &[]);
            if let Err(problems) = document.build() {
                panic!("{}", document.render(&problems, false));
            }
            found += 1;
        }
    }
    assert!(found >= 5, "only {found} scenarios found");
}
