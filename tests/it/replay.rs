//! Revisions of all shapes, replayed: the revision's code, and the tables that the database has after it.

use std::fmt::Write as _;

use limbeck::catalog::table::{Column, Name, ServerDefault, Table};
use limbeck::catalog::{Catalog, Dialect, Target, replay};
use limbeck::project::read;
use limbeck::project::settings::Settings;
use limbeck::source::Sources;
use limbeck::syntax::python::Trees;

const ENV: &str = "\
from alembic import context
from sqlalchemy import create_engine, MetaData
target_metadata = MetaData()
engine = create_engine('postgresql://app@localhost/app')
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=target_metadata)
    context.run_migrations()
";

const HEAD: &str = "\
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
";

/// The catalogue of a project whose files are given; `env.py` and `alembic.ini` are added where they are missing.
fn replayed(files: &[(&str, String)]) -> Catalog {
    let mut all = vec![
        ("alembic.ini", "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n".to_owned()),
        ("migrations/env.py", ENV.to_owned()),
    ];
    for (path, text) in files {
        all.retain(|(known, _)| known != path);
        all.push((path, text.clone()));
    }
    let run = || {
        let sources = Sources::in_memory(all);
        let trees = Trees::of(&sources);
        let project = read::read(&sources, &trees, &Settings { fresh_machine: true, ..Settings::default() });
        assert!(project.broken.is_empty(), "{:?}", project.broken);
        let target = Target::of(Dialect::Postgresql, &project.environments[0].versions);
        replay::replayed(&project, 0, &target)
    };
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(limbeck::load::STACK).spawn_scoped(scope, run);
        worker.expect("a thread").join().expect("no panic")
    })
}

/// One revision with this body of `upgrade()`, after `before` it.
fn upgraded(before: &str, upgrade: &str) -> Catalog {
    let body: String = upgrade.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!("{HEAD}revision = 'a'\ndown_revision = None\n{before}\ndef upgrade():\n{body}\n");
    replayed(&[("migrations/versions/a.py", text)])
}

/// The catalogue as lines: what a person would look at.
fn listing(catalog: &Catalog) -> String {
    let mut out = String::new();
    for table in catalog.tables.values() {
        of_table(table, &mut out);
    }
    for found in &catalog.enums {
        let values = found.values.as_ref().map_or("?".to_owned(), |values| values.join(" "));
        let _ = writeln!(out, "type {}: {values}", found.name);
    }
    for found in &catalog.unresolved {
        let table = found.table.as_ref().map_or(String::new(), ToString::to_string);
        let column = found.column.as_ref().map_or(String::new(), |column| format!(".{column}"));
        let _ = writeln!(out, "? {table}{column}: {}", found.why);
    }
    for (_, why) in &catalog.open {
        let _ = writeln!(out, "? {why}");
    }
    out
}

fn of_table(table: &Table, out: &mut String) {
    let _ = writeln!(out, "{}", table.name);
    let name = |name: &Name| name.get().unwrap_or("?").to_owned();
    for column in &table.columns {
        let _ = writeln!(out, "  {}", of_column(column));
    }
    if let Some(key) = &table.primary_key {
        let _ = writeln!(out, "  {}: primary key {}", name(&key.name), key.columns.join(" "));
    }
    for unique in &table.unique_constraints {
        let _ = writeln!(out, "  {}: unique {}", name(&unique.name), unique.columns.join(" "));
    }
    for key in &table.foreign_keys {
        let (from, to) = (key.columns.join(" "), key.target_columns.join(" "));
        let _ = writeln!(out, "  {}: {from} -> {} {to}", name(&key.name), key.target);
    }
    for check in &table.check_constraints {
        let _ = writeln!(out, "  {}: check {}", name(&check.name), check.text.as_deref().unwrap_or("?"));
    }
    for index in &table.indexes {
        let columns = index.columns().map_or("?".to_owned(), |columns| columns.join(" "));
        let _ = writeln!(out, "  {}: index {columns}", name(&index.name));
    }
}

fn of_column(column: &Column) -> String {
    let target = Target::of(Dialect::Postgresql, &Default::default());
    let mut text = column.name.clone();
    text += " ";
    text += column.column_type.as_ref().and_then(|found| found.ddl(&target)).as_deref().unwrap_or("?");
    if column.nullable == Some(false) {
        text += " not null";
    }
    match &column.server_default {
        ServerDefault::None => {}
        ServerDefault::Sql(default) => text += &format!(" default {default}"),
        ServerDefault::Unknown => text += " default ?",
    }
    text
}

#[track_caller]
fn check(catalog: &Catalog, expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim_end).filter(|line| !line.trim().is_empty()).collect();
    let indent = expected.first().map_or(0, |line| line.len() - line.trim_start().len());
    let expected: Vec<&str> = expected.iter().map(|line| &line[indent.min(line.len())..]).collect();
    let found = listing(catalog);
    assert_eq!(found.lines().collect::<Vec<_>>().join("\n"), expected.join("\n"));
}

#[test]
fn the_database_names_what_has_no_name() {
    let made = upgraded(
        "",
        "\
op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.Float(), unique=True))
op.create_table(
    'b',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('a_id', sa.Integer(), sa.ForeignKey('a.id'), index=True),
    sa.CheckConstraint('a_id > 0'),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('id', name='b_once'),
)",
    );
    check(
        &made,
        "
        a
          id INTEGER not null
          x DOUBLE PRECISION
          a_pkey: primary key id
          a_x_key: unique x
        b
          id INTEGER not null
          a_id INTEGER
          b_once: primary key id
          b_a_id_fkey: a_id -> a id
          b_a_id_check: check a_id > 0
          ix_b_a_id: index a_id",
    );
}

#[test]
fn renames_ripple_and_drops_take_along() {
    let made = upgraded(
        "",
        "\
op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('k', sa.Text()), sa.Column('l', sa.Text()))
op.create_table('b', sa.Column('a_id', sa.Integer(), sa.ForeignKey('a.id')))
op.create_index('ix_k', 'a', ['k'], postgresql_where=sa.text('k IS NOT NULL'))
op.create_index('ix_kl', 'a', ['k', 'l'])
op.create_unique_constraint('uq_l', 'a', ['l'])
op.alter_column('a', 'id', new_column_name='number')
op.alter_column('a', 'k', new_column_name='key', type_=sa.String(20), nullable=False, server_default='x')
op.drop_column('a', 'l')
op.rename_table('a', 'c')",
    );
    check(
        &made,
        "
        c
          number INTEGER not null
          key VARCHAR(20) not null default 'x'
          a_pkey: primary key number
          ix_k: index key
        b
          a_id INTEGER
          b_a_id_fkey: a_id -> c number",
    );
}

#[test]
fn types_are_made_once() {
    let made = upgraded(
        "status = postgresql.ENUM('new', 'done', name='status', create_type=False)",
        "\
status.create(op.get_bind(), checkfirst=True)
op.create_table('a', sa.Column('s', status), sa.Column('k', sa.Enum('x', name='kind')))
op.execute(\"ALTER TYPE status ADD VALUE IF NOT EXISTS 'lost' BEFORE 'done'\")
op.execute('ALTER TYPE kind RENAME TO sort')",
    );
    check(
        &made,
        "
        a
          s status
          k sort
        type status: new lost done
        type sort: x",
    );
}

#[test]
fn names_by_the_convention_of_target_metadata() {
    let env = ENV.replace(
        "MetaData()",
        "MetaData(naming_convention={'ck': 'ck_%(table_name)s_%(constraint_name)s', 'uq': 'uq_%(table_name)s_%(column_0_name)s'})",
    );
    let revision = format!(
        "{HEAD}revision = 'a'\ndown_revision = None\ndef upgrade():\n\
         \x20   op.create_table('a', sa.Column('x', sa.Integer()), sa.CheckConstraint('x > 0', name='positive'),\n\
         \x20                   sa.CheckConstraint('x < 9', name=op.f('small')))\n\
         \x20   with op.batch_alter_table('a') as batch_op:\n\
         \x20       batch_op.add_column(sa.Column('y', sa.Integer(), nullable=True))\n\
         \x20       batch_op.create_unique_constraint(None, ['y'])\n\
         \x20       batch_op.create_index(batch_op.f('ix_a_y'), ['y'], unique=False)\n\
         \x20       batch_op.alter_column('x', nullable=False)\n\
         \x20   op.drop_constraint('positive', 'a', type_='check')\n"
    );
    let made = replayed(&[("migrations/env.py", env), ("migrations/versions/a.py", revision)]);
    check(
        &made,
        "
        a
          x INTEGER not null
          y INTEGER
          uq_a_y: unique y
          small: check x < 9
          ix_a_y: index y",
    );
}

#[test]
fn questions_are_answered() {
    let made = upgraded(
        "\
def has_column(table, column):
    return column in [it['name'] for it in sa.inspect(op.get_bind()).get_columns(table)]
",
        "\
bind = op.get_bind()
inspector = sa.inspect(bind)
if not inspector.has_table('a'):
    op.create_table('a', sa.Column('x', sa.Integer()))
if 'a' not in inspector.get_table_names():
    op.create_table('never', sa.Column('x', sa.Integer()))
for column in ('x', 'y'):
    if not has_column('a', column):
        op.add_column('a', sa.Column(column, sa.Integer()))
if bind.dialect.name == 'sqlite':
    op.drop_table('a')
elif bind.dialect.name == 'postgresql':
    op.add_column('a', sa.Column('z', postgresql.JSONB()))
metadata = sa.MetaData()
metadata.reflect(bind)
op.create_table('copy', *[column.copy() for column in metadata.tables['a'].columns])",
    );
    check(
        &made,
        "
        a
          x INTEGER
          y INTEGER
          z JSONB
        copy
          x INTEGER
          y INTEGER
          z JSONB",
    );
}

#[test]
fn what_happens_only_on_some_paths_is_not_known() {
    let made = upgraded(
        "import os",
        "\
op.create_table('a', sa.Column('x', sa.Integer()), sa.Column('y', sa.Integer()))
op.create_table('b', sa.Column('x', sa.Integer()))
if len(os.listdir('/srv')) > 3:
    op.add_column('a', sa.Column('z', sa.Integer()))
    op.alter_column('a', 'y', type_=sa.Text())
op.add_column('b', sa.Column('w', sa.Integer()))",
    );
    check(
        &made,
        "
        a
          x INTEGER
          y ?
        b
          x INTEGER
          w INTEGER
        ? a.z: the column is added: done only on some paths through the revision
        ? a.y: the column is altered: done only on some paths through the revision",
    );
}

#[test]
fn helpers_models_and_statements() {
    let models = "\
import sqlalchemy as sa
from sqlalchemy.orm import declarative_base
Base = declarative_base()
class Old(Base):
    __tablename__ = 'old'
    id = sa.Column(sa.Integer, primary_key=True)
";
    let helpers = "\
import sqlalchemy as sa
from alembic import op
def stamped(name, *columns):
    op.create_table(name, sa.Column('id', sa.Integer(), primary_key=True), *columns, sa.Column('at', sa.DateTime()))
";
    let revision = format!(
        "{HEAD}import numpy\nfrom app.models import Base\nfrom app.helpers import stamped\n\
         revision = 'a'\ndown_revision = None\ndef upgrade():\n\
         \x20   Base.metadata.create_all(op.get_bind())\n\
         \x20   for name in ('one', 'two'):\n\
         \x20       stamped(name, sa.Column('n', sa.BigInteger()))\n\
         \x20   op.get_bind().execute(sa.text('ALTER TABLE one ADD COLUMN t text NOT NULL; DROP TABLE two'))\n\
         \x20   op.execute(sa.update(sa.table('one', sa.column('n'))).values(n=1))\n"
    );
    let env = format!("from app.models import Base\n{}", ENV.replace("MetaData()", "Base.metadata"));
    let made = replayed(&[
        ("app/__init__.py", String::new()),
        ("app/models.py", models.to_owned()),
        ("app/helpers.py", helpers.to_owned()),
        ("migrations/env.py", env),
        ("migrations/versions/a.py", revision),
    ]);
    check(
        &made,
        "
        old
          id INTEGER not null
          old_pkey: primary key id
        one
          id INTEGER not null
          n BIGINT
          at TIMESTAMP WITHOUT TIME ZONE
          t TEXT not null
          one_pkey: primary key id",
    );
}

#[test]
fn branches_merges_and_broken_revisions() {
    let revision = |id: &str, down: &str, upgrade: &str| {
        (
            format!("migrations/versions/{id}.py"),
            format!("{HEAD}revision = '{id}'\ndown_revision = {down}\ndef upgrade():\n    {upgrade}\n"),
        )
    };
    let files = [
        revision("a", "None", "op.create_table('a', sa.Column('x', sa.Integer()))"),
        revision("b", "'a'", "op.add_column('a', sa.Column('b', sa.Integer()))"),
        revision("c", "'a'", "op.add_column('a', sa.Column('c', sa.Integer()))"),
        revision("d", "('b', 'c')", "op.drop_column('a', 'b')"),
        revision("e", "'d'", "raise RuntimeError('no')"),
        revision("f", "'e'", "op.create_table('f', sa.Column('x', sa.Integer())"),
        revision("g", "'f'", "op.create_table('g', sa.Column('x', sa.Integer()))"),
        revision("h", "'missing'", "op.create_table('h', sa.Column('x', sa.Integer()))"),
        revision("i", "'j'", "op.create_table('i', sa.Column('x', sa.Integer()))"),
        revision("j", "'i'", "op.create_table('j', sa.Column('x', sa.Integer()))"),
    ];
    let files: Vec<(&str, String)> = files.iter().map(|(path, text)| (path.as_str(), text.clone())).collect();
    let found = listing(&replayed(&files));
    for table in ["a\n  x INTEGER\n  c INTEGER\n", "g\n", "h\n"] {
        assert!(found.contains(table), "{table:?} in {found}");
    }
    assert!(found.contains("raises RuntimeError on paper"), "{found}");
    assert!(!found.contains("  b INTEGER"), "{found}");
}
