//! Paths and texts → [`Sources`], [`FileId`], [`Span`].
//!
//! Every place that limbeck ever names is a [`Span`]: a file and two byte offsets. Which files exist is known from the
//! start (the walk of `load` lists them); their texts are read once, when somebody first asks, through the
//! [`Reader`] that `load` hands in. Nothing else below `load` touches the disk.

mod paths;
pub mod per_file;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::str::Utf8Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use self::paths::Paths;
use self::per_file::PerFile;

/// What comments to limbeck start with.
pub const COMMENT: &str = "limbeck:";

/// A thread that has read a longer text gives the room back, in bytes.
const LARGEST_ROOM: usize = 256 * 1024;

/// A file of the project, as a small number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A place in a file: byte offsets, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `range` in `file`.
    pub fn new(file: FileId, range: Range<usize>) -> Span {
        Span { file, start: range.start as u32, end: range.end as u32 }
    }

    /// The empty span at the very start of `file`: the place of what is absent.
    pub fn start_of(file: FileId) -> Span {
        Span { file, start: 0, end: 0 }
    }

    /// The byte offsets.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The empty span where this one ends.
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }

    /// The empty span where this one starts.
    pub fn before(self) -> Span {
        Span { end: self.start, ..self }
    }

    /// Does this span hold all of `other`?
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// From the start of this span to the end of `other`, in the same file.
    pub fn to(self, other: Span) -> Span {
        Span { end: other.end.max(self.end), ..self }
    }
}

/// A line and a column, both from 1; the column counts Unicode code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in code points, from 1.
    pub column: usize,
}

/// Why a file's text can't be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The system's words (permission, vanished, …).
    Io(String),
    /// The first byte that is no UTF-8.
    NotUtf8(usize),
    /// Larger than limbeck reads, in bytes.
    TooLarge(u64),
    /// In another encoding than UTF-8, which it names as PEP 263 says: Python reads it.
    Encoded(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Io(words) => f.write_str(words),
            Unreadable::NotUtf8(at) => write!(f, "not valid UTF-8 (byte {at})"),
            Unreadable::Encoded(name) => write!(f, "in the encoding `{name}`"),
            Unreadable::TooLarge(bytes) => write!(f, "{bytes} bytes, more than limbeck reads"),
        }
    }
}

/// How texts come in. `load` reads the disk, tests a map.
pub trait Reader: Send + Sync {
    /// The bytes of `path` (relative to the project root).
    ///
    /// # Errors
    /// Why they can't be had.
    fn read(&self, path: &str) -> Result<Vec<u8>, Unreadable>;

    /// The same, in a buffer that was used before. Its length is never made smaller: what is read many times over, to
    /// be forgotten at once, needs not be cleared each time.
    ///
    /// # Errors
    /// Why they can't be had.
    fn read_into<'b>(&self, path: &str, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], Unreadable> {
        *buffer = self.read(path)?;
        Ok(buffer)
    }
}

/// A map is a reader too: the whole project in memory.
impl Reader for BTreeMap<String, Vec<u8>> {
    fn read(&self, path: &str) -> Result<Vec<u8>, Unreadable> {
        self.get(path).cloned().ok_or_else(|| Unreadable::Io("no such file".to_owned()))
    }
}

/// What was read of a file.
struct Read {
    text: Result<Box<str>, Unreadable>,
    lines: OnceLock<Box<[u32]>>,
}

/// All files of the project.
pub struct Sources {
    paths: Paths,
    read: PerFile<Box<Read>>,
    /// Files whose texts were read and not kept.
    looked_at: Box<[AtomicBool]>,
    reader: Arc<dyn Reader>,
    /// The text that was looked at last [in passing](Sources::in_passing).
    passing: Mutex<Option<(FileId, Arc<str>)>>,
    /// Directories that can't be listed, and why.
    pub unlisted: Vec<(String, String)>,
    /// What stands before every path when it is shown to a person: empty, or `backend/` for `limbeck check backend`.
    pub shown_from: String,
}

/// One name in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'s> {
    /// The bare name.
    pub name: &'s str,
    /// The file, or `None` for a directory.
    pub file: Option<FileId>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids().map(|file| self.path(file))).finish()
    }
}

impl Sources {
    /// The files at `paths` (relative to the project root, `/`-separated, no `./`), read through `reader`.
    /// `directories` are listed besides those that the paths imply: empty ones matter (`versions/`).
    pub fn new(
        paths: impl IntoIterator<Item = String>,
        directories: impl IntoIterator<Item = String>,
        reader: Box<dyn Reader>,
    ) -> Sources {
        Sources::sharing(paths, directories, Arc::from(reader))
    }

    fn sharing(
        paths: impl IntoIterator<Item = String>,
        directories: impl IntoIterator<Item = String>,
        reader: Arc<dyn Reader>,
    ) -> Sources {
        let directories: Vec<String> = directories.into_iter().collect();
        let paths = Paths::new(paths.into_iter().collect(), &directories);
        let files = paths.files() as usize;
        Sources {
            paths,
            read: PerFile::of(files),
            looked_at: (0..files).map(|_| AtomicBool::new(false)).collect(),
            reader,
            passing: Mutex::default(),
            unlisted: Vec::new(),
            shown_from: String::new(),
        }
    }

    /// A project in memory, for tests and for `check` on a buffer.
    pub fn in_memory<P: Into<String>, T: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, T)>) -> Sources {
        let map: BTreeMap<String, Vec<u8>> = files.into_iter().map(|(path, text)| (path.into(), text.into())).collect();
        Sources::new(map.keys().cloned().collect::<Vec<_>>(), Vec::new(), Box::new(map))
    }

    /// The same project with other texts: of files that are there, and of new ones.
    pub fn with(&self, texts: impl IntoIterator<Item = (String, String)>) -> Sources {
        let texts: Vec<(String, String)> = texts.into_iter().collect();
        let paths = self.ids().map(|file| self.path(file).to_owned());
        let paths = paths.chain(texts.iter().map(|(path, _)| path.clone()));
        let directories = self.paths.directories().map(str::to_owned);
        let mut sources = Sources::sharing(paths, directories, self.reader.clone());
        sources.shown_from.clone_from(&self.shown_from);
        sources.unlisted.clone_from(&self.unlisted);
        for (path, text) in texts {
            if let Some(file) = sources.id(&path) {
                sources.provide(file, Ok(text.into()));
            }
        }
        for file in self.ids() {
            if let (Some(text), Some(same)) = (self.peek(file), sources.id(self.path(file))) {
                sources.provide(same, Ok(text.into()));
            }
        }
        sources
    }

    /// How many files there are; their ids are `0..len`.
    pub fn len(&self) -> usize {
        self.paths.files() as usize
    }

    /// No file at all?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every file, in the order of the paths.
    pub fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..self.paths.files()).map(FileId)
    }

    /// The file at `path`, if there is one.
    pub fn id(&self, path: &str) -> Option<FileId> {
        self.as_file(self.paths.number(path)?)
    }

    fn as_file(&self, number: u32) -> Option<FileId> {
        (number < self.paths.files()).then_some(FileId(number))
    }

    /// The path, relative to the project root, `/`-separated.
    pub fn path(&self, file: FileId) -> &str {
        self.paths.path(file.0)
    }

    /// The path as a person who stands in the working directory writes it.
    pub fn shown_path(&self, file: FileId) -> String {
        format!("{}{}", self.shown_from, self.path(file))
    }

    /// Is there such a directory? `""` is the project root.
    pub fn is_directory(&self, path: &str) -> bool {
        self.paths.number(path).is_some_and(|number| self.as_file(number).is_none())
    }

    /// What a directory holds, sorted by name; nothing when there is no such directory.
    pub fn entries(&self, directory: &str) -> impl Iterator<Item = Entry<'_>> {
        let held = self.paths.number(directory).map_or(&[][..], |number| self.paths.held(number));
        held.iter().map(|number| Entry { name: split(self.paths.path(*number)).1, file: self.as_file(*number) })
    }

    /// The text; empty when it can't be read (see [`Sources::unreadable`]). A byte order mark is part of it.
    pub fn text(&self, file: FileId) -> &str {
        self.load(file).as_deref().unwrap_or("")
    }

    /// Why the text can't be read, once somebody asked for it.
    pub fn unreadable(&self, file: FileId) -> Option<&Unreadable> {
        if self.read.get(file).is_none() && self.was_looked_at(file) {
            return None;
        }
        self.load(file).as_ref().err()
    }

    /// The text, if somebody asked for it before and it could be read.
    pub fn peek(&self, file: FileId) -> Option<&str> {
        self.read.get(file)?.text.as_deref().ok()
    }

    /// Are the bytes of the file as `look` wants them? They are read into a buffer that was used before, and not kept.
    /// Those of a file that can't be read are not.
    pub fn holds(&self, file: FileId, buffer: &mut Vec<u8>, look: impl FnOnce(&[u8]) -> bool) -> bool {
        match self.peek(file) {
            Some(text) => look(text.as_bytes()),
            None => self.reader.read_into(self.path(file), buffer).is_ok_and(look),
        }
    }

    /// Looks at a text, or at why it can't be read, and keeps that only if `look` says so.
    pub fn look<R>(&self, file: FileId, look: impl FnOnce(Result<&str, &Unreadable>) -> (R, bool)) -> R {
        if let Some(read) = self.read.get(file) {
            return look(read.text.as_deref()).0;
        }
        self.read_once(file, |read| {
            let (result, is_wanted) = look(read.as_ref().copied());
            if is_wanted || read.is_err() {
                self.provide(file, read.map(Box::from));
            }
            result
        })
    }

    /// The text for a while: it is read, and kept only if comments to limbeck stand in it, for those are looked for in
    /// all that was read. Empty when it can't be read.
    pub fn glance(&self, file: FileId) -> Cow<'_, str> {
        if let Some(read) = self.read.get(file) {
            return Cow::Borrowed(read.text.as_deref().unwrap_or(""));
        }
        let read = |text: &str| text.to_owned();
        Cow::Owned(self.glimpse(file, read))
    }

    /// The same, shown to `look`.
    pub fn glimpse<R>(&self, file: FileId, look: impl FnOnce(&str) -> R) -> R {
        if let Some(read) = self.read.get(file) {
            return look(read.text.as_deref().unwrap_or(""));
        }
        self.read_once(file, |read| {
            let has_comments = |text: &&str| memchr::memmem::find(text.as_bytes(), COMMENT.as_bytes()).is_some();
            if read.as_ref().map_or(true, has_comments) {
                self.provide(file, read.clone().map(Box::from));
            }
            look(read.unwrap_or(""))
        })
    }

    /// Shows the text to `look`, who may ask for the same file again soon, or never: only the last such text is held.
    /// Empty when it can't be read.
    pub fn in_passing<R>(&self, file: FileId, look: impl FnOnce(&str) -> R) -> R {
        if let Some(text) = self.peek(file) {
            return look(text);
        }
        let last = self.passing.lock().ok().and_then(|last| last.clone()).filter(|(of, _)| *of == file);
        let text = last.map_or_else(|| self.glimpse(file, |text| text.into()), |(_, text)| text);
        if let Ok(mut last) = self.passing.lock() {
            *last = Some((file, text.clone()));
        }
        look(&text)
    }

    /// Did somebody read the text?
    pub fn was_read(&self, file: FileId) -> bool {
        self.peek(file).is_some() || self.was_looked_at(file)
    }

    /// Puts in a text that the caller already has (the walk's prefilter, an editor's buffer). The first text stays.
    pub fn provide(&self, file: FileId, text: Result<Box<str>, Unreadable>) {
        self.read.get_or_init(file, || Box::new(Read { text, lines: OnceLock::new() }));
    }

    fn load(&self, file: FileId) -> &Result<Box<str>, Unreadable> {
        &self.read(file).text
    }

    fn read(&self, file: FileId) -> &Read {
        let read = || self.reader.read(self.path(file)).and_then(decode);
        self.read.get_or_init(file, || Box::new(Read { text: read(), lines: OnceLock::new() }))
    }

    /// Reads a text that is not kept: all such texts of a thread lie in the same room, one after the other.
    fn read_once<R>(&self, file: FileId, look: impl FnOnce(Result<&str, Unreadable>) -> R) -> R {
        thread_local!(static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });
        self.looked_at[file.0 as usize].store(true, Ordering::Relaxed);
        let mut room = ROOM.take();
        let bytes = self.reader.read_into(self.path(file), &mut room);
        let result = look(bytes.and_then(|bytes| std::str::from_utf8(bytes).map_err(|error| unreadable(bytes, error))));
        if room.len() <= LARGEST_ROOM {
            ROOM.set(room);
        }
        result
    }

    fn was_looked_at(&self, file: FileId) -> bool {
        self.looked_at[file.0 as usize].load(Ordering::Relaxed)
    }

    /// How the file ends its lines: what inserted lines must end with, too.
    pub fn line_end(&self, file: FileId) -> &'static str {
        if self.text(file).contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// The text that a span covers.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.range()).unwrap_or("")
    }

    fn line_starts(&self, file: FileId) -> &[u32] {
        let Read { text, lines } = self.read(file);
        lines.get_or_init(|| {
            let text = text.as_deref().unwrap_or("");
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1)).collect()
        })
    }

    /// Line and column of a byte offset. Offsets past the end count as the end.
    pub fn position(&self, file: FileId, offset: u32) -> Position {
        let text = self.text(file);
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let starts = self.line_starts(file);
        let line = starts.partition_point(|start| *start as usize <= offset).max(1);
        let start = starts[line - 1] as usize;
        let start = if start == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8().min(offset) } else { start };
        Position { line, column: text[start..offset].chars().count() + 1 }
    }

    /// Start and end of a span as lines and columns.
    pub fn positions(&self, span: Span) -> (Position, Position) {
        (self.position(span.file, span.start), self.position(span.file, span.end))
    }

    /// The line (from 1) on which a span starts.
    pub fn line(&self, span: Span) -> usize {
        self.position(span.file, span.start).line
    }

    /// The whole line on which a span starts, without its line end.
    pub fn line_span(&self, span: Span) -> Span {
        let starts = self.line_starts(span.file);
        let line = self.line(span);
        let text = self.text(span.file);
        let end = starts.get(line).map_or(text.len(), |next| *next as usize);
        let start = starts[line - 1] as usize;
        let kept = text[start..end].trim_end_matches(['\n', '\r']).len();
        Span::new(span.file, start..start + kept)
    }

    /// What stands in a line (from 1), without its indentation and its end. `None`: there is no such line.
    pub fn line_at(&self, file: FileId, line: usize) -> Option<Span> {
        let start = *self.line_starts(file).get(line.checked_sub(1)?)?;
        let whole = self.line_span(Span { file, start, end: start });
        let text = self.slice(whole);
        let indent = text.len() - text.trim_start().len();
        Some(Span::new(file, whole.start as usize + indent..whole.start as usize + text.trim_end().len().max(indent)))
    }

    /// `path:line`, for sentences.
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.path(span.file), self.line(span))
    }
}

fn decode(bytes: Vec<u8>) -> Result<Box<str>, Unreadable> {
    let text = String::from_utf8(bytes).map(String::into_boxed_str);
    text.map_err(|error| unreadable(error.as_bytes(), error.utf8_error()))
}

fn unreadable(bytes: &[u8], error: Utf8Error) -> Unreadable {
    match named_encoding(bytes) {
        Some(name) => Unreadable::Encoded(name),
        None => Unreadable::NotUtf8(error.valid_up_to()),
    }
}

/// `latin-1` of `# -*- coding: latin-1 -*-` in one of the first two lines.
fn named_encoding(bytes: &[u8]) -> Option<String> {
    bytes.split(|byte| *byte == b'\n').take(2).find_map(|line| {
        let line = std::str::from_utf8(line).ok()?.trim_start();
        let rest = &line[line.starts_with('#').then(|| line.find("coding"))?? + "coding".len()..];
        let name: String = rest
            .strip_prefix([':', '='])?
            .trim_start()
            .chars()
            .take_while(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter))
            .collect();
        (!name.is_empty() && !name.to_lowercase().replace('_', "-").starts_with("utf-8")).then_some(name)
    })
}

/// `("a/b", "c")` of `a/b/c`; `("", "c")` of `c`.
pub fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The path of what is called `name` in `directory`.
pub fn under(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { [directory, "/", name].concat() }
}

/// `directory` and `name` as one path; `.` and `..` are worked out. `None` when `..` leads out of the project.
pub fn join(directory: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_code_points_from_one() {
        let sources = Sources::in_memory([("a/b.py", "x = 'é'\ny\n")]);
        let file = sources.id("a/b.py").expect("is there");
        let (start, end) = sources.positions(Span::new(file, 4..8));
        assert_eq!((start.line, start.column, end.line, end.column), (1, 5, 1, 8));
        assert_eq!(sources.position(file, 99), Position { line: 3, column: 1 });
        assert_eq!(sources.entries("a").count(), 1);
        assert!(sources.is_directory("a") && !sources.is_directory("b"));
    }

    #[test]
    fn a_directory_holds_names_in_their_order() {
        let paths = ["a/x.py", "a/b/c/y.py", "a-b/z.py", "a.py"].map(str::to_owned);
        let sources = Sources::new(paths, ["d/e".to_owned()], Box::new(BTreeMap::new()));
        let held = |directory: &str| -> Vec<(String, bool)> {
            sources.entries(directory).map(|entry| (entry.name.to_owned(), entry.file.is_some())).collect()
        };
        let expected = |entries: &[(&str, bool)]| -> Vec<(String, bool)> {
            entries.iter().map(|(name, is_file)| ((*name).to_owned(), *is_file)).collect()
        };
        assert_eq!(held(""), expected(&[("a", false), ("a-b", false), ("a.py", true), ("d", false)]));
        assert_eq!(held("a"), expected(&[("b", false), ("x.py", true)]));
        assert_eq!((held("d"), held("d/e"), held("a.py")), (expected(&[("e", false)]), Vec::new(), Vec::new()));
        let found: Vec<&str> = sources.ids().map(|file| sources.path(file)).collect();
        assert_eq!(found, ["a-b/z.py", "a.py", "a/b/c/y.py", "a/x.py"]);
        assert!(found.iter().enumerate().all(|(number, path)| sources.id(path) == Some(FileId(number as u32))));
        assert!(sources.id("a").is_none() && sources.id("a/z.py").is_none() && !sources.is_directory("a.py"));
    }

    #[test]
    fn a_file_may_name_its_encoding() {
        let latin = b"#!/usr/bin/python\n# -*- coding: latin-1 -*-\nx = '\xe9'\n".to_vec();
        let sources = Sources::in_memory([("a.py", latin), ("b.py", b"x = '\xe9'\n".to_vec())]);
        let why = |path: &str| sources.unreadable(sources.id(path).expect("is there")).cloned();
        assert_eq!(why("a.py"), Some(Unreadable::Encoded("latin-1".to_owned())));
        assert_eq!(why("b.py"), Some(Unreadable::NotUtf8(5)));
    }

    #[test]
    fn join_works_out_dots() {
        assert_eq!(join("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(join("a", "../../c"), None);
        assert_eq!(join("", "x").as_deref(), Some("x"));
    }
}
