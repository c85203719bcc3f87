//! A run that is watched: a progress bar where someone looks, and an ear for Ctrl-C.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::Options;
use super::interrupt;
use crate::experiment::RunOptions;

/// Steps of the bar.
const STEPS: u64 = 1000;
const STYLE: &str = "simulating {bar:40} {percent:>3} %  {elapsed} elapsed, {eta} left";

/// Does `work` with options that show how far it is, on standard error if that is a terminal.
pub fn watched<T>(options: &Options, work: impl FnOnce(&RunOptions<'_>) -> T) -> T {
    let target = if options.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(STEPS), target);
    if let Ok(style) = ProgressStyle::with_template(STYLE) {
        bar.set_style(style.progress_chars("━━─"));
    }
    let run_options = RunOptions {
        threads: options.threads.map(usize::from),
        interrupt: interrupt::flag(),
        progress: &|progress| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 0..=1")]
            bar.set_position((progress.share * STEPS as f64) as u64);
        },
        ..RunOptions::quiet()
    };
    let result = work(&run_options);
    bar.finish_and_clear();
    result
}
