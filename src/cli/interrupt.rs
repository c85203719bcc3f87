//! Ctrl-C and SIGTERM: the first asks the run to stop, the second ends the program.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Exit, output};

/// Becomes true when the user wants to stop; from now on signals are caught.
pub fn flag() -> &'static AtomicBool {
    static FLAG: AtomicBool = AtomicBool::new(false);
    static CAUGHT: Once = Once::new();
    CAUGHT.call_once(|| {
        // Where signals cannot be caught, they end the program at once.
        let _ = ctrlc::set_handler(|| {
            if FLAG.swap(true, Ordering::Relaxed) {
                std::process::exit(Exit::Interrupted as i32);
            }
            output::tell("\nStopping with the replications that are finished; once more to stop at once.");
        });
    });
    &FLAG
}
