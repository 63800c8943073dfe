"""``python -m app`` is the ``darkstar`` command."""

from app.cli import main

main()
