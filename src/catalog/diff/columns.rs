//! Columns: added, removed, altered.

use crate::catalog::Dialect;
use crate::catalog::diff::Comparison;
use crate::catalog::diff::defaults;
use crate::catalog::diff::options::{End, Kind, Object, Switch};
use crate::catalog::diff::tables::Side;
use crate::catalog::diff::types::{self, Verdict};
use crate::catalog::operation::{AlterColumn, Operation};
use crate::catalog::table::{Column, Identity, Table, TableName};
use crate::project::alembic::decisions::Own;

impl Comparison<'_> {
    pub(super) fn columns_added_or_altered(&mut self, name: &TableName, found: &Table, declared: &Table) {
        for column in declared.columns.iter().filter(|column| found.column(&column.name).is_none()) {
            let what = format!("column `{}`", column.name);
            if self.absent(Side::Found, name, &found.name, &what)
                && self.passes_column(name, &column.name, End::Declared)
            {
                let operation = Operation::AddColumn(name.clone(), Box::new(column.clone()));
                self.push(name, operation, Some(column.span), Some(found.span));
            }
        }
        for column in &declared.columns {
            if let Some(before) = found.column(&column.name)
                && self.passes_column(name, &column.name, End::Both)
            {
                self.column(name, (found, before), (declared, column));
            }
        }
    }

    pub(super) fn columns_removed(&mut self, name: &TableName, found: &Table, declared: &Table) {
        for column in found.columns.iter().filter(|column| declared.column(&column.name).is_none()) {
            let what = format!("column `{}`", column.name);
            if self.absent(Side::Declared, name, &declared.name, &what)
                && self.passes_column(name, &column.name, End::Found)
            {
                let existing = Some(Box::new(column.clone()));
                let operation = Operation::DropColumn(name.clone(), column.name.clone(), existing);
                self.push(name, operation, Some(declared.span), Some(column.span));
            }
        }
    }

    /// Do the filters let a column, an index or a constraint pass?
    pub(super) fn passes_object(&mut self, object: &Object<'_>, end: End) -> bool {
        match self.options.includes(object, end) {
            Some(passes) => passes,
            None => {
                let what = match object.name {
                    Some(name) => format!("{} `{name}`", object.kind.words()),
                    None => format!("the {} of `{}`", object.kind.words(), object.columns.join("`, `")),
                };
                let why = "the filter of autogenerate could not be evaluated for it";
                self.not_compared(object.table, what, why, None);
                false
            }
        }
    }

    fn passes_column(&mut self, table: &TableName, name: &str, end: End) -> bool {
        self.passes_object(&Object { kind: Kind::Column, table, name: Some(name), columns: &[] }, end)
    }

    fn column(&mut self, name: &TableName, found: (&Table, &Column), declared: (&Table, &Column)) {
        let ((table, before), (_, after)) = (found, declared);
        let what = format!("column `{}`", after.name);
        let mut alter = AlterColumn::of(name.clone(), &after.name);
        match self.type_verdict(name, before, after) {
            Verdict::Same => {}
            Verdict::Different => alter.column_type = Some(after.column_type.clone()),
            Verdict::Unknown(why) => self.not_compared(name, format!("the type of {what}"), why, Some(after.span)),
        }
        // A primary key is never NULL, whatever the migration says of its column.
        let in_key = table.in_primary_key(&before.name);
        let was_nullable = if in_key { Some(false) } else { before.nullable };
        match (was_nullable, after.nullable) {
            (Some(was), Some(is)) if was == is => {}
            (Some(_), Some(_)) if self.is_nullable_passed_over(before, after) => {}
            (Some(_), Some(is)) => alter.nullable = Some(Some(is)),
            (was, _) => {
                let whose = if was.is_none() { "migrations" } else { "models" };
                let why = format!("whether it may be NULL could not be read in the {whose}");
                self.not_compared(name, format!("the nullability of {what}"), why, Some(after.span));
            }
        }
        self.default(&mut alter, name, found, declared);
        if self.options.target.dialect != Dialect::Sqlite {
            let said = |comment: &Option<String>| comment.clone().filter(|text| !text.is_empty());
            if before.comment_unread || after.comment_unread {
                let whose = if before.comment_unread { "migrations" } else { "models" };
                let why = format!("it could not be read in the {whose}");
                self.not_compared(name, format!("the comment of {what}"), why, Some(after.span));
            } else if said(&before.comment) != said(&after.comment) {
                alter.comment = Some(said(&after.comment));
            }
        }
        let has_changes = alter.column_type.is_some()
            || alter.nullable.is_some()
            || alter.server_default.is_some()
            || alter.identity.is_some()
            || alter.comment.is_some();
        if has_changes {
            alter.existing = Some(Box::new(Column { nullable: was_nullable, ..before.clone() }));
            self.push(name, Operation::AlterColumn(Box::new(alter)), Some(after.span), Some(before.span));
        }
    }

    fn type_verdict(&self, name: &TableName, before: &Column, after: &Column) -> Verdict {
        match self.options.compare_type {
            Switch::Off => Verdict::Same,
            switch => {
                let column = &after.name;
                let (before, after) = (before.column_type.as_ref(), after.column_type.as_ref());
                match types::compare(before, after, self.found, self.options) {
                    verdict if switch == Switch::Own => match self.options.own("compare_type", name, column) {
                        Own::AsAlembic => verdict,
                        Own::Same => Verdict::Same,
                        Own::Different => Verdict::Different,
                        Own::Unknown if verdict == Verdict::Same => verdict,
                        Own::Unknown => Verdict::Unknown("the project's own `compare_type` decides".to_owned()),
                    },
                    verdict => verdict,
                }
            }
        }
    }

    /// Alembic leaves the nullability of identity columns alone, and that of computed ones where nothing is said.
    fn is_nullable_passed_over(&self, before: &Column, after: &Column) -> bool {
        let computed = before.computed.is_some() || after.computed.is_some();
        let identity = before.identity.is_some() || after.identity.is_some();
        identity || (computed && after.nullable == Some(true))
    }

    fn default(
        &mut self,
        alter: &mut AlterColumn,
        name: &TableName,
        (found, before): (&Table, &Column),
        (declared, after): (&Table, &Column),
    ) {
        // Computed columns can't be changed; Alembic only warns.
        if before.computed.is_some() || after.computed.is_some() {
            return;
        }
        let switch = self.options.compare_server_default;
        if before.identity.is_some() || after.identity.is_some() {
            // Since 1.18 the option switches this comparison, too.
            let compares = switch != Switch::Off || !self.options.alembic.is_at_least(&[1, 18]);
            if compares && !is_same_identity(before.identity.as_ref(), after.identity.as_ref()) {
                alter.identity = Some(after.identity.clone());
            }
            return;
        }
        if switch == Switch::Off {
            return;
        }
        let mut verdict = defaults::compare((found, before), (declared, after), self.options);
        if switch == Switch::Own && verdict != Verdict::Same {
            match self.options.own("compare_server_default", name, &after.name) {
                Own::AsAlembic => {}
                Own::Same => verdict = Verdict::Same,
                Own::Different => verdict = Verdict::Different,
                Own::Unknown => {
                    verdict = Verdict::Unknown("the project's own `compare_server_default` decides".to_owned());
                }
            }
        }
        let what = || format!("the default of column `{}`", after.name);
        match verdict {
            Verdict::Same => {}
            Verdict::Different => alter.server_default = Some(after.server_default.clone()),
            Verdict::Unknown(why) => self.not_compared(name, what(), why, Some(after.span)),
        }
    }
}

/// The same, in what the models say; what they leave open is as the database has it.
fn is_same_identity(found: Option<&Identity>, declared: Option<&Identity>) -> bool {
    let (Some(found), Some(declared)) = (found, declared) else { return found.is_none() && declared.is_none() };
    let is_same = |(name, value): &(String, String)| {
        let given = found.options.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let default = match name.as_str() {
            "start" | "increment" | "cache" | "minvalue" => Some("1"),
            "cycle" | "nominvalue" | "nomaxvalue" => Some("false"),
            _ => None,
        };
        given.or(default).is_none_or(|given| given.eq_ignore_ascii_case(value))
    };
    found.always == declared.always && declared.options.iter().all(is_same)
}
