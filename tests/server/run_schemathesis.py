"""Schemathesis against the mock and its OpenAPI document: some thousand requests, in two minutes.

    pip install schemathesis
    python -m tests.server.run_schemathesis [options of `schemathesis run`]

It is no part of the test run, since its plugin would load with every run of pytest;
`test_openapi.py` compares the document and the answers in its own way. Exit codes: those of
`schemathesis`; 2 if it is not installed.
"""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

from policy.server.openapi import document

MOUNTS = {"sys/auth/userpass": "userpass", "sys/mounts/kv": "kv", "sys/mounts/secret": "kv-v2"}
# These end what the others need.
LEFT_OUT = "sys/(seal|step-down|unseal)$|auth/token/revoke|sys/auth/|sys/mounts/"


def main(more: list[str]) -> int:
    """Run it. Returns the exit code."""
    program = shutil.which("schemathesis", path=sysconfig.get_path("scripts"))
    if program is None:
        print("schemathesis is not installed here: pip install schemathesis", file=sys.stderr)
        return 2
    words = ("--listen", "127.0.0.1:0", "--quiet", "--format", "json")
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-m", "policy", "serve", *words], stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        try:
            assert server.stdout is not None
            start = json.loads(server.stdout.readline())
            address, token = start["nodes"][0]["address"], start["root_token"]
            _mount(address, token)
            schema = Path(folder, "openapi.json")
            schema.write_text(json.dumps(document()), "utf-8")
            # The token goes in a file: other users can see arguments.
            settings = Path(folder, "schemathesis.toml")
            settings.write_text(f'headers = {{ "X-Vault-Token" = "{token}" }}\n', "utf-8")
            return subprocess.run(
                [
                    *(program, "--config-file", str(settings), "run", str(schema)),
                    *("--url", f"{address}/v1", "--exclude-path-regex", LEFT_OUT),
                    *("--mode", "positive", "--phases", "coverage,fuzzing"),
                    "--checks",
                    "response_schema_conformance,status_code_conformance,content_type_conformance",
                    *("--max-examples", "30", *more),
                ],
                cwd=folder,  # it leaves a cache behind
                check=False,
            ).returncode
        finally:
            server.terminate()


def _mount(address: str, token: str) -> None:
    """Enable every kind of mount that the document has."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    for path, kind in MOUNTS.items():
        body = json.dumps({"type": kind})
        connection.request("POST", f"/v1/{path}", body, {"X-Vault-Token": token})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 204, answer.status
    connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
