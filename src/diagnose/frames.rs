//! Frames of a traceback → lines of the project: `/app/src/shop/models.py` in a container is `backend/shop/models.py`
//! here, where that is the longest tail that fits and the code is the same.

use std::collections::BTreeMap;

use crate::diagnose::traceback::{Event, Frame};
use crate::source::{FileId, Sources, Span};

/// A frame that runs code of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The file.
    pub file: FileId,
    /// The line as it is in the file now.
    pub line: usize,
    /// The whole line.
    pub span: Span,
    /// The function.
    pub function: String,
    /// Which exception of the chain has it.
    pub raised: usize,
}

/// The project's own frames, from the root exception to the last, outermost first.
pub fn own(event: &Event, sources: &Sources) -> Vec<Own> {
    let index = Index::of(event, sources);
    let mut found: Vec<Own> = Vec::new();
    for (raised, exception) in event.chain.iter().enumerate() {
        for frame in &exception.frames {
            let Some((file, line)) = index.find(frame, sources) else { continue };
            let Some(span) = sources.line_at(file, line) else { continue };
            found.push(Own { file, line, span, function: frame.function.clone(), raised });
        }
    }
    found
}

/// Is it code of Python or of something installed?
pub fn is_foreign(path: &str) -> bool {
    path.starts_with('<')
        || [
            "site-packages/",
            "dist-packages/",
            "/lib/python",
            "/Lib/",
            "/.cargo/registry/",
            "/rustc/",
            "/.venv/",
            "\\Lib\\",
        ]
        .iter()
        .any(|part| path.contains(part))
}

/// The files of the project by their names, as far as frames ask for them.
struct Index<'s> {
    by_name: BTreeMap<&'s str, Vec<FileId>>,
}

impl<'s> Index<'s> {
    fn of(event: &Event, sources: &'s Sources) -> Index<'s> {
        let mut wanted: BTreeMap<&str, ()> = BTreeMap::new();
        for frame in event.chain.iter().flat_map(|raised| &raised.frames).filter(|frame| !is_foreign(&frame.path)) {
            wanted.insert(name_of(&frame.path), ());
        }
        let mut by_name: BTreeMap<&'s str, Vec<FileId>> = BTreeMap::new();
        if !wanted.is_empty() {
            for file in sources.ids() {
                let name = name_of(sources.path(file));
                if wanted.contains_key(name) {
                    by_name.entry(name).or_default().push(file);
                }
            }
        }
        Index { by_name }
    }

    fn find(&self, frame: &Frame, sources: &Sources) -> Option<(FileId, usize)> {
        if is_foreign(&frame.path) {
            return None;
        }
        let candidates = self.by_name.get(name_of(&frame.path))?;
        let mut best: Option<(usize, FileId, usize)> = None;
        let mut tied = false;
        for file in candidates {
            let path = sources.path(*file);
            let tail = frame.path.rsplit('/').zip(path.rsplit('/')).take_while(|(left, right)| left == right).count();
            let Some((line, is_same)) = line_of(frame, *file, sources) else { continue };
            // A bare name proves little: then the code must be the same, or the file lie at the project's root.
            let is_whole = tail == path.split('/').count();
            if !(is_same || frame.code.is_none() && (tail > 1 || is_whole) || frame.code.is_some() && tail > 1) {
                continue;
            }
            let score = tail * 2 + usize::from(is_same);
            match best {
                Some((known, ..)) if known > score => {}
                Some((known, ..)) if known == score => tied = true,
                _ => {
                    tied = false;
                    best = Some((score, *file, line));
                }
            }
        }
        best.filter(|_| !tied).map(|(_, file, line)| (file, line))
    }
}

/// The line of the file that the frame means, and whether its code is what the log shows. Where the file was edited
/// since, the one line with the same code.
fn line_of(frame: &Frame, file: FileId, sources: &Sources) -> Option<(usize, bool)> {
    let there = sources.line_at(file, frame.line).map(|span| sources.slice(span));
    let Some(code) = frame.code.as_deref() else { return there.map(|_| (frame.line, false)) };
    // A wrapped or cut line shows the beginning.
    let same = |text: &str| text == code || code.len() > 12 && text.starts_with(code.trim_end_matches('…'));
    if there.is_some_and(same) {
        return Some((frame.line, true));
    }
    let mut equal = sources.text(file).lines().enumerate().filter(|(_, text)| text.trim() == code);
    match (equal.next(), equal.next()) {
        (Some((at, _)), None) if code.len() > 3 => Some((at + 1, true)),
        _ => there.map(|_| (frame.line, false)),
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::traceback::Raised;

    fn event(frames: &[(&str, usize, Option<&str>)]) -> Event {
        let frames = frames
            .iter()
            .map(|(path, line, code)| Frame {
                path: (*path).to_owned(),
                line: *line,
                function: "f".to_owned(),
                code: code.map(str::to_owned),
            })
            .collect();
        Event { chain: vec![Raised { frames, ..Raised::default() }], headless: false }
    }

    fn places(sources: &Sources, frames: &[(&str, usize, Option<&str>)]) -> Vec<String> {
        own(&event(frames), sources).iter().map(|own| format!("{}:{}", sources.path(own.file), own.line)).collect()
    }

    #[test]
    fn the_longest_tail_that_fits() {
        let sources = Sources::in_memory([
            ("backend/app/models.py", "a = 1\nb = 2\nunique_call(3)\n"),
            ("other/models.py", "x = 1\nb = 2\n"),
            ("env.py", "run()\n"),
        ]);
        assert_eq!(places(&sources, &[("/srv/app/models.py", 2, Some("b = 2"))]), ["backend/app/models.py:2"]);
        assert_eq!(places(&sources, &[("C:/work/other/models.py", 1, Some("x = 1"))]), ["other/models.py:1"]);
        assert_eq!(places(&sources, &[("/x/models.py", 1, Some("x = 1"))]), ["other/models.py:1"]);
        // Edited since: the line moved.
        assert_eq!(places(&sources, &[("/srv/app/models.py", 9, Some("unique_call(3)"))]), ["backend/app/models.py:3"]);
        assert_eq!(places(&sources, &[("/app/env.py", 1, None)]), ["env.py:1"]);
        assert!(places(&sources, &[("/x/models.py", 1, Some("something else"))]).is_empty());
        assert!(places(&sources, &[("/v/lib/python3.11/site-packages/app/models.py", 2, Some("b = 2"))]).is_empty());
    }
}
