"""Outside services on loopback, for tests of the whole service and for trying it by hand."""

from collections.abc import Iterator

import pytest

from tests.fakes.server import CONSUMPTION, SOC, WATER, FakeUpstreams, Fault

__all__ = ["CONSUMPTION", "SOC", "WATER", "FakeUpstreams", "Fault", "fake_upstreams"]


@pytest.fixture
def fake_upstreams() -> Iterator[FakeUpstreams]:
    """The three services, running on a free port of loopback until the test ends."""
    with FakeUpstreams() as fakes:
        yield fakes
