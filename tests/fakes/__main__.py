"""Run the stand-ins by hand: ``python -m tests.fakes --port 9000``."""

import argparse
import contextlib

from tests.fakes.server import FakeUpstreams

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=9000)
with FakeUpstreams(port=parser.parse_args().port) as fakes:
    for name, value in fakes.environment().items():
        print(f"export {name}={value}")  # noqa: T201 - what a shell can take over
    print("# stop with Ctrl-C", flush=True)  # noqa: T201
    with contextlib.suppress(KeyboardInterrupt):
        fakes.stopping.wait()
