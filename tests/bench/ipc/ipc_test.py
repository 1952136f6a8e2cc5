#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""outboard-bench-ipc as a program: what it writes, what it refuses, and that nothing is left."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from json_schema import violations

PROGRAM = os.environ["OUTBOARD_BENCH_IPC"]
SCHEMA = json.loads(pathlib.Path(os.environ["OUTBOARD_BENCH_IPC_SCHEMA"]).read_text())
LIMIT_SECONDS = 60
INTERRUPTED = 130


def kept_by_the_kernel() -> set[str]:
    """Names and numbers of what stays until somebody removes it."""
    kept = set()
    for folder in ("/dev/shm", "/dev/mqueue"):
        kept |= {str(path) for path in pathlib.Path(folder).glob("outboard-bench-ipc*")}
    queues = pathlib.Path("/proc/sysvipc/msg")
    if queues.exists():
        kept |= {f"queue {line.split()[1]}" for line in queues.read_text().splitlines()[1:]}
    return kept


def processes_in_group(group: int) -> list[int]:
    """Those that run: who has ended and was not asked how is none of our business."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX" and os.getpgid(int(folder.name)) == group:
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


class BenchIpc(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir()
        self.json = self.folder / "ipc.json"
        self.csv = self.folder / "ipc.csv"
        self.environment = {**os.environ, "TMPDIR": str(self.scratch)}
        self.kept = kept_by_the_kernel()

    def run_program(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False,
                              env=self.environment, timeout=LIMIT_SECONDS)

    def start_program(self, *arguments: str) -> subprocess.Popen:
        """In a group of its own, as a shell does it."""
        process = subprocess.Popen(
            [PROGRAM, *arguments, "--json", str(self.json)], text=True, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def document(self) -> dict:
        document = json.loads(self.json.read_text())
        self.assertEqual(list(violations(document, SCHEMA)), [])
        return document

    def check_nothing_is_left(self) -> None:
        self.assertEqual(kept_by_the_kernel(), self.kept)
        self.assertEqual(list(self.scratch.iterdir()), [])

    def check_results(self, document: dict, rounds: int) -> None:
        names = [mechanism["name"] for mechanism in document["mechanisms"]]
        for size in document["sizes"]:
            self.assertEqual([result["mechanism"] for result in size["results"]], names)
            for result in size["results"]:
                with self.subTest(size=size["message_bytes"], mechanism=result["mechanism"]):
                    self.assertNotIn("failed", result)
                    if "refused" in result:
                        self.assertNotEqual(result["refused"], "")
                        continue
                    trips = result["round_trip"]
                    self.assertEqual(trips["chunks"], rounds)
                    self.assertLessEqual(trips["p50_ns"], trips["p99_ns"])
                    self.assertLessEqual(trips["p99_ns"], trips["max_ns"])
                    self.assertEqual(trips["p99_9_ns"] is None, trips["samples"] < 100_000)
                    self.assertIsNotNone(trips["ratio"])
                    if result["mechanism"] == document["base"]:
                        self.assertEqual(trips["ratio"]["median"], 1)
                        self.assertEqual(result["one_way"]["ratio"]["quartiles"], [1, 1])

    def test_all_mechanisms_are_in_all_documents(self):
        for placement in ("other", "same"):
            if placement == "other" and len(os.sched_getaffinity(0)) < 2:
                continue
            with self.subTest(placement):
                done = self.run_program("--quick", "--rounds", "2", "--sizes", "8,4KiB,1MiB",
                                        "--placement", placement, "--json", str(self.json),
                                        "--csv", str(self.csv))
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                document = self.document()
                self.assertEqual(document["placement"], placement)
                self.assertFalse(document["interrupted"])
                self.assertEqual([size["message_bytes"] for size in document["sizes"]],
                                 [8, 4096, 1 << 20])
                self.check_results(document, rounds=2)
                self.check_csv(document)
                self.check_text(document, done.stdout)
                self.check_nothing_is_left()

    def check_csv(self, document: dict) -> None:
        with self.csv.open(newline="") as file:
            rows = list(csv.DictReader(file))
        results = [(size, result) for size in document["sizes"] for result in size["results"]]
        self.assertEqual(len(rows), len(results))
        for row, (size, result) in zip(rows, results):
            self.assertEqual(int(row["message_bytes"]), size["message_bytes"])
            self.assertEqual(row["mechanism"], result["mechanism"])
            self.assertNotIn(None, row)  # fields without a name
            if "refused" in result:
                self.assertEqual(row["without_figures"], result["refused"])
                self.assertEqual(row["p50_ns"], "")
            else:
                self.assertEqual(int(row["p50_ns"]), result["round_trip"]["p50_ns"])
                self.assertAlmostEqual(float(row["mib_per_s"]) / result["one_way"]["mib_per_s"],
                                       1, places=3)
                self.assertEqual(row["without_figures"], "")

    def check_text(self, document: dict, text: str) -> None:
        for mechanism in document["mechanisms"]:
            self.assertIn(f"{mechanism['name']} ", text)
        for size in document["sizes"]:
            for result in size["results"]:
                if "refused" in result:
                    self.assertIn(f"- {result['refused']}", text)
        self.assertIn("about ", text)
        self.assertEqual("virtual machine" in text, document["machine"]["virtual_machine"])

    def test_one_mechanism_has_the_ring_beside_it(self):
        done = self.run_program("--quick", "--rounds", "2", "--sizes", "64", "--only", "pipe",
                                "--placement", "same", "--json", str(self.json))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        results = self.document()["sizes"][0]["results"]
        self.assertEqual([result["mechanism"] for result in results],
                         ["ring-bell", "ring-bell-again", "pipe"])

    def test_an_interruption_keeps_what_was_measured(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = self.start_program("--placement", "same", "--sizes", "8,64",
                                             "--rounds", "10000")
                self.wait_until_sides_run(process)
                time.sleep(2)  # into the rounds
                os.killpg(process.pid, number)  # as a terminal does it: the sides get it too
                _, errors = process.communicate(timeout=LIMIT_SECONDS)
                self.assertEqual(process.returncode, INTERRUPTED, errors)
                document = self.document()
                self.assertTrue(document["interrupted"])
                self.assertEqual(len(document["sizes"]), 1)
                self.assertFalse([result for result in document["sizes"][0]["results"]
                                  if "failed" in result])
                self.assertEqual(processes_in_group(process.pid), [])
                self.check_nothing_is_left()

    def wait_until_sides_run(self, process: subprocess.Popen) -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        while len(processes_in_group(process.pid)) < 4:
            self.assertLess(time.monotonic(), deadline, "no sides were started")
            self.assertIsNone(process.poll())
            time.sleep(0.01)

    def test_a_killed_program_takes_its_processes_along(self):
        process = self.start_program("--placement", "same", "--sizes", "8", "--rounds", "10000",
                                     "--only", "pipe")
        self.wait_until_sides_run(process)
        process.kill()
        process.communicate(timeout=LIMIT_SECONDS)
        deadline = time.monotonic() + LIMIT_SECONDS
        while processes_in_group(process.pid):
            self.assertLess(time.monotonic(), deadline, "sides go on")
            time.sleep(0.01)
        self.check_nothing_is_left()

    def test_mistakes_are_named(self):
        for arguments, named in (
            (("--sizes", "12"), "steps of 8"),
            (("--sizes", "0"), "8 bytes to 1 MiB"),
            (("--sizes", "2MiB"), "8 bytes to 1 MiB"),
            (("--sizes", "many"), "--sizes"),
            (("--placement", "elsewhere"), "--placement"),
            (("--only", "pigeon"), "--only"),
            (("--rounds", "1"), "--rounds"),
            (("--unknown",), "--unknown"),
        ):
            with self.subTest(arguments):
                done = self.run_program(*arguments)
                self.assertGreater(done.returncode, 100, done.stdout)
                self.assertIn(named, done.stderr)
                self.assertNotIn("machine ", done.stdout)

    def test_files_that_cannot_be_written_are_named_before_the_measurement(self):
        for option in ("--json", "--csv"):
            path = str(self.folder / "missing" / "figures")
            done = self.run_program("--quick", option, path)
            self.assertEqual(done.returncode, 1)
            self.assertIn(path, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_help_names_all_options(self):
        done = self.run_program("--help")
        self.assertEqual(done.returncode, 0)
        for option in ("--quick", "--placement", "--sizes", "--only", "--rounds", "--json",
                       "--csv"):
            self.assertIn(option, done.stdout)


if __name__ == "__main__":
    unittest.main()
