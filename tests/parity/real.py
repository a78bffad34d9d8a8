"""The real Alembic, in forks of one process that has imported everything but the project."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
import warnings
from pathlib import Path


class Captured(BaseException):
    """env.py called `context.configure`: what it said there."""


class Process:
    def __init__(self, folder: Path, arguments: object, server: object) -> None:
        self.folder, self.arguments, self.server = folder, arguments, server
        sys.dont_write_bytecode = True
        warnings.simplefilter("ignore")
        known = set(sys.modules)
        answer = self.forked(folder, lambda: loaded(known, folder))
        self.seen = answer.get("files", []) if isinstance(answer, dict) else []
        for name in answer.get("modules", []) if isinstance(answer, dict) else []:
            try:
                importlib.import_module(name)
            except BaseException:  # noqa: BLE001, S110: what can't be imported alone is imported by the project
                pass

    def files(self) -> list[str]:
        """The project's files that env.py reaches, relative to the folder."""
        return self.seen

    def make(self, url: str) -> str | None:
        """Makes the tables of the models in a database; what went wrong."""
        answer = self.forked(self.folder, lambda: made(url))
        return None if answer == {} else str(answer)

    def compare(self, url: str, folder: Path) -> list[dict] | None:
        """What Alembic finds; `None`: the models can't be imported."""
        answer = self.forked(folder, lambda: compared(url))
        return answer["operations"] if isinstance(answer, dict) and "operations" in answer else None

    def forked(self, folder: Path, then: object) -> object:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.close(read)
                silence = os.open(os.devnull, os.O_WRONLY)
                os.dup2(silence, 1)
                os.dup2(silence, 2)
                self.load(folder)
                answer = then()
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

    def load(self, folder: Path) -> None:
        """Runs env.py as Alembic does, until it configures the context."""
        global CONFIGURED
        arguments = self.arguments
        os.chdir(folder / arguments.cwd)
        sys.path[:0] = [str(folder / path) for path in arguments.path] + [os.getcwd()]
        if arguments.pre:
            exec(compile(arguments.pre.read_text(), str(arguments.pre), "exec"), {"__name__": "__main__"})
        from alembic.config import Config
        from alembic.runtime.environment import EnvironmentContext
        from alembic.script import ScriptDirectory

        calls: list[dict] = []

        def configure(_self: object, **options: object) -> None:
            calls.append(options)
            raise Captured

        EnvironmentContext.configure = configure
        config = Config(str(folder / arguments.ini), ini_section=arguments.section)
        if not config.get_main_option("sqlalchemy.url"):
            config.set_main_option("sqlalchemy.url", "postgresql+psycopg2://limbeck@localhost/limbeck")
        if not config.get_main_option("script_location"):
            config.set_main_option("script_location", os.path.dirname(str(folder / arguments.ini)))
        script = ScriptDirectory.from_config(config)
        context = EnvironmentContext(config, script, as_sql=True, fn=lambda rev, context: [], destination_rev="head")
        try:
            with context:
                script.run_env()
        except Captured:
            pass
        CONFIGURED = calls[0]


CONFIGURED: dict = {}


def loaded(known: set[str], folder: Path) -> dict:
    """What importing the project brought: modules of others, files of its own."""
    root = str(folder)
    modules, files = [], []
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        if path.startswith(root + os.sep):
            files.append(os.path.relpath(path, root))
        elif name not in known and "." not in name and path and not name.startswith("_"):
            modules.append(name)
    return {"modules": modules, "files": sorted(set(files))}


def metadatas() -> list:
    target = CONFIGURED["target_metadata"]
    return list(target) if isinstance(target, (list, tuple)) else [target]


def made(url: str) -> dict:
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    with engine.begin() as connection:
        for extension in ("pg_trgm", "citext", "hstore", "btree_gin", "uuid-ossp"):
            connection.execute(text(f"""
                DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS "{extension}"; EXCEPTION WHEN OTHERS THEN NULL; END $$"""))
        for schema in {table.schema for metadata in metadatas() for table in metadata.tables.values()} - {None}:
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        for metadata in metadatas():
            metadata.create_all(connection)
    return {}


def compared(url: str) -> dict:
    from alembic.autogenerate import produce_migrations
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import create_engine

    options = {
        key: value
        for key, value in CONFIGURED.items()
        if key.startswith(("include_", "compare_", "version_table", "autogenerate_plugins"))
    }
    with create_engine(url).connect() as connection:
        context = MigrationContext.configure(connection, opts={**options, "target_metadata": CONFIGURED["target_metadata"]})
        script = produce_migrations(context, CONFIGURED["target_metadata"])
    operations = []
    for entry in script.upgrade_ops.as_diffs():
        operations += [one(part) for part in entry] if isinstance(entry, list) else [one(entry)]
    return {"operations": operations}


def one(entry: tuple) -> dict:
    word = entry[0]
    if word in ("add_table", "remove_table"):
        return {"op": word, "table": entry[1].name, "schema": entry[1].schema}
    if word in ("add_column", "remove_column"):
        return {"op": word, "schema": entry[1], "table": entry[2], "column": entry[3].name}
    if word.startswith("modify_"):
        return {"op": word, "schema": entry[1], "table": entry[2], "column": entry[3], "from": entry[5], "to": entry[6]}
    if word in ("add_table_comment", "remove_table_comment"):
        return {"op": word, "table": entry[1].name, "schema": entry[1].schema}
    thing = entry[1]
    columns = [getattr(column, "name", None) for column in getattr(thing, "columns", [])]
    return {
        "op": word,
        "schema": thing.table.schema,
        "table": thing.table.name,
        "name": thing.name,
        "columns": [column for column in columns if column],
    }
