#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the model of the bells (rt/path/bell.pml) with spin: as it is it has no error, and with any
one of its memory orders weakened spin finds one. So the orders suffice, and none is stronger than
it has to be. They are also compared with those in the code."""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIP_EXIT_CODE = 77  # what CTest takes for "skipped"
TIMEOUT_S = 300

LOST_WAKE = "invalid end state"
EARLY_READ = "assertion violated"

# letter: (file, what marks the line of the access, its order there)
ACCESSES = {
    "P": ("ring_cursor.hpp", "write_count_->store(", "release"),
    "C": ("ring_cursor.hpp", "write_count_->load(", "acquire"),
    "R": ("bell.hpp", "// (R)", "seq_cst"),
    "S": ("bell.hpp", "// (S)", "seq_cst"),
    "E": ("bell.hpp", "// (E)", "acquire"),
    "A": ("bell.hpp", "// (A)", "seq_cst"),
    "Z": ("bell.hpp", "// (Z)", "relaxed"),
    "B": ("bell.hpp", "// (B)", "seq_cst"),
    "D": ("bell.hpp", "// (D)", "release"),
    "N": ("bell.hpp", "// (N)", "release"),
    "L": ("bell.hpp", "// (L)", "acquire"),
    "X": ("replica.hpp", "ended_ns_.store(", "release"),
    "Y": ("replica.hpp", "ended_ns_.load(", "acquire"),
}

# bells, the access that is weakened, the order it gets, what must come of it
VARIANTS = [
    (1, "R", "RELEASE", LOST_WAKE),
    (1, "S", "ACQUIRE", LOST_WAKE),
    (1, "A", "RELEASE", LOST_WAKE),
    (1, "B", "ACQUIRE", LOST_WAKE),
    (1, "E", "RELAXED", LOST_WAKE),
    (1, "D", "RELAXED", LOST_WAKE),
    (1, "P", "RELAXED", EARLY_READ),
    (1, "C", "RELAXED", EARLY_READ),
    (1, "X", "RELAXED", EARLY_READ),
    (1, "Y", "RELAXED", EARLY_READ),
    (2, "R", "RELEASE", LOST_WAKE),
    (2, "S", "ACQUIRE", LOST_WAKE),
    (2, "A", "RELEASE", LOST_WAKE),
    (2, "B", "ACQUIRE", LOST_WAKE),
    (2, "E", "RELAXED", LOST_WAKE),
    (2, "N", "RELAXED", LOST_WAKE),
    (2, "L", "RELAXED", LOST_WAKE),
]


def run(command: list[str], folder: str) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def explore(
    model: pathlib.Path, compiler: str, macros: list[str], optimise: str
) -> tuple[str, int]:
    """Lets spin try every interleaving. Returns the error it found ("" for none) and how many
    states it saw."""
    with tempfile.TemporaryDirectory(prefix="ob-bell-model-") as folder:
        run(["spin", "-a", *macros, str(model)], folder)
        run([compiler, optimise, "-w", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"], folder)
        output = run(["./pan", "-m100000"], folder)
    if "max search depth too small" in output or "error: " in output:
        raise RuntimeError(f"the search is not complete:\n{output}")
    found = re.search(r"errors: (\d+)", output)
    states = re.search(r"(\d+) states, stored", output)
    error = re.search(r"^pan:\d+: (.*)$", output, re.MULTILINE)
    if found is None or states is None or (int(found[1]) == 0) != (error is None):
        raise RuntimeError(f"cannot read what spin says:\n{output}")
    return (error[1] if error else ""), int(states[1])


def order_differences(root: pathlib.Path, model: str) -> list[str]:
    """Where code and model claim different orders."""
    paths = {
        "bell.hpp": root / "rt/path/bell.hpp",
        "ring_cursor.hpp": root / "rt/path/ring_cursor.hpp",
        "replica.hpp": root / "sdk/src/host/replica.hpp",
    }
    differences = []
    for letter, (name, mark, order) in ACCESSES.items():
        claimed = re.search(rf"^#define ORDER_{letter} (\w+)", model, re.MULTILINE)
        if claimed is None or claimed[1] != order.upper():
            differences.append(f"bell.pml: ORDER_{letter} is not {order.upper()}")
        lines = [line for line in paths[name].read_text().splitlines() if mark in line]
        if len(lines) != 1 or f"memory_order_{order}" not in lines[0]:
            differences.append(f"{name}: not exactly one line with '{mark}' and {order}: {lines}")
    accesses = len(re.findall(r"memory_order_\w+", paths["bell.hpp"].read_text()))
    modelled = sum(name == "bell.hpp" for name, _, _ in ACCESSES.values())
    if accesses != modelled:
        differences.append(f"bell.hpp has {accesses} accesses, the model {modelled}")
    return differences


def check(root: pathlib.Path, compiler: str) -> int:
    model = root / "rt/path/bell.pml"
    failures = order_differences(root, model.read_text())
    for bells in (1, 2):
        error, states = explore(model, compiler, [f"-DBELLS={bells}"], "-O2")
        print(f"bells {bells}, as it is: {error or 'no error'} ({states} states)", flush=True)
        if error:
            failures.append(f"the model with {bells} bells fails: {error}")
        if states < 10_000:
            failures.append(f"with {bells} bells only {states} states were seen")
    for bells, letter, order, expected in VARIANTS:
        macros = [f"-DBELLS={bells}", f"-DORDER_{letter}={order}"]
        error, _ = explore(model, compiler, macros, "-O0")  # found at once: compiling is the cost
        print(f"bells {bells}, {letter} {order.lower()}: {error or 'NO ERROR'}", flush=True)
        if expected not in error:
            failures.append(f"bells {bells}, {letter} {order.lower()}: '{expected}' was not found")
    unweakened = {
        letter
        for letter, (_, _, order) in ACCESSES.items()
        if order != "relaxed" and letter not in {variant[1] for variant in VARIANTS}
    }
    if unweakened:
        failures.append(f"never weakened: {sorted(unweakened)}")
    for failure in failures:
        print(f"failed: {failure}")
    return 1 if failures else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=pathlib.Path, help="the project's folder")
    parser.add_argument("--cc", default="cc", help="C compiler for the checker that spin writes")
    arguments = parser.parse_args()
    for program, package in (("spin", "spin"), (arguments.cc, "build-essential")):
        if shutil.which(program) is None:
            print(f"skipped: '{program}' is missing (Debian: {package})")
            return SKIP_EXIT_CODE
    return check(arguments.root.resolve(), arguments.cc)


if __name__ == "__main__":
    sys.exit(main())
