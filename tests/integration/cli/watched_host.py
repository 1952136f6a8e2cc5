# SPDX-License-Identifier: MIT
"""A host that streams in real time while a test watches it."""

import json
import os
import pathlib
import signal
import subprocess
import time

from command import LIMIT_SECONDS, OUTBOARD, STATUS_SCHEMA, CommandTest, violations

# The same figures are given out for 20 ms.
FIGURES_AGE_SECONDS = 0.05


class WatchTest(CommandTest):
    def start_host(self, *arguments: str, seconds: int = 30) -> subprocess.Popen:
        """A run that streams by now; killed at the end of the test if it still runs."""
        host = subprocess.Popen(
            [OUTBOARD, "run", "--quiet", "--in", f"tone:1000:{seconds}s", *arguments],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        self.addCleanup(self.end, host)
        self.wait_for(lambda: self.blocks_of(host) > 100)
        return host

    def stop(self, host: subprocess.Popen) -> None:
        """Until all of its threads stand still."""
        host.send_signal(signal.SIGSTOP)
        tasks = pathlib.Path(f"/proc/{host.pid}/task")
        self.wait_for(lambda: all((task / "stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
                                  for task in tasks.iterdir()))

    def end(self, process: subprocess.Popen) -> None:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=LIMIT_SECONDS)

    def wait_for(self, condition) -> None:
        limit = time.monotonic() + LIMIT_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), limit)
            time.sleep(FIGURES_AGE_SECONDS)

    def status(self, *arguments: str) -> dict:
        """The document, held against its schema."""
        outcome = self.outboard("status", "--json", *arguments)
        self.assertEqual(outcome.code, 0, outcome.err)
        document = json.loads(outcome.out)
        self.assertEqual(list(violations(document, STATUS_SCHEMA)), [])
        return document

    def state_of(self, host: subprocess.Popen) -> dict | None:
        for entry in self.status()["hosts"]:
            if entry["process_id"] == host.pid:
                return entry["state"]
        return None

    def blocks_of(self, host: subprocess.Popen) -> int:
        self.assertIsNone(host.poll())
        state = self.state_of(host)
        inserts = state["inserts"] if state else []
        return min((insert["statistics"]["blocks"] for insert in inserts), default=0)

    def interrupted_report(self, host: subprocess.Popen) -> dict:
        """Ends a run that was started with --json."""
        host.send_signal(signal.SIGINT)
        text, errors = host.communicate(timeout=LIMIT_SECONDS)
        self.assertEqual(host.returncode, 130, errors)
        return json.loads(text)

    def sockets(self) -> list[str]:
        folder = os.path.join(self.environment["XDG_RUNTIME_DIR"], "outboard", "hosts")
        return sorted(os.listdir(folder))
