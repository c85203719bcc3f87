//! How a run of the program ends: exit codes, and what is said when there is no result.

use std::process::ExitCode;

use super::output;
use crate::document::diagnostic::{Diagnostic, Diagnostics};
use crate::document::source::Sources;
use crate::experiment::RunError;
use crate::report;

/// Exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The run failed: output, or a defect of this program.
    Failed = 1,
    /// Bad scenario, input or usage: trying again is no use.
    Bad = 2,
    /// Done, and what the scenario requires is not satisfied.
    Missed = 3,
    /// Done, and whether it is satisfied cannot be told.
    Inconclusive = 4,
    /// The machine had no resources left: trying again may do.
    Retry = 75,
    /// Interrupted.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why there is no result.
#[derive(Debug)]
pub enum Failure {
    /// The answer is not a result: help or version.
    Answered(String),
    /// Help, because nothing was asked.
    Usage(String),
    /// What clap says.
    CommandLine(Box<clap::Error>),
    /// Something went wrong.
    Problem {
        /// The exit code.
        exit: Exit,
        /// What is wrong, as text for a terminal.
        text: String,
    },
}

impl Failure {
    /// Something is wrong.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::of(exit, Diagnostic::error(message))
    }

    /// A problem that has no place in a text.
    #[must_use]
    pub fn of(exit: Exit, problem: Diagnostic) -> Self {
        Self::Problem { exit, text: Diagnostics::from(problem).render(&Sources::new(), true) }
    }

    /// Problems of a scenario, as its document renders them.
    #[must_use]
    pub const fn scenario(text: String) -> Self {
        Self::Problem { exit: Exit::Bad, text }
    }

    /// Says it, and gives the exit code.
    #[must_use]
    pub fn report(self) -> Exit {
        match self {
            Self::Answered(text) => match output::print(&text) {
                Ok(()) => Exit::Done,
                Err(failure) => failure.report(),
            },
            Self::Usage(text) => {
                output::tell(&text);
                Exit::Bad
            }
            Self::CommandLine(error) => {
                // A reader that went away cannot be told.
                let _ = error.print();
                if error.use_stderr() { Exit::Bad } else { Exit::Done }
            }
            Self::Problem { exit, text } => {
                output::tell(text.trim_end());
                exit
            }
        }
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::CommandLine(Box::new(error))
    }
}

impl From<report::Error> for Failure {
    fn from(error: report::Error) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let exit = match error {
            RunError::TooLarge { .. }
            | RunError::TooManyInstances { .. }
            | RunError::NotByTick(_)
            | RunError::PrecisionOfSweep
            | RunError::Unpriced { .. }
            | RunError::Calendar(_) => Exit::Bad,
            RunError::Interrupted => Exit::Interrupted,
            RunError::Log(_) => Exit::Failed,
            RunError::Threads(_) => Exit::Retry,
        };
        let problem = Diagnostic::error(error.to_string());
        let problem = match error {
            RunError::Interrupted => problem.help("there is nothing to print or write"),
            RunError::NotByTick(_) => problem.help("`exact` plays every request one by one (`--fidelity exact`)"),
            _ => problem,
        };
        Self::of(exit, problem)
    }
}
