"""Sharing an answer without ever giving anybody one that is older than the question."""

import asyncio

import pytest

from app.core.shared_turn import SharedTurn


class Source:
    """Answers how often it has been asked, once it is let go on."""

    def __init__(self) -> None:
        self.begun = 0
        self.go_on = asyncio.Event()
        self.first_fault: Exception | None = None

    async def ask(self) -> int:
        self.begun += 1
        mine = self.begun
        await self.go_on.wait()
        if mine == 1 and self.first_fault is not None:
            raise self.first_fault
        return mine


async def turn_of_the_loop() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_nobody_gets_an_answer_begun_before_they_asked() -> None:
    source = Source()
    shared = SharedTurn(source.ask)
    early = [asyncio.ensure_future(shared()) for _ in range(20)]
    await turn_of_the_loop()
    late = [asyncio.ensure_future(shared()) for _ in range(20)]
    await turn_of_the_loop()
    assert source.begun == 1
    source.go_on.set()
    assert set(await asyncio.gather(*early)) == {1}
    assert set(await asyncio.gather(*late)) == {2}
    assert await shared() == 3


async def test_who_gives_up_leaves_the_answer_to_the_others() -> None:
    source = Source()
    shared = SharedTurn(source.ask)
    first, second = asyncio.ensure_future(shared()), asyncio.ensure_future(shared())
    await turn_of_the_loop()
    first.cancel()
    await turn_of_the_loop()
    source.go_on.set()
    assert await second == 1
    assert first.cancelled()


async def test_an_answer_that_settles_the_matter_is_for_those_who_wait_and_nobody_else() -> None:
    source = Source()
    shared = SharedTurn(source.ask, settles=lambda answer: answer == 1)
    early = asyncio.ensure_future(shared())
    await turn_of_the_loop()
    late = asyncio.ensure_future(shared())
    await turn_of_the_loop()
    source.go_on.set()
    assert (await early, await late, source.begun) == (1, 1, 1)
    assert await shared() == 2


async def test_a_fault_reaches_who_asked_and_the_next_one_asks_again() -> None:
    source = Source()
    shared = SharedTurn(source.ask)
    source.first_fault = ZeroDivisionError()
    early = asyncio.ensure_future(shared())
    await turn_of_the_loop()
    late = asyncio.ensure_future(shared())
    await turn_of_the_loop()
    source.go_on.set()
    with pytest.raises(ZeroDivisionError):
        await early
    assert await late == 2
