#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the standby benchmark for a moment and checks its document.

    standby_test.py PROGRAM
"""

import json
import os
import subprocess
import sys
import tempfile

SKIPPED = 77
CHUNKS, BLOCKS, KILLS = 3, 30, 2


def complaints(document):
    results = document["results"]
    names = [(result["processor"], result["standby"]) for result in results]
    expected = [(processor, standby) for processor in ("null", "busy 300 us")
                for standby in ("none", "trailing", "other")]
    if names != expected:
        yield f"results are {names}"
    for result in results:
        times, name = result["quiet"], f"{result['processor']}, {result['standby']}"
        if times["samples"] != CHUNKS * BLOCKS:
            yield f"{name}: {times['samples']} samples"
        if not 0 < times["p50_ns"] <= times["p99_ns"] <= times["max_ns"]:
            yield f"{name}: quantiles are not ascending: {times}"
        if result["processor"] != "null" and times["p50_ns"] < 300_000:
            yield f"{name}: less than the processor takes: {times}"
        killed = result["over_kill"]["samples"] + result["kills_between"]
        if killed != (0 if result["standby"] == "none" else KILLS):
            yield f"{name}: {killed} kills"


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "standby.json")
        command = [program, "--chunks", str(CHUNKS), "--blocks", str(BLOCKS), "--kills", str(KILLS),
                   "--json", path]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if "needs SCHED_FIFO" in run.stderr:
            print("skipped:", run.stderr)
            return SKIPPED
        if run.returncode != 0:
            print(run.stdout, run.stderr, f"exit code {run.returncode}")
            return 1
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    found = list(complaints(document))
    print("\n".join(found) or run.stdout)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
