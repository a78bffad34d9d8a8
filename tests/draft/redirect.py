"""Every engine that the project makes leads to one database, whatever URL it has."""

from __future__ import annotations

ASYNC = {"postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}


def to(url: str) -> None:
    """From now on, engines lead to `url`: by an asynchronous driver where the project asks for one."""
    from sqlalchemy.engine.url import URL, make_url

    original = getattr(URL, "_of_project", URL._instantiate_plugins)
    wanted = make_url(url)

    def instead(self: URL, options: dict) -> tuple:
        _, plugins, options = original(self, options)
        # The others are for the driver and the pool of the other database.
        options = {key: value for key, value in options.items() if key in ("poolclass", "future", "_is_async")}
        if options.get("_is_async") or self.get_dialect().is_async:
            return wanted.set(drivername=ASYNC[wanted.get_backend_name()]), plugins, options
        return wanted, plugins, options

    URL._of_project, URL._instantiate_plugins = original, instead
