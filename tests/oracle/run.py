"""Run the real Alembic on little projects. Reads jobs from standard input as JSON, prints one JSON line for each.

A job is {"id", "files": {path: base64}, "complete": bool, "commands": [[word, ...], ...]}. Its files are written to a
folder of their own; the commands run there one after the other until one fails. "complete" adds what every project
has and pages leave out: the versions folder and script.py.mako.

There is no database server: an engine whose URL is not SQLite's is made for real, so that its URL, its driver and its
kind (sync or async) are judged by SQLAlchemy, and connects to an SQLite file instead. An engine of the wrong kind is
left alone: it fails as it does in life, before it reaches the network.
"""

import base64
import json
import os
import pathlib
import signal
import sys
import tempfile
import traceback

import alembic.command
import alembic.config
import sqlalchemy
import sqlalchemy.engine.create
import sqlalchemy.ext.asyncio.engine
from sqlalchemy.dialects.sqlite.base import SQLiteTypeCompiler

TIMEOUT = 60
TEMPLATE = pathlib.Path(alembic.__file__).parent / "templates" / "generic" / "script.py.mako"


def any_type(compiler, name):
    if name.startswith("visit_"):
        return lambda type_, **options: "BLOB"
    raise AttributeError(name)


def without_settings(connection, cursor, statement, parameters, context, executemany):
    """SQLite has no settings, schemas or extensions."""
    if statement.lstrip().upper().startswith(("SET ", "CREATE SCHEMA", "CREATE EXTENSION", "LOCK ", "SELECT PG_")):
        return "SELECT 1", ()
    return statement, parameters


def on_sqlite():
    real = sqlalchemy.engine.create.create_engine

    def create_engine(url, **options):
        is_async = options.get("_is_async", False)
        engine = real(url, **options)
        if engine.dialect.name == "sqlite" or bool(getattr(engine.dialect, "is_async", False)) != is_async:
            return engine
        # Types of other databases are as good as any here.
        SQLiteTypeCompiler.__getattr__ = any_type
        return substitute(is_async)

    def substitute(is_async):
        if is_async:
            is_old = sqlalchemy.__version__.startswith("1.")
            engine = real("sqlite+aiosqlite:///oracle.db", **({"future": True} if is_old else {"_is_async": True}))
        else:
            engine = real("sqlite:///oracle.db")
        sqlalchemy.event.listen(engine, "before_cursor_execute", without_settings, retval=True)
        return engine

    # AsyncEngine around a synchronous engine is how older templates make one.
    wrap = sqlalchemy.ext.asyncio.AsyncEngine.__init__

    def __init__(self, sync_engine):
        if sync_engine.dialect.name != "sqlite" and getattr(sync_engine.dialect, "is_async", False):
            sync_engine = substitute(True)
        wrap(self, sync_engine)

    sqlalchemy.ext.asyncio.AsyncEngine.__init__ = __init__

    for module in (sqlalchemy, sqlalchemy.engine, sqlalchemy.engine.create):
        module.create_engine = create_engine
    asyncio_engine = sqlalchemy.ext.asyncio.engine
    for name in ("_create_engine", "create_engine"):
        if hasattr(asyncio_engine, name):
            setattr(asyncio_engine, name, create_engine)


def write(files, complete):
    for path, text in files.items():
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(text))
    if complete:
        for env in pathlib.Path().rglob("env.py"):
            if "context" in env.read_text(errors="replace"):
                (env.parent / "versions").mkdir(exist_ok=True)
                template = env.parent / "script.py.mako"
                if not template.exists():
                    template.write_bytes(TEMPLATE.read_bytes())


def command(words):
    """The exit code of one command, as the console script gives it. Words like NAME=value go to the environment."""
    while "=" in words[0] and words[0].split("=")[0].isupper():
        name, value = words[0].split("=", 1)
        os.environ[name] = value
        words = words[1:]
    sys.argv = list(words)
    try:
        if words[0] == "flask":
            import flask.cli

            sys.argv = ["flask"] + words[1:]
            flask.cli.main()
        elif words[0] == "python":
            sys.path.insert(0, os.path.dirname(os.path.abspath(words[1])))
            exec(compile(pathlib.Path(words[1]).read_bytes(), words[1], "exec"), {"__name__": "__main__"})
        else:
            alembic.config.main(argv=words, prog="alembic")
    except SystemExit as end:
        return 0 if end.code is None else end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def run(job):
    """In a process of its own: everything that a command leaves behind goes with it."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, ".oracle-output")
        exits = []
        for number, words in enumerate(job["commands"]):
            child = os.fork()
            if child == 0:
                code = 70
                try:
                    signal.alarm(TIMEOUT)
                    stream = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                    os.dup2(stream, 1)
                    os.dup2(stream, 2)
                    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                    os.chdir(folder)
                    for name in list(os.environ):
                        if name.startswith(("PYTHON", "DATABASE", "POSTGRES", "PG", "FLASK", "DB_")):
                            del os.environ[name]
                    sys.path[0] = os.path.dirname(sys.executable)
                    if number == 0:
                        write(job["files"], job.get("complete", False))
                    on_sqlite()
                    code = command(words)
                    sys.stdout.flush()
                    sys.stderr.flush()
                except BaseException:
                    traceback.print_exc()
                finally:
                    os._exit(code & 0xFF)
            status = os.waitpid(child, 0)[1]
            exits.append(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
            if exits[-1]:
                break
        text = pathlib.Path(output).read_text(errors="replace").replace(folder + "/", "").replace(folder, ".")
        written = {}
        for path in sorted(pathlib.Path(folder).rglob("*.py")):
            name = str(path.relative_to(folder))
            if name not in job["files"] and "__pycache__" not in name:
                written[name] = path.read_text(errors="replace")
        return {"id": job["id"], "exits": exits, "output": text, "written": written}


def main():
    for job in json.load(sys.stdin):
        print(json.dumps(run(job)), flush=True)


if __name__ == "__main__":
    main()
