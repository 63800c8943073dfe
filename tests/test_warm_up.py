"""Before the service serves, what would hold it up is done."""

import gc

import pytest
import uvicorn
from sqlalchemy import inspect

from app import main
from app.db.models import PlanRun
from app.errors import DarkstarError
from app.settings import Settings


def test_a_full_garbage_round_passes_over_what_the_service_was_started_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen: list[int] = []

    def serves(*_: object, **__: object) -> None:
        frozen.append(gc.get_freeze_count())

    monkeypatch.setattr(uvicorn.Server, "run", serves)
    try:
        with pytest.raises(DarkstarError, match="could not start"):
            main.run(main.create_app(Settings()), host="127.0.0.1", port=0, log_level="error")
    finally:
        gc.unfreeze()
    assert frozen[0] > 50_000
    assert inspect(PlanRun).configured
