"""The schema of a database, as the inspector sees it."""

from __future__ import annotations

import difflib
import json


def reflected(url: str) -> dict:
    """All but Alembic's own table."""
    from sqlalchemy import create_engine, inspect, text
    from sqlalchemy.pool import NullPool

    engine = create_engine(url, poolclass=NullPool)
    found: dict = {}
    with engine.connect() as connection:
        inspector = inspect(connection)
        for schema in inspector.get_schema_names():
            if schema == "information_schema" or schema.startswith("pg_"):
                continue
            for table in inspector.get_table_names(schema=schema):
                if "alembic" not in table:
                    found[f"{schema}.{table}"] = of_table(inspector, engine.dialect, schema, table)
        if engine.dialect.name == "postgresql":
            rows = connection.execute(text(
                "SELECT t.typname, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_type t "
                "JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY 1"))
            found["types"] = {name: values for name, values in rows}
    return found


def of_table(inspector: object, dialect: object, schema: str, table: str) -> dict:
    of = {"schema": schema}
    # What has no name there can't be made again without one: names of constraints say nothing.
    name = (lambda found: None) if dialect.name == "sqlite" else (lambda found: found["name"])
    key = inspector.get_pk_constraint(table, **of)
    return {
        "columns": sorted(
            [c["name"], str(c["type"].compile(dialect)), c["nullable"], str(c["default"]), str(c.get("comment"))]
            for c in inspector.get_columns(table, **of)
        ),
        "key": [name(key), key["constrained_columns"]],
        "foreign": sorted(
            json.dumps([name(f), f["constrained_columns"], f["referred_table"], f["referred_columns"], f["options"]])
            for f in inspector.get_foreign_keys(table, **of)
        ),
        "unique": sorted(
            json.dumps([name(u), u["column_names"]]) for u in inspector.get_unique_constraints(table, **of)
        ),
        "checks": sorted(json.dumps([name(c), c["sqltext"]]) for c in inspector.get_check_constraints(table, **of)),
        "indexes": sorted(
            json.dumps([i["name"], i["column_names"], i.get("expressions"), i["unique"], str(i.get("dialect_options"))])
            for i in inspector.get_indexes(table, **of)
        ),
    }


def difference(before: object, after: object) -> list[str]:
    one, other = (json.dumps(side, indent=1, sort_keys=True).splitlines() for side in (before, after))
    lines = difflib.unified_diff(one, other, "before", "after", n=1, lineterm="")
    return list(lines)
