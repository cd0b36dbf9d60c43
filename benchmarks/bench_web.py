"""Time of cached pages while 20 clients ask at once and a job runs: `locoreg serve` on loopback.

Usage: python benchmarks/bench_web.py [--base ADDRESS] [--clients 20] [--rounds 5] [PATH ...]

Without --base a server is started on a free port, with an empty workspace, and ended; a job that
simulates and describes a registry runs meanwhile, unless --no-job. With --base the address must be
of this machine, and no job is started. Prints, for each path, the median and the 95th percentile of
the milliseconds that an answer took, after one request that fills the cache, and the state of the
job after that path was measured.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

PATHS = ("/", "/evidence", "/methods", "/methods?part=rules", "/api/v1/evidence")
MOST_CLIENTS, MOST_ROUNDS = 50, 50
STUDY = """title: At work meanwhile
registry:
  simulate: {patients: 50000, seed: 1, scenario: heterogeneous}
  describe: {time_zero: first_metastasis, level: 95, at_months: [12, 36]}
"""
LOCAL = ("127.0.0.1", "localhost", "::1")


def main() -> int:
    """Measure and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="")
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-job", action="store_true")
    parser.add_argument("paths", nargs="*", default=PATHS)
    options = parser.parse_args()
    if not (1 <= options.clients <= MOST_CLIENTS and 1 <= options.rounds <= MOST_ROUNDS):
        parser.error(f"at most {MOST_CLIENTS} clients and {MOST_ROUNDS} rounds")
    if options.base and urlsplit(options.base).hostname not in LOCAL:
        parser.error("--base must be an address of this machine")
    with contextlib.ExitStack() as stack:
        base = options.base.rstrip("/") or stack.enter_context(_server())
        job = "" if options.base or options.no_job else _start_job(base)
        found = {}
        for path in options.paths:
            found[path] = _measure(base + path, options.clients, options.rounds)
            found[path] |= {"job": _state(base, job)} if job else {}
    print(
        json.dumps({"clients": options.clients, "rounds": options.rounds, "pages": found}, indent=1)
    )
    return 0


def _start_job(base: str) -> str:
    request = urllib.request.Request(
        f"{base}/api/v1/jobs",
        data=json.dumps({"kind": "study", "options": {"study": STUDY}}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        job = str(json.load(answer)["id"])
    end = time.monotonic() + 60
    while _state(base, job) == "waiting" and time.monotonic() < end:
        time.sleep(0.1)
    return job


def _state(base: str, job: str) -> str:
    with urllib.request.urlopen(f"{base}/api/v1/jobs/{job}", timeout=60) as answer:
        return str(json.load(answer)["state"])


def _measure(address: str, clients: int, rounds: int) -> dict[str, float | str]:
    size = _ask(address)[1]

    def client(_: int) -> list[float]:
        return [_ask(address)[0] for _ in range(rounds)]

    with ThreadPoolExecutor(clients) as pool:
        seconds = sorted(one for found in pool.map(client, range(clients)) for one in found)
    return {
        "bytes": size,
        "p50_ms": round(1000 * statistics.median(seconds), 1),
        "p95_ms": round(1000 * seconds[int(0.95 * (len(seconds) - 1))], 1),
    }


def _ask(address: str) -> tuple[float, int]:
    start = time.perf_counter()
    with urllib.request.urlopen(address, timeout=120) as answer:
        size = len(answer.read())
    return time.perf_counter() - start, size


@contextlib.contextmanager
def _server() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("locoreg")), "serve", "--port", "0"]
        process = subprocess.Popen(
            [*command, "--workspace", folder + "/workspace"], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            if found is None:
                raise SystemExit("the server did not start")
            yield found[0].rstrip("/")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


if __name__ == "__main__":
    sys.exit(main())
