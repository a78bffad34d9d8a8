#!/usr/bin/env python3
"""Does limbeck find what `alembic check` finds? Seeds changes into a project's models and compares, operation by operation.

    PYTHON run.py FOLDER --limbeck PATH [--ini FILE] [--cwd DIR] [--pre FILE] [--count 200] [--backward 40] [--report FILE]

PYTHON is that of an environment in which the project's models can be imported, with psycopg2. FOLDER is copied, never
touched. A PostgreSQL of its own is started (as an unprivileged user where this one is root, on a free port), and stopped
in the end; LIMBECK_PARITY_URL names one to use instead.

Each change edits the text of a model: a column added, removed or renamed, its type, nullability, index, unique
constraint, foreign key or comment, a table. Forward: the database is made from the models as they are, the changed ones
are compared with it. Backward: the other way round. Several changes to different tables go into one run; where the
models can't be imported any more, the run is split, and a single change that breaks the import counts for nothing.

The real thing: env.py is run as Alembic runs it until it calls `context.configure`; with what it says there,
`alembic.autogenerate.produce_migrations` compares. Every run is a fork of one process that has imported everything but
the project. On limbeck's side: `limbeck debug diff`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import mutations
import real
from server import Server

HERE = Path(__file__).resolve().parent


def main() -> int:
    arguments = parsed()
    scratch = Path(tempfile.mkdtemp(prefix="limbeck-parity-"))
    os.chmod(scratch, 0o755)
    try:
        with Server(scratch) as server:
            return Parity(arguments, scratch, server).run()
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
    parser.add_argument("--environment", help="limbeck's name of the environment; else the first")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--backward", type=int, default=40)
    parser.add_argument("--batch", type=int, default=4, help="changes in one run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path)
    return parser.parse_args()


class Parity:
    def __init__(self, arguments: argparse.Namespace, scratch: Path, server: Server) -> None:
        self.arguments = arguments
        self.server = server
        # Of the same name, since limbeck may read the name of the folder.
        name = arguments.folder.resolve().name
        self.original, self.changed = scratch / "original" / name, scratch / "changed" / name
        for copy in (self.original, self.changed):
            ignore = shutil.ignore_patterns("__pycache__", ".git", "node_modules", ".venv")
            shutil.copytree(arguments.folder, copy, symlinks=True, ignore=ignore)
        self.matched = 0
        self.only_real: list[dict] = []
        self.only_limbeck: list[dict] = []
        self.not_compared: list[dict] = []
        self.changes = {"forward": 0, "backward": 0, "broken": 0, "without effect": 0}

    def run(self) -> int:
        started = time.time()
        self.process = real.Process(self.changed, self.arguments, self.server)
        base = self.server.database("base")
        problem = self.process.make(base)
        if problem:
            print(f"the models as they are can't be used: {problem}")
            return 2
        self.compare(base, [], "unchanged")
        found = mutations.of(self.changed, self.process.files(), self.arguments.models)
        random.Random(self.arguments.seed).shuffle(found)
        wanted = mutations.balanced(found, self.arguments.count * 2)
        print(f"{len(found)} changes possible")
        while wanted and self.changes["forward"] < self.arguments.count:
            self.forward(base, mutations.batch(wanted, self.arguments.batch))
        while wanted and self.changes["backward"] < self.arguments.backward:
            self.backward(mutations.batch(wanted, 1)[0])
        return self.say(time.time() - started)

    def forward(self, base: str, some: list[mutations.Mutation]) -> None:
        with mutations.applied(self.changed, some):
            if self.compare(base, some, "forward"):
                self.changes["forward"] += len(some)
                return
        if len(some) == 1:
            self.changes["broken"] += 1
            return
        half = len(some) // 2
        self.forward(base, some[:half])
        self.forward(base, some[half:])

    def backward(self, one: mutations.Mutation) -> None:
        database = self.server.database("backward")
        with mutations.applied(self.changed, [one]):
            if self.process.make(database):
                self.changes["broken"] += 1
                return
            theirs = self.process.compare(database, self.original)
            ours = self.limbeck(self.changed, self.original)
        if theirs is None:
            self.changes["broken"] += 1
            return
        self.changes["backward"] += 1
        self.count([one], "backward", theirs, ours)

    def compare(self, base: str, some: list[mutations.Mutation], direction: str) -> bool:
        theirs = self.process.compare(base, self.changed)
        if theirs is None:
            return False
        self.count(some, direction, theirs, self.limbeck(self.original, self.changed))
        return True

    def limbeck(self, before: Path, after: Path) -> dict:
        command = [self.arguments.limbeck, "debug", "diff", str(before), str(after)]
        output = subprocess.run(command, capture_output=True, text=True, check=False)
        if output.returncode != 0:
            raise SystemExit(f"limbeck: {output.stderr}")
        environments = json.loads(output.stdout)["environments"]
        wanted = self.arguments.environment
        chosen = [one for one in environments if wanted in (None, one["environment"])]
        return chosen[0]["drift"] if chosen else {"operations": [], "not_compared": []}

    def count(self, some: list[mutations.Mutation], direction: str, theirs: list[dict], ours: dict) -> None:
        left = [key(operation) for operation in ours["operations"]]
        matched = 0
        for operation in theirs:
            if key(operation) in left:
                left.remove(key(operation))
                matched += 1
            else:
                self.only_real.append(self.entry(some, direction, operation, ours))
        self.matched += matched
        self.only_limbeck += [self.entry(some, direction, operation, ours) for operation in left]
        if some and not theirs and not left:
            self.changes["without effect"] += len(some)

    def entry(self, some: list[mutations.Mutation], direction: str, operation: object, ours: dict) -> dict:
        table = operation["table"] if isinstance(operation, dict) else operation[1]
        why = [one for one in ours["not_compared"] if one["table"] in (table, None)]
        return {
            "direction": direction,
            "changes": [str(one) for one in some],
            "operation": operation,
            "not_compared": [f"{one['what']}: {one['why']}" for one in why],
        }

    def say(self, seconds: float) -> int:
        disagreed = len(self.only_real) + len(self.only_limbeck)
        total = self.matched + disagreed
        share = 100 * self.matched / total if total else 100.0
        changes = ", ".join(f"{number} {what}" for what, number in self.changes.items())
        print(f"{self.arguments.folder.name}: {changes}; {total} operations, {self.matched} the same: {share:.2f} %")
        for side, entries in (("alembic alone", self.only_real), ("limbeck alone", self.only_limbeck)):
            for entry in entries:
                print(f"  {side} ({entry['direction']}): {entry['operation']}")
                print(f"    {'; '.join(entry['changes'])}")
                for why in entry["not_compared"][:3]:
                    print(f"    limbeck: not compared: {why}")
        print(f"  {seconds:.0f} s")
        if self.arguments.report:
            report = {
                "project": self.arguments.folder.name,
                "changes": self.changes,
                "matched": self.matched,
                "alembic_alone": self.only_real,
                "limbeck_alone": self.only_limbeck,
            }
            self.arguments.report.write_text(json.dumps(report, indent=1))
        return 0 if share >= 99 else 1


def key(operation: dict) -> tuple:
    """What two operations are the same by."""
    columns = operation.get("columns")
    return (
        operation["op"],
        operation["table"],
        operation.get("schema"),
        operation.get("column"),
        operation.get("name") if operation["op"] in ("add_index", "remove_index") else None,
        tuple(sorted(columns)) if columns else None,
        str(operation.get("to")) if operation["op"] in ("modify_nullable", "modify_comment") else None,
    )


if __name__ == "__main__":
    sys.exit(main())
