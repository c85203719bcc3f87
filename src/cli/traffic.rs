//! `simulate traffic`: what a scenario's traffic looks like, and traffic fitted to data.

mod fit;
mod fragment;
mod show;

use std::path::PathBuf;

use clap::Subcommand;

use super::{Arguments, Exit, Failure};

/// What to do with traffic.
#[derive(Clone, Debug, Subcommand)]
pub enum Traffic {
    /// Play a scenario's traffic once and show its mean, peaks, dispersion and the hours of its week
    Show {
        /// Scenario whose traffic is shown
        #[arg(value_name = "SCENARIO.toml")]
        scenario: PathBuf,
    },
    /// Print a scenario's traffic and classes fitted to files of counts or to access logs
    Fit(fit::Fit),
}

/// Does it.
///
/// # Errors
/// What is wrong with the scenario or the files.
pub fn traffic(what: &Traffic, arguments: &Arguments) -> Result<Exit, Failure> {
    match what {
        Traffic::Show { scenario } => show::show(scenario, arguments),
        Traffic::Fit(fit) => fit::fit(fit, arguments),
    }
}
