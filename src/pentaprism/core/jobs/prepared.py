"""Statements that run for every job, compiled once.

SQLAlchemy finds a statement in its cache and takes its values through its types anew at every execution, which costs about
ten times what SQLite needs to run it, and the write lock is held meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, Connection, CursorResult, Dialect
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import TextClause

Process = Callable[[Any], Any]


class Prepared:
    """A Core statement whose values are all scalar bind parameters. Defaults of columns made in Python do not apply."""

    def __init__(self, statement: UpdateBase | TextClause) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute with ``values``; returned rows are those of the driver."""
        compiled = self._for(connection.dialect)
        return connection.exec_driver_sql(compiled.sql, compiled.arguments(values))

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute once for each of ``rows``, in one call of the driver."""
        compiled = self._for(connection.dialect)
        connection.exec_driver_sql(compiled.sql, [compiled.arguments(row) for row in rows])

    def row(self, connection: Connection, values: Mapping[str, Any]) -> list[Any] | None:
        """The one returned row, JSON read; None where no row matched. Moments come as the driver gives them."""
        compiled = self._for(connection.dialect)
        found = connection.exec_driver_sql(compiled.sql, compiled.arguments(values)).one_or_none()
        return None if found is None else compiled.processed(found)

    def _for(self, dialect: Dialect) -> "_Compiled":
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._statement, dialect)
        return compiled


class _Compiled:
    """The statement in the words of one dialect."""

    def __init__(self, statement: UpdateBase | TextClause, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.sql: str = compiled.string
        self._order: list[str] | None = compiled.positiontup
        processors = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        self._fixed: dict[str, Any] = {
            name: processors[name](value) if processors[name] is not None else value for name, value in compiled.params.items()
        }
        self._processors: dict[str, Process] = {name: found for name, found in processors.items() if found is not None}
        returned = getattr(statement, "exported_columns", ())
        self._results: list[tuple[int, Process]] = []
        for place, column in enumerate(returned):
            process = column.type.dialect_impl(dialect).result_processor(dialect, None) if isinstance(column.type, JSON) else None
            if process is not None:
                self._results.append((place, process))

    def arguments(self, values: Mapping[str, Any]) -> Any:
        """``values`` in the form and the order in which the driver takes them."""
        filled = {**self._fixed, **values}
        for name, process in self._processors.items():
            if name in values:
                filled[name] = process(values[name])
        return filled if self._order is None else tuple([filled[name] for name in self._order])

    def processed(self, row: Sequence[Any]) -> list[Any]:
        """A returned row with its JSON values read."""
        values = list(row)
        for place, process in self._results:
            values[place] = process(values[place])
        return values
