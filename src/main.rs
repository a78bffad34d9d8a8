//! The command. The work is done on a large stack: syntax trees are walked, and dropped, recursively.

use std::io::Write;
use std::process::ExitCode;

use limbeck::check::run::panic_text;
use limbeck::cli::{self, Exit};
use limbeck::load::STACK;

/// Syntax trees and values of the interpreter are many small pieces: half of the system's allocator's time is saved.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Virtual; only what is used counts.
const MAIN_STACK: usize = 256 * 1024 * 1024;

fn main() -> ExitCode {
    let _ = rayon::ThreadPoolBuilder::new().stack_size(STACK).use_current_thread().use_current_thread().build_global();
    // What a panic says is reported in the run's own words, once.
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    // On this thread, not another one: its heap grows without a system call for every page.
    match std::panic::catch_unwind(|| stacker::grow(MAIN_STACK, cli::run)) {
        Ok(exit) => exit.into(),
        Err(panic) => {
            let _ = writeln!(std::io::stderr(), "error: internal error: {}", panic_text(&*panic));
            Exit::CouldNotRun.into()
        }
    }
}
