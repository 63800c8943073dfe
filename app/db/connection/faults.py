"""What the database's failures are called, and which of them pass by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.core.errors import DarkstarError, DatabaseUnavailableError, TablesMissingError

# Row changed since it was read, lock wait timeout, deadlock, server gone, connection lost.
_TRANSIENT_CODES = {1020, 1205, 1213, 2006, 2013}
_SQLITE_LOCKED = "database is locked"
_NO_SUCH_TABLE = 1146
_SQLITE_NO_SUCH_TABLE = "no such table"


@contextmanager
def translated() -> Iterator[None]:
    """Turn what drivers and timeouts raise into ``DatabaseUnavailableError``, without values.

    An error of ours that a column type raised comes out as itself; a bug stays a bug.
    """
    try:
        yield
    except (TimeoutError, PoolTimeoutError) as error:
        raise DatabaseUnavailableError("the database did not answer in time") from error
    except OSError as error:
        raise DatabaseUnavailableError(f"the database is out of reach: {error}") from error
    except DBAPIError as error:
        if _tables_missing(error):
            raise TablesMissingError(
                "the database has lost its tables; they are made again"
            ) from error
        raise DatabaseUnavailableError(f"the database failed: {_said(error)}") from error
    except StatementError as error:
        if isinstance(error.orig, DarkstarError):
            raise error.orig from error
        raise


def _said(error: DBAPIError) -> str:
    """Return the driver's words without the statement, its values and the error number."""
    args = error.orig.args if error.orig else ()
    # MariaDB drivers raise (number, text); the number is no help to a person.
    words = args[1] if len(args) == 2 and isinstance(args[1], str) else error.orig  # noqa: PLR2004
    return str(words)[:200]


def _tables_missing(error: DBAPIError) -> bool:
    code = error.orig.args[0] if error.orig and error.orig.args else None
    return code == _NO_SUCH_TABLE or _SQLITE_NO_SUCH_TABLE in str(error.orig)


def is_transient(error: BaseException | None) -> bool:
    """Say whether the same transaction may succeed if it is simply run again."""
    while error is not None:
        if isinstance(error, DBAPIError) and error.orig is not None:
            code = error.orig.args[0] if error.orig.args else None
            return code in _TRANSIENT_CODES or _SQLITE_LOCKED in str(error.orig)
        error = error.__cause__
    return False
