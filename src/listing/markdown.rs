//! A catalogue as a Markdown page: a list of the tables, then each with its columns, linked where they refer to others.

use std::collections::BTreeMap;

use crate::catalog::table::{
    CheckConstraint, Column, ElementOf, Index, Name, ServerDefault, Table, TableName, UniqueConstraint,
};
use crate::catalog::{Catalog, Target};
use crate::source::Sources;

/// The page of one catalogue; `title` stands above it.
pub fn document(title: &str, catalog: &Catalog, target: &Target, sources: &Sources) -> String {
    let page = Page { anchors: anchors(catalog), target, sources };
    let mut text = format!("# {title}\n\n");
    if !catalog.tables.is_empty() {
        text += "| Table | Columns | Refers to | Declared in |\n| --- | ---: | --- | --- |\n";
    }
    for table in catalog.tables.values() {
        let mut targets: Vec<&TableName> = table.foreign_keys.iter().map(|key| &key.target).collect();
        targets.sort();
        targets.dedup();
        let targets: Vec<String> = targets.into_iter().map(|target| page.link(target, None)).collect();
        let place = format!("{}:{}", sources.path(table.span.file), sources.line(table.span));
        text += &format!(
            "| {} | {} | {} | `{place}` |\n",
            page.link(&table.name, None),
            table.columns.len(),
            targets.join(", ")
        );
    }
    for table in catalog.tables.values() {
        text.push('\n');
        text += &page.table(table);
    }
    if !catalog.enums.is_empty() {
        text += "\n## Types\n\n| Type | Values |\n| --- | --- |\n";
        for found in &catalog.enums {
            let values = found.values.as_ref().map_or("not read".to_owned(), |values| {
                values.iter().map(|value| code(value)).collect::<Vec<_>>().join(", ")
            });
            text += &format!("| {} | {values} |\n", code(&found.name.to_string()));
        }
    }
    let unread: Vec<String> = catalog
        .unresolved
        .iter()
        .map(|found| {
            let table = found.table.as_ref().map(ToString::to_string).unwrap_or_default();
            let column = found.column.as_ref().map(|column| format!(".{column}")).unwrap_or_default();
            let of = if table.is_empty() { String::new() } else { format!("{}: ", code(&format!("{table}{column}"))) };
            format!("- {of}{} (`{}`)\n", found.why, sources.place(found.span))
        })
        .chain(catalog.open.iter().map(|(span, why)| format!("- {why} (`{}`)\n", sources.place(*span))))
        .collect();
    if !unread.is_empty() {
        text += &format!("\n## Not read\n\n{}", unread.concat());
    }
    text
}

struct Page<'p> {
    anchors: BTreeMap<&'p TableName, String>,
    target: &'p Target,
    sources: &'p Sources,
}

/// The anchors that GitHub makes of the headings.
fn anchors(catalog: &Catalog) -> BTreeMap<&TableName, String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for name in catalog.tables.keys() {
        let keep = |letter: &char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | ' ');
        let plain: String = name.to_string().to_lowercase().chars().filter(keep).collect();
        let plain = plain.replace(' ', "-");
        let number = seen.entry(plain.clone()).and_modify(|number| *number += 1).or_insert(0);
        found.insert(name, if *number == 0 { plain } else { format!("{plain}-{number}") });
    }
    found
}

/// Text as code within a cell.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('\n', " ");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// Text within a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

impl Page<'_> {
    fn link(&self, table: &TableName, column: Option<&str>) -> String {
        let shown = column.map_or(table.to_string(), |column| format!("{table}.{column}"));
        match self.anchors.get(table) {
            Some(anchor) => format!("[{shown}](#{anchor})"),
            None => shown,
        }
    }

    fn table(&self, table: &Table) -> String {
        let mut text = format!("## {}\n\n", table.name);
        if let Some(comment) = &table.comment {
            text += &format!("{comment}\n\n");
        }
        text += "| Column | Type | Null | Default | Key |";
        let comments = table.columns.iter().any(|column| column.comment.is_some());
        text += if comments { " Comment |\n" } else { "\n" };
        text += "| --- | --- | --- | --- | --- |";
        text += if comments { " --- |\n" } else { "\n" };
        for column in &table.columns {
            let shown = column.column_type.as_ref().and_then(|of| of.ddl(self.target));
            let shown = shown.map_or("not read".to_owned(), |shown| code(&shown));
            let nullable = match column.nullable {
                Some(true) => "yes",
                Some(false) => "no",
                None => "?",
            };
            text += &format!(
                "| {} | {shown} | {nullable} | {} | {} |",
                cell(&column.name),
                default(column),
                self.keys(table, column)
            );
            let comment = column.comment.as_deref().map(cell).unwrap_or_default();
            text += &if comments { format!(" {comment} |\n") } else { "\n".to_owned() };
        }
        let mut further: Vec<String> = Vec::new();
        further.extend(table.unique_constraints.iter().filter(|unique| unique.columns.len() > 1).map(unique_line));
        further.extend(table.check_constraints.iter().map(check_line));
        further.extend(table.foreign_keys.iter().filter(|key| key.columns.len() > 1).map(|key| {
            let to = self.link(&key.target, None);
            format!("- foreign key ({}) to {to} ({})\n", key.columns.join(", "), key.target_columns.join(", "))
        }));
        further.extend(table.indexes.iter().map(index_line));
        if !further.is_empty() {
            text += &format!("\n{}", further.concat());
        }
        if let Some(class) = &table.class {
            let line = self.sources.line(table.span);
            text += &format!("\n{} in `{}:{line}`\n", code(class), self.sources.path(table.span.file));
        }
        text
    }

    fn keys(&self, table: &Table, column: &Column) -> String {
        let mut keys = Vec::new();
        if table.in_primary_key(&column.name) {
            keys.push("primary".to_owned());
        }
        let only = |columns: &[String]| matches!(columns, [one] if *one == column.name);
        if table.unique_constraints.iter().any(|unique| only(&unique.columns)) {
            keys.push("unique".to_owned());
        }
        for key in table.foreign_keys.iter().filter(|key| only(&key.columns)) {
            let to = self.link(&key.target, key.target_columns.first().map(String::as_str));
            let when = key.ondelete.as_ref().map(|when| format!(", on delete {}", when.to_lowercase()));
            keys.push(format!("→ {to}{}", when.unwrap_or_default()));
        }
        keys.join(", ")
    }
}

fn default(column: &Column) -> String {
    if let Some(computed) = &column.computed {
        return format!("computed: {}", code(computed.text.as_deref().unwrap_or("?")));
    }
    if column.identity.is_some() {
        return "identity".to_owned();
    }
    match &column.server_default {
        ServerDefault::Sql(text) => code(text),
        ServerDefault::Unknown => "not read".to_owned(),
        ServerDefault::None if column.autoincrement == Some(true) => "numbered".to_owned(),
        ServerDefault::None => String::new(),
    }
}

fn named(name: &Name) -> String {
    name.get().map(|name| format!("{} ", code(name))).unwrap_or_default()
}

fn unique_line(unique: &UniqueConstraint) -> String {
    format!("- unique {}({})\n", named(&unique.name), unique.columns.join(", "))
}

fn check_line(check: &CheckConstraint) -> String {
    format!("- check {}{}\n", named(&check.name), code(check.text.as_deref().unwrap_or("not read")))
}

fn index_line(index: &Index) -> String {
    let elements: Vec<String> = index
        .elements
        .iter()
        .map(|element| match &element.of {
            ElementOf::Column(name) => name.clone(),
            ElementOf::Expression(text) => code(text.as_deref().unwrap_or("not read")),
        })
        .collect();
    let unique = if index.unique { "unique index" } else { "index" };
    let using = index.using.as_ref().map(|using| format!(", {using}")).unwrap_or_default();
    let predicate = match &index.predicate {
        None => String::new(),
        Some(text) => format!(", where {}", code(text.as_deref().unwrap_or("not read"))),
    };
    format!("- {unique} {}({}){using}{predicate}\n", named(&index.name), elements.join(", "))
}
