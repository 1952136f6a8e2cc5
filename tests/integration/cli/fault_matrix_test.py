#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kinds of fault by kinds of stream, at free pace with a hot standby: nothing lost, bit for bit.

    fault_matrix_test.py            a second and a half of each row
    OB_SOAK=1 fault_matrix_test.py  a minute of each row: 250 faults at least that struck a primary
"""

import filecmp
import os
import sys
from typing import NamedTuple

import command
from command import CommandTest

IS_SOAK = os.environ.get("OB_SOAK") == "1"
SECONDS = 60 if IS_SOAK else 1.5
INTERVAL_MS = 200
FAULTS_MIN = 250 if IS_SOAK else 4
if IS_SOAK:
    command.LIMIT_SECONDS = 600


class Row(NamedTuple):
    name: str
    fault: str = "kill"
    channels: int = 2
    services: int = 1
    options: tuple[str, ...] = ()


ROWS = (
    Row("64 frames, sync, stereo"),
    *(Row(f"{frames} frames", options=("--block", str(frames)))
      for frames in (32, 37, 128, 441, 1000)),
    Row("mono", channels=1),
    Row("8 channels", channels=8),
    *(Row(f"pipelined, {blocks} blocks",
          options=("--mode", "pipelined", "--latency-blocks", str(blocks))) for blocks in (1, 2)),
    Row("a chain of three", services=3),
    Row("stop", fault="stop", options=("--hang-limit", "50ms")),
    Row("segv", fault="segv"),
    Row("exit", fault="exit"),
    Row("spin", fault="spin", options=("--hang-limit", "50ms")),
    Row("late", fault="late=20"),
    Row("nan", fault="nan"),
)

# What ends a service; the others only spoil or delay one answer.
DEADLY = {"kill", "stop", "segv", "exit", "spin"}


class FaultMatrix(CommandTest):
    def stream(self, row: Row, out: str, *options: str) -> dict:
        services = ["--service", "reverb"] * row.services
        return self.report_of(
            "--pace", "free", "--in", f"tone:1000:{SECONDS}s", "--rate", "48000", "--channels",
            str(row.channels), "--out", out, *services, *row.options, *options)

    def check(self, row: Row) -> str:
        """One row. Returns its line of the table."""
        self.stream(row, "peace.wav")
        report = self.stream(row, "faults.wav", "--standby", "hot", "--fault",
                             f"{row.fault}@every={INTERVAL_MS}ms")
        struck = sum(fault["struck"] for fault in report["faults"])
        self.assertGreaterEqual(struck, FAULTS_MIN)
        self.assertEqual((report["frames_lost"], report["concealed_blocks"]), (0, 0))
        self.assertEqual(report["divergences"], [])
        if row.fault in DEADLY:
            # The last one may strike as the stream ends.
            lost = len(report["failovers"]) + len(report["standby_losses"])
            self.assertGreaterEqual(lost, struck - 1)
            self.assertGreaterEqual(len(report["failovers"]), FAULTS_MIN)
        if row.fault == "kill":
            self.assertEqual({lost["detail"] for lost in report["failovers"]}, {-9})
        self.assertTrue(filecmp.cmp(self.folder / "peace.wav", self.folder / "faults.wav",
                                    shallow=False), "the output is not identical")
        return f"{row.name:24} {row.fault:8} {struck:5} struck, 0 frames lost, identical"

    def test_nothing_is_lost_in_any_row(self):
        for row in ROWS:
            with self.subTest(row.name):
                print(self.check(row), file=sys.stderr, flush=True)


if __name__ == "__main__":
    command.main()
