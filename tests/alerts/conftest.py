"""The outside services, for every test of the watch."""

from tests.fakes import fake_upstreams

__all__ = ["fake_upstreams"]
