//! The tariff files that are built in, each read when it is first asked for.
//!
//! A file is called after what it prices: `ID.toml` is the newest edition of a tariff, `ID.2018-05.toml` an earlier one,
//! `ID.REGION.toml` the prices of another region, whose tariff is called `ID@REGION`. So the files of one tariff are
//! found without reading the others; a test reads all of them and holds them to their names.

use std::sync::OnceLock;

use super::read::read;
use super::tariff::Tariff;
use super::tariffs::FILES;
use crate::document::source::Sources;

/// A tariff as one file says it.
pub(super) struct Edition {
    pub tariff: Tariff,
    /// Ids of the tariffs that it includes.
    pub includes: Vec<String>,
}

static READ: [OnceLock<Edition>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

/// Ids of all tariffs that are built in.
pub(super) fn ids() -> impl Iterator<Item = String> {
    FILES.iter().filter(|(name, _)| !is_earlier(name)).map(|(name, _)| id(name))
}

/// The newest edition of a tariff.
pub(super) fn newest(of: &str) -> Option<&'static Edition> {
    let number = FILES.iter().position(|(name, _)| !is_earlier(name) && id(name) == of)?;
    Some(edition(number))
}

/// Every edition of a tariff.
pub(super) fn of(of: &str) -> impl Iterator<Item = &'static Edition> {
    let numbers = FILES.iter().enumerate().filter(move |(_, (name, _))| id(name) == of);
    numbers.map(|(number, _)| edition(number))
}

fn edition(number: usize) -> &'static Edition {
    READ[number].get_or_init(|| {
        let (name, text) = FILES[number];
        let mut sources = Sources::new();
        match read(&mut sources, name, text) {
            Ok(file) => {
                Edition { tariff: file.tariff, includes: file.includes.iter().map(|id| id.text().to_owned()).collect() }
            }
            Err(problems) => panic!("a built-in tariff has defects:\n{}", problems.render(&sources, false)),
        }
    })
}

/// What a file name says after the first dot, without the ending.
fn suffix(name: &str) -> Option<(&str, &str)> {
    name.strip_suffix(".toml")?.split_once('.')
}

/// Whether a file is of an earlier edition: its name ends with a month.
fn is_earlier(name: &str) -> bool {
    suffix(name).is_some_and(|(_, suffix)| suffix.starts_with(|first: char| first.is_ascii_digit()))
}

/// Id of the tariff in a file.
fn id(name: &str) -> String {
    match suffix(name) {
        Some((id, _)) if is_earlier(name) => id.to_owned(),
        Some((id, region)) => format!("{id}@{region}"),
        None => name.trim_end_matches(".toml").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_and_keeps_what_its_name_says() {
        for (number, (name, _)) in FILES.iter().enumerate() {
            let Edition { tariff, .. } = edition(number);
            assert_eq!(tariff.id, id(name), "{name}");
            let newest =
                newest(&tariff.id).unwrap_or_else(|| panic!("{name} is not the newest, and there is no other"));
            let (from, latest) = (tariff.edition, newest.tariff.edition);
            assert_eq!(is_earlier(name), from < latest, "{name}");
            if let (true, Some((_, month))) = (is_earlier(name), suffix(name)) {
                assert!(from.is_some_and(|from| from.to_string().starts_with(month)), "{name}");
            }
        }
        assert_eq!(of("aws-lambda").count(), 3);
    }
}
