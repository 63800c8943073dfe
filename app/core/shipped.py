"""Where the files that are no code stand: beside the package, or within once it is installed."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
SHIPPED = _PACKAGE / "shipped" if (_PACKAGE / "shipped").is_dir() else _PACKAGE.parent
