#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The host and the service of demo/ do what they say, alone and together."""

import os
import pathlib
import re
import subprocess
import unittest

DEMO_HOST = os.environ["DEMO_HOST"]
DEMO_SERVICE = os.environ["DEMO_SERVICE"]
SOURCES = pathlib.Path(__file__).resolve().parents[2] / "demo"


def host(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [DEMO_HOST, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


class Programs(unittest.TestCase):
    def assert_streams(self, service: str, *arguments: str) -> None:
        outcome = host(*arguments)
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        told = re.fullmatch(
            rf"{re.escape(service)}: (\d+) blocks there and back, half of them in [\d.]+ us, "
            r"99 of 100 in [\d.]+ us\n", outcome.stdout)
        self.assertIsNotNone(told, outcome.stdout)
        self.assertGreater(int(told.group(1)), 0)

    def test_the_host_streams_through_the_reverb(self):
        self.assert_streams("reverb")

    def test_the_host_streams_through_the_service_beside_it(self):
        self.assert_streams(DEMO_SERVICE, DEMO_SERVICE)

    def test_an_unknown_service_ends_in_words(self):
        outcome = host("none-such")
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("none-such", outcome.stderr)

    def test_each_is_shown_in_under_80_lines(self):
        for name in ("host.cpp", "service.cpp"):
            self.assertLess(len((SOURCES / name).read_text().splitlines()), 80, name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
