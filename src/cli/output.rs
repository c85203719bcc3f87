//! Where words go: results to standard output, everything else to standard error.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use serde::Serialize;

use super::{Exit, Failure};
use crate::document::diagnostic::Diagnostic;

/// Prints a result.
///
/// # Errors
/// When it cannot be written. A reader that has gone away has what it wanted.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::Failed, format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Characters of a line, where results are read on a terminal.
pub fn width() -> Option<usize> {
    io::stdout().is_terminal().then(terminal_size::terminal_size).flatten().map(|(width, _)| usize::from(width.0))
}

/// Says a line on standard error, in colour where that is welcome.
pub fn tell(text: &str) {
    // Where nobody listens, nothing can be said.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Makes sure that files can be written into `folder`, before hours are spent on what they are to hold.
///
/// # Errors
/// When the folder cannot be made, or a file in it.
pub fn prepare(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder)).map(drop).map_err(|error| {
        let name = folder.display();
        let why = match error.kind() {
            io::ErrorKind::PermissionDenied => "no permission".to_owned(),
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => "it is not a folder".to_owned(),
            _ => error.to_string(),
        };
        let problem = Diagnostic::error(format!("cannot write into {name}: {why}"));
        let help = "nothing was run; `--out` takes the folder to write into, made where it is missing";
        Failure::of(Exit::Failed, problem.help(help))
    })
}

/// Indented JSON with a line feed at its end.
///
/// # Errors
/// When it cannot be made, which is an error of this program.
pub fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| Failure::new(Exit::Failed, format!("JSON could not be made: {error}")))
}
