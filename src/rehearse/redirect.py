"""Runs Alembic, or `flask db …`, with every connection led to a throw-away database.

The project's own interpreter runs it: `redirect.py alembic upgrade heads`, `redirect.py flask db upgrade`. What it needs
to know stands as JSON in the environment variable LIMBECK_REHEARSAL:

    dialect  the throw-away database's: postgresql, mysql, sqlite
    urls     throw-away databases, one for each database that the project connects to
    known    a file that remembers which database of the project's is led to which
    root     the project, and
    copy     its copy, which is run

A connection that can't be led there is refused: none may reach a database of the user's.
"""

import json
import os
import sys

REHEARSAL = json.loads(os.environ.pop("LIMBECK_REHEARSAL"))
# What says where a server is and who asks. Everything else (search_path, encodings, timeouts) stays as the project has it.
PLACE = ("host", "hostaddr", "port", "user", "username", "password", "passwd", "dbname", "database", "db", "dsn", "service",
         "passfile", "unix_socket", "channel_binding", "gssencmode", "krbsrvname", "target_session_attrs", "direct_tls")


class Refused(RuntimeError):
    """limbeck let no connection through."""


def run_the_copy():
    """Where the project is installed as editable, its modules come from the copy all the same."""
    root, copy = REHEARSAL["root"], REHEARSAL["copy"]

    def moved(path):
        inside = path == root or path.startswith(root + os.sep)
        installed = path.startswith((sys.prefix + os.sep, sys.base_prefix + os.sep))
        return copy + path[len(root):] if inside and not installed else path

    # This script's folder is there instead of the one of the `alembic` command.
    sys.path[:] = [moved(path) for path in sys.path[1:]]
    for finder in sys.meta_path:
        mapping = getattr(sys.modules.get(getattr(finder, "__module__", None)), "MAPPING", None)
        if isinstance(mapping, dict):
            mapping.update({name: moved(path) for name, path in mapping.items() if isinstance(path, str)})


def throw_away(dialect, arguments, options):
    """The throw-away database for the one that these arguments of the driver's `connect` name."""
    from sqlalchemy.engine.url import make_url

    if {"mariadb": "mysql"}.get(dialect.name, dialect.name) != REHEARSAL["dialect"]:
        raise Refused("limbeck rehearse: the project connects to %s, the throw-away database is %s"
                      % (dialect.name, REHEARSAL["dialect"]))
    name = options.get("dbname") or options.get("database") or options.get("db") or "".join(map(str, arguments[:1]))
    place = json.dumps([str(options.get("host")), str(options.get("port")), str(name)])
    try:
        with open(REHEARSAL["known"]) as file:
            known = json.load(file)
    except FileNotFoundError:
        known = []
    if place not in known:
        if len(known) == len(REHEARSAL["urls"]):
            raise Refused("limbeck rehearse: the project connects to more than %d databases" % len(known))
        known.append(place)
        with open(REHEARSAL["known"], "w") as file:
            json.dump(known, file)
    url = make_url(REHEARSAL["urls"][known.index(place)])
    driver = dialect.name + "+" + dialect.driver
    return url.set(drivername=driver) if hasattr(url, "set") else _set_driver(url, driver)


def _set_driver(url, driver):
    url.drivername = driver
    return url


def in_memory(dialect, arguments):
    """A database of SQLite's that ends with its connection."""
    name = str(arguments[0]) if arguments else ""
    return dialect.name == "sqlite" and (name == "" or ":memory:" in name or "mode=memory" in name)


def lead_connections_elsewhere():
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from sqlalchemy.pool import Pool

    def do_connect(dialect, record, arguments, options):
        if in_memory(dialect, arguments):
            return None
        url = throw_away(dialect, arguments, options)
        own = {name: value for name, value in options.items() if name not in PLACE and not name.startswith("ssl")}
        arguments, there = dialect.create_connect_args(url)
        own.update(there)
        return dialect.connect(*arguments, **own)

    event.listen(Engine, "do_connect", do_connect)

    def refused(record=None):
        raise Refused("limbeck rehearse: this engine is made with a `creator` of its own, which may reach a real database")

    wrap = Pool._should_wrap_creator

    def _should_wrap_creator(self, creator):
        is_engine = getattr(creator, "__qualname__", None) == "create_engine.<locals>.connect"
        return wrap(self, creator if is_engine else refused)

    Pool._should_wrap_creator = _should_wrap_creator


def main():
    words = sys.argv[1:]
    run_the_copy()
    lead_connections_elsewhere()
    sys.argv = words
    if words[0] == "flask":
        import flask.cli

        sys.exit(flask.cli.main())
    import alembic.config

    sys.exit(alembic.config.main(argv=words[1:], prog="alembic"))


main()
