"""Run the stand-ins by hand: ``python -m tests.fakes --port 9000``."""

import argparse
import signal

from tests.fakes.server import FakeUpstreams

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=9000)
with FakeUpstreams(port=parser.parse_args().port) as fakes:
    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, lambda *_: fakes.stopping.set())
    for name, value in fakes.environment().items():
        print(f"export {name}={value}")  # noqa: T201 - what a shell can take over
    print("# stop with Ctrl-C", flush=True)  # noqa: T201
    while not fakes.stopping.wait(1):
        pass
