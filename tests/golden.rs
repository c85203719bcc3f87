//! Every scenario of `scenarios/` is documentation and a golden test: what it prints is compared with
//! `tests/golden/NAME.txt`. `BLESS=1 cargo test --test golden` rewrites these files: read the difference before
//! committing it. Figures are rounded in the report, so that they are the same on every machine. The sample in the README
//! is the head of one of these outputs, and is renewed with them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use breakeven::experiment::{self, RunOptions};
use breakeven::report::{self, Format};
use breakeven::scenario::Document;
use breakeven::scenario::templates::TEMPLATES;

/// Scenarios that are played for less than they say, so that the test takes seconds.
const SHORTENED: &[(&str, &[&str])] =
    &[("school-week", &["traffic.duration=1d"]), ("launch-day", &["scenario.replications=1"])];

/// The scenario whose output the README shows, where in the README, and the last line that it shows.
const SAMPLE: (&str, &str, &str) = ("school-week", "## What it prints", " Objectives");

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Names of the files in `folder` that end in `.ending`, without it, sorted.
fn names(folder: &Path, ending: &str) -> Vec<String> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of_kind = paths.filter(|path| path.extension().is_some_and(|found| found == ending));
    let mut names: Vec<String> = of_kind.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// What the scenario prints, as a terminal and as a Markdown report.
fn printed(name: &str) -> String {
    let sets = SHORTENED.iter().find(|(of, _)| *of == name).map_or(&[] as &[&str], |(_, sets)| sets);
    let owned: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let mut document = Document::read(&folder("scenarios").join(format!("{name}.toml")), &owned);
    let scenario = document.build().unwrap_or_else(|problems| panic!("{}", document.render(&problems, false)));
    assert!(scenario.warnings.is_empty(), "{name} is an example: {}", document.render(&scenario.warnings, false));
    let result = experiment::run(&scenario, &RunOptions::quiet()).unwrap();
    assert!(
        result.comparison.cheapest_meeting_slo.is_some(),
        "{name}: an example that nobody can serve explains little"
    );
    let mut text = String::from("simulate run scenarios/");
    let _ = write!(text, "{name}.toml");
    for set in sets {
        let _ = write!(text, " --set {set}");
    }
    let table = report::render(&result, Format::Table).unwrap();
    let markdown = report::render(&result, Format::Markdown).unwrap();
    format!("{text}\n\n{table}\n----- Markdown -----\n\n{markdown}")
}

/// The first line that differs, with both versions of it.
fn first_difference(known: &str, found: &str) -> String {
    let (mut known, mut found) = (known.lines(), found.lines());
    for number in 1.. {
        match (known.next(), found.next()) {
            (None, None) => break,
            (known, found) if known == found => {}
            (known, found) => return format!("line {number}\n  known: {known:?}\n  found: {found:?}"),
        }
    }
    "only in how a line ends".to_owned()
}

/// The README with its sample as `printed` is now: the command, then the head of what it prints.
fn readme_with_sample(readme: &str, printed: &str) -> String {
    let (_, heading, last) = SAMPLE;
    let (command, output) = printed.split_once("\n\n").unwrap();
    let head: String = output.lines().take_while(|line| *line != last).flat_map(|line| [line, "\n"]).collect();
    let section = readme.find(heading).unwrap_or_else(|| panic!("the README has no section `{heading}`"));
    let (before, after) = readme.split_at(section);
    let fence = |rest: &str| rest.find("```").unwrap();
    let start = fence(after);
    let end = start + 3 + fence(&after[start + 3..]);
    format!("{before}{}```text\n$ {command}\n\n{head}[...]\n{}", &after[..start], &after[end..])
}

#[test]
fn scenarios_print_what_they_are_known_to_print() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut differing = String::new();
    for name in names(&folder("scenarios"), "toml") {
        let file = folder("tests/golden").join(format!("{name}.txt"));
        let found = printed(&name);
        if bless {
            fs::write(&file, &found).unwrap();
        }
        let known = fs::read_to_string(&file).unwrap_or_default();
        if known != found {
            let _ = writeln!(differing, "{name}: {}", first_difference(&known, &found));
        }
        if name == SAMPLE.0 {
            let readme = fs::read_to_string(folder("README.md")).unwrap();
            let renewed = readme_with_sample(&readme, &found);
            if bless {
                fs::write(folder("README.md"), &renewed).unwrap();
            } else if readme != renewed {
                let _ = writeln!(differing, "README.md: {}", first_difference(&readme, &renewed));
            }
        }
    }
    assert!(differing.is_empty(), "BLESS=1 takes over what is intended:\n{differing}");
}

#[test]
fn every_scenario_has_a_golden_file_and_is_a_template() {
    let scenarios = names(&folder("scenarios"), "toml");
    assert_eq!(names(&folder("tests/golden"), "txt"), scenarios);
    let mut templates: Vec<&str> = TEMPLATES.iter().map(|template| template.name).collect();
    templates.sort_unstable();
    assert_eq!(templates, scenarios);
}
