"""The real Alembic, in forks of one process that has imported everything but the project."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path


class Captured(BaseException):
    """env.py called `context.configure`: nothing further is wanted."""


class Process:
    """Runs Alembic's own commands on copies of the project."""

    def __init__(self, folder: Path, project: argparse.Namespace, url: str) -> None:
        self.project = project
        sys.dont_write_bytecode = True
        warnings.simplefilter("ignore")
        known = set(sys.modules)
        answer = self.forked(folder, url, lambda config: loaded(known, folder, config))
        self.problem = answer if isinstance(answer, str) else None
        answer = answer if isinstance(answer, dict) else {}
        # The project's files that env.py reaches, relative to the folder.
        self.files: list[str] = answer.get("files", [])
        self.versions: dict[str, str] = answer.get("versions", {})
        for name in answer.get("modules", []):
            try:
                importlib.import_module(name)
            except BaseException:  # noqa: BLE001, S110: what can't be imported alone is imported by the project
                pass

    def upgrade(self, folder: Path, url: str) -> str | None:
        """`alembic upgrade heads` on an empty database, or the project's own way; what went wrong."""
        own = self.project.upgrade
        if own:
            run = compile(own, "the project's own upgrade", "exec")
            answer = self.forked(folder, url, lambda _: exec(run, {"URL": url}) or {})
        else:
            answer = self.forked(folder, url, upgraded)
        return None if answer == {} else str(answer)

    def make(self, folder: Path, url: str) -> str | None:
        """Makes the tables of the models in an empty database; what went wrong."""
        answer = self.forked(folder, url, made)
        return None if answer == {} else str(answer)

    def check(self, folder: Path, url: str, stamp: bool = False) -> list[dict] | str:
        """What `alembic check` lists; a text: the models can't be imported. `stamp`: calls the database up to date first."""
        answer = self.forked(folder, url, lambda config: checked(config, stamp))
        return answer["operations"] if isinstance(answer, dict) else str(answer)

    def forked(self, folder: Path, url: str, then: Callable) -> object:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(read)
                silence = os.open(os.devnull, os.O_WRONLY)
                os.dup2(silence, 1)
                os.dup2(silence, 2)
                answer = then(self.config(folder, url))
                code = 0
            except BaseException:  # noqa: BLE001: everything is told to the parent
                answer = traceback.format_exc()[-1500:]
            with os.fdopen(write, "w") as pipe:
                json.dump(answer, pipe, default=str)
            os._exit(code)
        os.close(write)
        with os.fdopen(read) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        return json.loads(text) if text else "the process died"

    def config(self, folder: Path, url: str) -> object:
        """Alembic's configuration, where its command line would be started and after what the project needs before."""
        project = self.project
        os.chdir(folder / project.cwd)
        sys.path[:0] = [str(folder / path) for path in project.path] + [os.getcwd()]
        names = {"__name__": "__main__", "URL": url, "FOLDER": str(folder)}
        exec(compile(project.pre, "what the project needs before env.py", "exec"), names)
        from alembic.config import Config

        ini = folder / project.ini
        options = argparse.Namespace(x=project.x, name=project.section, config=str(ini))
        config = Config(str(ini), ini_section=project.section, cmd_opts=options)
        config.set_main_option("sqlalchemy.url", names["URL"].replace("%", "%%"))
        if project.script_location:
            config.set_main_option("script_location", str(folder / project.script_location))
        elif not config.get_main_option("script_location"):
            config.set_main_option("script_location", str(ini.parent))
        return config


def loaded(known: set[str], folder: Path, config: object) -> dict:
    """What importing the project brought: modules of others, files of its own."""
    import alembic
    import sqlalchemy

    configured(config)
    root = str(folder)
    modules, files = [], []
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        if path.startswith(root + os.sep):
            files.append(os.path.relpath(path, root))
        elif name not in known and "." not in name and path and not name.startswith("_"):
            modules.append(name)
    versions = {"sqlalchemy": sqlalchemy.__version__, "alembic": alembic.__version__}
    return {"modules": modules, "files": sorted(set(files)), "versions": versions}


def configured(config: object) -> list:
    """Runs env.py until it calls `context.configure`; the MetaData that it names there."""
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    calls: list[dict] = []

    def configure(_self: object, **options: object) -> None:
        calls.append(options)
        raise Captured

    original, EnvironmentContext.configure = EnvironmentContext.configure, configure
    script = ScriptDirectory.from_config(config)
    try:
        with EnvironmentContext(config, script, fn=lambda rev, context: []):
            script.run_env()
    except Captured:
        pass
    finally:
        EnvironmentContext.configure = original
    target = calls[0]["target_metadata"]
    return list(target) if isinstance(target, (list, tuple)) else [target]


def upgraded(config: object) -> dict:
    from alembic import command

    command.upgrade(config, "heads")
    return {}


def made(config: object) -> dict:
    from sqlalchemy import create_engine, text

    metadatas = configured(config)
    engine = create_engine(config.get_main_option("sqlalchemy.url").replace("+asyncpg", "+psycopg2"))
    with engine.begin() as connection:
        for extension in ("pg_trgm", "citext", "hstore", "btree_gin", "uuid-ossp"):
            connection.execute(text(f"""
                DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS "{extension}"; EXCEPTION WHEN OTHERS THEN NULL; END $$"""))
        for schema in {table.schema for metadata in metadatas for table in metadata.tables.values()} - {None}:
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        for metadata in metadatas:
            metadata.create_all(connection)
    return {}


def checked(config: object, stamp: bool) -> dict:
    from alembic import command
    from alembic.util import CommandError

    contexts = []
    of_command = command.autogen.RevisionContext

    class RevisionContext(of_command):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)
            contexts.append(self)

    if stamp:
        command.stamp(config, "heads")
    command.autogen.RevisionContext = RevisionContext
    try:
        command.check(config)
    except CommandError:
        # It differs, or the database is not up to date: then there is no script.
        if not contexts or not contexts[0].generated_revisions:
            raise
    operations = []
    for script in contexts[0].generated_revisions[-1].upgrade_ops_list:
        for entry in script.as_diffs():
            operations += [one(part) for part in entry] if isinstance(entry, list) else [one(entry)]
    return {"operations": operations}


def one(entry: tuple) -> dict:
    word = entry[0]
    if word in ("add_table", "remove_table"):
        return {"op": word, "table": entry[1].name, "schema": entry[1].schema}
    if word in ("add_column", "remove_column"):
        return {"op": word, "schema": entry[1], "table": entry[2], "column": entry[3].name}
    if word.startswith("modify_"):
        before, after = entry[5], entry[6]
        if word == "modify_type":
            before, after = ddl(before), ddl(after)
        return {"op": word, "schema": entry[1], "table": entry[2], "column": entry[3], "from": before, "to": after}
    if word in ("add_table_comment", "remove_table_comment"):
        return {"op": word, "table": entry[1].name, "schema": entry[1].schema, "to": entry[1].comment}
    thing = entry[1]
    columns = [getattr(column, "name", None) for column in getattr(thing, "columns", [])]
    operation = {
        "op": word,
        "schema": thing.table.schema,
        "table": thing.table.name,
        "name": thing.name,
        "columns": [column for column in columns if column],
    }
    if word in ("add_fk", "remove_fk"):
        operation["refers_to"] = sorted(key.target_fullname for key in thing.elements)
    return operation


def ddl(of: object) -> str:
    from sqlalchemy.dialects import postgresql

    try:
        return of.compile(dialect=postgresql.dialect())
    except Exception:  # noqa: BLE001: types of other databases
        return str(of)
