"""The plan as a file, for programs that read neither REST nor SQL."""

import os
from pathlib import Path
from typing import Final

from pydantic import BaseModel

FILE_NAME: Final = "schedule.json"


def write_schedule_json(path: Path, plan: BaseModel) -> None:
    """Replace the exported plan atomically: readers see the old file or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    with draft.open("w", encoding="utf-8") as file:
        file.write(plan.model_dump_json(indent=1))
        file.flush()
        # Without it a power cut may keep the new name and lose what stood under it.
        os.fsync(file.fileno())
    draft.replace(path)
