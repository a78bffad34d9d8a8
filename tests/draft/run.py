#!/usr/bin/env python3
"""Do the revisions that limbeck drafts run? The real Alembic loads each, upgrades, finds nothing more, and downgrades.

    PYTHON run.py FOLDER --limbeck PATH [--project NAME] [--dialect postgresql|sqlite] [--count 40] [--report FILE]

PYTHON is that of an environment in which the project's models can be imported, with psycopg2 (and, for an asynchronous
env.py, asyncpg or aiosqlite). FOLDER is copied, never touched. How a project is run stands in `../parity/projects.toml`,
below the NAME. The databases are files of SQLite, or of a PostgreSQL that is started and stopped (`../parity/server.py`).

From scratch: all revisions are removed, and limbeck drafts the first one. Changes: that revision of the models as they
are (with --history those of the project) is kept, the models are changed (`../parity/mutations.py`), and limbeck drafts the second; where several changes in
one file fail, each is tried by itself. Each time, Alembic's own commands, through the project's env.py:

1. load the file and upgrade an empty (or the first revision's) database to it,
2. find nothing more than they find after `metadata.create_all` (`alembic check`),
3. downgrade to the schema before, as the inspector sees it.

Where one of these fails, `alembic revision --autogenerate` writes the same revision, and what that one does is told
beside it. Besides: is the upgraded schema that of `create_all`; does upgrade() read as autogenerate's.
"""

from __future__ import annotations

import argparse
import difflib
import json
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "parity"))

import databases  # noqa: E402
import mutations  # noqa: E402
import projects  # noqa: E402
import real  # noqa: E402
import redirect  # noqa: E402
from schema import difference, reflected  # noqa: E402
from server import with_database  # noqa: E402


def main() -> int:
    arguments = parsed()
    kind = databases.Sqlite if arguments.dialect == "sqlite" else databases.Postgresql
    return with_database(kind, lambda scratch, server: Drafts(arguments, scratch, server).run())


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limbeck", required=True)
    parser.add_argument("--project", help="its name in projects.toml")
    parser.add_argument("--dialect", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--history", action="store_true", help="keep the project's revisions, and draft what comes next")
    parser.add_argument("--count", type=int, default=40, help="of changes")
    parser.add_argument("--batch", type=int, default=3, help="changes in one run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print how the two texts differ")
    parser.add_argument("--report", type=Path)
    return parser.parse_args()


class Process(real.Process):
    """Alembic's commands, with whatever engine env.py makes led to a database of ours."""

    def config(self, folder: Path, url: str) -> object:
        # What the project needs before may take the URL apart: it gets one like those of parity.
        config = super().config(folder, "postgresql+psycopg2://limbeck:limbeck@127.0.0.1:5432/limbeck")
        config.set_main_option("sqlalchemy.url", url)
        redirect.to(url)
        return config


class Drafts:
    def __init__(self, arguments: argparse.Namespace, scratch: Path, server: object) -> None:
        self.arguments, self.server = arguments, server
        self.project = projects.how(arguments.project)
        self.folder = scratch / "project" / arguments.folder.resolve().name
        ignore = shutil.ignore_patterns("__pycache__", ".git", "node_modules", ".venv")
        shutil.copytree(arguments.folder, self.folder, symlinks=True, ignore=ignore)
        self.process = Process(self.folder, self.project, server.empty("none", []))
        self.scratch: dict | None = None
        self.results: list[dict] = []
        self.nothing = 0
        self.broken = 0

    def run(self) -> int:
        started = time.time()
        told = self.process.problem or self.forked("none", described)
        if isinstance(told, str):
            print(f"env.py can't be run: {told}")
            return 2
        self.empty = self.server.empty("empty", told["schemas"])
        if not self.arguments.history:
            problem = self.from_scratch(told["locations"])
            if problem:
                print(problem)
                return 1
        self.first = self.server.copy(self.empty, "first")
        problem = self.process.forked(self.folder, self.first, upgraded) if self.arguments.count else {}
        if problem != {}:
            print(f"the revisions before can't be applied: {problem}")
        elif self.arguments.count:
            self.changes()
        return self.say(time.time() - started)

    def from_scratch(self, locations: list[str]) -> str | None:
        for place in locations:
            for file in Path(place).rglob("*.py"):
                if not file.name.startswith("__init__"):
                    file.unlink()
        first = self.draft("initial schema")
        if isinstance(first, str):
            return first
        theirs = self.aside(first)
        self.scratch = self.judged(["from scratch"], self.empty, "base", first, theirs)
        if theirs is not None:
            kept = theirs.with_suffix(".kept")
            self.scratch["unlike"] = unlike(upgrade_of(kept.read_text()), upgrade_of(first.read_text())) if kept.exists() else []
            kept.unlink(missing_ok=True)
        self.report(self.scratch, first)
        return None

    def aside(self, first: Path) -> Path | None:
        """The file that autogenerate writes in the place of the first, kept aside."""
        first.rename(first.with_suffix(".aside"))
        theirs = self.forked(self.empty, written)
        first.with_suffix(".aside").rename(first)
        if isinstance(theirs, str):
            print(f"autogenerate itself fails: {theirs}")
            return None
        path = Path(theirs["path"])
        path.rename(path.with_suffix(".kept"))
        return path

    def changes(self) -> None:
        found = mutations.of(self.folder, self.process.files, self.project.models)
        print(f"{len(found)} changes possible in {len(self.process.files)} files", flush=True)
        random.Random(self.arguments.seed).shuffle(found)
        wanted = mutations.balanced(found, self.arguments.count * 2)
        done = 0
        while wanted and done < self.arguments.count:
            done += self.change(mutations.batch(wanted, self.arguments.batch))

    def change(self, some: list) -> int:
        """How many of these changes could be made."""
        with mutations.applied(self.folder, some):
            theirs = self.forked(self.first, written)
            if isinstance(theirs, str) and len(some) == 1:
                self.broken += 1
                return 0
            if not isinstance(theirs, str):
                path = Path(theirs["path"])
                try:
                    if not normal(upgrade_of(theirs["text"])):
                        self.nothing += len(some)
                        return 0
                    result = self.changed(some, theirs["text"], path)
                finally:
                    path.unlink(missing_ok=True)
                if not result.get("stage") or len(some) == 1:
                    self.results.append(result)
                    return len(some)
        return sum(self.change([one]) for one in some)

    def changed(self, some: list, theirs: str, path: Path) -> dict:
        path.rename(path.with_suffix(".kept"))
        second = self.draft("change")
        if isinstance(second, str):
            result = {"what": names(some), "stage": "draft", "why": second, "real": {"text": theirs}}
            if len(some) == 1:
                self.report(result, None)
            return result
        try:
            result = self.judged(names(some), self.first, "-1", second, path if len(some) == 1 else None)
            result["unlike"] = unlike(upgrade_of(theirs), upgrade_of(second.read_text()))
            if not result.get("stage") or len(some) == 1:
                self.report(result, second)
        finally:
            second.unlink(missing_ok=True)
            path.with_suffix(".kept").unlink(missing_ok=True)
        return result

    def draft(self, message: str) -> Path | str:
        """The file; a text: why there is none."""
        dialect = self.arguments.dialect
        command = [self.arguments.limbeck, "draft", str(self.folder), "-m", message, "--dialect", dialect]
        versions = [word for key, value in self.process.versions.items() for word in ("--config", f'{key} = "{value}"')]
        environment = ["--env", self.project.environment] if self.project.environment else []
        output = subprocess.run([*command, *versions, *environment], capture_output=True, text=True, check=False)
        said = re.search(r"^Wrote (\S+) ", output.stdout, re.M)
        return self.folder / said.group(1) if said else f"limbeck draft: {output.stdout}{output.stderr}"

    def judged(self, what: list[str], start: str, down: str, file: Path, theirs: Path | None) -> dict:
        """What a revision does to a copy of the database `start`; where it fails, what `theirs` does (kept aside)."""
        result: dict = {"what": what, **self.tried(start, down, file)}
        if result.get("stage") and theirs is not None:
            kept = theirs.with_suffix(".kept")
            text = kept.read_text()
            file.rename(file.with_suffix(".aside"))
            kept.rename(theirs)
            try:
                result["real"] = {"text": text, **self.tried(start, down, theirs)}
            finally:
                theirs.unlink()
                file.with_suffix(".aside").rename(file)
        return result

    def tried(self, start: str, down: str, file: Path) -> dict:
        url = self.server.copy(start, "tried")
        before = reflected(url)
        answer = self.forked(url, lambda config: upgraded(config, file))
        if answer != {}:
            is_load = isinstance(answer, str) and "can't be loaded" in answer
            return {"stage": "load" if is_load else "upgrade", "why": answer}
        made = self.server.copy(self.empty, "made")
        answer = self.forked(made, created)
        if answer != {}:
            return {"stage": "check", "why": f"create_all: {answer}"}
        unlike_made = difference(reflected(made), reflected(url))
        found = {"unlike_made": unlike_made} if unlike_made else {}
        left = self.process.check(self.folder, url)
        if left:
            expected = self.process.check(self.folder, made, stamp=True)
            known = [] if isinstance(expected, str) else expected
            left = left if isinstance(left, str) else [one for one in left if one not in known]
        if left:
            return {"stage": "check", "why": left, **found}
        answer = self.forked(url, lambda config: downgraded(config, down))
        if answer != {}:
            return {"stage": "downgrade", "why": answer, **found}
        back = difference(before, reflected(url))
        return {"stage": "back", "why": back, **found} if back else found

    def forked(self, url: str, then: object) -> object:
        if url == "none":
            url = self.server.empty("none", [])
        return self.process.forked(self.folder, url, then)

    def report(self, result: dict, file: Path | None) -> None:
        text = "\n".join(result["unlike"]) if self.arguments.show and result.get("unlike") else ""
        if text:
            print(f"--- reads otherwise: {result['what']}\n{text}")
        if result.get("unlike_made") and self.arguments.show:
            print("--- is not what create_all makes: {}\n{}".format(result["what"], "\n".join(result["unlike_made"])))
        if not result.get("stage"):
            return
        theirs = result.get("real", {})
        same = theirs.get("stage") == result["stage"]
        print(f"--- {'as autogenerate: ' if same else ''}{result['stage']}: {result['what']}")
        print(shown(result["why"]))
        if theirs.get("stage"):
            print(f"autogenerate's: {theirs['stage']}: {shown(theirs['why'])}")
        if file is None:
            return
        result["text"] = file.read_text()
        if not same:
            print(result["text"][:6000], flush=True)

    def say(self, seconds: float) -> int:
        scratch, changed = self.scratch, self.results
        stages = ["draft", "load", "upgrade", "check", "downgrade", "back"]
        reached = {stage: 0 for stage in stages[1:]}
        alike = 0
        for result in changed:
            failed = result.get("stage")
            count = len(result["what"])
            if failed and result.get("real", {}).get("stage") == failed:
                alike += count
            for stage in stages[1:]:
                if not failed or stages.index(failed) > stages.index(stage):
                    reached[stage] += count
        total = sum(len(result["what"]) for result in changed)
        words = " · ".join(f"{stage} {number}" for stage, number in reached.items())
        says_made = sum(len(result["what"]) for result in changed if not result.get("unlike_made"))
        same = sum(len(result["what"]) for result in changed if result.get("unlike") == [])
        first = "after the project's own revisions"
        if scratch is not None:
            first = f"fails at {scratch['stage']}" if scratch.get("stage") else "up, check and down"
            first = f"from scratch {first}{', not what create_all makes' if scratch.get('unlike_made') else ''}"
        print(
            f"{self.arguments.folder.name} ({self.arguments.dialect}): {first}; {total} changes: {words}; "
            f"{alike} fail as autogenerate's own; {says_made} make what create_all makes; {same} read as autogenerate's; "
            f"not counted: {self.nothing} without effect, {self.broken} that can't be imported; {seconds:.0f} s"
        )
        if self.arguments.report:
            report = {"from scratch": scratch, "changes": changed}
            self.arguments.report.write_text(json.dumps(report, indent=1, default=str))
        return 1 if any(result.get("stage") for result in [scratch or {}, *changed]) else 0


def names(some: list) -> list[str]:
    return [str(one) for one in some]


def shown(why: object) -> str:
    text = why if isinstance(why, str) else json.dumps(why, indent=1, default=str)
    return text if len(text) < 3000 else text[:600] + "\n…\n" + text[-2000:]


# What runs in a fork, with Alembic's configuration.


def described(config: object) -> dict:
    """Where the revisions are, and the schemas of the tables."""
    import alembic.script

    script = alembic.script.ScriptDirectory.from_config(config)
    locations = [str(Path(place).absolute()) for place in script._version_locations]
    tables = [table for metadata in real.configured(config) for table in metadata.tables.values()]
    return {"locations": locations, "schemas": sorted({table.schema for table in tables} - {None})}


def upgraded(config: object, file: Path | None = None) -> dict:
    from alembic import command
    from alembic.script import ScriptDirectory

    if file is not None:
        try:
            found = ScriptDirectory.from_config(config).get_revision("head")
        except Exception as error:
            raise RuntimeError(f"can't be loaded: {error!r}") from error
        if Path(found.path).name != file.name:
            raise RuntimeError(f"can't be loaded: the head is {found.path}")
    command.upgrade(config, "heads")
    return {}


def downgraded(config: object, to: str) -> dict:
    from alembic import command

    command.downgrade(config, to)
    return {}


def created(config: object) -> dict:
    from sqlalchemy import create_engine

    metadatas = real.configured(config)
    engine = create_engine(config.get_main_option("sqlalchemy.url"))
    with engine.begin() as connection:
        for metadata in metadatas:
            metadata.create_all(connection)
    return {}


def written(config: object) -> dict:
    """The file that autogenerate writes."""
    from alembic import command
    from alembic.script import write_hooks

    write_hooks._run_hooks = lambda *_: None
    command.upgrade(config, "heads")
    script = command.revision(config, "theirs", autogenerate=True)
    return {"path": script.path, "text": Path(script.path).read_text()}


# How texts are compared.


def upgrade_of(text: str) -> str:
    lines = text.splitlines()
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
    ends = "(?:server_default|new_column|type_|nullable|comment|existing_|autoinc|schema)"
    text = re.sub(rf"existing_type=.*?(?=, {ends}|\)$)", "existing_type=…", text, flags=re.M)
    # The column that follows a bare comma belongs to the line before.
    calls = [line.strip() for line in text.splitlines() if re.match(r"\s*(with |op\.|batch_op\.)", line)]
    return sorted(call for call in calls if call)


def unlike(theirs: str, ours: str) -> list[str]:
    lines = difflib.unified_diff(normal(theirs), normal(ours), "autogenerate", "limbeck", n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


if __name__ == "__main__":
    sys.exit(main())
