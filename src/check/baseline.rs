//! Known problems: a file of `rule` and `key` pairs, which survive edits because they hold no line numbers.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;

/// The problems that are known already, and how often each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// By rule and key: how many.
    pub known: BTreeMap<(String, String), usize>,
}

impl Baseline {
    /// The baseline that makes all of `diagnostics` known.
    pub fn of(diagnostics: &[Diagnostic]) -> Baseline {
        let mut known = BTreeMap::new();
        for diagnostic in diagnostics {
            *known.entry((diagnostic.rule.to_owned(), diagnostic.key.clone())).or_insert(0) += 1;
        }
        Baseline { known }
    }

    /// Reads a baseline file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Baseline, String> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if value.get("version").and_then(serde_json::Value::as_u64) != Some(1) {
            return Err("not a baseline of version 1".to_owned());
        }
        let entries = value.get("known").and_then(serde_json::Value::as_array).ok_or("no list `known`")?;
        let mut known = BTreeMap::new();
        for entry in entries {
            let word = |name: &str| entry.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
            let (Some(rule), Some(key)) = (word("rule"), word("key")) else {
                return Err("an entry of `known` has no `rule` or no `key`".to_owned());
            };
            let count = entry.get("count").and_then(serde_json::Value::as_u64).unwrap_or(1) as usize;
            *known.entry((rule, key)).or_insert(0) += count;
        }
        Ok(Baseline { known })
    }

    /// The file's text.
    pub fn write(&self) -> String {
        let known: Vec<serde_json::Value> = self
            .known
            .iter()
            .map(|((rule, key), count)| match count {
                1 => serde_json::json!({ "rule": rule, "key": key }),
                _ => serde_json::json!({ "rule": rule, "key": key, "count": count }),
            })
            .collect();
        let value = serde_json::json!({ "version": 1, "known": known });
        let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Takes the known ones out of `diagnostics`; how many there were.
    pub fn take_out(&self, diagnostics: &mut Vec<Diagnostic>) -> usize {
        let mut left = self.known.clone();
        let before = diagnostics.len();
        diagnostics.retain(|diagnostic| match left.get_mut(&(diagnostic.rule.to_owned(), diagnostic.key.clone())) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        before - diagnostics.len()
    }
}
