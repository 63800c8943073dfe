"""The plan as a file, for programs that read neither REST nor SQL."""

from pathlib import Path


def write_schedule_json(path: Path, text: str) -> None:
    """Replace the exported plan atomically: readers see the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
