//! `limbeck diagnose`: a log, a command, or the newest revision → what went wrong and where.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use crate::cli::arguments::{DiagnoseArguments, Global};
use crate::cli::{Exit, Failure, Out, configured, loaded, terminal};
use crate::diagnose::{self, Explanation};
use crate::load;
use crate::report::{self, Format, Style};
use crate::secrets::mask;
use crate::source::{Sources, join};

/// No log is longer: of a longer one the end is read.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Runs the command.
///
/// # Errors
/// It could not run.
pub fn run(arguments: &DiagnoseArguments, global: &Global, out: Out<'_>) -> Result<Exit, Failure> {
    let format = match &arguments.output_format {
        Some(word) => word.parse::<Format>()?,
        None => Format::Full,
    };
    let root = arguments.project.clone().unwrap_or_else(|| PathBuf::from("."));
    let (input, child) = input(arguments, &root, format)?;
    let started = Instant::now();
    if let (Input::Log { .. }, Some(status)) = (&input, &child)
        && status.success()
        && format == Format::Full
    {
        return Ok(Exit::Child(code(*status)));
    }
    let mut options = configured(&root, global)?.options(&root)?;
    if !global.env.is_empty() {
        options.settings.environments.clone_from(&global.env);
    }
    let sources = loaded(&root, true)?;
    let (explanation, sources) = match input {
        Input::Log { name, text } => {
            let sources = sources.with([(name.clone(), text)]);
            let log = sources.id(&name).ok_or_else(|| Failure("the log vanished".to_owned()))?;
            let text = sources.text(log).to_owned();
            (diagnose::diagnose(&text, &sources, log, &options), sources)
        }
        Input::Revision(path) => (diagnose::without_log(&sources, &options, path.as_deref())?, sources),
    };
    for problem in &explanation.outcome.internal_errors {
        let _ = writeln!(io::stderr(), "error: internal error: {problem}");
    }
    print(&explanation, &sources, format, global, started, out)?;
    Ok(match child {
        Some(status) => Exit::Child(code(status)),
        None if !explanation.outcome.internal_errors.is_empty() && explanation.answer().is_none() => Exit::CouldNotRun,
        None if explanation.failure.is_some() && explanation.answer().is_none() => Exit::Found,
        None => Exit::Clean,
    })
}

/// What there is to explain.
enum Input {
    /// A log, and the name that it has among the files.
    Log { name: String, text: String },
    /// This revision, or the newest.
    Revision(Option<String>),
}

fn input(arguments: &DiagnoseArguments, root: &Path, format: Format) -> Result<(Input, Option<ExitStatus>), Failure> {
    let log = |name: &str, text: String| Input::Log { name: name.to_owned(), text };
    if !arguments.command.is_empty() {
        let (text, status) = watched(&arguments.command, format != Format::Full)?;
        return Ok((log("<output>", text), Some(status)));
    }
    match &arguments.log {
        Some(path) if path == Path::new("-") => Ok((log("<stdin>", read_to_end(io::stdin().lock())?), None)),
        Some(path) => {
            let below = inside(path, root);
            if path.extension().is_some_and(|extension| extension == "py") {
                let path = below.ok_or_else(|| Failure(format!("`{}` is not below the project", path.display())))?;
                return Ok((Input::Revision(Some(path)), None));
            }
            let cannot =
                |error: io::Error| Failure(format!("can't read `{}`: {}", path.display(), load::words(&error)));
            let file = fs::File::open(path).map_err(cannot)?;
            let text = read_to_end(file).map_err(cannot)?;
            let name = below.unwrap_or_else(|| load::slashed(path.as_os_str()).trim_start_matches('/').to_owned());
            Ok((log(&name, text), None))
        }
        None if !io::stdin().is_terminal() => {
            let text = read_to_end(io::stdin().lock())?;
            match text.trim().is_empty() {
                true => Ok((Input::Revision(None), None)),
                false => Ok((log("<stdin>", text), None)),
            }
        }
        None => Ok((Input::Revision(None), None)),
    }
}

/// The text; of a very long one its end. Bytes that are no UTF-8 are replaced.
fn read_to_end(mut from: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        bytes.drain(..bytes.len() - LONGEST as usize);
    }
    // PowerShell's `>` writes UTF-16.
    if let [0xff, 0xfe, rest @ ..] = &bytes[..] {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        return Ok(String::from_utf16_lossy(&units));
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// A path, relative to the project.
fn inside(path: &Path, root: &Path) -> Option<String> {
    let path = fs::canonicalize(path).ok()?;
    let below = path.strip_prefix(fs::canonicalize(root).ok()?).ok()?;
    join("", &load::slashed(below.as_os_str()))
}

/// Runs a command and shows its output as it comes, passwords masked; what it wrote, both streams in the order in which
/// they came. `quietly`: standard output belongs to the report, so everything goes to standard error.
fn watched(command: &[OsString], quietly: bool) -> Result<(String, ExitStatus), Failure> {
    let (program, arguments) = command.split_first().ok_or_else(|| Failure("no command was given".to_owned()))?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Failure(format!("can't run `{}`: {}", program.to_string_lossy(), load::words(&error))))?;
    let (send, pieces) = mpsc::channel::<(bool, Vec<u8>)>();
    let mut readers = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let send = send.clone();
        readers.push(thread::spawn(move || forward(stdout, false, &send)));
    }
    if let Some(stderr) = child.stderr.take() {
        let send = send.clone();
        readers.push(thread::spawn(move || forward(stderr, true, &send)));
    }
    drop(send);
    let mut text = String::new();
    for (is_error, bytes) in pieces {
        let piece = String::from_utf8_lossy(&bytes);
        text.push_str(&piece);
        let shown: String = piece.split_inclusive('\n').map(mask).collect();
        let _ = match is_error || quietly {
            true => io::stderr().write_all(shown.as_bytes()),
            false => io::stdout().write_all(shown.as_bytes()).and_then(|()| io::stdout().flush()),
        };
    }
    for reader in readers {
        let _ = reader.join();
    }
    let status = child.wait().map_err(|error| Failure(format!("the command was lost: {}", load::words(&error))))?;
    Ok((text, status))
}

/// Hands on whole lines; the beginning of one at once only where no password can stand in it yet.
fn forward(mut from: impl Read, is_error: bool, to: &mpsc::Sender<(bool, Vec<u8>)>) {
    let mut held: Vec<u8> = Vec::new();
    let mut chunk = [0; 8192];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        held.extend_from_slice(&chunk[..count]);
        let whole = memchr::memrchr(b'\n', &held).map_or(0, |at| at + 1);
        let rest = &held[whole..];
        let end = if memchr::memmem::find(rest, b"://").is_none() && std::str::from_utf8(rest).is_ok() && whole == 0 {
            held.len()
        } else {
            whole
        };
        let rest = held.split_off(end);
        let whole = std::mem::replace(&mut held, rest);
        if !whole.is_empty() && to.send((is_error, whole)).is_err() {
            return;
        }
    }
    if !held.is_empty() {
        let _ = to.send((is_error, held));
    }
}

/// The child's exit code; as a shell gives it where a signal ended it.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return u8::try_from(128 + signal).unwrap_or(255);
        }
    }
    status.code().and_then(|code| u8::try_from(code & 0xff).ok()).unwrap_or(2)
}

/// Prints an explanation.
///
/// # Errors
/// Standard output is gone.
pub fn print(
    explanation: &Explanation,
    sources: &Sources,
    format: Format,
    global: &Global,
    started: Instant,
    out: Out<'_>,
) -> Result<(), Failure> {
    if global.quiet > 1 {
        return Ok(());
    }
    let look = terminal::stdout(global.color);
    let style = Style {
        colour: look.color,
        width: look.width,
        unicode: look.unicode,
        seconds: started.elapsed().as_secs_f64(),
        ..Style::default()
    };
    out.write_all(report::diagnose::render(format, explanation, sources, &style).as_bytes())?;
    Ok(())
}
