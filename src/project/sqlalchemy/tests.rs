//! Small projects, run on paper; what SQLAlchemy registered afterwards.

use std::rc::Rc;

use crate::project::Known;
use crate::project::sqlalchemy::library::SqlAlchemy;
use crate::project::sqlalchemy::{Models, Table};
use crate::python::evaluate::Machine;
use crate::python::library::Library;
use crate::source::Sources;
use crate::syntax::python::Trees;

/// Runs `main.py` and hands on the facts.
fn models(files: &[(&str, &str)]) -> Models {
    let sources = Sources::in_memory(files.iter().copied());
    let trees = Trees::of(&sources);
    let library = Rc::new(SqlAlchemy::new());
    let mut machine = Machine::new(&trees, vec![library.clone() as Rc<dyn Library<'_>>]);
    machine.search_path.push("".into());
    let main = sources.id("main.py").expect("the project has a main.py");
    let (_, result) = machine.run_script(main, "main");
    if let Err(raised) = result {
        panic!("{}: {} at {}", raised.exception, raised.message, sources.place(raised.span));
    }
    library.models(&mut machine)
}

/// The tables of a single module, one a line.
fn tables(code: &str) -> String {
    let models = models(&[("main.py", "import models\n"), ("models.py", code)]);
    models.tables.iter().map(|table| shown(&models, table)).collect::<Vec<_>>().join("\n")
}

fn shown(models: &Models, table: &Table) -> String {
    let name = match &table.name {
        Known::Is(name, _) => name.clone(),
        Known::Unknown(_, why) => format!("<{why}>"),
    };
    let schema = table.schema.as_ref().map(|schema| format!("{}.", schema.get().map_or("?", String::as_str)));
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| {
            format!(
                "{}{}{}",
                column.name.as_deref().unwrap_or("?"),
                if column.primary_key == Some(true) { "*" } else { "" },
                column.foreign_keys.iter().map(|key| format!(">{:?}", key.target)).collect::<String>(),
            )
        })
        .collect();
    format!(
        "{}: {}{name}({}{}){}",
        models.metadata(table.metadata).name,
        schema.unwrap_or_default(),
        columns.join(", "),
        if table.open { ", …" } else { "" },
        if table.certain { "" } else { " maybe" },
    )
}

#[test]
fn tables_of_core() {
    assert_eq!(
        tables(
            "import sqlalchemy as sa\nfrom sqlalchemy import Table, Column\nmeta = sa.MetaData(schema='app')\n\
             users = Table('users', meta, Column('id', sa.Integer, primary_key=True), schema='other')\n\
             posts = sa.Table('posts', meta, sa.Column('user_id', sa.ForeignKey(users.c.id)), sa.UniqueConstraint('user_id'))\n"
        ),
        "meta: other.users(id*)\nmeta: app.posts(user_id>Column(TableId(0), \"id\"))"
    );
}

#[test]
fn declarative_classes_of_every_kind_of_base() {
    let body = "\n    __tablename__ = 'users'\n    id = Column(Integer, primary_key=True)\n    name = Column('full_name', String)\n";
    let head = "from sqlalchemy import Column, Integer, String, MetaData\nfrom sqlalchemy.orm import DeclarativeBase, declarative_base, registry, as_declarative\n";
    for (base, metadata) in [
        ("Base = declarative_base()\nclass User(Base):", "Base.metadata"),
        ("class Base(DeclarativeBase): pass\nclass User(Base):", "Base.metadata"),
        ("class Base(DeclarativeBase):\n    metadata = MetaData()\nclass User(Base):", "Base.metadata"),
        ("reg = registry()\nBase = reg.generate_base()\nclass User(Base):", "Base.metadata"),
        ("reg = registry()\n@reg.mapped\nclass User:", "reg.metadata"),
        ("@as_declarative()\nclass Base: pass\nclass User(Base):", "Base.metadata"),
        ("from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\nclass User(db.Model):", "db.metadata"),
        (
            "from flask_sqlalchemy import SQLAlchemy\nclass S(SQLAlchemy): pass\ndb = S()\nclass User(db.Model):",
            "db.metadata",
        ),
    ] {
        assert_eq!(tables(&format!("{head}{base}{body}")), format!("{metadata}: users(id*, full_name)"), "{base}");
    }
}

#[test]
fn mixins_and_inheritance() {
    assert_eq!(
        tables(
            "from sqlalchemy import Column, Integer, String, ForeignKey\nfrom sqlalchemy.orm import declarative_base, declared_attr\n\
             Base = declarative_base()\n\
             class Id:\n    id = Column(Integer, primary_key=True)\n\
             class Owned:\n    @declared_attr\n    def owner_id(cls):\n        return Column(Integer, ForeignKey('users.id'))\n\
             class Kept(Base):\n    __abstract__ = True\n    kept = Column(Integer)\n\
             class User(Id, Kept):\n    __tablename__ = 'users'\n\
             class Admin(User):\n    level = Column(Integer)\n\
             class Guest(User):\n    __tablename__ = 'guests'\n    id = Column(ForeignKey('users.id'), primary_key=True)\n\
             class Post(Id, Owned, Base):\n    __tablename__ = 'posts'\n    __table_args__ = {'schema': 'blog'}\n"
        ),
        "Base.metadata: users(id*, kept, level)\nBase.metadata: guests(id*>Text(\"users.id\"))\n\
         Base.metadata: blog.posts(id*, owner_id>Text(\"users.id\"))"
    );
}

#[test]
fn annotated_columns() {
    assert_eq!(
        tables(
            "from typing import Annotated, Optional\nfrom sqlalchemy import ForeignKey\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship\n\
             class Base(DeclarativeBase): pass\n\
             pk = Annotated[int, mapped_column(primary_key=True)]\n\
             class User(Base):\n    __tablename__ = 'users'\n    id: Mapped[pk]\n    name: Mapped[Optional[str]]\n    nick: Mapped['str | None'] = mapped_column()\n    posts: Mapped[list['Post']] = relationship()\n    note: int = 3\n"
        ),
        "Base.metadata: users(id*, name, nick)"
    );
}

#[test]
fn sqlmodel_tables() {
    assert_eq!(
        tables(
            "from sqlmodel import SQLModel, Field, Relationship\n\
             class UserBase(SQLModel):\n    email: str = Field(index=True)\n    age: int = 3\n\
             class User(UserBase, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n    team_id: int = Field(foreign_key='team.id')\n    team: 'Team' = Relationship()\n\
             class UserRead(UserBase):\n    id: int\n"
        ),
        "SQLModel.metadata: user(id*, team_id>Text(\"team.id\"), email, age)"
    );
}

#[test]
fn flask_names_tables_by_itself() {
    assert_eq!(
        tables(
            "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n\
             class UserAccount(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n\
             class Admin(UserAccount):\n    level = db.Column(db.Integer)\n\
             class Log(db.Model):\n    __bind_key__ = 'logs'\n    id = db.Column(db.Integer, primary_key=True)\n\
             tags = db.Table('tags', db.Column('a', db.Integer))\n"
        ),
        "db.metadata: user_account(id*, level)\nmetadata: log(id*)\ndb.metadata: tags(a)"
    );
}

#[test]
fn what_is_doubtful_stays_so() {
    assert_eq!(
        tables(
            "import lib\nfrom sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n\
             class A(lib.Mixin, Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n\
             class B(Base):\n    __tablename__ = lib.name()\n    id = Column(Integer, primary_key=True)\n\
             if lib.flag:\n    class C(Base):\n        __tablename__ = 'c'\n        id = Column(Integer, primary_key=True)\n"
        ),
        "Base.metadata: a(id*, …)\nBase.metadata: <the table's name is computed>(id*)\nBase.metadata: c(id*) maybe"
    );
}

#[test]
fn star_imports_bind_names() {
    assert_eq!(
        tables(
            "from sqlalchemy import *\nfrom sqlalchemy.orm import *\nBase = declarative_base()\n\
             class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n"
        ),
        "Base.metadata: a(id*)"
    );
}

#[test]
fn runs_are_put_together() {
    let code = "from sqlalchemy import MetaData, Table, Column\nmeta = MetaData()\na = Table('a', meta, Column('x'))\n";
    let mut whole = models(&[("main.py", code)]);
    let renumbering = whole.absorb(models(&[("main.py", code)]));
    assert_eq!((whole.metadatas.len(), whole.tables.len()), (1, 1));
    assert_eq!(renumbering.tables, [whole.tables[0].id]);
}

#[test]
fn columns_of_mixins_belong_to_each_class() {
    let code = "from sqlalchemy import ForeignKey, Integer\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column\n\
                class Base(DeclarativeBase): pass\n\
                class Keyed:\n    id: Mapped[int] = mapped_column(primary_key=True)\n\
                class User(Keyed, Base):\n    __tablename__ = 'users'\n    name: Mapped[str]\n\
                class Post(Keyed, Base):\n    __tablename__ = 'posts'\n    of = mapped_column(ForeignKey(User.id))\n    by = mapped_column(ForeignKey(User.name))\n\
                class Node(Base):\n    __tablename__ = 'nodes'\n    key = mapped_column(Integer, primary_key=True)\n    above = mapped_column(ForeignKey(key))\n";
    assert_eq!(
        tables(code),
        "Base.metadata: users(name, id*)\n\
         Base.metadata: posts(of>Column(TableId(0), \"id\"), by>Column(TableId(0), \"name\"), id*)\n\
         Base.metadata: nodes(key*, above>Column(TableId(2), \"key\"))"
    );
}

#[test]
fn table_arguments_by_the_class_itself() {
    let code = "from sqlalchemy import Index, Integer\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column\n\
                class Base(DeclarativeBase): pass\n\
                class User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    name: Mapped[str]\n\
                \x20   @declared_attr\n    def __table_args__(cls):\n        return (Index('by_name', cls.name).ddl_if(dialect='postgresql'), Index('by_id', cls.id))\n";
    let models = models(&[("main.py", "import models\n"), ("models.py", code)]);
    let indexes: Vec<_> = models.tables[0].constraints.iter().map(|index| index.columns.clone()).collect();
    assert_eq!(indexes, [[Some("name".to_owned())], [Some("id".to_owned())]]);
}

#[test]
fn a_flask_database_of_the_projects_own_class() {
    let code = "from flask_sqlalchemy import SQLAlchemy\nfrom sqlalchemy.ext.declarative import declarative_base\n\
                class Database(SQLAlchemy):\n    def __init__(self, *args, **kwargs):\n        super().__init__(*args, **kwargs)\n        self.mine = {}\n\
                db = Database()\nclass UserAccount(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n\
                bare = Database(model_class=declarative_base())\nclass Post(bare.Model):\n    __tablename__ = 'posts'\n    id = bare.Column(bare.Integer, primary_key=True)\n";
    assert_eq!(tables(code), "db.metadata: user_account(id*)\nbare.metadata: posts(id*)");
}

#[test]
fn what_may_be_a_type_is_one() {
    let code = "from sqlalchemy import Column, ForeignKey, Integer\nfrom sqlalchemy.ext.mutable import MutableDict\nfrom sqlalchemy.dialects.postgresql import JSONB\nfrom sqlalchemy.orm import declarative_base\n\
                Base = declarative_base()\nclass Settings(MutableDict): pass\n\
                class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n    settings = Column(Settings.as_mutable(JSONB))\n    what = Column(eval('x'))\n    which = Column(eval('x'), ForeignKey('a.id'))\n";
    assert_eq!(tables(code), "Base.metadata: a(id*, settings, what, ?>Text(\"a.id\"))");
}

#[test]
fn table_arguments_gathered_from_the_names_of_a_class() {
    let code = "from sqlalchemy import Column, Integer\nfrom sqlalchemy.orm import declarative_base, declared_attr\nBase = declarative_base()\n\
                def gathered(cls):\n    found = {}\n    for name in dir(cls):\n        if name.endswith('__more'):\n            found.update(getattr(cls, name))\n    return found\n\
                class A(Base):\n    __tablename__ = 'a'\n    id = Column(Integer, primary_key=True)\n    __more = {'schema': 'app'}\n\
                \x20   @declared_attr\n    def __table_args__(cls):\n        return gathered(cls)\n";
    assert_eq!(tables(code), "Base.metadata: ?.a(id*, …)");
}
