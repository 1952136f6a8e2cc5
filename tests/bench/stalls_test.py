#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the stalls benchmark for a moment and checks its document.

    stalls_test.py PROGRAM
"""

import json
import os
import subprocess
import sys
import tempfile

SKIPPED = 77
SECONDS = 0.6
PERIODS_A_SECOND = 750


def complaints(document):
    for kind in ("alone", "with_standby"):
        figures = document[kind]
        if not 0 <= figures["missed"] <= figures["blocks"]:
            yield f"{kind}: {figures}"
        if abs(figures["blocks"] - SECONDS * PERIODS_A_SECOND) > 10:
            yield f"{kind}: {figures['blocks']} blocks are not {SECONDS} s"
    lower, upper = document["ratio_95"]
    if lower < 0 or (upper is not None and upper < lower):
        yield f"the interval is {lower} .. {upper}"
    if document["ratio"] is not None and document["ratio"] < lower:
        yield f"{document['ratio']} is not in its interval"
    if document["segments"] != 6:
        yield f"{document['segments']} segments"
    if document["standby_placement"] != "other":
        yield "the standby was not on another CPU"


def main():
    program = sys.argv[1]
    if len(os.sched_getaffinity(0)) < 2:
        print("skipped: there is one CPU")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "stalls.json")
        command = [program, "--minutes", str(SECONDS / 60), "--segment", "0.2", "--json", path]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            print(run.stdout, run.stderr, f"exit code {run.returncode}")
            return 1
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    found = list(complaints(document))
    if "95 % interval" not in run.stdout:
        found.append("the interval is not printed")
    if subprocess.run([program, "--minutes", "0"], capture_output=True, check=False).returncode == 0:
        found.append("no time at all is not refused")
    print("\n".join(found) or document)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
