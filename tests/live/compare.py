"""Asks the server and the engine the same things, and tells where their answers differ."""

from __future__ import annotations

import json
import time
import traceback
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from policy import Outcome
from policy.lower import decode_policy_field
from policy.model import STEP_DOWN, Operation
from policy.testing import neighbourhood
from tests.live.cases import Case, Field
from tests.live.disagreement import Disagreement, DisagreementError, case_line, text_line
from tests.live.engine import (
    OPENBAO,
    UNDETERMINED,
    acl_of,
    mount_table,
    read,
    verdict_of_engine,
)
from tests.live.listing import compiled_rules, first_difference, listed_rules
from tests.live.reduce import smallest
from tests.live.server import Answer, ServerUnavailableError
from tests.live.verdict import Verdict, ask, verdict_of
from tests.live.world import NAMESPACES, PROBE, SLASHES, WILDCARDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policy import ACL, Dialect, Policy
    from policy.model import Request
    from tests.live.reduce import Asked
    from tests.live.world import Seat, World

__all__ = ["Comparison"]

_TEXT_POLICY = "p1"
_PATHS_OF_A_TEXT = 60


class Comparison:
    """Compares, and counts what was compared.

    Disagreements whose signature is in `known` are counted and not raised, so that a long run can
    go on to look for others.
    """

    def __init__(self, world: World, *, dialect: Dialect = OPENBAO) -> None:
        self.server = world.server
        self.world = world
        self.dialect = dialect
        self.tally: Counter[str] = Counter()
        self.known: set[str] = set()
        self.step_downs = 0
        """How many step-downs the server may be asked for that will be granted: each takes it ten
        seconds. Those that will be denied cost nothing."""

    @property
    def verdicts(self) -> int:
        """How many answers of the server were compared."""
        return sum(count for name, count in self.tally.items() if name.startswith("compared "))

    def check(self, asked: Asked) -> None:
        """Raises `DisagreementError` for the first difference over a policy text or a case."""
        for disagreement in self.differences(asked):
            self.tally["disagreements"] += 1
            if disagreement.signature not in self.known:
                raise DisagreementError(disagreement, asked)

    def differences(self, asked: Asked) -> Iterator[Disagreement]:
        """All differences over a policy text or a case. An engine that falls over differs too."""
        try:
            match asked:
                case str():
                    yield from self._over_text(asked)
                case Field():
                    yield from self._over_field(asked)
                case _:
                    yield from self._over_case(asked)
        except ServerUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is, it is what we look for)
            yield self._crash(error, asked)

    def smallest(self, found: DisagreementError) -> Disagreement:
        """The same disagreement over something smaller, if it can be seen again at all."""
        signature = found.disagreement.signature

        def again(asked: Asked) -> Disagreement | None:
            return next((d for d in self.differences(asked) if d.signature == signature), None)

        small = smallest(found.asked, lambda asked: again(asked) is not None)
        return again(small) or found.disagreement

    def _crash(self, error: Exception, asked: Asked) -> Disagreement:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.name}"
        if isinstance(asked, Case):
            line = case_line(asked, self.world.seats[asked.seat], asked.policies, {})
        else:
            text = asked if isinstance(asked, str) else asked.value
            line = text_line(text, self.server.write_policy("crash", text))
        return Disagreement(
            "crash",
            repr(asked),
            "an answer",
            f"{type(error).__name__}: {error} in {place}, line {frame.lineno}",
            f"crash {type(error).__name__} {place}",
            line,
        )

    # Texts

    def _over_text(self, text: str) -> Iterator[Disagreement]:
        seat = self.world.seats["plain"]
        written = self.world.write(seat, {_TEXT_POLICY: text}, {})[_TEXT_POLICY]
        policy, refusal = read(_TEXT_POLICY, text, self.dialect)
        self.tally["compared acceptance"] += 1
        self.tally["accepted texts"] += written.accepted
        line = text_line(text, written)
        if policy is None and refusal.startswith(UNDETERMINED):
            self.tally["undetermined texts"] += 1
        elif written.accepted != (policy is not None):
            yield Disagreement(
                "acceptance",
                repr(text),
                "accepted" if written.accepted else str(line["error"]),
                "accepted" if policy is not None else refusal,
                f"acceptance {written.accepted} {_kind_of(written.error or refusal)}",
                line,
            )
        if policy is None or not written.accepted or "time." in text:
            return
        acl = acl_of([policy], seat.token, self.dialect, time.time())
        near = neighbourhood(_paths_of(policy), limit=_PATHS_OF_A_TEXT)
        paths = [path for path in near if _askable(path)]
        answer = self.server.capabilities(seat.secret, paths)
        if isinstance(answer, Answer):
            self.tally["no ACL"] += 1
            if acl.error is None:
                yield _unbuilt(answer, acl, line)
            return
        yield from self._rules(seat, acl, {**line, "probes": answer})
        yield from self._capabilities(acl, "", answer, line)

    def _over_field(self, asked: Field) -> Iterator[Disagreement]:
        written = self.server.write_field("field", asked.value)
        policy, refusal = None, "an empty field"
        if asked.value:
            policy, refusal = read("field", decode_policy_field(asked.value), self.dialect)
        self.tally["compared fields"] += 1
        if written.accepted != (policy is not None) and not refusal.startswith(UNDETERMINED):
            yield Disagreement(
                "acceptance",
                f"the field {asked.value!r}",
                "accepted" if written.accepted else str(written.error),
                refusal or "accepted",
                f"field {written.accepted} {_kind_of(written.error or refusal)}",
                {**text_line(asked.value, written), "id": "transport"},
            )

    def _rules(self, seat: Seat, acl: ACL, line: Mapping[str, object]) -> Iterator[Disagreement]:
        listing = self.server.compiled(seat.secret)
        if listing is None:
            self.tally["rules not told"] += 1
            return
        theirs = listed_rules(listing)
        ours = compiled_rules(acl.table)
        self.tally["compared rule listings"] += 1
        found = first_difference(theirs, ours)
        if found is not None:
            yield Disagreement(
                "rules",
                found.place,
                found.theirs,
                found.ours,
                f"rules {found.attribute}",
                {**line, "rules": theirs},
            )

    def _capabilities(
        self,
        acl: ACL,
        namespace: str,
        answer: Mapping[str, Sequence[str]],
        line: Mapping[str, object],
    ) -> Iterator[Disagreement]:
        for path, theirs in answer.items():
            ours = acl.capabilities(path, namespace)
            self.tally["compared capabilities"] += 1
            if list(theirs) != list(map(str, ours)):
                row: dict[str, object] = {"path": path, "capabilities": theirs}
                if namespace:
                    row["namespace"] = namespace
                kept: dict[str, object] = {"probes": {path: theirs}}
                if "policies" in line:
                    kept = {"capabilities": [row]}
                yield Disagreement(
                    "capabilities",
                    f"{path!r} in namespace {namespace!r}",
                    str(theirs),
                    str(list(map(str, ours))),
                    f"capabilities {_shape(theirs)} {_shape(list(map(str, ours)))}",
                    {**line, **kept},
                )

    # Cases

    def _over_case(self, case: Case) -> Iterator[Disagreement]:
        now = time.time()
        seat = self.world.seat_with(case.seat, case.entity, case.groups)
        texts = {name: _with_ids(text, seat) for name, text in case.policies.items()}
        written = self.world.write(seat, texts, case.options)
        home = seat.token.namespace
        line = case_line(case, seat, texts, {n: w.error for n, w in written.items() if w.error})
        policies = [read(PROBE, self.world.probe_text, self.dialect, namespace=home)[0]]
        for name, text in texts.items():
            policy, refusal = read(name, text, self.dialect, namespace=home)
            self.tally["compared acceptance"] += 1
            if policy is None and refusal.startswith(UNDETERMINED):
                self.tally["undetermined texts"] += 1
            elif written[name].accepted != (policy is not None):
                yield Disagreement(
                    "acceptance",
                    repr(text),
                    written[name].error or "accepted",
                    refusal or "accepted",
                    f"acceptance {_kind_of(written[name].error or refusal)}",
                    line,
                )
            if policy is not None and written[name].accepted:
                options = case.options.get(name, {})
                policies.append(
                    replace(
                        policy,
                        allow_slashes_in_identity_templates=options.get(SLASHES, False),
                        allow_wildcards_in_identity_templates=options.get(WILDCARDS, False),
                    )
                )
        acl = acl_of([p for p in policies if p is not None], seat.token, self.dialect, now)
        for namespace, paths in case.asked.items():
            asked = [_with_ids(path, seat) for path in paths]
            answer = self.server.capabilities(seat.secret, asked, namespace=namespace)
            if isinstance(answer, Answer):
                self.tally["no ACL"] += 1
                if acl.error is None:
                    yield _unbuilt(answer, acl, line)
            elif acl.error is not None:
                yield _unbuilt(None, acl, line)
            else:
                yield from self._capabilities(acl, namespace, answer, line)
        for drawn in case.requests:
            request = self.world.prepared(replace(drawn, path=_with_ids(drawn.path, seat)))
            if request is not None:
                yield from self._request(acl, seat, request, line)

    def _request(
        self, acl: ACL, seat: Seat, request: Request, line: Mapping[str, object]
    ) -> Iterator[Disagreement]:
        decision = acl.decide(request)
        is_step_down = request.operation is Operation.UPDATE and request.path == STEP_DOWN.path
        if is_step_down and decision.allowed:
            if not self.step_downs:
                return
            self.step_downs -= 1
        answer = ask(self.server, seat.secret, request)
        theirs = verdict_of(answer)
        if theirs is Verdict.ALLOWED:
            self.world.changed(request)
            if is_step_down:
                self.tally["step-downs"] += 1
                self.server.wait_out_step_down()
        if decision.outcome is Outcome.UNDETERMINED:
            self.tally["undetermined requests"] += 1
            return
        ours = verdict_of_engine(decision)
        if answer.status == 500 and acl.error is not None:
            # How the server says that it could not build the ACL.
            theirs = Verdict.DENIED
        if request.operation in (Operation.CREATE, Operation.UPDATE):
            # What the engine says without being told which of the two it is, if it can tell.
            either = acl.decide(replace(request, operation=Operation.WRITE))
            if either.outcome is not Outcome.UNDETERMINED and verdict_of_engine(either) is not ours:
                decision, ours = either, verdict_of_engine(either)
        if theirs in (Verdict.BEFORE_ACL, Verdict.UNKNOWN):
            self.tally[f"requests {theirs}"] += 1
            if theirs is Verdict.UNKNOWN:
                self.tally[f"unknown answer {answer.status} {answer.body[:120]!r}"] += 1
            return
        self.tally["compared requests"] += 1
        if theirs is not ours and not (theirs is Verdict.DENIED and ours is Verdict.BEFORE_ACL):
            row = {
                "operation": str(request.operation),
                "path": request.path,
                "data": request.data,
                "wrap_ttl_seconds": request.wrap_ttl_seconds,
                "allowed": theirs is Verdict.ALLOWED,
            }
            if request.namespace:
                row["namespace"] = request.namespace
            yield Disagreement(
                "request",
                json.dumps(row, ensure_ascii=False),
                f"{answer.status} {answer.body[:200]!r}",
                f"{decision.outcome}: {decision.reason}: {decision.detail}",
                f"request {decision.operation} {theirs} {decision.reason}{_place(request)}",
                {**line, "requests": [row]},
            )


def _place(request: Request) -> str:
    """Paths of their own kind, which are not to hide others behind one signature."""
    full = request.namespace + request.path.lstrip("/") + "/"
    if full in NAMESPACES:
        return " bare namespace"
    inside = max((ns for ns in NAMESPACES if full.startswith(ns)), key=len)
    bare = full.removeprefix(inside)
    return " bare mount" if bare in {mount.path for mount in mount_table().mounts} else ""


def _unbuilt(answer: Answer | None, acl: ACL, line: Mapping[str, object]) -> Disagreement:
    """One side built an ACL, and the other did not."""
    theirs = "an ACL" if answer is None else f"none: {answer.status} {answer.errors}"
    ours = f"none: {acl.error}" if acl.error is not None else "an ACL"
    kept = dict(line)
    if answer is not None:
        kept["acl_error"] = "\n".join(answer.errors)
    return Disagreement("ACL", "is one built?", theirs, ours, f"acl {answer is None}", kept)


# Corpus lines


def _with_ids(text: str, seat: Seat) -> str:
    for word, real in seat.ids.items():
        text = text.replace(word, real)
    return text


def _paths_of(policy: Policy) -> list[str]:
    return list(dict.fromkeys(rule.path for rule in policy.rules)) or ["a", "path"]


def _askable(path: str) -> bool:
    """JSON cannot carry bytes that are not UTF-8; the server trims blanks, and refuses nothing."""
    return bool(path) and path == path.strip() and path.isprintable()


def _kind_of(message: str) -> str:
    """The words of a message that do not change from text to text."""
    words = message.split("\n", maxsplit=1)[0].replace("failed to parse policy: ", "")
    return " ".join(word for word in words.split() if word.isalpha())[:60]


def _shape(capabilities: Sequence[str]) -> str:
    return "deny" if list(capabilities) == ["deny"] else "some"
