//! `CREATE TABLE`, `CREATE INDEX` and what stands in them.

use super::{Statements, string};
use crate::catalog::Dialect;
use crate::catalog::table::{
    CheckConstraint, Column, ElementOf, ExcludeConstraint, ForeignKey, Identity, Index, IndexElement, Name, PrimaryKey,
    ServerDefault, Table, TableName, UniqueConstraint,
};
use crate::source::Span;

impl Statements<'_> {
    /// `CREATE TABLE`, and the comments that PostgreSQL takes by themselves.
    pub(super) fn create_table(&self, table: &Table) -> Vec<String> {
        let mut parts: Vec<String> = table.columns.iter().map(|column| self.column(table, column)).collect();
        parts.extend(self.constraints(table));
        let comment = match (&table.comment, self.dialect()) {
            (Some(comment), Dialect::Mysql) => format!("COMMENT={}", string(comment)),
            _ => String::new(),
        };
        vec![format!("CREATE TABLE {} (\n\t{}\n){comment}", self.name(&table.name), parts.join(", \n\t"))]
    }

    /// `COMMENT ON …`
    pub(super) fn comments(&self, table: &Table) -> Vec<String> {
        if self.dialect() != Dialect::Postgresql {
            return Vec::new();
        }
        let mut found = Vec::new();
        found.extend(table.comment.as_ref().map(|comment| self.table_comment(&table.name, Some(comment))));
        for column in &table.columns {
            let comment = column.comment.as_deref();
            found.extend(comment.map(|comment| self.column_comment(&table.name, &column.name, Some(comment))));
        }
        found
    }

    pub(super) fn table_comment(&self, table: &TableName, comment: Option<&str>) -> String {
        let comment = comment.map_or_else(|| "NULL".to_owned(), string);
        format!("COMMENT ON TABLE {} IS {comment}", self.name(table))
    }

    pub(super) fn column_comment(&self, table: &TableName, column: &str, comment: Option<&str>) -> String {
        let comment = comment.map_or_else(|| "NULL".to_owned(), string);
        format!("COMMENT ON COLUMN {}.{} IS {comment}", self.name(table), self.word(column))
    }

    /// A column with all that belongs to it.
    pub(super) fn column(&self, table: &Table, column: &Column) -> String {
        let name = self.word(&column.name);
        let Some(of) = column.column_type.as_ref().and_then(|of| of.ddl(self.target)) else {
            return format!("{name} /* its type could not be read */");
        };
        let numbered = column.autoincrement == Some(true) && table.in_primary_key(&column.name);
        let default = match &column.server_default {
            ServerDefault::Sql(text) => Some(self.default(text)),
            ServerDefault::Unknown => Some("/* it could not be read */ NULL".to_owned()),
            ServerDefault::None => None,
        };
        let default = default.map(|text| format!("DEFAULT {text}"));
        let computed = column.computed.as_ref().map(|computed| {
            let kept = match (computed.persisted, self.dialect()) {
                (Some(true), _) | (None, Dialect::Postgresql) => " STORED",
                (Some(false), _) => " VIRTUAL",
                (None, _) => "",
            };
            format!("GENERATED ALWAYS AS ({}){kept}", computed.text.as_deref().unwrap_or("/* not read */"))
        });
        let not_null = column.nullable == Some(false);
        let mut parts = vec![name];
        match self.dialect() {
            Dialect::Postgresql => {
                let serial = numbered && column.identity.is_none() && column.server_default == ServerDefault::None;
                parts.push(match of.as_str() {
                    "BIGINT" if serial => "BIGSERIAL".to_owned(),
                    "SMALLINT" if serial => "SMALLSERIAL".to_owned(),
                    "INTEGER" if serial => "SERIAL".to_owned(),
                    _ => of,
                });
                parts.extend(default);
                parts.extend(computed);
                parts.extend(column.identity.as_ref().map(identified));
                match (not_null, column.identity.is_some()) {
                    (true, false) => parts.push("NOT NULL".to_owned()),
                    (false, true) => parts.push("NULL".to_owned()),
                    _ => {}
                }
            }
            Dialect::Mysql => {
                let is_timestamp = of.starts_with("TIMESTAMP");
                parts.push(of);
                parts.extend(computed);
                if not_null {
                    parts.push("NOT NULL".to_owned());
                } else if is_timestamp {
                    parts.push("NULL".to_owned());
                }
                parts.extend(column.comment.as_ref().map(|comment| format!("COMMENT {}", string(comment))));
                if numbered && column.server_default == ServerDefault::None {
                    parts.push("AUTO_INCREMENT".to_owned());
                } else {
                    parts.extend(default);
                }
            }
            Dialect::Sqlite => {
                parts.push(of);
                parts.extend(default);
                parts.extend(not_null.then(|| "NOT NULL".to_owned()));
                parts.extend(computed);
            }
        }
        parts.join(" ")
    }

    /// SQLite wants brackets around what is no plain value.
    pub(super) fn default(&self, text: &str) -> String {
        let plain = text.trim_start().starts_with(['\'', '"', '('])
            || text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        if self.dialect() == Dialect::Sqlite && !plain { format!("({text})") } else { text.to_owned() }
    }

    /// The constraints, in the order in which SQLAlchemy makes them: those that stand by themselves, then those that
    /// columns bring.
    fn constraints(&self, table: &Table) -> Vec<String> {
        let mut found: Vec<((bool, usize, u32, u8), String)> = Vec::new();
        let place = |span: Span, columns: &[String], kind: u8| {
            let within = |column: &Column| column.span.contains(span);
            let brought = table.columns.iter().filter(|column| columns.contains(&column.name)).any(within);
            let number = table.columns.iter().position(|column| columns.contains(&column.name)).unwrap_or(0);
            if brought { (true, number, 0, kind) } else { (false, span.file.0 as usize, span.start, 0) }
        };
        for unique in &table.unique_constraints {
            found.push((place(unique.span, &unique.columns, 0), self.unique(unique)));
        }
        for key in table.foreign_keys.iter().filter(|key| !key.use_alter || self.dialect() == Dialect::Sqlite) {
            found.push((place(key.span, &key.columns, 1), self.foreign_key(key)));
        }
        for check in &table.check_constraints {
            found.push((place(check.span, &[], 0), self.check(check)));
        }
        for exclude in &table.exclude_constraints {
            found.push((place(exclude.span, &[], 0), self.exclude(exclude)));
        }
        found.sort_by_key(|(place, _)| *place);
        let key = table.primary_key.iter().map(|key| self.primary_key(key));
        key.chain(found.into_iter().map(|(_, text)| text)).collect()
    }

    fn constraint(&self, name: &Name) -> String {
        name.get().map(|name| format!("CONSTRAINT {} ", self.word(name))).unwrap_or_default()
    }

    pub(super) fn primary_key(&self, key: &PrimaryKey) -> String {
        format!("{}PRIMARY KEY ({})", self.constraint(&key.name), self.words(&key.columns))
    }

    pub(super) fn unique(&self, unique: &UniqueConstraint) -> String {
        let distinct = if unique.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
        let when = deferred(unique.deferrable, unique.initially.as_deref());
        format!("{}UNIQUE{distinct} ({}){when}", self.constraint(&unique.name), self.words(&unique.columns))
    }

    pub(super) fn foreign_key(&self, key: &ForeignKey) -> String {
        let mut text = format!(
            "{}FOREIGN KEY({}) REFERENCES {} ({})",
            self.constraint(&key.name),
            self.words(&key.columns),
            self.name(&key.target),
            self.words(&key.target_columns)
        );
        let mut with = |word: &str, value: &Option<String>| {
            text += &value.as_ref().map(|value| format!(" {word} {value}")).unwrap_or_default();
        };
        with("MATCH", &key.matching);
        with("ON DELETE", &key.ondelete);
        with("ON UPDATE", &key.onupdate);
        text += &deferred(key.deferrable, key.initially.as_deref());
        if key.not_valid && self.dialect() == Dialect::Postgresql {
            text += " NOT VALID";
        }
        text
    }

    pub(super) fn check(&self, check: &CheckConstraint) -> String {
        let text = check.text.as_deref().unwrap_or("/* it could not be read */ true");
        format!("{}CHECK ({text})", self.constraint(&check.name))
    }

    pub(super) fn exclude(&self, exclude: &ExcludeConstraint) -> String {
        let elements = exclude.elements.as_deref().unwrap_or_default();
        let elements: Vec<String> = elements.iter().map(|(of, operator)| format!("{of} WITH {operator}")).collect();
        let using = exclude.using.as_deref().unwrap_or("gist");
        format!("{}EXCLUDE USING {using} ({})", self.constraint(&exclude.name), elements.join(", "))
    }

    /// `CREATE INDEX`
    pub(super) fn create_index(&self, table: &TableName, index: &Index) -> String {
        let unique = if index.unique { "UNIQUE " } else { "" };
        let name = self.word(index.name.get().unwrap_or("?"));
        let elements: Vec<String> = index.elements.iter().map(|element| self.element(element)).collect();
        let using = match (&index.using, self.dialect()) {
            (Some(using), Dialect::Postgresql | Dialect::Mysql) => format!("USING {} ", using.to_lowercase()),
            _ => String::new(),
        };
        let (before, after) = match self.dialect() {
            Dialect::Mysql => (String::new(), using.trim_end()),
            _ => (using.clone(), ""),
        };
        let mut text = format!("CREATE {unique}INDEX {name} ON {} {before}({})", self.name(table), elements.join(", "));
        if !after.is_empty() {
            text += &format!(" {after}");
        }
        if !index.include.is_empty() {
            text += &format!(" INCLUDE ({})", self.words(&index.include));
        }
        if index.nulls_not_distinct {
            text += " NULLS NOT DISTINCT";
        }
        match &index.predicate {
            Some(predicate) if self.dialect() != Dialect::Mysql => {
                text + " WHERE " + predicate.as_deref().unwrap_or("/* it could not be read */ true")
            }
            _ => text,
        }
    }

    fn element(&self, element: &IndexElement) -> String {
        let of = match &element.of {
            ElementOf::Column(name) => self.word(name),
            ElementOf::Expression(text) => text.clone().unwrap_or_else(|| "/* it could not be read */".to_owned()),
        };
        let class = element.operator_class.iter().filter(|_| self.dialect() == Dialect::Postgresql);
        let more: String = class.chain(&element.order).map(|word| format!(" {word}")).collect();
        of + &more
    }
}

fn deferred(deferrable: Option<bool>, initially: Option<&str>) -> String {
    let when = match deferrable {
        None => "",
        Some(true) => " DEFERRABLE",
        Some(false) => " NOT DEFERRABLE",
    };
    format!("{when}{}", initially.map(|initially| format!(" INITIALLY {initially}")).unwrap_or_default())
}

/// `GENERATED … AS IDENTITY (…)`
pub(super) fn identified(identity: &Identity) -> String {
    let when = if identity.always { "ALWAYS" } else { "BY DEFAULT" };
    let options: Vec<String> = identity.options.iter().filter_map(option).collect();
    let options = if options.is_empty() { String::new() } else { format!(" ({})", options.join(" ")) };
    format!("GENERATED {when} AS IDENTITY{options}")
}

/// An option of an identity column.
fn option((name, value): &(String, String)) -> Option<String> {
    let word = match name.as_str() {
        "start" => "START WITH",
        "increment" => "INCREMENT BY",
        "minvalue" => "MINVALUE",
        "maxvalue" => "MAXVALUE",
        "cache" => "CACHE",
        _ => return None,
    };
    Some(format!("{word} {value}"))
}
