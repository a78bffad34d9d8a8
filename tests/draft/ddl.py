#!/usr/bin/env python3
"""Is `limbeck schema --format sql` what SQLAlchemy compiles? Compares the statements, blanks left out of account.

    PYTHON ddl.py FOLDER --limbeck PATH [--ini FILE] [--cwd DIR] [--pre FILE] [--dialect NAME]

PYTHON is that of an environment in which the project's models can be imported. The real statements are those of
`CreateTable`, `CreateIndex` and `CreateEnumType` for every table of the `target_metadata` that env.py configures.
"""

from __future__ import annotations

import argparse
import importlib
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "parity"))

import real  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limbeck", required=True)
    parser.add_argument("--ini", default="alembic.ini")
    parser.add_argument("--section", default="alembic")
    parser.add_argument("--cwd", default=".")
    parser.add_argument("--path", action="append", default=[])
    parser.add_argument("--pre", type=Path)
    parser.add_argument("--dialect", default="postgresql")
    parser.add_argument("--environment")
    arguments = parser.parse_args()
    process = real.Process(arguments.folder, arguments, None)
    theirs = process.forked(arguments.folder, lambda: compiled(arguments.dialect))
    if not isinstance(theirs, list):
        print(theirs)
        return 2
    command = [arguments.limbeck, "schema", str(arguments.folder), "--format", "sql", "--dialect", arguments.dialect]
    command += ["--env", arguments.environment] if arguments.environment else []
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ours = [plain(one) for one in re.split(r";\n", text) if plain(one)]
    theirs = [plain(one) for one in theirs]
    only = [one for one in theirs if one not in ours], [one for one in ours if one not in theirs]
    print(f"{arguments.folder.name} ({arguments.dialect}): {len(theirs)} statements, {len(theirs) - len(only[0])} the same")
    for side, statements in zip(("sqlalchemy", "limbeck"), only):
        for one in sorted(statements):
            print(f"  {side} alone: {one}")
    return 1 if only[0] or only[1] else 0


def plain(statement: str) -> str:
    lines = [line for line in statement.splitlines() if not line.startswith("--")]
    return re.sub(r"\s+", " ", " ".join(lines)).strip()


def compiled(name: str) -> list[str]:
    from sqlalchemy import Enum
    from sqlalchemy.schema import CreateIndex, CreateTable

    dialect = importlib.import_module(f"sqlalchemy.dialects.{name}").dialect()
    found, types = [], set()
    for metadata in real.metadatas():
        for table in metadata.sorted_tables:
            found.append(str(CreateTable(table).compile(dialect=dialect)))
            found += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
            for column in table.columns:
                of = column.type.dialect_impl(dialect)
                of = getattr(of, "impl", of) if not isinstance(of, Enum) else of
                if name == "postgresql" and isinstance(of, Enum) and of.native_enum and of.name and of.name not in types:
                    from sqlalchemy.dialects.postgresql import CreateEnumType

                    types.add(of.name)
                    found.append(str(CreateEnumType(of).compile(dialect=dialect)))
            if name == "postgresql":
                comments = []
                if table.comment:
                    from sqlalchemy.schema import SetTableComment

                    comments.append(SetTableComment(table))
                for column in table.columns:
                    if column.comment:
                        from sqlalchemy.schema import SetColumnComment

                        comments.append(SetColumnComment(column))
                found += [str(one.compile(dialect=dialect)) for one in comments]
    return found


if __name__ == "__main__":
    sys.exit(main())
