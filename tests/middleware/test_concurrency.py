"""Requests while the policies change: each sees the old set or the new one, never a mixture."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from policy import Entity, Token
from policy.middleware import Gate, LivePolicies, PolicyMiddleware
from tests.middleware.calling import Recorder, call, write

if TYPE_CHECKING:
    from pathlib import Path

# Of each pair of files, one alone lets a request through: together neither does.
ONE = {
    "p": 'path "x/*" { capabilities = ["read"] }',
    "q": 'path "y/*" { capabilities = ["deny"] }',
}
OTHER = {
    "p": 'path "x/*" { capabilities = ["deny"] }',
    "q": 'path "y/*" { capabilities = ["read"] }',
}


def test_threads_see_one_set_or_the_other(tmp_path: Path) -> None:
    policies = LivePolicies(write(tmp_path, **ONE))
    gate = Gate(policies)
    seen: set[tuple[bool, bool]] = set()
    stop = threading.Event()
    failures: list[BaseException] = []

    def ask(number: int) -> None:
        try:
            at = 0
            while not stop.is_set():
                at += 1
                # Some subjects are always new, so that ACLs are built and dropped all the time.
                token = Token(["p", "q"], Entity(f"{number}-{at % 1500}", "n"))
                acl = policies.acl(token)
                seen.add((acl.allows("read", "x/a"), acl.allows("read", "y/a")))
                gate.check("GET", "/x/a", token)
        except BaseException as error:  # noqa: BLE001 -- a thread has nobody else to tell
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for round_number in range(8):
        write(tmp_path, **(OTHER if round_number % 2 == 0 else ONE))
        assert policies.reload()
    stop.set()
    for thread in threads:
        thread.join(timeout=30)
    assert not failures
    assert seen == {(True, False), (False, True)}
    assert set(gate.decisions) == {("allow", "granted"), ("deny", "explicit-deny")}


def test_counting_from_many_threads_loses_nothing(tmp_path: Path) -> None:
    gate = Gate(LivePolicies(write(tmp_path, **ONE)))
    token = Token(["p"])

    def ask() -> None:
        for _ in range(500):
            gate.check("GET", "/x/a", token)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dict(gate.decisions) == {("allow", "granted"): 4000}


def test_a_reload_while_a_request_waits_for_its_resolver(tmp_path: Path) -> None:
    policies = LivePolicies(write(tmp_path, **ONE))
    recorder = Recorder()

    async def run() -> tuple[int, int]:
        asked, go = asyncio.Event(), asyncio.Event()

        async def resolve(_: str) -> Token:
            asked.set()
            await go.wait()
            return Token(["p", "q"])

        application = PolicyMiddleware(recorder, Gate(policies), resolve)
        old = asyncio.create_task(call(application, path="/x/a", token="t"))
        new = asyncio.create_task(call(application, path="/y/a", token="t"))
        await asked.wait()
        write(tmp_path, **OTHER)
        assert await asyncio.to_thread(policies.reload)
        go.set()
        return (await old).status, (await new).status

    # The policies count as they are when the verdict is found, and not a moment before.
    assert asyncio.run(run()) == (403, 200)


def test_many_requests_at_once_with_reloads_between(tmp_path: Path) -> None:
    policies = LivePolicies(write(tmp_path, **ONE))
    recorder = Recorder()

    async def resolve(_: str) -> Token:
        await asyncio.sleep(0)
        return Token(["p", "q"])

    async def run() -> int:
        application = PolicyMiddleware(recorder, Gate(policies), resolve)

        async def change() -> None:
            for number in range(4):
                write(tmp_path, **(OTHER if number % 2 == 0 else ONE))
                assert await asyncio.to_thread(policies.reload)

        changing = asyncio.create_task(change())
        served = 0
        while not changing.done():
            answers = await asyncio.gather(
                *(call(application, path=f"/{kind}/a", token="t") for kind in "xy" * 5)
            )
            assert {answer.status for answer in answers} <= {200, 403}
            # The thread that reads files gets its turn.
            await asyncio.sleep(0.001)
            served += sum(answer.status == 200 for answer in answers)
        await changing
        return served

    served = asyncio.run(run())
    assert len(recorder.scopes) == served > 0
