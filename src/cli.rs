//! The command line: one file per subcommand, and what they share.
//!
//! Imports every room above it. The only room that prints, and the only one that knows about exit codes. Promises:
//! results go to standard output, progress and diagnostics to standard error; a reader that goes away (`| head`) is no
//! error; a defect of the program ends in a short message and exit code 1.
//!
//! ```text
//! arguments -> opening (file, environment, flags -> Scenario) -> a subcommand -> Exit | Failure
//! ```

pub mod arguments;
pub mod check;
pub mod completions;
pub mod explain;
mod failure;
mod guard;
pub mod import;
pub mod init;
mod interrupt;
pub mod man;
mod opening;
mod output;
pub mod platforms;
pub mod prices;
pub mod reprice;
pub mod run;
pub mod schema;
mod stored;
pub mod sweep;
pub mod traffic;
mod version;
mod watch;

pub use arguments::{Arguments, Command};
pub use failure::{Exit, Failure};
pub use guard::guarded;
