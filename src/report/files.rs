//! The files of a result. Each is written beside its place and then moved there, so that an interrupted run never leaves
//! a truncated file.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::charts::Chart;
use super::{Error, csv_files, html, json, markdown, run, sweep};
use crate::experiment::result::{RunResult, SweepResult};

/// A folder or file that could not be written.
#[derive(Debug)]
pub struct Unwritable {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub cause: io::Error,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write {}: {}", self.path.display(), self.cause)
    }
}

impl std::error::Error for Unwritable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Writes `result.json`, `report.html`, `report.md`, `summary.csv`, `timeseries.csv` and `charts/*.svg` into `folder`,
/// which is made where it is missing. Files of the same names are replaced, others left alone.
///
/// # Errors
/// When the folder or a file cannot be written, or the result cannot be rendered; files written before stay.
pub fn write(result: &RunResult, folder: &Path) -> Result<(), Error> {
    let page = run::page(result)?;
    put(folder, "result.json", &json(result)?)?;
    put(folder, "summary.csv", &csv_files::summary(result)?)?;
    put(folder, "timeseries.csv", &csv_files::timeseries(result)?)?;
    put_charts(folder, &page.charts)?;
    put(folder, "report.md", &markdown::render(&page))?;
    put(folder, "report.html", &html::render(&page)?)
}

/// Writes `traffic.json`, which says `json`, and `charts/week.svg` with the hours of `week` into `folder`; see [`write()`].
///
/// # Errors
/// As [`write()`].
pub fn write_traffic(json: &str, week: &[Option<f64>], title: &str, folder: &Path) -> Result<(), Error> {
    put(folder, "traffic.json", json)?;
    put_charts(folder, &[super::charts::of_week(week, title)?])
}

/// Writes `result.json`, `report.html`, `report.md`, `sweep.csv` and `charts/sweep.svg` into `folder`; see [`write()`].
///
/// # Errors
/// As [`write()`].
pub fn write_sweep(result: &SweepResult, folder: &Path) -> Result<(), Error> {
    let page = sweep::page(result)?;
    put(folder, "result.json", &json(result)?)?;
    put(folder, "sweep.csv", &csv_files::sweep(result)?)?;
    put_charts(folder, &page.charts)?;
    put(folder, "report.md", &markdown::render(&page))?;
    put(folder, "report.html", &html::render(&page)?)
}

fn put_charts(folder: &Path, charts: &[Chart]) -> Result<(), Error> {
    let folder = folder.join("charts");
    charts.iter().try_for_each(|chart| put(&folder, &format!("{}.svg", chart.id), &chart.standalone()))
}

fn put(folder: &Path, name: &str, text: &str) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|cause| Unwritable { path: folder.to_owned(), cause })?;
    let path = folder.join(name);
    replace(folder, &path, text).map_err(|cause| Unwritable { path, cause })?;
    Ok(())
}

fn replace(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-");
    // A temporary file is private by default; a result is as readable as any file of its owner (the umask applies).
    #[cfg(unix)]
    builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_run_writes_all_its_files_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("new/out");
        write(&fixture::run(), &target).unwrap();
        write(&fixture::run(), &target).unwrap();
        let names = |path: &Path| {
            let mut names: Vec<_> =
                fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names.join(" ")
        };
        assert_eq!(names(&target), "charts report.html report.md result.json summary.csv timeseries.csv");
        assert_eq!(names(&target.join("charts")), "cost-over-time.svg cost.svg latency.svg load.svg");
    }

    #[test]
    fn a_sweep_writes_all_its_files() {
        let folder = tempfile::tempdir().unwrap();
        write_sweep(&fixture::sweep(), folder.path()).unwrap();
        for name in ["result.json", "report.html", "report.md", "sweep.csv", "charts/sweep.svg"] {
            assert!(folder.path().join(name).is_file(), "{name}");
        }
    }

    #[test]
    fn a_folder_that_is_a_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        let error = write(&fixture::run(), &path).unwrap_err();
        assert!(matches!(error, Error::Unwritable(_)));
        assert!(error.to_string().starts_with(&format!("cannot write {}", path.display())), "{error}");
    }
}
