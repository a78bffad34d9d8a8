//! Models and one revision, compared: the operations that the real autogenerate lists for them.

use limbeck::catalog::diff::Difference;
use limbeck::catalog::diff::change::Change;
use limbeck::catalog::drift;
use limbeck::project::read;
use limbeck::project::settings::Settings;
use limbeck::source::Sources;
use limbeck::syntax::python::Trees;

const ENV: &str = "\
from alembic import context
from sqlalchemy import create_engine
import models
HOOKS
engine = create_engine('postgresql://app@localhost/app')
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=models.Base.metadata, **options)
    context.run_migrations()
";

const MODELS: &str = "\
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
class Base(DeclarativeBase):
    pass
";

const REVISION: &str = "\
import sqlalchemy as sa
from alembic import op
revision = 'a'
down_revision = None
def upgrade():
";

/// A project of a models file, one revision and others, compared. `hooks` is code of env.py that makes `options`.
fn difference(hooks: &str, models: &str, upgrade: &str, others: &[(&str, &str)]) -> Difference {
    let body: String = upgrade.lines().map(|line| format!("    {line}\n")).collect();
    let mut files = vec![
        ("alembic.ini", "[alembic]\nscript_location = migrations\nprepend_sys_path = .\n".to_owned()),
        ("migrations/env.py", ENV.replace("HOOKS", hooks)),
        ("models.py", format!("{MODELS}{models}")),
        ("migrations/versions/a.py", format!("{REVISION}{body}")),
    ];
    files.extend(others.iter().map(|(path, text)| (*path, (*text).to_owned())));
    let run = || {
        let sources = Sources::in_memory(files);
        let trees = Trees::of(&sources);
        let project = read::read(&sources, &trees, &Settings { fresh_machine: true, ..Settings::default() });
        assert!(project.broken.is_empty(), "{:?}", project.broken);
        let drift = drift::of(&project, 0);
        assert_eq!(drift.nothing, None);
        drift.difference
    };
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(limbeck::load::STACK).spawn_scoped(scope, run);
        worker.expect("a thread").join().expect("no panic")
    })
}

/// What is listed, and what is not compared.
fn compared(hooks: &str, models: &str, upgrade: &str) -> (Vec<String>, Vec<String>) {
    let difference = difference(hooks, models, upgrade, &[]);
    let words = |change: &Change| {
        let what = change.column().or(change.name()).map(|name| format!(".{name}")).unwrap_or_default();
        let table = &change.table.name;
        change.words().into_iter().map(|word| format!("{word} {table}{what}")).collect::<Vec<_>>()
    };
    let not_compared = difference.not_compared.iter().map(|one| format!("{}: {}", one.what, one.why));
    (difference.changes.iter().flat_map(words).collect(), not_compared.collect())
}

fn listed(hooks: &str, models: &str, upgrade: &str) -> Vec<String> {
    let (listed, not_compared) = compared(hooks, models, upgrade);
    assert!(not_compared.is_empty(), "{not_compared:?}");
    listed
}

const NONE: &str = "options = {}";

const ITEM: &str = "\
class Item(Base):
    __tablename__ = 'item'
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None] = mapped_column(sa.String(20))
";

const ITEM_MADE: &str = "\
op.create_table('item', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('title', sa.String(20)))
";

#[test]
fn an_index_covers_the_columns_within_its_expressions() {
    let models = format!("{ITEM}sa.Index('by_id', Item.id.desc())\nsa.Index('by_title', sa.func.lower(Item.title))\n");
    assert_eq!(listed(NONE, &models, ITEM_MADE), ["add_index item.by_id", "add_index item.by_title"]);
    let made = format!(
        "{ITEM_MADE}op.create_index('by_id', 'item', ['id'], postgresql_ops={{'id': 'DESC'}})\n\
         op.create_index('by_title', 'item', [sa.text('lower(title)')])\n"
    );
    assert_eq!(listed(NONE, &models, &made), [""; 0]);
    let ascending = format!("{ITEM_MADE}op.create_index('by_id', 'item', ['id'])\n");
    let both = ["remove_index item.by_id", "add_index item.by_id", "add_index item.by_title"];
    assert_eq!(listed(NONE, &models, &ascending), both);
}

#[test]
fn a_foreign_key_that_waits_for_alter_is_not_made_by_create_table() {
    let models = format!(
        "{ITEM}    parent: Mapped[int | None] = mapped_column(sa.ForeignKey('item.id', name='to_parent', use_alter=True))\n"
    );
    let made = "\
op.create_table('item', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('title', sa.String(20)),
    sa.Column('parent', sa.Integer()), sa.ForeignKeyConstraint(['parent'], ['item.id'], use_alter=True))
";
    assert_eq!(listed(NONE, &models, made), ["add_fk item.to_parent"]);
}

#[test]
fn a_constraint_is_named_by_the_convention_that_was_there_when_its_table_was_made() {
    let models = format!("{ITEM}    __table_args__ = (sa.UniqueConstraint('title'),)\n");
    let made = format!("{ITEM_MADE}op.create_unique_constraint('item_title_key', 'item', ['title'])\n");
    let late = "models.Base.metadata.naming_convention = {'uq': 'uq_%(table_name)s'}\noptions = {}";
    assert_eq!(listed(late, &models, &made), [""; 0]);
    let early = format!("Base.metadata.naming_convention = {{'uq': 'uq_%(table_name)s'}}\n{models}");
    let renamed = ["remove_constraint item.item_title_key", "add_constraint item.uq_item"];
    assert_eq!(listed(NONE, &early, &made), renamed);
}

#[test]
fn what_process_revision_directives_takes_out_is_not_listed() {
    let made = "\
op.create_table('item', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('title', sa.String(30), nullable=False),
    sa.Column('old', sa.Text()), sa.Column('older', sa.Text()))
";
    let all =
        ["modify_type item.title", "modify_nullable item.title", "remove_column item.old", "remove_column item.older"];
    assert_eq!(listed(NONE, ITEM, made), all);
    let hook = "\
from alembic.operations import ops
KEPT = frozenset({'old'})
def without(container):
    left = []
    for operation in container.ops:
        if isinstance(operation, ops.OpContainer):
            without(operation)
            if operation.ops:
                left.append(operation)
            continue
        if isinstance(operation, ops.DropColumnOp) and operation.column_name in KEPT:
            continue
        if isinstance(operation, ops.AlterColumnOp) and operation.modify_nullable is True:
            operation.modify_nullable = None
            if not operation.has_changes():
                continue
        left.append(operation)
    container.ops[:] = left
def revise(context, revision, directives):
    for directive in directives:
        for upgrade in directive.upgrade_ops_list:
            without(upgrade)
options = {'process_revision_directives': revise}
";
    assert_eq!(listed(hook, ITEM, made), ["modify_type item.title", "remove_column item.older"]);
    // The usual one, which leaves out the file of an empty revision.
    let usual = "\
def revise(context, revision, directives):
    if getattr(context.config.cmd_opts, 'autogenerate', False):
        script = directives[0]
        if script.upgrade_ops.is_empty():
            directives[:] = []
options = {'process_revision_directives': revise}
";
    assert_eq!(listed(usual, ITEM, made), all);
}

#[test]
fn a_truth_value_is_equal_to_a_number_only_as_a_default_of_truth_values() {
    let models = format!(
        "{ITEM}    done: Mapped[bool | None] = mapped_column(server_default=sa.true())\n    \
         word: Mapped[str | None] = mapped_column(server_default='true')\n"
    );
    let made = "\
op.create_table('item', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('title', sa.String(20)),
    sa.Column('done', sa.Boolean(), server_default='1'), sa.Column('word', sa.String(), server_default='1'))
";
    let compares = "options = {'compare_server_default': True}";
    assert_eq!(listed(compares, &models, made), ["modify_default item.word"]);
}

#[test]
fn a_comment_that_could_not_be_read_is_not_compared() {
    let models =
        format!("from somewhere import SIZE\n{ITEM}    size: Mapped[int | None] = mapped_column(comment=SIZE)\n");
    let made = "\
op.create_table('item', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('title', sa.String(20)),
    sa.Column('size', sa.Integer(), comment='in metres'))
";
    let (listed, not_compared) = compared(NONE, &models, made);
    assert_eq!(listed, [""; 0]);
    assert_eq!(not_compared, ["the comment of column `size`: it could not be read in the models"]);
}

#[test]
fn a_table_on_another_metadata_is_none_of_the_environment_s() {
    let models = format!(
        "{ITEM}class Other(DeclarativeBase):\n    pass\nclass Old(Other):\n    __tablename__ = 'old'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
    );
    let made = format!("{ITEM_MADE}op.create_table('old', sa.Column('id', sa.Integer(), primary_key=True))\n");
    assert_eq!(listed(NONE, &models, &made), ["remove_table old"]);
}

#[test]
fn what_adds_no_columns_leaves_a_table_complete() {
    let models = "\
from pydantic import ConfigDict
from somewhere import add_columns, cache
from sqlalchemy.ext.hybrid import hybrid_property
class Prefixed(Base):
    __abstract__ = True
    def __init_subclass__(cls):
        cls.__tablename__ = 'my_' + cls.__tablename__
        super().__init_subclass__()
class Item(Prefixed):
    __tablename__ = 'item'
    id: Mapped[int] = mapped_column(primary_key=True)
    model_config = ConfigDict(extra='allow')
    @cache.memoize(timeout=5)
    def score(self):
        return 1
    @hybrid_property
    def old_score(self):
        return 1
    @old_score.inplace.expression
    @classmethod
    def _old_score_expression(cls):
        return 2
";
    let made =
        "op.create_table('my_item', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('old', sa.Text()))\n";
    assert_eq!(listed(NONE, models, made), ["remove_column my_item.old"]);
    let handed_on = models.replace("        super().", "        add_columns(cls)\n        super().");
    let (listed, not_compared) = compared(NONE, &handed_on, made);
    assert!(listed.is_empty() && not_compared.len() == 1, "{listed:?} {not_compared:?}");
}

#[test]
fn sqlmodel_hands_keywords_on_to_its_columns() {
    let models = "\
from sqlmodel import Field, SQLModel
class Item(SQLModel, table=True):
    __tablename__ = 'item'
    metadata = Base.metadata
    id: int = Field(primary_key=True)
    title: str = Field(sa_column_kwargs={'comment': 'on the cover', 'index': True, 'nullable': True})
";
    let made = "\
op.create_table('item', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('title', sa.String(), nullable=False))
";
    let all = ["modify_nullable item.title", "modify_comment item.title", "add_index item.ix_item_title"];
    assert_eq!(listed(NONE, models, made), all);
}

#[test]
fn revisions_that_only_a_command_adds_may_have_done_it() {
    let command = "\
import os
from alembic.config import Config
def configuration():
    config = Config('alembic.ini')
    config.set_main_option('version_locations', os.pathsep.join(locations()))
    return config
";
    let models = "\
class A(Base):
    __tablename__ = 'a'
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
";
    let made = "op.create_table('a', sa.Column('id', sa.Integer(), primary_key=True))";
    let later = "revision = 'b'\ndown_revision = 'a'\ndef upgrade():\n    pass\n";
    let compared = |path: &str| {
        let found = difference(NONE, models, made, &[("upgrades.py", command), (path, later)]);
        (found.changes.len(), found.not_compared.len())
    };
    assert_eq!(compared("migrations/versions/later/b.py"), (0, 1));
    // What lies elsewhere may be another environment's.
    assert_eq!(compared("plugins/migrations/b.py"), (1, 0));
}
