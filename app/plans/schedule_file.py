"""The plan as a file, for programs that read neither REST nor SQL."""

from pathlib import Path
from typing import Final

from pydantic import BaseModel

from app.core.atomic_file import PRIVATE, SHARED, replace_file

FILE_NAME: Final = "schedule.json"


def write_schedule_json(path: Path, plan: BaseModel, *, for_everyone: bool = True) -> None:
    """Replace the exported plan atomically: readers see the old file or the new one, whole.

    A controller may run as another user of the machine: the file is as open as reading over the
    network is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = SHARED if for_everyone else PRIVATE
    replace_file(path, plan.model_dump_json(indent=1).encode(), mode=mode)
