//! Progress on standard error: bars on a terminal, nothing in a log, and the wish to stop.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static STOP: AtomicBool = AtomicBool::new(false);
static HANDLER: OnceLock<()> = OnceLock::new();

/// From now on Ctrl-C asks the work to stop instead of killing the process half way.
/// A second Ctrl-C ends it at once.
pub fn catch_interrupt() {
    HANDLER.get_or_init(|| {
        let installed = ctrlc::set_handler(|| {
            if STOP.swap(true, Ordering::SeqCst) {
                std::process::exit(i32::from(super::exit::Exit::Interrupted.code()));
            }
        });
        // Without a handler Ctrl-C still kills the process, and what is half written is in a
        // folder to the side: nothing breaks.
        drop(installed);
    });
}

/// The flag that long work looks at.
pub fn stop_flag() -> &'static AtomicBool {
    &STOP
}

/// Whether the user asked to stop.
pub fn stopped() -> bool {
    STOP.load(Ordering::SeqCst)
}

/// A bar with a name; hidden when standard error is not a terminal or `quiet` is asked.
pub fn bar(name: &str, total: u64, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if quiet {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template(
        "  {prefix:<10} {bar:20} {human_pos}/{human_len}  {elapsed}  {msg}",
    ) {
        bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
    }
    bar.set_prefix(name.to_owned());
    bar
}

/// A spinner for work whose length is not known.
pub fn spinner(name: &str, quiet: bool) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if quiet {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("  {prefix:<10} {spinner} {msg}  {elapsed}") {
        bar.set_style(style);
    }
    bar.set_prefix(name.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// One line on standard error: what a step found.
pub fn say(name: &str, text: &str, quiet: bool) {
    if !quiet {
        super::error::tell(format_args!("  {name:<10} {text}"));
    }
}
