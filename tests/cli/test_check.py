"""`sudopath check`: one request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from policy.cli import check
from policy.report import DecisionReport
from tests.cli.conftest import Run

SHAPE: TypeAdapter[Any] = TypeAdapter(DecisionReport)


@pytest.mark.parametrize(
    ("line", "code", "first"),
    [
        # Without a request the question is step-down.
        ("-t ops", 0, "ALLOW  update sys/step-down"),
        ("-t dev", 1, "DENY  update sys/step-down"),
        ("-t ops,dev", 0, "ALLOW  update sys/step-down"),
        ("-t dev -t ops", 0, "ALLOW  update sys/step-down"),
        ("-t dev --token OPS", 0, "ALLOW  update sys/step-down"),
        ("-t root", 0, "ALLOW  update sys/step-down"),
        ("-t nobody", 1, "DENY  update sys/step-down"),
        ("", 0, "ALLOW  update sys/step-down"),
        ("-t dev read secret/a", 0, "ALLOW  read secret/a"),
        ("-t dev read /v1/secret/a", 0, "ALLOW  read secret/a"),
        ("-t dev list secret", 0, "ALLOW  list secret/"),
        ("-t dev GET secret/a?list=true", 0, "ALLOW  list secret/a/"),
        ("-t dev LIST /v1/secret", 0, "ALLOW  list secret/"),
        ("-t dev delete secret/a", 1, "DENY  delete secret/a"),
        ("-t dev help secret/a", 0, "ALLOW  help secret/a"),
        ("-t dev write kv/a", 3, "UNDETERMINED  write kv/a"),
        ("-t dev write kv/a --exists no", 0, "ALLOW  create kv/a"),
        ("-t dev write kv/a --exists yes", 1, "DENY  update kv/a"),
        ("-t dev PUT kv/a --exists no", 0, "ALLOW  create kv/a"),
        ("-t app read app/x", 1, "DENY  read app/x"),
        ("-t app read app/x --wrap-ttl 10", 0, "ALLOW  read app/x"),
        ("-t app read app/x --wrap-ttl 9.5", 1, "DENY  read app/x"),
        ("-t dev read secret/a --namespace ns1", 1, "DENY  read ns1/secret/a"),
        ("-t dev read secret/a --namespace /ns1/", 1, "DENY  read ns1/secret/a"),
        ("-t ops --namespace ns1", 1, "DENY  update ns1/sys/step-down"),
        ("-t dev list secret --dialect vault-1.11", 0, "ALLOW  list secret/"),
    ],
)
def test_answers(run: Run, line: str, code: int, first: str) -> None:
    done = run(f"check -p policies {line}")
    assert done.out.startswith(first + "  (vault-")
    assert done.code == code
    assert done.err == ""
    assert len(done.out.splitlines()) < 10


@pytest.mark.parametrize(
    "line", ["-t ops", "-t dev", "-t dev write kv/a", "-t dev read sys/health"]
)
def test_json(run: Run, line: str) -> None:
    done = run(f"check -p policies --format json {line}")
    report = SHAPE.validate_json(done.out, strict=True)
    text = run(f"check -p policies {line}")
    assert text.out.startswith(report["outcome"].upper())
    assert done.code == text.code


def test_data(run: Run, folder: Path) -> None:
    Path("policies/p.hcl").write_text(
        'path "p" { capabilities = ["update", "list"] required_parameters = ["k"] }'
    )
    line = "check -p policies -t p update p --data"
    assert run(line, '{"k": 1}').code == 0
    assert run(line, '{"l": 1}').code == 1
    Path("data.json").write_text('{"k": null}')
    assert run(line, "@data.json").code == 0
    assert run("check -p policies -t p POST p --exists yes --data", '{"k": 1}').code == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("{", "--data is not JSON"),
        ("[]", "--data must be a JSON object"),
        ("@missing.json", "missing.json: No such file"),
        ("@policies", "policies: Is a directory"),
    ],
)
def test_data_that_does_not_hold(run: Run, data: str, words: str) -> None:
    done = run("check -p policies -t dev update x --data", data)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


# policies


def test_policies_from_everywhere(run: Run) -> None:
    assert run("check -p policies/ops.hcl").code == 0
    assert run("check -p policies/ops.hcl -p policies/dev.hcl -t dev read secret/x").code == 0
    assert run("check -p mine=policies/ops.hcl -t mine").code == 0
    assert run("check -p mine=policies/ops.hcl -t ops").code == 1
    text = Path("policies/ops.hcl").read_bytes()
    assert run("check -p - -t stdin", stdin=text).code == 0
    assert run("check -p -", stdin=text).code == 0
    assert run("check -p mine=- -t mine", stdin=text).code == 0
    json_text = b'{"path": {"sys/step-down": {"policy": "sudo"}}}'
    assert run("check -p -", stdin=json_text).code == 0


def test_a_file_whose_name_has_an_equal_sign(run: Run) -> None:
    Path("a=b.hcl").write_text(Path("policies/ops.hcl").read_text())
    assert run("check -p a=b.hcl -t a=b").code == 0
    assert run("check -p x=a=b.hcl -t x").code == 0


def test_a_name_stands_for_one_file_only(run: Run) -> None:
    assert run("check -p x=policies -t x").code == 1
    assert run("check -p x=policies -t ops").code == 0


def test_every_problem_of_every_policy(run: Run) -> None:
    Path("policies/bad.hcl").write_text('path "a" { capabilities = ["raed"] }')
    Path("policies/worse.hcl").write_text('path "a" {')
    done = run("check -p policies -p missing -t ops")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("sudopath: missing: no such file or directory\n\n")
    assert "policies/bad.hcl:1:28: error: `raed` is not a capability" in done.err
    assert "policies/worse.hcl:1:10: error: the text ends before" in done.err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("check", "no policies: give files with --policies, or names with --token"),
        ("check -p policies -t ops read", "`read` of what path?"),
        ("check -p policies -t ops fly away", "unknown operation `fly`"),
        ("check -p policies -t ops get a", "`get`; HTTP methods are written in capitals: `GET`"),
        ("check -p policies -t ops Post a", "HTTP methods are written in capitals: `POST`"),
        ("check -p policies -t ops FLY away", "no operation for the method `FLY`"),
        ("check -p policies -t ops GET a?list=maybe", "the server answers 400"),
        ("check -p policies -p policies -t ops", "two policies are named"),
        ("check -p nothing/here", "nothing/here: no such file"),
        ("check -p policies -t ops --dialect vault", "invalid choice: 'vault'"),
        ("check -p policies -t ops --now never", "`never` is neither RFC 3339 nor seconds"),
        ("check -p policies -t ops --now nan", "neither RFC 3339 nor seconds"),
        ("check -p policies -t ops --now inf", "neither RFC 3339 nor seconds"),
        ("check -p policies -t ops --wrap-ttl inf", "invalid seconds value"),
        ("check -p policies -t ops --exists maybe", "invalid choice"),
        ("check -p policies -t ops read a b", "unrecognized arguments: b"),
        ("check -p policies -t ops --format xml", "invalid choice: 'xml'"),
        ("", "the following arguments are required: COMMAND"),
        ("fly", "invalid choice: 'fly'"),
    ],
)
def test_usage(run: Run, line: str, words: str) -> None:
    done = run(line)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


@pytest.mark.parametrize("token", ["", ",", " , "])
def test_an_unset_variable_is_no_token_with_all_policies(run: Run, token: str) -> None:
    done = run("check -p policies -t", token)
    assert (done.code, done.out) == (2, "")
    assert done.err == "sudopath: --token names no policy\n"


@pytest.mark.parametrize("line", ["check -p", "validate", "lint", "lint --fix", "fmt"])
def test_an_unset_variable_is_not_the_working_directory(run: Run, line: str) -> None:
    Path("a.hcl").write_text("path 'a' {}")
    done = run(line, "")
    assert done.code == 2
    assert "the name of a file or directory is empty" in done.err
    assert Path("a.hcl").read_text() == "path 'a' {}"


def test_what_would_settle_it(run: Run) -> None:
    line = "check -p policies -t dev write kv/a"
    assert run(line).out.endswith(
        "say whether the object exists: `--exists yes`, or `--exists no`\n"
    )
    assert "--exists" not in run(f"{line} --exists yes").out


def test_a_whole_address(run: Run) -> None:
    done = run("check -p policies -t ops POST https://vault.example:8200/v1/sys/step-down")
    assert done.out.startswith("ALLOW  update sys/step-down ")


def test_a_fault_of_our_own_is_no_verdict(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("s.secret")

    monkeypatch.setattr(check, "build_acl", broken)
    done = run("check -p policies -t ops")
    assert (done.code, done.out) == (2, "")
    assert "a fault of sudopath itself: ValueError in test_check.py:" in done.err
    assert "s.secret" not in done.err


def test_an_empty_standard_input_is_an_empty_policy(run: Run) -> None:
    assert run("check -p -").code == 1


# who asks


def test_a_token_file(run: Run) -> None:
    token = {"policies": ["dev"], "entity": {"id": "e", "name": "ann"}}
    Path("token.json").write_text(json.dumps(token))
    assert run("check -p policies --token-file token.json update secret/ann").code == 0
    assert run("check -p policies --token-file token.json update secret/bob").code == 1
    assert run("check -p policies --token-file token.json").code == 1
    # Names given beside it are added.
    assert run("check -p policies --token-file token.json -t ops").code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"policies": "root"}', "token.json: policies: Input should be a valid list"),
        ('{"entity": {"alias": []}}', "token.json: entity.alias: Extra inputs"),
        ("{", "token.json: not JSON"),
        ("[]", "token.json: a JSON object was expected"),
    ],
)
def test_a_token_file_that_does_not_hold(run: Run, text: str, words: str) -> None:
    Path("token.json").write_text(text)
    done = run("check -p policies --token-file token.json")
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_token_file_that_cannot_be_read(run: Run) -> None:
    assert "none.json: No such file" in run("check -p policies --token-file none.json").err
    assert "policies: Is a directory" in run("check -p policies --token-file policies").err


def test_mounts(run: Run) -> None:
    Path("mounts.json").write_text('{"pki_int/": "pki", "kv/": {"type": "kv"}}')
    line = "check -p policies -t dev delete pki_int/root"
    assert run(line).code == 0
    done = run(f"{line} --mounts mounts.json")
    assert done.code == 1
    assert "root-protected" in done.out
    Path("mounts.json").write_text('{"pki_int/": "pik"}')
    assert "did you mean `pki`?" in run(f"{line} --mounts mounts.json").err


@pytest.mark.parametrize(
    ("now", "code"),
    [("99", 0), ("101", 1), ("1970-01-01T00:01:00Z", 0), ("1970-01-01T01:00:00", 1), ("-5", 0)],
)
def test_now(run: Run, now: str, code: int) -> None:
    Path("e.hcl").write_text('path "e" { capabilities = ["read"] expiration = 100 }')
    assert run(f"check -p e.hcl read e --dialect openbao-2.7 --now={now}").code == code


def test_an_acl_that_cannot_be_built(run: Run) -> None:
    Path("token.json").write_text('{"policies": ["dev"], "entity": {"name": "a/b"}}')
    line = "check -p policies --token-file token.json read secret/x"
    done = run(f"{line} --dialect openbao-2.7")
    assert (done.code, done.out[:4]) == (1, "DENY")
    done = run(f"{line} --dialect vault-1.21")
    assert (done.code, done.out[:12]) == (3, "UNDETERMINED")


def test_one_request_or_many(run: Run) -> None:
    for more in ("read a", "--data {}", "--namespace x", "--wrap-ttl 5", "--exists yes"):
        done = run(f"check -p policies -t dev --requests requests.jsonl {more}")
        assert done.err == "sudopath: give one request, or a file of them, not both\n"
        assert done.code == 2
