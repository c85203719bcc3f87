//! The floor plan is a rule: a room uses only rooms above it in the table of `src/lib.rs`, files stay short enough to be
//! read at once, and every module says what it is for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Most lines of code of a file: neither blank nor comment, and its tests apart.
const MOST_LINES: usize = 400;

/// A file of the crate: its path below `src/`, and its text.
struct Module {
    path: PathBuf,
    text: String,
}

impl Module {
    /// The room it belongs to; `None` for `lib.rs` and `main.rs`.
    fn room(&self) -> Option<String> {
        let first = self.path.components().next()?.as_os_str().to_str()?;
        let room = first.trim_end_matches(".rs");
        (!["lib", "main"].contains(&room)).then(|| room.to_owned())
    }

    /// Whether all of it is compiled for tests alone.
    fn is_test(&self) -> bool {
        let path = self.path.to_string_lossy();
        path.contains("/tests/") || path.ends_with("/tests.rs") || path.ends_with("/fixture.rs")
    }

    /// Its lines of code, up to the tests at its foot.
    fn code(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.lines().take_while(|line| !["mod tests {", "mod properties {"].contains(line));
        lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"))
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn modules() -> Vec<Module> {
    fn visit(folder: &Path, found: &mut Vec<Module>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Module { path: path.strip_prefix(source()).unwrap().to_owned(), text });
            }
        }
    }
    let mut found = Vec::new();
    visit(&source(), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 50, "only {} modules were found", found.len());
    found
}

/// Rooms and their ranks, as the documentation of the crate draws them.
fn ranks() -> BTreeMap<String, u32> {
    let text = fs::read_to_string(source().join("lib.rs")).unwrap();
    let ranks: BTreeMap<String, u32> = text
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("//! | ")?.split(" | ");
            let rank = cells.next()?.parse().ok()?;
            Some((cells.next()?.trim_matches('`').to_owned(), rank))
        })
        .collect();
    assert!(ranks.len() >= 13, "the table of src/lib.rs was not understood: {ranks:?}");
    ranks
}

/// Rooms that a line names by `crate::ROOM` or `crate::{ROOM, ...}`.
fn named(line: &str) -> Vec<&str> {
    let line = line.trim_start();
    if line.starts_with("//") {
        return Vec::new();
    }
    let word = |text: &'_ str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let mut found = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        if line[..at].ends_with('$') {
            continue;
        }
        let rest = &line[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(group.split(", ").map(|part| &part[..word(part)])),
            None => found.push(&rest[..word(rest)]),
        }
    }
    found
}

#[test]
fn paths_are_read() {
    assert_eq!(named("use crate::units::Nanos;"), ["units"]);
    assert_eq!(named("use crate::{kernel::agenda, units};"), ["kernel", "units"]);
    assert_eq!(named("    deployment: &crate::platform::Deployment, x: crate::cli::X"), ["platform", "cli"]);
    assert_eq!(named("/// [`crate::cli`]"), [""; 0]);
}

#[test]
fn rooms_use_only_rooms_above() {
    let ranks = ranks();
    let mut broken = Vec::new();
    for module in modules() {
        let Some(room) = module.room() else { continue };
        let own = ranks.get(&room).unwrap_or_else(|| panic!("`{room}` is not in the table of src/lib.rs"));
        // Tests at the foot of a file obey, too.
        for (number, line) in module.text.lines().enumerate() {
            for other in named(line) {
                match ranks.get(other) {
                    Some(rank) if other == room || rank < own => {}
                    _ => broken.push(format!("src/{}:{}: {}", module.path.display(), number + 1, line.trim())),
                }
            }
        }
    }
    assert!(broken.is_empty(), "rooms may use only rooms above them:\n{}", broken.join("\n"));
}

#[test]
fn the_table_lists_every_room() {
    let listed = ranks();
    for module in modules() {
        let Some(room) = module.room() else { continue };
        assert!(listed.contains_key(&room), "{room}");
    }
    for room in listed.keys() {
        assert!(source().join(format!("{room}.rs")).is_file(), "{room}");
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<String> = modules()
        .iter()
        .filter(|module| !module.text.starts_with("//! "))
        .map(|module| module.path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "these do not begin with `//!`: {silent:?}");
}

/// A longer file gives the reason in its header: a line of its `//!` documentation that begins with `Long because`.
#[test]
fn files_are_short_or_say_why_not() {
    let long: Vec<String> = modules()
        .iter()
        .filter(|module| !module.is_test() && !module.text.contains("//! Long because"))
        .map(|module| (module.code().count(), module))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .map(|(lines, module)| format!("{} has {lines} lines", module.path.display()))
        .collect();
    assert!(long.is_empty(), "longer than {MOST_LINES} lines without a reason: {long:#?}");
}

#[test]
fn main_reads_as_a_table_of_contents() {
    let main = modules().into_iter().find(|module| module.path == Path::new("main.rs")).unwrap();
    assert!(main.text.lines().count() <= 60);
}

/// Words that say nothing about what a thing is.
#[test]
fn names_come_from_the_domain() {
    let empty = ["Manager", "Helper", "Util", "Handler"];
    for module in modules() {
        for (number, line) in module.text.lines().enumerate() {
            let Some(rest) = ["struct ", "enum ", "trait ", "mod "].iter().find_map(|word| line.split_once(word))
            else {
                continue;
            };
            if line.trim_start().starts_with("//") {
                continue;
            }
            let name = rest.1.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            let named = empty.iter().any(|word| name.contains(word) || name.starts_with(&word.to_lowercase()));
            assert!(!named, "{}:{}: {line}", module.path.display(), number + 1);
        }
    }
}

/// Money is exact: a float on the way to an amount would round it. `import` reads files of others, whose prices it takes as
/// text.
#[test]
fn no_float_is_on_a_path_to_an_amount() {
    let of_money = |module: &&Module| module.room().as_deref() == Some("pricing");
    let mut found = Vec::new();
    let modules = modules();
    for module in modules.iter().filter(of_money) {
        for line in
            module.code().filter(|line| ["f64", "f32", "to_float", "from_f"].iter().any(|word| line.contains(word)))
        {
            found.push(format!("{}: {line}", module.path.display()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
