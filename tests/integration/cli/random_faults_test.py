#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults drawn at random over a chain of services with hot standbys, and what is left of them.

    OB_TEST_SEED=n   the same faults again
    OB_SOAK=1        a thousand of them
"""

import filecmp
import json
import os
import pathlib
import random
import signal
import subprocess
import time

import command
from command import CommandTest, OUTBOARD, SCHEMA, violations

IS_SOAK = os.environ.get("OB_SOAK") == "1"
FAULT_COUNT = 1000 if IS_SOAK else 60
PAIR_COUNT = 100 if IS_SOAK else 10
FADE_FRAMES = 64
LIMIT_SECONDS = 900 if IS_SOAK else 120
CHAIN = ("delay", "reverb", "compressor")
KINDS = ("kill", "stop", "segv", "exit", "spin", "late=20", "nan")
SHM = pathlib.Path("/dev/shm")


def seeded() -> random.Random:
    seed = int(os.environ.get("OB_TEST_SEED", time.time_ns() % 2**32))
    print(f"seed: OB_TEST_SEED={seed}", flush=True)
    return random.Random(seed)


def children_of(process_id: int) -> list[int]:
    """Services and their memory holders are children of the host, until they are reaped."""
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines()
                         if ":\t" in line)
        except OSError:
            continue
        if int(lines.get("PPid", 0)) == process_id and not lines["State"].startswith("Z"):
            found.append(int(status.parent.name))
    return found


def services_left() -> list[str]:
    """Processes of services of this build tree."""
    tree = str(pathlib.Path(OUTBOARD).resolve().parents[2])
    found = []
    for link in pathlib.Path("/proc").glob("[0-9]*/exe"):
        try:
            program = os.readlink(link)
        except OSError:
            continue
        if program.startswith(tree) and "outboard-builtin" in program:
            found.append(f"{link.parent.name} {program}")
    return found


class RandomFaults(CommandTest):
    def setUp(self) -> None:
        super().setUp()
        self.shm_before = set(SHM.iterdir())
        self.random = seeded()

    def check_nothing_left(self) -> None:
        end = time.monotonic() + 10
        while services_left() and time.monotonic() < end:
            time.sleep(0.05)  # a killed process may need a moment until its memory is gone
        self.assertEqual(services_left(), [])
        self.assertEqual(set(SHM.iterdir()) - self.shm_before, set())
        left = [path for path in (self.folder / "runtime").rglob("*") if not path.is_dir()]
        self.assertEqual(left, [])

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [OUTBOARD, "run", "--quiet", *arguments], cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def finish(self, process: subprocess.Popen) -> dict:
        _, errors = process.communicate(timeout=LIMIT_SECONDS)
        self.assertEqual(process.returncode, 0, errors)
        report = json.loads((self.folder / "run.json").read_text())
        self.assertEqual(list(violations(report, SCHEMA)), [])
        return report

    def test_at_free_pace_none_is_heard_and_nothing_is_left(self):
        seconds = FAULT_COUNT * 0.05
        faults = []
        for _ in range(FAULT_COUNT):
            service, kind = self.random.choice(CHAIN), self.random.choice(KINDS)
            when_ms = self.random.uniform(0, seconds * 1000)
            faults += ["--fault", f"{service}:{kind}@{when_ms:.3f}ms"]
        stream = ["--pace", "free", "--in", f"tone:1000:{seconds:.2f}s", "--hang-limit", "50ms",
                  "--report", "run.json"]
        for service in CHAIN:
            stream += ["--service", service]
        self.finish(self.start(*stream, "--out", "peace.wav"))

        process = self.start(*stream, "--out", "faults.wav", "--standby", "hot", *faults)
        handle_counts = []
        while process.poll() is None:
            try:
                handle_counts.append(len(os.listdir(f"/proc/{process.pid}/fd")))
            except OSError:
                break
            time.sleep(0.02)
        report = self.finish(process)
        self.assertEqual([fault for fault in report["faults"] if not fault["struck"]], [])
        self.assertEqual((report["frames_lost"], report["concealed_blocks"]), (0, 0))
        self.assertEqual(report["divergences"], [])
        self.assertTrue(filecmp.cmp(self.folder / "peace.wav", self.folder / "faults.wav",
                                    shallow=False), "the output is not identical")
        quarter = len(handle_counts) // 4
        self.assertGreater(quarter, 2)
        self.assertLessEqual(min(handle_counts[-quarter:]), max(handle_counts[:quarter]))
        self.check_nothing_left()

    def test_in_real_time_two_at_once_put_nothing_in_a_wrong_place(self):
        # The processor and the fallback both give the input: whatever is played, it is in place.
        seconds = 3 + 0.15 * PAIR_COUNT
        sound = [((index * 7919 % 65521 + 1) / 131072,) for index in range(int(48000 * seconds))]
        self.write_wav("in.wav", sound)
        process = self.start(
            "--in", "in.wav", "--out", "out.wav", "--service", "null", "--service", "null",
            "--standby", "hot", "--fallback", "dry", "--report", "run.json")
        pairs = 0
        time.sleep(0.3)
        # A gap that is open at the end would not be told.
        while process.poll() is None and pairs < PAIR_COUNT:
            children = children_of(process.pid)
            if len(children) >= 2:
                for victim in self.random.sample(children, 2):
                    os.kill(victim, self.random.choice((signal.SIGKILL, signal.SIGSEGV)))
                pairs += 1
            time.sleep(self.random.uniform(0.01, 0.15))
        report = self.finish(process)
        self.assertEqual(pairs, PAIR_COUNT)
        self.assertGreater(len(report["failovers"]), 0)
        expected, output = self.read_wav("in.wav").frames, self.read_wav("out.wav").frames
        self.assertEqual(len(output), len(expected))
        # Where an answer is missing, a prediction of it is faded out.
        fades = {frame for gap in report["gaps"]
                 for frame in range(gap["first_frame"], gap["first_frame"] + FADE_FRAMES)}
        wrong = [frame for frame, (got, wanted) in enumerate(zip(output, expected))
                 if abs(got[0] - wanted[0]) > 1e-6 and frame not in fades]
        self.assertEqual(wrong, [])
        self.check_nothing_left()


if __name__ == "__main__":
    command.main()
