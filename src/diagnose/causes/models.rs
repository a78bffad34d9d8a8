//! Models: what SQLAlchemy raises while it maps classes and puts tables together.

use super::{CAUSE, Cause, Needs, Place};

pub const CAUSES: &[Cause] = &[
    Cause {
        name: "reserved-attribute-name",
        texts: &["Attribute name '{attribute}' is reserved"],
        sqlalchemy: ((0, 0), (2, 1)),
        rules: &["reserved-attribute-name"],
        place: Place::DeepestFrame,
        message: &["`{attribute}` is reserved on declarative models"],
        why: "the base class has an attribute of this name; SQLAlchemy before 2.1 refuses it, so every alembic command fails",
        help: "rename the attribute and keep the column: `{attribute}_ = mapped_column(\"{attribute}\", …)`",
        ..CAUSE
    },
    Cause {
        name: "reserved-attribute-name",
        texts: &[
            "Attribute name '{attribute}' should be left reserved",
            "Declarative base class has a '{attribute}' attribute that is not an instance of",
            "requested attribute name conflicts with instrumentation attribute of the same name",
        ],
        rules: &["reserved-attribute-name"],
        place: Place::DeepestFrame,
        message: &[
            "`{attribute}` is reserved on declarative models",
            "an attribute has a name that SQLAlchemy uses itself",
        ],
        why: "the base class has an attribute of this name",
        help: "rename the attribute and keep the column's name",
        ..CAUSE
    },
    Cause {
        name: "reserved-attribute-name",
        classes: &["AttributeError"],
        texts: &[
            "has no attribute 'schema'",
            "has an attribute 'schema'",
            "has no attribute 'tables'",
            "has an attribute 'tables'",
            "has an attribute 'c'",
            "has an attribute 'constructor'",
            "has an attribute '_expire_memoizations'",
            "has no attribute 'items'",
        ],
        within: &[
            "sqlalchemy/sql/schema.py",
            "sqlalchemy/orm/decl",
            "sqlalchemy/ext/declarative",
            "flask_sqlalchemy",
            "sqlmodel/main.py",
        ],
        rules: &["reserved-attribute-name"],
        place: Place::DeepestFrame,
        message: &[
            "something on a model has a name that SQLAlchemy uses itself: `metadata`, `registry`, `__table__`, `__mapper__`",
        ],
        why: "SQLAlchemy asks the class for its MetaData and gets this instead; the message does not name it",
        help: "rename it and keep the column's name",
        ..CAUSE
    },
    Cause {
        name: "table-args-not-tuple",
        texts: &["__table_args__ value must be a tuple, dict, or None"],
        needs: Needs::Nothing,
        place: Place::Model,
        message: &["`__table_args__` is no tuple"],
        why: "parentheses around one thing make no tuple: it needs a comma behind it",
        help: "write `__table_args__ = (UniqueConstraint(…),)`",
        ..CAUSE
    },
    Cause {
        name: "annotation-without-mapped",
        texts: &["Type annotation for \"{attribute}\" can't be correctly interpreted"],
        needs: Needs::Nothing,
        rules: &["annotation-without-mapped"],
        place: Place::Model,
        message: &["`{attribute}` is annotated without `Mapped[…]`"],
        why: "from 2.0 on SQLAlchemy reads the annotations of mapped attributes",
        help: "write `Mapped[…]` around the type, or `ClassVar[…]` where it is no column",
        ..CAUSE
    },
    Cause {
        name: "annotation-of-unknown-type",
        texts: &[
            "inside the Mapped[] annotation for the '{column}' attribute",
            "Could not locate SQLAlchemy Core type for Python type",
            "Could not locate SQLAlchemy Core type when resolving for Python type indicated by",
            "has no matching SQLAlchemy type",
            "Could not resolve all types within mapped annotation: \"{annotation}\"",
            "Could not de-stringify annotation",
        ],
        needs: Needs::Nothing,
        rules: &["annotation-of-unknown-type", "model-name-undefined"],
        place: Place::Model,
        message: &[
            "SQLAlchemy knows no column type for the annotation of `{column}`",
            "SQLAlchemy knows no column type for an annotation",
        ],
        why: "only plain types have one of themselves: str, int, datetime, Decimal, enums …",
        help: "give the type: `mapped_column(JSON)`, or add it to `type_annotation_map`",
        ..CAUSE
    },
    Cause {
        name: "duplicate-table",
        texts: &["Table '{table}' is already defined for this MetaData instance"],
        needs: Needs::Nothing,
        rules: &["module-imported-twice", "duplicate-table"],
        place: Place::DeepestFrame,
        message: &["the table `{table}` is declared twice"],
        why: "two classes have the same `__tablename__`, or one module is imported under two names (`models` and `app.models`)",
        help: "rename one table, or import the module by one path everywhere",
        ..CAUSE
    },
    Cause {
        name: "duplicate-column-name",
        texts: &["A column with name '{column}' is already present in table '{table}'"],
        needs: Needs::Nothing,
        rules: &["duplicate-column-name"],
        place: Place::Model,
        message: &["the table `{table}` has two columns `{column}`"],
        why: "from 2.0 on SQLAlchemy refuses what it silently accepted before",
        help: "give one of them another name",
        ..CAUSE
    },
    Cause {
        name: "foreign-key-to-unknown-table",
        texts: &[
            "Foreign key associated with column '{column}' could not find table '{table}' with which to generate a foreign key",
        ],
        needs: Needs::Nothing,
        rules: &["foreign-key-to-unknown-table", "model-on-other-metadata", "models-not-imported"],
        place: Place::Model,
        message: &["the foreign key of `{column}` leads to a table `{table}` that this MetaData does not have"],
        why: "`ForeignKey` takes the table's name, not the class's; and the module of the other table must have been imported, on the same MetaData",
        help: "write the table's name (with its schema), or import the model in env.py",
        ..CAUSE
    },
    Cause {
        name: "foreign-key-to-unknown-column",
        texts: &["Could not initialize target column for ForeignKey '{target}' on table '{table}'"],
        needs: Needs::Nothing,
        rules: &["foreign-key-to-unknown-column"],
        place: Place::Model,
        message: &["the foreign key to `{target}` leads to a column that is not there"],
        why: "autogenerate resolves foreign keys when it sorts the tables",
        help: "name a column of that table",
        ..CAUSE
    },
    Cause {
        name: "relationship-without-foreign-key",
        texts: &[
            "Could not determine join condition between parent/child tables on relationship {attribute} - there are no foreign keys",
            "Could not determine join condition between parent/child tables on relationship {attribute} ",
            "Can't find any foreign key relationships between '{table}' and",
            "Could not locate any relevant foreign key columns for primary join condition",
        ],
        needs: Needs::Nothing,
        when: Some(|captures| captures.get("attribute").is_none_or(|attribute| !attribute.contains(' '))),
        rules: &["relationship-without-foreign-key"],
        place: Place::Model,
        message: &[
            "no foreign key leads along the relationship `{attribute}`",
            "no foreign key leads along a relationship",
        ],
        why: "SQLAlchemy builds the join from it; the mappers are configured at the first query, so alembic itself may stay green",
        help: "add the `ForeignKey`, or say `primaryjoin=`",
        ..CAUSE
    },
    Cause {
        name: "relationship-ambiguous",
        texts: &[
            "on relationship {attribute} - there are multiple foreign key paths",
            "there are multiple foreign key paths linking the tables",
            "has more than one foreign key constraint relationship between them",
        ],
        needs: Needs::Nothing,
        rules: &[],
        place: Place::Model,
        message: &[
            "several foreign keys lead along the relationship `{attribute}`",
            "several foreign keys lead along a relationship",
        ],
        why: "SQLAlchemy can't tell which to join on",
        help: "say which: `relationship(…, foreign_keys=[…])`",
        ..CAUSE
    },
    Cause {
        name: "relationship-to-unknown-class",
        texts: &[
            "expression '{target}' failed to locate a name",
            "Multiple classes found for path \"{target}\"",
            "Class '{target}' is not mapped",
        ],
        needs: Needs::SqlAlchemy,
        rules: &["relationship-to-unknown-class"],
        place: Place::Model,
        message: &["a relationship names `{target}`, which is no class that SQLAlchemy knows"],
        why: "class names are looked up when the mappers are configured: the class must have been imported by then",
        help: "mend the name, or import the module of the class",
        ..CAUSE
    },
    Cause {
        name: "relationship-back-populates-unknown",
        texts: &[
            "Mapper 'Mapper[{class}({_})]' has no property '{target}'",
            "Mapper 'mapped class {class}->{_}' has no property '{target}'",
            "Mapper '{class}' has no property '{target}'",
        ],
        needs: Needs::Nothing,
        place: Place::Model,
        message: &["`back_populates` names `{target}`, which `{class}` does not have"],
        why: "both sides of a relationship must name each other",
        help: "add the relationship on the other class, or mend the name",
        ..CAUSE
    },
    Cause {
        name: "primary-key-missing",
        texts: &["could not assemble any primary key columns for mapped table '{table}'"],
        needs: Needs::Nothing,
        rules: &["primary-key-missing"],
        place: Place::DeepestFrame,
        message: &["the table `{table}` has no primary key"],
        why: "the ORM needs one to tell rows apart",
        help: "mark a column with `primary_key=True`",
        ..CAUSE
    },
    Cause {
        name: "tablename-missing",
        texts: &["does not have a __table__ or __tablename__ specified"],
        needs: Needs::Nothing,
        rules: &["tablename-missing"],
        place: Place::DeepestFrame,
        message: &["the class has no `__tablename__`"],
        why: "a class on a declarative base is mapped unless it is abstract",
        help: "add `__tablename__`, or `__abstract__ = True` where it is only a base",
        ..CAUSE
    },
    Cause {
        name: "server-default-not-text",
        texts: &["Argument 'arg' is expected to be one of type '<class 'str'>'"],
        needs: Needs::Nothing,
        rules: &["server-default-not-text"],
        place: Place::DeepestFrame,
        message: &["`server_default` is given a Python value"],
        why: "it is SQL: text, or an expression",
        help: "write `text(\"true\")`, `\"0\"`, `func.now()` …",
        ..CAUSE
    },
    Cause {
        name: "enum-without-name",
        texts: &["ENUM type requires a name", "requires a name to be used with"],
        needs: Needs::SqlAlchemy,
        rules: &["enum-without-name"],
        place: Place::Statement,
        message: &["a PostgreSQL enum has no name"],
        why: "on PostgreSQL an enum is a type of its own, and types have names",
        help: "write `sa.Enum(…, name=\"…\")`, in the model and in the revision",
        ..CAUSE
    },
    Cause {
        name: "identifier-too-long",
        texts: &[
            "Identifier '{name}' exceeds maximum length of {_} characters",
            "Identifier name '{name}' is too long",
        ],
        needs: Needs::SqlAlchemy,
        rules: &["identifier-too-long"],
        place: Place::Statement,
        message: &["the name `{name}` is longer than the database allows"],
        why: "63 bytes on PostgreSQL, 64 characters on MySQL",
        help: "give the index or constraint a shorter name",
        ..CAUSE
    },
    Cause {
        name: "foreign-key-cycle",
        texts: &[
            "Cannot correctly sort tables; there are unresolvable cycles between tables \"{tables}\"",
            "Can't sort tables for DROP; an unresolvable foreign key dependency exists between tables",
            "Circular dependency detected",
        ],
        needs: Needs::SqlAlchemy,
        rules: &["foreign-key-cycle"],
        place: Place::DeepestFrame,
        message: &["the foreign keys of {tables} form a circle", "foreign keys form a circle"],
        why: "no order of CREATE TABLE satisfies them",
        help: "`use_alter=True` and a name on one of the foreign keys",
        ..CAUSE
    },
    Cause {
        name: "type-not-supported",
        texts: &[
            "can't render element of type {type}",
            "Can't generate DDL for NullType()",
            "{type} requires a length on dialect",
            "type {type} is not supported",
        ],
        and: &["Compiler", "NullType", "requires a length", "in table"],
        needs: Needs::SqlAlchemy,
        place: Place::Statement,
        message: &["the database's dialect has no type `{type}`, or not in this form", "a column has no type"],
        why: "the type is one of another dialect, or lacks what this one requires (a length on MySQL)",
        help: "use a generic type (`sa.JSON`, `sa.Uuid`, `sa.String(255)`), or `with_variant` for this dialect",
        ..CAUSE
    },
    Cause {
        name: "schema-item-expected",
        texts: &[
            "'SchemaItem' object, such as a 'Column' or a 'Constraint' expected, got {got}",
            "Column expression, FROM clause, or other columns clause element expected, got {got}",
            "Column object '{column}' already assigned to Table '{table}'",
            "Column must be constructed with a non-blank name",
        ],
        needs: Needs::Alembic,
        place: Place::DeepestFrame,
        message: &[
            "SQLAlchemy was given {got} where a column or constraint belongs",
            "the column `{column}` is used in two tables",
            "a column is used in a way that SQLAlchemy refuses",
        ],
        why: "what is handed to `Table`, `create_table` or a constraint must be a schema item of its own",
        help: "mend the argument",
        ..CAUSE
    },
];
