#!/usr/bin/env python3
"""Do the revisions that limbeck drafts run? The real Alembic loads each, upgrades, finds nothing more, and downgrades.

    PYTHON run.py FOLDER --limbeck PATH [--ini FILE] [--cwd DIR] [--pre FILE] [--count 40] [--report FILE]

PYTHON is that of an environment in which the project's models can be imported, with psycopg2. FOLDER is copied, never
touched. A PostgreSQL of its own is started and stopped (`../parity/server.py`).

From scratch: all revisions are removed, and limbeck drafts the first one. Changes: the revision of the models as they
are is kept, the models are changed (`../parity/mutations.py`), and limbeck drafts the second. Each time:

1. Alembic loads the file and upgrades an empty (or the first revision's) database to it.
2. What autogenerate then still finds is printed: it must be what it finds after `metadata.create_all`.
3. The downgrade leads back to the schema before, as the inspector sees it.
4. The drafted upgrade() is compared with what autogenerate writes for the same database and models, line by line, with
   the order of lines and the names of existing types left out of account.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "parity"))

import mutations  # noqa: E402
import real  # noqa: E402
from alembic.runtime.environment import EnvironmentContext  # noqa: E402
from server import Server  # noqa: E402

# `real` replaces it to stop env.py there.
CONFIGURE = EnvironmentContext.configure
ARGUMENTS = argparse.Namespace()
FOLDER = Path()


def main() -> int:
    global ARGUMENTS
    arguments = ARGUMENTS = parsed()
    scratch = Path(tempfile.mkdtemp(prefix="limbeck-draft-"))
    os.chmod(scratch, 0o755)
    try:
        with Server(scratch) as server:
            return Drafts(arguments, scratch, server).run()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limbeck", required=True)
    parser.add_argument("--ini", default="alembic.ini", help="relative to the folder")
    parser.add_argument("--section", default="alembic")
    parser.add_argument("--cwd", default=".", help="where Alembic is started, relative to the folder")
    parser.add_argument("--path", action="append", default=[], help="goes onto sys.path, relative to the folder")
    parser.add_argument("--pre", type=Path, help="Python that is executed before env.py")
    parser.add_argument("--models", action="append", default=[], help="only change files below this; repeatable")
    parser.add_argument("--environment", help="limbeck's name of the environment")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--batch", type=int, default=3, help="changes in one run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print how the two texts differ")
    parser.add_argument("--report", type=Path)
    return parser.parse_args()


class Drafts:
    def __init__(self, arguments: argparse.Namespace, scratch: Path, server: Server) -> None:
        self.arguments = arguments
        self.server = server
        self.folder = scratch / "project" / arguments.folder.resolve().name
        ignore = shutil.ignore_patterns("__pycache__", ".git", "node_modules", ".venv")
        global FOLDER
        FOLDER = self.folder
        shutil.copytree(arguments.folder, self.folder, symlinks=True, ignore=ignore)
        self.process = real.Process(self.folder, arguments, server)
        self.results: list[dict] = []

    def run(self) -> int:
        places = self.process.forked(self.folder, locations)
        if not isinstance(places, list):
            print(f"env.py can't be run: {places}")
            return 2
        for place in places:
            for file in Path(place).rglob("*.py"):
                if not file.name.startswith("__init__"):
                    file.unlink()
        first = self.draft("initial schema")
        if first is None:
            return 1
        scratch = self.server.database("scratch")
        self.judge("from scratch", scratch, "base", first)
        found = mutations.of(self.folder, self.process.files(), self.arguments.models)
        random.Random(self.arguments.seed).shuffle(found)
        wanted = mutations.balanced(found, self.arguments.count)
        done = 0
        while wanted and done < self.arguments.count:
            some = mutations.batch(wanted, self.arguments.batch)
            done += self.change(first, some)
        return self.say()

    def change(self, first: Path, some: list) -> int:
        url = self.server.database("changed")
        made = self.process.forked(self.folder, lambda: upgraded(url, "head"))
        if made != {}:
            print(f"the first revision can't be applied again: {made}")
            return len(some)
        with mutations.applied(self.folder, some):
            theirs = self.process.compare(url, self.folder)
            if not theirs:
                # It can't be imported, or nothing changes.
                return len(some)
            second = self.draft("change")
            if second is None:
                self.results.append({"what": names(some), "failed": "nothing was drafted", "real": theirs})
                return len(some)
            try:
                self.judge(names(some), url, "-1", second)
            finally:
                second.unlink()
        return len(some)

    def draft(self, message: str) -> Path | None:
        command = [self.arguments.limbeck, "draft", str(self.folder), "-m", message, "--dialect", "postgresql"]
        if self.arguments.environment:
            command += ["--env", self.arguments.environment]
        output = subprocess.run(command, capture_output=True, text=True, check=False)
        said = re.search(r"^Wrote (\S+) ", output.stdout, re.M)
        if said is None:
            print(f"limbeck draft: {output.stdout}{output.stderr}")
            return None
        return self.folder / said.group(1)

    def judge(self, what: str, url: str, down: str, file: Path) -> None:
        process, folder = self.process, self.folder
        result: dict = {"what": what}
        before = process.forked(folder, lambda: reflected(url))
        theirs = process.forked(folder, lambda: autogenerated(url))
        ours = upgrade_of(file)
        answer = process.forked(folder, lambda: upgraded(url, "head"))
        if answer != {}:
            result["failed"] = f"upgrade: {answer}"
        else:
            result["left"] = process.compare(url, folder)
            answer = process.forked(folder, lambda: downgraded(url, down))
            if answer != {}:
                result["failed"] = f"downgrade: {answer}"
            else:
                after = process.forked(folder, lambda: reflected(url))
                result["back"] = difference(before, after)
        if not isinstance(theirs, dict):
            print(f"autogenerate itself fails: {theirs}")
        else:
            result["unlike"] = unlike(theirs["text"], ours)
            if self.arguments.show and result["unlike"]:
                print("\n".join(result["unlike"]))
        if "failed" in result or result.get("left") or result.get("back"):
            print(f"--- {what}\n{json.dumps(result, indent=1, default=str)[:3000]}\n{file.read_text()[:6000]}")
        self.results.append(result)

    def say(self) -> int:
        total = len(self.results)
        failed = [one for one in self.results if "failed" in one]
        left = [one for one in self.results if one.get("left")]
        back = [one for one in self.results if one.get("back")]
        same = [one for one in self.results if one.get("unlike") == []]
        good = total - len(failed)
        print(
            f"{self.arguments.folder.name}: {total} drafts, {good} run up and down, "
            f"{good - len(left)} leave nothing to autogenerate, {good - len(back)} lead back to the same schema; "
            f"{len(same)} read as autogenerate's"
        )
        if self.arguments.report:
            self.arguments.report.write_text(json.dumps(self.results, indent=1, default=str))
        return 1 if failed or left or back else 0


def names(some: list) -> str:
    return "; ".join(str(one) for one in some)


# What runs in a fork that has run env.py as far as `context.configure`.


def script_directory() -> tuple:
    import alembic.script
    from alembic.config import Config

    EnvironmentContext.configure = CONFIGURE
    arguments, folder = ARGUMENTS, FOLDER
    config = Config(str(folder / arguments.ini), ini_section=arguments.section)
    if not config.get_main_option("script_location"):
        config.set_main_option("script_location", os.path.dirname(str(folder / arguments.ini)))
    return config, alembic.script.ScriptDirectory.from_config(config)


def locations() -> list[str]:
    return [str(Path(place).absolute()) for place in script_directory()[1]._version_locations]


def migrate(url: str, steps: object) -> dict:
    from sqlalchemy import create_engine, text

    config, script = script_directory()
    options = {key: value for key, value in real.CONFIGURED.items() if key not in ("connection", "url", "dialect_opts")}
    engine = create_engine(url)
    with engine.begin() as connection:
        for extension in ("pg_trgm", "citext", "hstore", "btree_gin", "uuid-ossp"):
            connection.execute(text(f"""
                DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS "{extension}"; EXCEPTION WHEN OTHERS THEN NULL; END $$"""))
        for schema in {table.schema for metadata in real.metadatas() for table in metadata.tables.values()} - {None}:
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    with engine.connect() as connection, EnvironmentContext(config, script, fn=steps(script)) as environment:
        for name in ("as_sql", "starting_rev", "fn", "literal_binds", "output_buffer"):
            options.pop(name, None)
        options.pop("transaction_per_migration", None)
        environment.configure(connection=connection, **options)
        with environment.begin_transaction():
            environment.run_migrations()
        if connection.in_transaction():
            connection.commit()
    return {}


def upgraded(url: str, to: str) -> dict:
    return migrate(url, lambda script: lambda revision, context: script._upgrade_revs(to, revision))


def downgraded(url: str, to: str) -> dict:
    return migrate(url, lambda script: lambda revision, context: script._downgrade_revs(to, revision))


def autogenerated(url: str) -> dict:
    """The text of upgrade() as Alembic writes it."""
    from alembic.autogenerate import produce_migrations
    from alembic.autogenerate.api import AutogenContext
    from alembic.autogenerate.render import _render_cmd_body
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import create_engine

    chosen = ("include_", "compare_", "version_table", "autogenerate_plugins", "render_", "user_module_prefix")
    options = {key: value for key, value in real.CONFIGURED.items() if key.startswith(chosen)}
    defaults = {"sqlalchemy_module_prefix": "sa.", "alembic_module_prefix": "op.", "user_module_prefix": None}
    with create_engine(url).connect() as connection:
        opts = {**defaults, **options, "target_metadata": real.CONFIGURED["target_metadata"]}
        context = MigrationContext.configure(connection, opts=opts)
        script = produce_migrations(context, real.CONFIGURED["target_metadata"])
        return {"text": _render_cmd_body(script.upgrade_ops, AutogenContext(context, opts=context.opts, autogenerate=False))}


def reflected(url: str) -> dict:
    """All that the inspector sees but Alembic's own table."""
    from sqlalchemy import create_engine, inspect, text

    engine = create_engine(url)
    found: dict = {}
    with engine.connect() as connection:
        inspector = inspect(connection)
        for schema in inspector.get_schema_names():
            if schema == "information_schema" or schema.startswith("pg_"):
                continue
            for table in sorted(inspector.get_table_names(schema=schema)):
                if table == "alembic_version" or "alembic" in table:
                    continue
                of = {"schema": schema}
                key = inspector.get_pk_constraint(table, **of)
                found[f"{schema}.{table}"] = {
                    "columns": sorted(
                        [c["name"], str(c["type"].compile(engine.dialect)), c["nullable"], str(c["default"]), c.get("comment")]
                        for c in inspector.get_columns(table, **of)
                    ),
                    "key": [key["name"], key["constrained_columns"]],
                    "foreign": sorted(
                        json.dumps([f["name"], f["constrained_columns"], f["referred_table"], f["referred_columns"], f["options"]])
                        for f in inspector.get_foreign_keys(table, **of)
                    ),
                    "unique": sorted(json.dumps([u["name"], u["column_names"]]) for u in inspector.get_unique_constraints(table, **of)),
                    "checks": sorted(json.dumps([c["name"], c["sqltext"]]) for c in inspector.get_check_constraints(table, **of)),
                    "indexes": sorted(
                        json.dumps([i["name"], i["column_names"], i.get("expressions"), i["unique"], str(i.get("dialect_options"))])
                        for i in inspector.get_indexes(table, **of)
                    ),
                }
        rows = connection.execute(text(
            "SELECT t.typname, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_type t "
            "JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY 1"))
        found["types"] = {name: values for name, values in rows}
    return found


# How texts and schemas are compared.


def upgrade_of(file: Path) -> str:
    lines = file.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("def upgrade"))
    end = next((n for n, line in enumerate(lines) if n > start and line.startswith("def ")), len(lines))
    return "\n".join(lines[start + 1 : end])


def normal(text: str) -> list[str]:
    """The calls, each on one line, in the order of the alphabet."""
    text = re.sub(r"^ *# .*$", "", text, flags=re.M)
    text = re.sub(r"\(\s+", "(", re.sub(r",\s+", ", ", text))
    text = re.sub(r"\s*\n\s*\)", ")", text)
    # Older versions write the names of what is there without `op.f`.
    text = re.sub(r"(?:batch_)?op\.f\(('[^']*')\)", r"\1", text)
    text = re.sub(r"existing_type=.*?(?=, (?:server_default|new_column|type_|nullable|comment|existing_|autoinc|schema)|\)$)", "existing_type=…", text, flags=re.M)
    # The column that follows a bare comma belongs to the line before.
    calls = [line.strip() for line in text.splitlines() if re.match(r"\s*(with |op\.|batch_op\.)", line)]
    return sorted(call for call in calls if call)


def unlike(theirs: str, ours: str) -> list[str]:
    lines = difflib.unified_diff(normal(theirs), normal(ours), "autogenerate", "limbeck", n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def difference(before: object, after: object) -> list[str]:
    one, other = (json.dumps(side, indent=1, sort_keys=True).splitlines() for side in (before, after))
    lines = difflib.unified_diff(one, other, "before", "after", n=1, lineterm="")
    return list(lines)


if __name__ == "__main__":
    sys.exit(main())
