//! The last resort: a defect of the program ends in a message that can be reported, never in a backtrace.

use std::panic::{self, UnwindSafe};
use std::sync::Once;

use super::{Exit, output};

/// Does `work`; a panic in it, on any thread it waits for, becomes a message and [`Exit::Failed`].
pub fn guarded(work: impl FnOnce() -> Exit + UnwindSafe) -> Exit {
    let before = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        // Several threads may fail at once, for the same reason.
        static FIRST: Once = Once::new();
        FIRST.call_once(|| {
            output::tell(&format!(
                "error: this is a defect of simulate {}, not of what you asked for\n  {}\n  \
                 Please report it with these lines, the command and the scenario.",
                env!("CARGO_PKG_VERSION"),
                info.to_string().replace('\n', "\n  ")
            ));
        });
    }));
    let exit = panic::catch_unwind(work).unwrap_or(Exit::Failed);
    panic::set_hook(before);
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_exit_code() {
        assert_eq!(guarded(|| panic!("not a defect, a test")), Exit::Failed);
        assert_eq!(guarded(|| Exit::Missed), Exit::Missed);
    }
}
