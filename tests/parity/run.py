#!/usr/bin/env python3
"""Does limbeck find what `alembic check` finds? Seeds changes into a project's models and compares, operation by operation.

    PYTHON run.py FOLDER --limbeck PATH [--project NAME] [--count 200] [--backward 40] [--report FILE] [--answers FILE]

PYTHON is that of an environment in which the project's models can be imported, with psycopg2. FOLDER is copied, never
touched. How a project is run (its ini, where Alembic is started, what it needs before env.py) is in `projects.toml`, below
the NAME; without one, as `alembic check` in FOLDER would be. A PostgreSQL of its own is started (as an unprivileged user
where this one is root, on a free port), and stopped in the end; LIMBECK_PARITY_URL names one to use instead.

Each change edits the text of a model: a column added, removed or renamed, its type, nullability, index, unique
constraint, foreign key or comment, a table. Several changes to different tables go into one run; where the models can't
be imported any more, the run is split, and a single change that breaks the import counts for nothing.

Forward: a database is migrated once by `alembic upgrade heads`; then `alembic check` of the changed project on it is
compared with `limbeck drift` of the changed project. Backward: a database is made of the changed models; then
`alembic check` of the project as it was is compared with `limbeck debug diff`. What both say of the project as it is,
without any change, is compared once and not counted again.

The real thing is Alembic's own commands, in forks of one process that has imported everything but the project
(`real.py`). With `--answers` what it said is kept in a file and not asked twice.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import mutations
import projects
import real
from server import Server, with_database

HERE = Path(__file__).resolve().parent


def main() -> int:
    arguments = parsed()
    return with_database(Server, lambda scratch, server: Parity(arguments, scratch, server).run())


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limbeck", required=True)
    parser.add_argument("--project", help="its name in projects.toml")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--backward", type=int, default=40)
    parser.add_argument("--batch", type=int, default=4, help="changes in one run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--answers", type=Path, help="where the real answers are kept, for another run with the same seed")
    return parser.parse_args()


class Parity:
    def __init__(self, arguments: argparse.Namespace, scratch: Path, server: Server) -> None:
        self.arguments, self.server = arguments, server
        self.project = projects.how(arguments.project)
        # Of the same name, since limbeck may read the name of the folder.
        name = arguments.folder.resolve().name
        self.original, self.changed = scratch / "original" / name, scratch / "changed" / name
        for copy in (self.original, self.changed):
            ignore = shutil.ignore_patterns("__pycache__", ".git", "node_modules", ".venv")
            shutil.copytree(arguments.folder, copy, symlinks=True, ignore=ignore)
        self.matched = 0
        self.only_real: list[dict] = []
        self.only_limbeck: list[dict] = []
        self.changes = {"forward": 0, "backward": 0, "broken": 0, "without effect": 0}
        # What both, Alembic alone and limbeck alone say without any change.
        self.usual: tuple[list, list, list] = ([], [], [])

    def run(self) -> int:
        started = time.time()
        self.real = Answers(self.arguments.answers, lambda: Real(self))
        if not self.forward_run([]):
            print(f"the project as it is can't be used: {self.real.of('forward', [])}")
            return 2
        found = mutations.of(self.changed, self.real.of("files", []), self.project.models)
        random.Random(self.arguments.seed).shuffle(found)
        wanted = mutations.balanced(found, (self.arguments.count + self.arguments.backward) * 2)
        print(f"{len(found)} changes possible", flush=True)
        while wanted and self.changes["forward"] < self.arguments.count:
            self.forward(mutations.batch(wanted, self.arguments.batch))
        while wanted and self.changes["backward"] < self.arguments.backward:
            self.backward(mutations.batch(wanted, 1)[0])
        self.real.keep()
        return self.say(time.time() - started)

    def forward(self, some: list[mutations.Mutation]) -> None:
        with mutations.applied(self.changed, some):
            if self.forward_run(some):
                self.changes["forward"] += len(some)
                return
        if len(some) == 1:
            self.changes["broken"] += 1
            return
        half = len(some) // 2
        self.forward(some[:half])
        self.forward(some[half:])

    def forward_run(self, some: list[mutations.Mutation]) -> bool:
        theirs = self.real.of("forward", some)
        if isinstance(theirs, str):
            return False
        self.count(some, "forward", theirs, self.drift(self.changed))
        return True

    def backward(self, one: mutations.Mutation) -> None:
        with mutations.applied(self.changed, [one]):
            theirs = self.real.of("backward", [one])
            if isinstance(theirs, str):
                self.changes["broken"] += 1
                return
            ours = self.difference(self.changed, self.original)
        self.changes["backward"] += 1
        self.count([one], "backward", theirs, ours)

    def drift(self, folder: Path) -> dict:
        return self.limbeck(["drift", "--output-format", "json", str(folder)])["drift"]

    def difference(self, before: Path, after: Path) -> dict:
        return self.limbeck(["debug", "diff", str(before), str(after)])["environments"]

    def limbeck(self, command: list[str]) -> dict:
        versions = {"dialect": "postgresql", **self.real.of("versions", [])}
        given = [word for key, value in versions.items() for word in ("--config", f'{key} = "{value}"')]
        output = subprocess.run([self.arguments.limbeck, *command, *given], capture_output=True, text=True, check=False)
        if output.returncode not in (0, 1):
            raise SystemExit(f"limbeck: {output.stderr}")
        value = json.loads(output.stdout)
        for key in ("drift", "environments"):
            if key in value:
                value[key] = self.of_environment(value[key])
        return value

    def of_environment(self, all_of_them: list[dict]) -> dict:
        wanted = self.project.environment
        chosen = [one for one in all_of_them if wanted is None or wanted == (one.get("environment") or one.get("name"))]
        return (chosen[0].get("drift") or chosen[0]) if chosen else {"operations": [], "not_compared": []}

    def count(self, some: list[mutations.Mutation], direction: str, theirs: list[dict], ours: dict) -> None:
        left = [key(operation) for operation in ours["operations"]]
        matched, lacking = [], []
        for operation in theirs:
            wanted = key(operation)
            if wanted in left:
                left.remove(wanted)
                matched.append(wanted)
            else:
                lacking.append(operation)
        if not some:
            self.usual = (list(matched), [key(operation) for operation in lacking], list(left))
        elif direction == "forward":
            known = self.usual
            matched = [one for one in matched if one not in known[0]]
            lacking = [one for one in lacking if key(one) not in known[1]]
            left = [one for one in left if one not in known[2]]
        self.matched += len(matched)
        self.only_real += [self.entry(some, direction, operation, ours) for operation in lacking]
        self.only_limbeck += [self.entry(some, direction, operation, ours) for operation in left]
        if some and not matched and not lacking and not left:
            self.changes["without effect"] += len(some)

    def entry(self, some: list[mutations.Mutation], direction: str, operation: object, ours: dict) -> dict:
        table = operation["table"] if isinstance(operation, dict) else operation[1]
        why = [one for one in ours["not_compared"] if one["table"] in (table, None)]
        return {
            "direction": direction if some else "unchanged",
            "changes": [str(one) for one in some],
            "operation": operation,
            "not_compared": [f"{one['what'] or 'it'}: {one['why']}" for one in why],
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
                "project": self.arguments.project or self.arguments.folder.name,
                "versions": self.real.of("versions", []),
                "changes": self.changes,
                "matched": self.matched,
                "alembic_alone": self.only_real,
                "limbeck_alone": self.only_limbeck,
            }
            self.arguments.report.write_text(json.dumps(report, indent=1))
        return 0 if share >= 99 else 1


class Real:
    """The real thing with its databases, of the files as they are when it is asked."""

    def __init__(self, parity: Parity) -> None:
        self.original, self.changed, self.server = parity.original, parity.changed, parity.server
        self.base = self.server.database("base")
        self.process = real.Process(self.original, parity.project, self.base)
        self.files, self.versions = self.process.files, self.process.versions
        self.problem = self.process.problem or self.process.upgrade(self.original, self.base)

    def forward(self) -> list[dict] | str:
        return self.problem or self.process.check(self.changed, self.base)

    def backward(self) -> list[dict] | str:
        database = self.server.database("backward")
        return self.process.make(self.changed, database) or self.process.check(self.original, database, stamp=True)


class Answers:
    """What the real thing said: operations, or a text that says why there are none."""

    def __init__(self, path: Path | None, real: Callable[[], Real]) -> None:
        self.path, self.start, self.real = path, real, None
        self.known = json.loads(path.read_text()) if path and path.exists() else {}

    def of(self, question: str, some: list[mutations.Mutation]) -> list | dict | str:
        name = "; ".join([question, *(f"{one} {one.new()[60:]}".rstrip() for one in some)])
        if name not in self.known:
            self.real = self.real or self.start()
            answer = getattr(self.real, question)
            self.known[name] = answer() if callable(answer) else answer
        return self.known[name]

    def keep(self) -> None:
        if self.path:
            self.path.write_text(json.dumps(self.known, indent=0))


def key(operation: dict) -> tuple:
    """What two operations are the same by."""
    word, columns, to = operation["op"], operation.get("columns"), operation.get("to")
    if word == "modify_type":
        to = "".join(str(to).upper().split())
    return (
        word,
        operation["table"],
        operation.get("schema"),
        operation.get("column"),
        operation.get("name") if word in ("add_index", "remove_index") else None,
        tuple(sorted(columns)) if columns else None,
        str(to) if word in ("modify_type", "modify_nullable", "modify_comment") else None,
    )


if __name__ == "__main__":
    sys.exit(main())
