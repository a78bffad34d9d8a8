//! A [`Step`] → the catalogue after it.

use crate::catalog::operation::{Operation, Step};
use crate::catalog::{Catalog, Target};

/// Changes the catalogue as the database would change. What can't be done on it (a column of a table that is not there)
/// is said in [`Catalog::unresolved`].
pub fn apply(catalog: &mut Catalog, step: &Step, target: &Target) {
    let _ = target;
    match &step.operation {
        Operation::CreateTable(table) => {
            catalog.tables.insert(table.name.clone(), (**table).clone());
        }
        Operation::DropTable(name, _) => {
            catalog.tables.shift_remove(name);
        }
        Operation::Unknown(tables, why) if tables.is_empty() => catalog.open.push((step.span, why.clone())),
        Operation::Unknown(tables, why) => {
            for table in tables {
                catalog.unresolved(Some(table), None, step.span, why.clone());
            }
        }
        _ => {}
    }
}
