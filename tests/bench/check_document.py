#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a benchmark with tiny counts and checks its JSON document.

    check_document.py PROGRAM ring|hop|statistics|detect|observe|lanes
"""

import json
import math
import os
import subprocess
import sys
import tempfile

SKIPPED = 77
with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as pattern:
    CORES_ARE_FILES = not set("|/") & set(pattern.read())

HEAD = {
    "benchmark": str,
    "version": int,
    "command": str,
    "quick": bool,
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
# How often, as the document's key and as an option.
COUNT = {"ring": "pairs", "hop": "pairs", "statistics": "pairs", "detect": "kills",
         "observe": "pairs", "lanes": "pairs"}
RATIO = {"median": float, "quartiles": list, "same": float}
TIMES = {"samples": int, "p50_ns": int, "p99_ns": int, "max_ns": int}
WATCHED = {"watched": TIMES, "alone": TIMES, "ratio_p50": RATIO, "ratio_p99": RATIO}
CYCLES = {"p50_ns": int, "p99_ns": int, "max_ns": int, "host_cpu_ns": float,
          "service_cpu_ns": float, "wakes": float, "missed": int}
RESULT = {
    "lanes": {
        "name": str,
        "lanes": int,
        "services": int,
        "placement": str,
        "cycles": int,
        "many": CYCLES,
        "lone": CYCLES,
        "ratio": RATIO,
        "lane_share": float,
        "lane_cpu_share": float,
        "distance_ns": int,
    },
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
    "detect": {
        "name": str,
        "resident_bytes": int,
        "signal": int,
        "dumps_core": bool,
        "cores": int,
        "missed": int,
        "wrong_causes": int,
        "detected": TIMES,
    },
    "observe": {
        "name": str,
        "snapshots": int,
        "snapshot_mean_ns": int,
        "failed_snapshots": int,
        "own": WATCHED,
        "round_trip": WATCHED,
    },
}
NAMES = {
    "statistics": {"statistics", "two-clock-reads"},
    "observe": {"10-hz", "1000-hz"},
    "ring": {"64B", "64B-batch", "512B", "512B-batch", "4KiB", "4KiB-batch"},
    "hop": {
        f"{placement}-{pace}{deadline}"
        for placement in ("same", "other", "other-latency0", "other-spin", "other-spin-bells")
        for pace in ("paced", "unpaced")
        for deadline in ("", "-deadline")
    },
}


# The whole of it takes minutes. Each kind of death once, with memory that takes a while to go.
ONLY = {"detect": ["64MiB-kill-other", "64MiB-segv-same", "4MiB-segv-core-other", "64MiB-kill-same-hot"]}
ONLY["lanes"] = ["1-lanes-1-service-same", "64-lanes-1-service-same", "16-lanes-4-services-same",
                 "256-lanes-1-service-other-latency0"]
NAMES |= {kind: set(names) for kind, names in ONLY.items()}


def complain_about_detection(result, kill_count):
    """Times are not judged; that all deaths were seen for what they were is."""
    name = result.get("name")
    if result["detected"]["samples"] + result["missed"] != kill_count or result["missed"]:
        yield f"{name}: {result['detected']['samples']} of {kill_count} kills were seen"
    if result["wrong_causes"]:
        yield f"{name}: {result['wrong_causes']} deaths were taken for something else"
    if result["resident_bytes"] < int(name.split("MiB")[0]) << 20:
        yield f"{name}: only {result['resident_bytes']} bytes were resident"
    if result["cores"] != (kill_count if result["dumps_core"] else 0):
        yield f"{name}: {result['cores']} cores of {kill_count} kills"


def complain_about_lanes(result):
    """One wake a service and cycle, whatever the number of lanes; and no answer was missed."""
    for side, services in ("many", result["services"]), ("lone", 1):
        costs = result[side]
        if costs["wakes"] > 2 * services:
            yield f"{result['name']}: {costs['wakes']} wakes a cycle for {services} services, {side}"
        if costs["missed"]:
            yield f"{result['name']}: {costs['missed']} answers were missed, {side}"


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


def complaints(document, kind, count):
    yield from complain_about(document, HEAD, "document")
    yield from complain_about(document.get("machine"), MACHINE, "machine")
    if document.get("benchmark") != kind or document.get(COUNT[kind]) != count:
        yield "the document is about something else"
    results = document.get("results", [])
    for result in results:
        yield from complain_about(result, RESULT[kind], result.get("name", "result"))
        if kind == "detect":
            yield from complain_about_detection(result, count)
        if kind == "lanes":
            yield from complain_about_lanes(result)
        if kind == "observe" and (result["snapshots"] == 0 or result["failed_snapshots"] != 0):
            yield f"{result['name']}: nobody watched, or not as it should be"
        for key in ("ours", "bare", "detected", "many", "lone"):
            times = result.get(key)
            if isinstance(times, dict) and not 0 < times["p50_ns"] <= times["p99_ns"] <= times["max_ns"]:
                yield f"{result['name']}: quantiles are not ascending: {times}"
            if kind == "hop" and isinstance(times, dict) and ("p99_9_ns" in times) != (times["samples"] >= 100_000):
                yield f"{result['name']}: p99.9 needs 100,000 samples: {times}"
    names = {result.get("name") for result in results}
    names |= {name for name in NAMES[kind] if "core" in name and not CORES_ARE_FILES}
    if names != NAMES[kind]:
        yield f"measurements are {sorted(names)}, not {sorted(NAMES[kind])}"


def main():
    program, kind = sys.argv[1:]
    if len(os.sched_getaffinity(0)) < 2:
        print("skipped: two processes that spin need two CPUs")
        return SKIPPED
    count = 3
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "figures.json")
        command = [program, "--quick", f"--{COUNT[kind]}", str(count), "--json", path]
        for name in ONLY.get(kind, []):
            command += ["--only", name]
        # What is watched is found in a directory of its own: a machine need not have one.
        surroundings = {**os.environ, "XDG_RUNTIME_DIR": folder}
        run = subprocess.run(command, capture_output=True, text=True, check=False,
                             env=surroundings)
        if run.returncode != 0:
            print(run.stdout, run.stderr, f"exit code {run.returncode}")
            return 1
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    found = list(complaints(document, kind, count))
    unknown = subprocess.run([program, "--only", "nonsense"], capture_output=True, check=False)
    if unknown.returncode == 0:
        found.append("an unknown measurement is not refused")
    print("\n".join(found) or f"{len(document['results'])} results")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
