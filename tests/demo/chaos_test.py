#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""demo/chaos strikes at random, shows all of it on its page, and can be interrupted."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest
import xml.etree.ElementTree

OUTBOARD = os.environ["OUTBOARD"]
CHAOS = pathlib.Path(__file__).resolve().parents[2] / "demo/chaos"
CHAIN = ["gain", "delay", "equaliser", "compressor", "reverb", "null"]
KINDS = {"kill", "stop", "segv", "exit", "spin", "late", "nan"}
SVG = "{http://www.w3.org/2000/svg}"
LIMIT_SECONDS = 120
SHM = pathlib.Path("/dev/shm")


def services_of(runtime: pathlib.Path) -> list[str]:
    """Processes that run in an environment of ours."""
    wanted = f"XDG_RUNTIME_DIR={runtime}".encode()
    found = []
    for environment in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in environment.read_bytes().split(b"\0"):
                found.append(environment.parent.name)
        except OSError:
            continue
    return found


class ChaosTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.runtime = self.folder / "runtime"
        self.runtime.mkdir(mode=0o700)
        self.shm_before = set(SHM.iterdir())

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [CHAOS, "--outboard", OUTBOARD, *arguments], cwd=self.folder, text=True,
            env={**os.environ, "XDG_RUNTIME_DIR": str(self.runtime)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def chaos(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=LIMIT_SECONDS)
        return process.returncode, out, err

    def read(self, folder: str) -> tuple[dict, str]:
        return (json.loads((self.folder / folder / "report.json").read_text()),
                (self.folder / folder / "page.html").read_text())

    def timeline_of(self, page: str) -> list[xml.etree.ElementTree.Element]:
        """The rows, if they are well-formed."""
        texts = re.findall(r"<svg .*?</svg>", page, re.DOTALL)
        self.assertGreater(len(texts), 0)
        return [xml.etree.ElementTree.fromstring(text) for text in texts]

    def check_nothing_left(self) -> None:
        end = time.monotonic() + 10
        while services_of(self.runtime) and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(services_of(self.runtime), [])
        self.assertEqual(set(SHM.iterdir()) - self.shm_before, set())
        self.assertEqual([path for path in self.runtime.rglob("*") if not path.is_dir()], [])


def marks_of(row: xml.etree.ElementTree.Element, kind: str) -> list:
    return [mark for mark in row.iter(f"{SVG}g") if kind in mark.get("class", "").split()]


def planned_of(report: dict) -> list[str]:
    words = report["command_line"]
    return [words[index + 1] for index, word in enumerate(words) if word == "--fault"]


class Session(ChaosTest):
    def check_page(self, report: dict, page: str) -> None:
        rows = self.timeline_of(page)
        self.assertEqual(len(rows), 1)
        lanes = marks_of(rows[0], "lane")
        self.assertEqual([lane.get("data-service") for lane in lanes], CHAIN)
        for lane in lanes:
            shown = {int(mark.get("data-fault")): mark for mark in marks_of(lane, "fault")}
            wanted = {index: fault for index, fault in enumerate(report["faults"])
                      if fault["service"] == lane.get("data-service")}
            self.assertEqual(shown.keys(), wanted.keys())
            for index, fault in wanted.items():
                self.assertIn("struck" if fault["struck"] else "refused",
                              shown[index].get("class").split())
                self.assertIn(fault["kind"], shown[index].find(f"{SVG}title").text)
            self.check_lane(report, lane)
        self.assertNotRegex(page.replace(SVG[1:-1], ""), r"https?://")

    def check_lane(self, report: dict, lane: xml.etree.ElementTree.Element) -> None:
        service = lane.get("data-service")
        for kind, key in (("failover", "failovers"), ("gap", "gaps"), ("late", "late_blocks")):
            told = [entry for entry in report[key] if entry["service"] == service]
            self.assertEqual(len(marks_of(lane, kind)), len(told), kind)
        primaries = [rect.find(f"{SVG}title").text for rect in lane.iter(f"{SVG}rect")
                     if rect.get("class", "").startswith("primary")]
        insert = next(entry for entry in report["inserts"] if entry["service"] == service)
        lost = [entry["process_id"] for entry in report["failovers"]
                if entry["service"] == service]
        for process_id in lost:
            self.assertTrue(any(f"process {process_id} " in text for text in primaries), primaries)
        if insert["process_id"] is not None:
            self.assertIn(f"process {insert['process_id']} ", primaries[-1])

    def test_all_of_a_run_is_on_its_page_and_the_seed_gives_it_again(self):
        arguments = ("--minutes", "0.05", "--rate", "200")
        code, out, err = self.chaos(*arguments, "--out", "first")
        self.assertEqual(code, 0, out + err)
        self.assertNotIn("NOT HELD", out)
        report, page = self.read("first")
        self.assertEqual({fault["kind"] for fault in report["faults"]}, KINDS)
        self.assertEqual(len(report["faults"]), 10)
        self.assertGreater(len(report["failovers"]), 0)
        self.check_page(report, page)

        seed = re.search(r"--seed (\d+)", out).group(1)
        self.assertIn(f"--seed {seed} ", page)
        code, out, err = self.chaos(*arguments, "--out", "again", "--seed", seed,
                                    "--standby", "none")
        self.assertEqual(code, 0, out + err)
        again, page = self.read("again")
        self.assertEqual(planned_of(again), planned_of(report))
        self.check_page(again, page)
        self.check_nothing_left()

    def test_an_interrupted_run_shows_what_there_was(self):
        process = self.start("--minutes", "2", "--rate", "200", "--seed", "1", "--out", "cut")
        end = time.monotonic() + LIMIT_SECONDS
        while not (self.folder / "cut/sound.flac").exists() and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT_SECONDS)
        self.assertEqual(process.returncode, 130, out + err)
        report, page = self.read("cut")
        self.assertEqual(report["stream"]["end"], "interrupted")
        self.assertGreater(report["frames"], 0)
        self.check_page(report, page)
        self.check_nothing_left()


class CommandLine(ChaosTest):
    def assert_refused(self, code: int, parts: tuple[str, ...], *arguments: str) -> None:
        outcome = self.chaos(*arguments)
        self.assertEqual(outcome[0], code, outcome)
        for part in parts:
            self.assertIn(part, outcome[2])
        self.assertNotIn("Traceback", outcome[2])

    def test_help_names_the_options(self):
        code, out, _ = self.chaos("--help")
        self.assertEqual(code, 0)
        for option in ("--minutes", "--seed", "--rate", "--standby", "--out"):
            self.assertIn(option, out)

    def test_a_seed_gives_the_same_plan_and_another_one_another(self):
        plans = [self.chaos("--plan", "--minutes", "1", "--seed", seed) for seed in "112"]
        self.assertEqual([code for code, _, _ in plans], [0, 0, 0])
        self.assertEqual(len(plans[0][1].splitlines()), 40)
        self.assertEqual(plans[0], plans[1])
        self.assertNotEqual(plans[0], plans[2])

    def test_bad_options_are_refused_by_name_with_a_remedy(self):
        for arguments, parts in (
                (("--minutes", "0"), ("--minutes", "'0'", "from 0.05")),
                (("--minutes", "nan"), ("--minutes", "'nan'", "from 0.05")),
                (("--rate", "often"), ("--rate", "'often'", "from 0 to")),
                (("--seed", "-1"), ("--seed",)),
                (("--seed", "x"), ("--seed", "'x'", "whole number")),
                (("--standby", "cold"), ("--standby", "cold", "hot")),
                (("--minutes", "100", "--rate", "600"), ("faults", "lower --minutes or --rate")),
                (("--mnutes", "1"), ("--mnutes",))):
            with self.subTest(arguments=arguments):
                self.assert_refused(2, parts, *arguments)

    def test_a_folder_that_cannot_be_written_is_named(self):
        (self.folder / "taken").write_text("")
        self.assert_refused(2, ("--out", "taken", "name a folder"), "--out", "taken")

    def test_a_program_that_is_not_there_is_named(self):
        self.assert_refused(2, ("/none-such", "--outboard"), "--outboard", "./none-such")


if __name__ == "__main__":
    unittest.main(verbosity=2)
