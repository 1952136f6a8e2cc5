#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a benchmark with tiny counts and checks its JSON document.

    check_document.py PROGRAM ring|hop|statistics
"""

import json
import math
import os
import subprocess
import sys
import tempfile

SKIPPED = 77

HEAD = {
    "benchmark": str,
    "version": int,
    "command": str,
    "quick": bool,
    "pairs": int,
    "machine": dict,
    "results": list,
}
MACHINE = {
    "cpu_model": str,
    "kernel": str,
    "governor": str,
    "cpu_count": int,
    "virtual_machine": bool,
    "sched_fifo": bool,
    "cpu_dma_latency": bool,
}
RATIO = {"median": float, "quartiles": list, "same": float}
TIMES = {"samples": int, "p50_ns": int, "p99_ns": int, "max_ns": int}
RESULT = {
    "ring": {
        "name": str,
        "chunks_each": int,
        "elements_a_chunk": int,
        "ours_ns": float,
        "boost_ns": float,
        "time_ratio": float,
        "time_ratio_quartiles": list,
        "same_ratio": float,
        "distance_ns": list,
        "distance": str,
    },
    "statistics": {"name": str, "ns": float, "quartiles": list},
    "hop": {
        "name": str,
        "pairs": int,
        "blocks_a_chunk": int,
        "ours": TIMES,
        "bare": TIMES,
        "ratio_p50": RATIO,
        "ratio_p99": RATIO,
        "late_answers": int,
        "own_ns": {"p50": int, "p99": int},
        "caller_thread": str,
        "dsp_thread": str,
        "cpu_latency_held": bool,
        "distance_ns": list,
        "distance": str,
    },
}
NAMES = {
    "statistics": {"statistics", "two-clock-reads"},
    "ring": {"64B", "64B-batch", "512B", "512B-batch", "4KiB", "4KiB-batch"},
    "hop": {
        f"{placement}-{pace}{deadline}"
        for placement in ("same", "other", "other-latency0", "other-spin", "other-spin-bells")
        for pace in ("paced", "unpaced")
        for deadline in ("", "-deadline")
    },
}


def complain_about(value, shape, where):
    """Yields what is wrong with a value: a field that is missing, of another type, or absurd."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{where} is not an object"
            return
        for name, inner in shape.items():
            if name not in value:
                yield f"{where}.{name} is missing"
            else:
                yield from complain_about(value[name], inner, f"{where}.{name}")
    elif shape is float:
        if not isinstance(value, (int, float)) or not math.isfinite(value) or value <= 0:
            yield f"{where} is {value!r}, not a positive number"
    elif not isinstance(value, shape) or (shape is int and (isinstance(value, bool) or value < 0)):
        yield f"{where} is {value!r}, not a {shape.__name__}"


def complaints(document, kind, pair_count):
    yield from complain_about(document, HEAD, "document")
    yield from complain_about(document.get("machine"), MACHINE, "machine")
    if document.get("benchmark") != kind or document.get("pairs") != pair_count:
        yield "the document is about something else"
    results = document.get("results", [])
    for result in results:
        yield from complain_about(result, RESULT[kind], result.get("name", "result"))
        for times in (result.get("ours"), result.get("bare")):
            if isinstance(times, dict) and not 0 < times["p50_ns"] <= times["p99_ns"] <= times["max_ns"]:
                yield f"{result['name']}: quantiles are not ascending: {times}"
            if isinstance(times, dict) and ("p99_9_ns" in times) != (times["samples"] >= 100_000):
                yield f"{result['name']}: p99.9 needs 100,000 samples: {times}"
    names = {result.get("name") for result in results}
    if names != NAMES[kind]:
        yield f"measurements are {sorted(names)}, not {sorted(NAMES[kind])}"


def main():
    program, kind = sys.argv[1:]
    if len(os.sched_getaffinity(0)) < 2:
        print("skipped: two processes that spin need two CPUs")
        return SKIPPED
    pair_count = 3
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "figures.json")
        command = [program, "--quick", "--pairs", str(pair_count), "--json", path]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            print(run.stdout, run.stderr, f"exit code {run.returncode}")
            return 1
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    found = list(complaints(document, kind, pair_count))
    unknown = subprocess.run([program, "--only", "nonsense"], capture_output=True, check=False)
    if unknown.returncode == 0:
        found.append("an unknown measurement is not refused")
    print("\n".join(found) or f"{len(document['results'])} results")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
