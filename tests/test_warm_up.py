"""Before the service serves, what would hold it up is done."""

import gc

import pytest
import uvicorn
from sqlalchemy import inspect

from app import main
from app.db.models import PlanRun
from app.errors import DarkstarError
from app.settings import Settings
from tests.gate import free_port


def test_a_full_garbage_round_passes_over_what_the_service_was_started_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen: list[int] = []

    def serves(*_: object, **__: object) -> None:
        frozen.append(gc.get_freeze_count())

    monkeypatch.setattr(uvicorn.Server, "run", serves)
    settings = Settings.model_validate({"server": {"port": free_port()}, "log_level": "error"})
    try:
        with pytest.raises(DarkstarError, match="could not start"):
            main.run(main.create_app(settings), settings, once_listening=lambda: None)
    finally:
        gc.unfreeze()
    assert frozen[0] > 50_000
    assert inspect(PlanRun).configured
