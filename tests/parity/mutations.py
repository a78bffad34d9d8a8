"""Changes to the text of models, found by their syntax tree."""

from __future__ import annotations

import ast
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CALLS = {"Column", "_Column", "mapped_column"}
SA, SQLMODEL = "limbeck_sa", "limbeck_sqlmodel"
IMPORTS = {SA: f"import sqlalchemy as {SA}\nimport sqlalchemy.orm\n", SQLMODEL: f"import sqlmodel as {SQLMODEL}\n"}


@dataclass
class Mutation:
    """Edits of one file, each a range of its bytes and what comes there."""

    kind: str
    path: str
    owner: str
    what: str
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    line: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.owner}.{self.what} ({self.path}:{self.line}: {self.new()[:60]})"

    def new(self) -> str:
        """What comes into the file."""
        return " ".join(next((text for _, _, text in reversed(self.edits) if text.strip()), "").split())


def of(root: Path, files: list[str], only: list[str]) -> list[Mutation]:
    """All changes to the models in these files."""
    found: list[Mutation] = []
    for path in files:
        if only and not path.startswith(tuple(only)):
            continue
        text = (root / path).read_bytes()
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        found += File(path, text, tree).mutations()
    return found


class File:
    def __init__(self, path: str, text: bytes, tree: ast.Module) -> None:
        self.path, self.text, self.tree = path, text, tree
        self.starts = [0]
        for line in text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.found: list[Mutation] = []
        self.models = models_of(tree)

    def mutations(self) -> list[Mutation]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                self.of_class(node)
                self.of_sqlmodel(node)
            elif isinstance(node, ast.Call) and name(node.func) == "Table" and len(node.args) > 2:
                self.of_table(node)
        return self.found

    def at(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def start(self, node: ast.AST) -> int:
        return self.at(node.lineno, node.col_offset)

    def end(self, node: ast.AST) -> int:
        return self.at(node.end_lineno, node.end_col_offset)

    def slice(self, node: ast.AST) -> str:
        return self.text[self.start(node) : self.end(node)].decode()

    def add(self, kind: str, owner: str, what: str, edits: list[tuple[int, int, str]], node: ast.AST) -> None:
        first = self.first_statement()
        needed = "".join(line for word, line in IMPORTS.items() if any(word in text for _, _, text in edits))
        if needed:
            edits = [(first, first, needed), *edits]
        self.found.append(Mutation(kind, self.path, owner, what, edits, node.lineno))

    def first_statement(self) -> int:
        for node in self.tree.body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not docstring and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
                return self.at(node.lineno, 0)
        return len(self.text)

    def of_class(self, node: ast.ClassDef) -> None:
        tablename = next((it for it in node.body if assigned(it) == "__tablename__"), None)
        columns = [it for it in node.body if isinstance(it, (ast.Assign, ast.AnnAssign)) and is_column(it.value)]
        bare = [it for it in node.body if isinstance(it, ast.AnnAssign) and it.value is None and is_mapped(it)]
        if not columns or node.name not in self.models:
            return
        owner = node.name
        for statement in columns:
            column = assigned(statement)
            if column:
                self.of_column(owner, column, statement.value, statement)
        for statement in bare:
            self.of_annotation(owner, statement)
        last = columns[-1]
        after, indent = self.behind(last), " " * last.col_offset
        for number, made in enumerate((
            f"{SA}.Column({SA}.String(40))",
            f"{SA}.Column({SA}.Integer, nullable=False, index=True)",
            f"{SA}.Column({SA}.DateTime(timezone=True), unique=True)",
        )):
            self.add("add column", owner, f"limbeck_{number}", [(after, after, f"{indent}limbeck_{number} = {made}\n")], last)
        if tablename is None and not has_table(node):
            # A mixin: what follows is for tables.
            return
        self.of_table_of_class(node, tablename, assigned(columns[0]))

    def behind(self, statement: ast.stmt) -> int:
        """The start of the line after a statement."""
        line = self.at(statement.end_lineno, 0)
        return line + len(self.text[line:].split(b"\n", 1)[0]) + 1

    def of_table_of_class(self, node: ast.ClassDef, tablename: ast.stmt | None, column: str | None) -> None:
        owner, end = node.name, len(self.text)
        if node.col_offset == 0:
            table = (
                f'\n{SA}.Table("limbeck_{owner.lower()}", {owner}.metadata, '
                f'{SA}.Column("id", {SA}.Integer, primary_key=True), '
                f'{SA}.Column("word", {SA}.String(20), index=True, unique=True))\n'
            )
            self.add("add table", owner, f"limbeck_{owner.lower()}", [(end, end, table)], node)
            index = f'\n{SA}.Index("ix_limbeck_{owner.lower()}_{column}", {owner}.{column}.desc())\n'
            self.add("add index", owner, column or "", [(end, end, index)], node)
        if isinstance(tablename, ast.Assign) and isinstance(tablename.value, ast.Constant):
            value = tablename.value
            self.add(
                "rename table", owner, "", [(self.end(value) - 1, self.end(value) - 1, "_limbeck")], tablename
            )
        for statement in node.body:
            if assigned(statement) == "__table_args__" and isinstance(statement.value, ast.Tuple):
                for element in statement.value.elts:
                    if isinstance(element, ast.Call) and name(element.func) in (
                        "Index", "UniqueConstraint", "ForeignKeyConstraint",
                    ):
                        self.add(f"remove {name(element.func)}", owner, "", [self.cut(element)], element)

    def of_annotation(self, owner: str, statement: ast.AnnAssign) -> None:
        """`name: Mapped[str]`, without a right-hand side."""
        column, end = assigned(statement), self.end(statement)

        def add(kind: str, *edits: tuple[int, int, str]) -> None:
            self.add(kind, owner, column or "", list(edits), statement)

        def given(text: str) -> tuple[int, int, str]:
            return end, end, f" = {SA}.orm.mapped_column({text})"

        add("remove column", (self.start(statement), end, "pass"))
        add("rename column", given(f'"{column}_limbeck"'))
        add("change type", given(f"{SA}.Text()"))
        add("change type", given(f"{SA}.Numeric(9, 3)"))
        add("change nullable", given("nullable=True"))
        add("change nullable", given("nullable=False"))
        add("change index", given("index=True"))
        add("change unique", given("unique=True"))
        add("change comment", given('comment="seeded"'))

    def of_sqlmodel(self, node: ast.ClassDef) -> None:
        """A class of SQLModel that has a table, or stands above one that has."""
        fields = [it for it in node.body if isinstance(it, ast.AnnAssign) and is_field(it)]
        if not fields or node.name not in self.models or not self.is_sqlmodel(node):
            return
        owner = node.name
        for statement in fields:
            self.of_field(owner, statement)
        last = fields[-1]
        after, indent = self.behind(last), " " * last.col_offset
        for number, (kind, made) in enumerate((
            ("str | None", "default=None, max_length=40"),
            ("int", "default=0, index=True"),
            ("bool | None", f"default=None, unique=True, sa_type={SA}.Boolean"),
        )):
            text = f"{indent}limbeck_{number}: {kind} = {SQLMODEL}.Field({made})\n"
            self.add("add column", owner, f"limbeck_{number}", [(after, after, text)], last)
        if is_table(node):
            tablename = next((it for it in node.body if assigned(it) == "__tablename__"), None)
            self.of_table_of_class(node, tablename, assigned(fields[0]))
            if tablename is None:
                first = self.at(node.body[0].lineno, 0)
                text = f'{indent}__tablename__ = "{owner.lower()}_limbeck"\n'
                docstring = isinstance(node.body[0], ast.Expr)
                self.add("rename table", owner, "", [(self.behind(node.body[0]),) * 2 + (text,)] if docstring else [(first, first, text)], node)

    def is_sqlmodel(self, node: ast.ClassDef) -> bool:
        return is_table(node) or any(is_table(self.models[name]) for name in self.models if self.is_above(node.name, name))

    def is_above(self, upper: str, lower: str) -> bool:
        bases = [name(base) for base in self.models[lower].bases if name(base) in self.models]
        return upper in bases or any(self.is_above(upper, base) for base in bases if base != lower)

    def of_field(self, owner: str, statement: ast.AnnAssign) -> None:
        column, call = assigned(statement) or "", statement.value
        if isinstance(call, ast.Call):
            inner = next((keyword.value for keyword in call.keywords if keyword.arg == "sa_column"), None)
            if is_column(inner):
                self.of_column(owner, column, inner, statement)
                return
            keywords = {keyword.arg: keyword for keyword in call.keywords}
        else:
            keywords = {}

        def add(kind: str, *edits: tuple[int, int, str]) -> None:
            self.add(kind, owner, column, list(edits), statement)

        def more(text: str) -> tuple[int, int, str]:
            if not isinstance(call, ast.Call):
                at = self.end(statement)
                default = "" if call is None else f"default={self.slice(call)}, "
                return self.end(statement.annotation), at, f" = {SQLMODEL}.Field({default}{text})"
            close = self.end(call) - 1
            before = self.text[:close].rstrip()
            return len(before), len(before), ("" if before.endswith((b",", b"(")) else ", ") + text

        add("remove column", (self.start(statement), self.end(statement), "pass"))
        add("rename column", (self.end(statement.target), self.end(statement.target), "_limbeck"))
        if "sa_column" in keywords or "primary_key" in keywords:
            return
        annotation = self.slice(statement.annotation)
        if "sa_type" not in keywords and "foreign_key" not in keywords:
            for new in ("BigInteger", "Text", "Boolean", "DateTime(timezone=True)"):
                add("change type", more(f"sa_type={SA}.{new}"))
            if "str" in annotation and "max_length" not in keywords:
                add("change type", more("max_length=77"))
        if "max_length" in keywords:
            value = keywords["max_length"].value
            add("change type", (self.start(value), self.end(value), "78"))
        if "nullable" not in keywords:
            add("change nullable", more("nullable=True"))
            add("change nullable", more("nullable=False"))
        if "None" not in annotation:
            end = self.end(statement.annotation)
            add("change nullable", (end, end, " | None"))
        for option in ("index", "unique"):
            if option in keywords and isinstance(keywords[option].value, ast.Constant):
                value = keywords[option].value
                add(f"change {option}", (self.start(value), self.end(value), str(not value.value)))
            elif option not in keywords:
                add(f"change {option}", more(f"{option}=True"))
        if "sa_column_kwargs" not in keywords:
            add("change comment", more('sa_column_kwargs={"comment": "seeded"}'))
        if "foreign_key" in keywords and "ondelete" not in keywords:
            add("change foreign key", more('ondelete="CASCADE"'))
        elif "foreign_key" in keywords:
            value = keywords["ondelete"].value
            add("change foreign key", (self.start(value), self.end(value), '"RESTRICT"'))

    def of_table(self, node: ast.Call) -> None:
        owner = self.slice(node.args[0]).strip("\"'")
        for argument in node.args[2:]:
            if is_column(argument) and argument.args and isinstance(argument.args[0], ast.Constant):
                self.of_column(owner, argument.args[0].value, argument, None)
            elif isinstance(argument, ast.Call) and name(argument.func) in ("Index", "UniqueConstraint"):
                self.add(f"remove {name(argument.func)}", owner, "", [self.cut(argument)], argument)
        last = node.args[-1]
        new = f', {SA}.Column("limbeck_0", {SA}.Text)'
        self.add("add column", owner, "limbeck_0", [(self.end(last), self.end(last), new)], last)

    def cut(self, node: ast.AST) -> tuple[int, int, str]:
        """The element of a list with its comma."""
        end = self.end(node)
        rest = self.text[end:]
        blanks = len(rest) - len(rest.lstrip())
        if rest[blanks : blanks + 1] == b",":
            end += blanks + 1
        return self.start(node), end, ""

    def of_column(self, owner: str, column: str, call: ast.Call, statement: ast.stmt | None) -> None:
        def add(kind: str, *edits: tuple[int, int, str]) -> None:
            self.add(kind, owner, column, list(edits), call)

        close = self.end(call) - 1
        before = self.text[:close].rstrip()
        comma = "" if before.endswith((b",", b"(")) else ", "
        place = len(before)

        def more(text: str) -> tuple[int, int, str]:
            return place, place, f"{comma}{text}"

        keywords = {keyword.arg: keyword for keyword in call.keywords}
        is_key = isinstance(getattr(keywords.get("primary_key"), "value", None), ast.Constant)
        if statement is None:
            add("remove column", self.cut(call))
        else:
            add("remove column", (self.start(statement), self.end(statement), "pass"))
        named = bool(call.args) and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
        if named:
            first = call.args[0]
            add("rename column", (self.end(first) - 1, self.end(first) - 1, "_limbeck"))
        elif call.args or call.keywords:
            inside = self.end(call.func) + self.text[self.end(call.func) :].index(b"(") + 1
            add("rename column", (inside, inside, f'"{column}_limbeck", '))
        types = call.args[1 if named else 0 :]
        first = types[0] if types else None
        is_type = first is not None and name(getattr(first, "func", first)) not in ("ForeignKey", None)
        for new in ("BigInteger()", "String(77)", "Text()", "Boolean()", "Numeric(9, 3)", "DateTime(timezone=True)"):
            if is_type and not is_key:
                add("change type", (self.start(first), self.end(first), f"{SA}.{new}"))
            elif statement is not None and "Mapped" in self.slice(statement).split("=")[0] and not is_key:
                if first is None and not call.keywords:
                    add("change type", (place, place, f"{SA}.{new}"))
                elif call.keywords and not call.args:
                    start = self.start(call.keywords[0])
                    add("change type", (start, start, f"{SA}.{new}, "))
        if "nullable" in keywords and isinstance(keywords["nullable"].value, ast.Constant):
            value = keywords["nullable"].value
            add("change nullable", (self.start(value), self.end(value), str(not value.value)))
        elif not is_key and "nullable" not in keywords:
            add("change nullable", more("nullable=False"))
            add("change nullable", more("nullable=True"))
        for option in ("index", "unique"):
            if option in keywords and isinstance(keywords[option].value, ast.Constant):
                value = keywords[option].value
                add(f"change {option}", (self.start(value), self.end(value), str(not value.value)))
            elif option not in keywords and not is_key:
                add(f"change {option}", more(f"{option}=True"))
        if "comment" not in keywords:
            add("change comment", more('comment="seeded"'))
        for argument in call.args:
            if isinstance(argument, ast.Call) and name(argument.func) == "ForeignKey":
                if is_type:
                    add("remove foreign key", self.cut(argument))
                options = {keyword.arg: keyword for keyword in argument.keywords}
                if "ondelete" in options and isinstance(options["ondelete"].value, ast.Constant):
                    value = options["ondelete"].value
                    add("change foreign key", (self.start(value), self.end(value), '"SET DEFAULT"'))
                elif "ondelete" not in options:
                    inner = self.end(argument) - 1
                    add("change foreign key", (inner, inner, ', ondelete="CASCADE"'))


def name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def is_column(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Call) and name(node.func) in CALLS


def is_mapped(statement: ast.AnnAssign) -> bool:
    """`Mapped[…]` of something that is no relationship, as its words tell."""
    annotation = statement.annotation
    if not isinstance(annotation, ast.Subscript) or name(annotation.value) != "Mapped":
        return False
    words = {name(node) for node in ast.walk(annotation.slice)} - {None, "Optional", "Union"}
    return bool(words) and all(word.lower() in ("str", "int", "float", "bool", "datetime", "date", "decimal", "guid", "uuid") for word in words)


def is_field(statement: ast.AnnAssign) -> bool:
    """A field of SQLModel, and no relationship or class variable."""
    if not isinstance(statement.target, ast.Name) or statement.target.id.startswith("_"):
        return False
    if "ClassVar" in ast.unparse(statement.annotation) or statement.target.id == "model_config":
        return False
    return not isinstance(statement.value, ast.Call) or name(statement.value.func) == "Field"


def is_table(node: ast.ClassDef) -> bool:
    """`class Item(SQLModel, table=True)`"""
    return any(keyword.arg == "table" and getattr(keyword.value, "value", None) is True for keyword in node.keywords)


def models_of(tree: ast.Module) -> dict[str, ast.ClassDef]:
    """The classes with tables, and those above them in the same file."""
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    todo = [
        node for node in classes.values()
        if is_table(node) or has_table(node) or any(assigned(it) == "__tablename__" for it in node.body)
    ]
    found: dict[str, ast.ClassDef] = {}
    while todo:
        node = todo.pop()
        if node.name not in found:
            found[node.name] = node
            todo += [classes[name(base)] for base in node.bases if name(base) in classes]
    return found


def has_table(node: ast.ClassDef) -> bool:
    """Names of tables may be made by the base: `db.Model` of Flask-SQLAlchemy."""
    return any(name(base) == "Model" for base in node.bases)


def assigned(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id
    return None


def balanced(found: list[Mutation], count: int) -> list[Mutation]:
    """About as many of each kind."""
    kinds: dict[str, list[Mutation]] = defaultdict(list)
    for mutation in found:
        kinds[mutation.kind].append(mutation)
    chosen: list[Mutation] = []
    while len(chosen) < min(count, len(found)):
        for some in kinds.values():
            if some:
                chosen.append(some.pop())
    return chosen


def batch(wanted: list[Mutation], size: int) -> list[Mutation]:
    """The next ones that touch different tables; they leave the list."""
    some: list[Mutation] = []
    for mutation in list(wanted):
        if len(some) == size:
            break
        if all(mutation.owner != other.owner for other in some):
            some.append(mutation)
            wanted.remove(mutation)
    return some


@contextlib.contextmanager
def applied(root: Path, some: list[Mutation]) -> Iterator[None]:
    """With these changes in the files."""
    edits: dict[str, set[tuple[int, int, str]]] = defaultdict(set)
    for mutation in some:
        edits[mutation.path].update(mutation.edits)
    originals = {path: (root / path).read_bytes() for path in edits}
    try:
        for path, text in originals.items():
            for start, end, new in sorted(edits[path], reverse=True):
                text = text[:start] + new.encode() + text[end:]
            (root / path).write_bytes(text)
        yield
    finally:
        for path, text in originals.items():
            (root / path).write_bytes(text)
