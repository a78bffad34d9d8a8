//! Who imports a thing of the project by its name, and what the code does with it under that name: for fixes that rename
//! or replace it wherever that is certain.

use crate::project::code::Code;
use crate::python::dotted;
use crate::source::{FileId, Span, split};
use crate::syntax::python::tree::visitor::{
    Visitor, walk_except_handler, walk_expr, walk_keyword, walk_parameter, walk_pattern, walk_stmt,
};
use crate::syntax::python::{Tree, span_of, tree};

/// A thing that a module of the project defines at its own level.
#[derive(Clone, Copy, Debug)]
pub struct Thing<'a> {
    /// The file of the module.
    pub file: FileId,
    /// The module's dotted name.
    pub module: &'a str,
    /// The thing's name there.
    pub name: &'a str,
}

/// A name that, in all of a file, stands for nothing but a certain thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The file.
    pub file: FileId,
    /// The name.
    pub bound: String,
    /// The import statement; `None` in the file that defines the thing.
    pub statement: Option<Span>,
    /// The statement imports nothing else.
    pub alone: bool,
}

/// Something that code does with a class under such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// `Order(name=…)`: the keyword.
    Keyword(Span),
    /// `Order.name`: the attribute's name; and whether an expression of SQL stands there, which no object that only
    /// happens to have the name could take the place of.
    Attribute(Span, bool),
    /// `something.name`, of a variable that may hold an object of the class; `filter_by(name=…)`.
    Perhaps(Span),
}

impl Code<'_> {
    /// The names that certainly stand for the thing: where it is defined, and where it is imported from there or from a
    /// package that imports it.
    pub fn names_of(&self, thing: Thing<'_>) -> Vec<Imported> {
        let sources = self.sources();
        let Some(root) = root_of(sources.path(thing.file), thing.module) else { return Vec::new() };
        let mut names =
            vec![Imported { file: thing.file, bound: thing.name.to_owned(), statement: None, alone: false }];
        names.retain(|name| bindings(&self.tree(name.file), &name.bound) == 1);
        let mut homes = vec![(thing.module.to_owned(), thing.name.to_owned())];
        let mut at = 0;
        while let Some((module, name)) = homes.get(at).cloned() {
            at += 1;
            for file in self.holding(&[&name]) {
                let path = sources.path(file);
                let tree = &self.tree(file);
                let Some(mut found) = import_of(tree, file, package_of(root, path), &module, &name) else { continue };
                if bindings(tree, &found.bound) != 1 || names.iter().any(|known| known.file == file) {
                    continue;
                }
                if let Some(package) = path.strip_suffix("/__init__.py").and_then(|package| dotted(root, package)) {
                    homes.push((package, found.bound.clone()));
                }
                found.file = file;
                names.push(found);
            }
        }
        names
    }

    /// What is done with the class of this name and an attribute or keyword in one file.
    pub fn uses(&self, class: &Imported, attribute: &str) -> Vec<Use> {
        let tree = &self.tree(class.file);
        let mut finder = Uses { file: class.file, class: &class.bound, attribute, in_sql: 0, tree, found: Vec::new() };
        tree.module.body.iter().for_each(|statement| finder.visit_stmt(statement));
        finder.found
    }

    /// `self.name` in the methods of the class statement at `class`: the attribute's name.
    pub fn uses_of_self(&self, class: Span, attribute: &str) -> Vec<Span> {
        let mut finder = OfSelf { file: class.file, class, attribute, receiver: None, found: Vec::new() };
        self.tree(class.file).module.body.iter().for_each(|statement| finder.visit_stmt(statement));
        finder.found
    }
}

/// `back` for `back/shop/models.py` as `shop.models`.
fn root_of<'p>(path: &'p str, module: &str) -> Option<&'p str> {
    let inside = module.replace('.', "/");
    let bare = path.strip_suffix("/__init__.py").or_else(|| path.strip_suffix(".py"))?;
    let root = bare.strip_suffix(inside.as_str())?;
    if root.is_empty() { Some(root) } else { root.strip_suffix('/') }
}

/// The dotted name of a path without its ending.
fn dotted(root: &str, path: &str) -> Option<String> {
    let inside = if root.is_empty() { path } else { path.strip_prefix(root)?.strip_prefix('/')? };
    Some(inside.replace('/', "."))
}

/// The package that relative imports of a file count from.
fn package_of(root: &str, path: &str) -> Option<String> {
    dotted(root, split(path).0).filter(|package| !package.is_empty())
}

/// The import of `name` from `module`, wherever in the file.
fn import_of(tree: &Tree, file: FileId, package: Option<String>, module: &str, name: &str) -> Option<Imported> {
    struct Finder<'a> {
        file: FileId,
        package: Option<String>,
        module: &'a str,
        name: &'a str,
        found: Option<Imported>,
    }
    impl<'t> Visitor<'t> for Finder<'_> {
        fn visit_stmt(&mut self, statement: &'t tree::Stmt) {
            if let tree::Stmt::ImportFrom(import) = statement
                && absolute(import, self.package.as_deref()).as_deref() == Some(self.module)
                && let Some(alias) = import.names.iter().find(|alias| alias.name.as_str() == self.name)
            {
                self.found = Some(Imported {
                    file: self.file,
                    bound: alias.asname.as_ref().unwrap_or(&alias.name).to_string(),
                    statement: Some(span_of(self.file, import)),
                    alone: import.names.len() == 1,
                });
            }
            walk_stmt(self, statement);
        }
    }
    let mut finder = Finder { file, package, module, name, found: None };
    tree.module.body.iter().for_each(|statement| finder.visit_stmt(statement));
    finder.found
}

fn absolute(import: &tree::StmtImportFrom, package: Option<&str>) -> Option<String> {
    let written = import.module.as_ref().map_or("", |module| module.as_str());
    if import.level == 0 {
        return Some(written.to_owned());
    }
    let mut package = package?;
    for _ in 1..import.level {
        package = dotted::parent(package)?.0;
    }
    Some(if written.is_empty() { package.to_owned() } else { format!("{package}.{written}") })
}

/// How often the file binds the name, at any level: by an assignment, a definition, a parameter, an import, …
fn bindings(tree: &Tree, name: &str) -> usize {
    struct Counter<'a> {
        name: &'a str,
        count: usize,
    }
    impl Counter<'_> {
        fn bind(&mut self, name: &str) {
            self.count += usize::from(name == self.name);
        }
    }
    impl<'t> Visitor<'t> for Counter<'_> {
        fn visit_stmt(&mut self, statement: &'t tree::Stmt) {
            match statement {
                tree::Stmt::FunctionDef(function) => self.bind(&function.name),
                tree::Stmt::ClassDef(class) => self.bind(&class.name),
                tree::Stmt::Import(import) => {
                    for alias in &import.names {
                        let first = dotted::first(&alias.name);
                        self.bind(alias.asname.as_ref().map_or(first, |name| name.as_str()));
                    }
                }
                tree::Stmt::ImportFrom(import) => {
                    import.names.iter().for_each(|alias| self.bind(alias.asname.as_ref().unwrap_or(&alias.name)));
                }
                _ => {}
            }
            walk_stmt(self, statement);
        }

        fn visit_expr(&mut self, expression: &'t tree::Expr) {
            if let tree::Expr::Name(name) = expression
                && !name.ctx.is_load()
            {
                self.bind(&name.id);
            }
            walk_expr(self, expression);
        }

        fn visit_parameter(&mut self, parameter: &'t tree::Parameter) {
            self.bind(&parameter.name);
            walk_parameter(self, parameter);
        }

        fn visit_except_handler(&mut self, handler: &'t tree::ExceptHandler) {
            let tree::ExceptHandler::ExceptHandler(inner) = handler;
            inner.name.iter().for_each(|name| self.bind(name));
            walk_except_handler(self, handler);
        }

        fn visit_pattern(&mut self, pattern: &'t tree::Pattern) {
            match pattern {
                tree::Pattern::MatchAs(inner) => inner.name.iter().for_each(|name| self.bind(name)),
                tree::Pattern::MatchStar(inner) => inner.name.iter().for_each(|name| self.bind(name)),
                tree::Pattern::MatchMapping(inner) => inner.rest.iter().for_each(|name| self.bind(name)),
                _ => {}
            }
            walk_pattern(self, pattern);
        }
    }
    let mut counter = Counter { name, count: 0 };
    tree.module.body.iter().for_each(|statement| counter.visit_stmt(statement));
    counter.count
}

/// Functions and methods whose positional arguments are expressions of SQL.
const OF_SQL: &[&str] = &[
    "select",
    "query",
    "where",
    "filter",
    "having",
    "order_by",
    "group_by",
    "distinct",
    "add_columns",
    "with_entities",
    "with_only_columns",
    "load_only",
    "defer",
    "undefer",
    "and_",
    "or_",
    "not_",
    "cast",
    "type_coerce",
    "exists",
];

struct Uses<'a> {
    file: FileId,
    class: &'a str,
    attribute: &'a str,
    /// Above zero: the next expression stands where SQL is built.
    in_sql: usize,
    tree: &'a Tree,
    found: Vec<Use>,
}

impl Uses<'_> {
    fn is_class(&self, expression: &tree::Expr) -> bool {
        expression.as_name_expr().is_some_and(|name| name.id.as_str() == self.class)
    }

    /// Visits what stands directly where SQL is built.
    fn in_sql(&mut self, expression: &tree::Expr) {
        self.in_sql += 1;
        self.visit_expr(expression);
        self.in_sql -= 1;
    }

    fn is_variable(&self, expression: &tree::Expr) -> bool {
        let Some(name) = expression.as_name_expr().map(|name| name.id.as_str()) else { return false };
        let is_top = |statement: &tree::Stmt| match statement {
            tree::Stmt::ImportFrom(import) => {
                import.names.iter().any(|alias| alias.asname.as_ref().unwrap_or(&alias.name) == name)
            }
            tree::Stmt::Import(import) => import.names.iter().any(|alias| alias.name.split('.').next() == Some(name)),
            tree::Stmt::ClassDef(class) => class.name.as_str() == name,
            _ => false,
        };
        !matches!(name, "self" | "cls") && !self.tree.module.body.iter().any(is_top)
    }
}

impl<'t> Visitor<'t> for Uses<'_> {
    fn visit_expr(&mut self, expression: &'t tree::Expr) {
        if is_of_metadata(expression, self.attribute) {
            return;
        }
        let in_sql = std::mem::take(&mut self.in_sql) > 0;
        match expression {
            tree::Expr::Attribute(attribute) if attribute.attr.as_str() == self.attribute => {
                let span = span_of(self.file, &attribute.attr);
                if self.is_class(&attribute.value) {
                    self.found.push(Use::Attribute(span, in_sql));
                } else if self.is_variable(&attribute.value) {
                    self.found.push(Use::Perhaps(span));
                }
            }
            tree::Expr::Call(call) => {
                // `filter_by(name=…)`: of which class, the chain of calls before it tells.
                let of_some_class = call
                    .func
                    .as_attribute_expr()
                    .is_some_and(|method| matches!(method.attr.as_str(), "filter_by" | "values"));
                for keyword in &call.arguments.keywords {
                    let Some(name) = keyword.arg.as_ref().filter(|name| name.as_str() == self.attribute) else {
                        continue;
                    };
                    let span = span_of(self.file, name);
                    if self.is_class(&call.func) {
                        self.found.push(Use::Keyword(span));
                    } else if of_some_class {
                        self.found.push(Use::Perhaps(span));
                    }
                }
                let is_func = |of: &tree::Expr| of.as_name_expr().is_some_and(|name| name.id.as_str() == "func");
                let of_sql = match &*call.func {
                    tree::Expr::Name(name) => OF_SQL.contains(&name.id.as_str()),
                    tree::Expr::Attribute(attribute) => {
                        OF_SQL.contains(&attribute.attr.as_str()) || is_func(&attribute.value)
                    }
                    _ => false,
                };
                self.visit_expr(&call.func);
                for argument in &call.arguments.args {
                    if of_sql { self.in_sql(argument) } else { self.visit_expr(argument) }
                }
                call.arguments.keywords.iter().for_each(|keyword| walk_keyword(self, keyword));
                self.in_sql = usize::from(in_sql);
                return;
            }
            tree::Expr::Compare(compare) if compare.ops.iter().all(|op| compares_values(*op)) => {
                self.in_sql(&compare.left);
                compare.comparators.iter().for_each(|side| self.in_sql(side));
                self.in_sql = usize::from(in_sql);
                return;
            }
            tree::Expr::Subscript(subscript) => {
                self.in_sql(&subscript.value);
                self.visit_expr(&subscript.slice);
                self.in_sql = usize::from(in_sql);
                return;
            }
            _ => {}
        }
        // `Order.name.is_(None)`: an attribute that only a column has.
        if let tree::Expr::Attribute(outer) = expression
            && ONLY_COLUMNS.contains(&outer.attr.as_str())
        {
            self.in_sql(&outer.value);
        } else {
            walk_expr(self, expression);
        }
        self.in_sql = usize::from(in_sql);
    }
}

/// `==`, `<` and the like, which columns turn into SQL.
fn compares_values(op: tree::CmpOp) -> bool {
    !matches!(op, tree::CmpOp::Is | tree::CmpOp::IsNot | tree::CmpOp::In | tree::CmpOp::NotIn)
}

/// Methods of columns.
const ONLY_COLUMNS: &[&str] = &[
    "is_",
    "is_not",
    "isnot",
    "in_",
    "not_in",
    "notin_",
    "like",
    "ilike",
    "contains",
    "startswith",
    "endswith",
    "between",
    "asc",
    "desc",
    "label",
    "op",
    "has_key",
    "as_string",
    "as_integer",
    "astext",
    "any",
    "concat",
    "cast",
];

/// What a MetaData has: `self.metadata.tables` means the MetaData.
const OF_METADATA: &[&str] = &[
    "tables",
    "sorted_tables",
    "create_all",
    "drop_all",
    "reflect",
    "clear",
    "remove",
    "schema",
    "bind",
    "naming_convention",
];

/// Is it `something.metadata.tables` and the like?
fn is_of_metadata(expression: &tree::Expr, attribute: &str) -> bool {
    let tree::Expr::Attribute(outer) = expression else { return false };
    OF_METADATA.contains(&outer.attr.as_str())
        && outer.value.as_attribute_expr().is_some_and(|inner| inner.attr.as_str() == attribute)
}

/// Looks through the methods of one class.
struct OfSelf<'a> {
    file: FileId,
    class: Span,
    attribute: &'a str,
    /// The first parameter of the method around.
    receiver: Option<String>,
    found: Vec<Span>,
}

impl<'t> Visitor<'t> for OfSelf<'_> {
    fn visit_stmt(&mut self, statement: &'t tree::Stmt) {
        match statement {
            tree::Stmt::ClassDef(class) if span_of(self.file, class) == self.class => {
                for method in class.body.iter().filter_map(tree::Stmt::as_function_def_stmt) {
                    let is_bound_otherwise = method.decorator_list.iter().any(|decorator| {
                        let name = decorator.expression.as_name_expr().map(|name| name.id.as_str());
                        !matches!(name, Some("property" | "hybrid_property" | "cached_property" | "reconstructor"))
                    });
                    let first = method.parameters.posonlyargs.iter().chain(&method.parameters.args).next();
                    if let Some(first) = first.filter(|_| !is_bound_otherwise) {
                        self.receiver = Some(first.parameter.name.to_string());
                        method.body.iter().for_each(|statement| self.visit_stmt(statement));
                        self.receiver = None;
                    }
                }
            }
            // A class or function inside may have a `self` of its own.
            tree::Stmt::ClassDef(_) | tree::Stmt::FunctionDef(_) if self.receiver.is_some() => {}
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'t tree::Expr) {
        if is_of_metadata(expression, self.attribute) {
            return;
        }
        if let (tree::Expr::Attribute(attribute), Some(receiver)) = (expression, &self.receiver)
            && attribute.attr.as_str() == self.attribute
            && attribute.value.as_name_expr().is_some_and(|name| name.id.as_str() == receiver)
        {
            self.found.push(span_of(self.file, &attribute.attr));
        }
        walk_expr(self, expression);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::words::Words;
    use crate::source::Sources;
    use crate::syntax::python::Trees;

    #[test]
    fn a_name_stands_for_the_thing_where_nothing_else_binds_it() {
        let sources = Sources::in_memory([
            ("back/shop/__init__.py", "from .models import Order as Bill\n"),
            ("back/shop/models.py", "class Order: pass\n"),
            ("back/shop/a.py", "from shop import Bill, other\n"),
            ("back/shop/b.py", "from . import models\nfrom .models import Order\ndef f(Order): pass\n"),
            ("back/shop/c.py", "from other.models import Order\n"),
        ]);
        let trees = Trees::of(&sources);
        let code = Code::of(&trees, Words::of_all(&sources, sources.ids()).into());
        let file = sources.id("back/shop/models.py").expect("is there");
        let names = code.names_of(Thing { file, module: "shop.models", name: "Order" });
        let mut found: Vec<(&str, &str, bool)> =
            names.iter().map(|name| (sources.path(name.file), name.bound.as_str(), name.alone)).collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("back/shop/__init__.py", "Bill", true),
                ("back/shop/a.py", "Bill", false),
                ("back/shop/models.py", "Order", false)
            ]
        );
    }

    #[test]
    fn what_may_be_the_metadata_is_no_use_of_the_column() {
        let text = "from m import Base, Order\nselect(Order.metadata)\nOrder.metadata.create_all(e)\nx = Order.metadata\n\
                    Order.metadata is Base.metadata\nOrder(metadata=order.metadata)\nOrder.metadata['a'].label('b')\n\
                    select(Order.metadata).filter_by(metadata=1).remove()\n";
        let sources = Sources::in_memory([("m.py", "class Order: pass\n"), ("a.py", text)]);
        let trees = Trees::of(&sources);
        let code = Code::of(&trees, Words::of_all(&sources, sources.ids()).into());
        let file = sources.id("m.py").expect("is there");
        let names = code.names_of(Thing { file, module: "m", name: "Order" });
        let there = names.iter().find(|name| name.file != file).expect("imported");
        let uses = code.uses(there, "metadata");
        let lines = |wanted: fn(&Use) -> Option<Span>| {
            uses.iter().filter_map(wanted).map(|span| sources.line(span)).collect::<Vec<_>>()
        };
        assert_eq!(lines(|one| if let Use::Attribute(span, true) = one { Some(*span) } else { None }), [2, 7, 8]);
        assert_eq!(lines(|one| if let Use::Attribute(span, false) = one { Some(*span) } else { None }), [4, 5]);
        assert_eq!(lines(|one| if let Use::Keyword(span) = one { Some(*span) } else { None }), [6]);
        assert_eq!(lines(|one| if let Use::Perhaps(span) = one { Some(*span) } else { None }), [6, 8]);
    }
}
