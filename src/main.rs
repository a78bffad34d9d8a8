//! The command. The work is done on a thread with a large stack: syntax trees are walked, and dropped, recursively.

use std::io::Write;
use std::process::ExitCode;

use limbeck::check::run::panic_text;
use limbeck::cli::{self, Exit};
use limbeck::load::STACK;

/// Virtual; only what is used counts.
const MAIN_STACK: usize = 256 * 1024 * 1024;

fn main() -> ExitCode {
    let _ = rayon::ThreadPoolBuilder::new().stack_size(STACK).build_global();
    // What a panic says is reported in the run's own words, once.
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let worker = std::thread::Builder::new().stack_size(MAIN_STACK).spawn(cli::run);
    let problem = match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(exit)) => return exit.into(),
        Ok(Err(panic)) => format!("internal error: {}", panic_text(&*panic)),
        Err(error) => format!("no thread to work on: {error}"),
    };
    let _ = writeln!(std::io::stderr(), "error: {problem}");
    Exit::CouldNotRun.into()
}
