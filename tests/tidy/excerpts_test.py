#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that code shown in documents is code of the tree, or at least compiles.

    excerpts_test.py [ROOT [COMPILER]]      default: the tree this file is in, g++

A fenced block of C++ that starts with `#include <outboard/` is compiled by itself. An excerpt is a fenced block behind a line that names its file:

    <!-- excerpt of demo/host.cpp -->

Each run of its lines must stand in that file, in the same order and without gaps; a line `// ...`
marks where something is left out. Indentation does not count. Fails also when a document that has
to show code (REQUIRED) shows none.
"""

import pathlib
import re
import subprocess
import sys
import textwrap
from typing import Iterator

REQUIRED = {"README.md": {"demo/host.cpp", "demo/service.cpp"}}
EXCERPT = re.compile(r"<!-- excerpt of (?P<path>\S+) -->\n+```\w*\n(?P<code>.*?)```", re.DOTALL)
WHOLE = re.compile(r"```cpp\n(?P<code>#include <outboard/.*?)```", re.DOTALL)
GAP = "// ..."


def stripped(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def runs(code: str) -> Iterator[list[str]]:
    """The parts of an excerpt between its gaps."""
    run: list[str] = []
    for line in [*stripped(code), GAP]:
        if line != GAP:
            run.append(line)
        elif run:
            yield run
            run = []


def find(run: list[str], lines: list[str], start: int) -> int:
    """Index behind the first place of `run` at or behind `start`; -1: there is none."""
    for index in range(start, len(lines) - len(run) + 1):
        if lines[index : index + len(run)] == run:
            return index + len(run)
    return -1


def problems_of(document: pathlib.Path, root: pathlib.Path) -> Iterator[str]:
    name = document.relative_to(root).as_posix()
    shown = set()
    for excerpt in EXCERPT.finditer(document.read_text(encoding="utf-8")):
        shown.add(excerpt["path"])
        source = root / excerpt["path"]
        if not source.is_file():
            yield f"{name}: there is no {excerpt['path']}"
            continue
        lines = stripped(source.read_text(encoding="utf-8"))
        place = 0
        for run in runs(excerpt["code"]):
            place = find(run, lines, place)
            if place < 0:
                yield f"{name}: not in {excerpt['path']}, or not in this order: {run[0]}"
                break
    for missing in sorted(REQUIRED.get(name, set()) - shown):
        yield f"{name}: shows nothing of {missing}"


def compile_errors(document: pathlib.Path, root: pathlib.Path, compiler: str) -> Iterator[str]:
    name = document.relative_to(root).as_posix()
    for block in WHOLE.finditer(document.read_text(encoding="utf-8")):
        command = [compiler, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
        command += ["-I", str(root / "sdk/include"), "-x", "c++", "-"]
        run = subprocess.run(command, input=block["code"], capture_output=True, text=True)
        if run.returncode != 0:
            yield f"{name}: does not compile:\n{run.stderr}"


def self_test() -> list[str]:
    """A check that finds nothing in what is wrong would prove nothing."""
    lines = stripped(textwrap.dedent("int a;\nint b;\nint c;\n"))
    failures = []
    if find(["int a;", "int c;"], lines, 0) >= 0:
        failures.append("self-test: a gap was not noticed")
    if find(["int b;"], lines, 2) >= 0:
        failures.append("self-test: a wrong order was not noticed")
    if list(runs("int a;\n// ...\n  int c;\n")) != [["int a;"], ["int c;"]]:
        failures.append("self-test: a marked gap was not understood")
    return failures


def main() -> int:
    default = pathlib.Path(__file__).resolve().parents[2]
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else default
    compiler = sys.argv[2] if len(sys.argv) > 2 else "g++"
    problems = self_test()
    for document in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        problems.extend(problems_of(document, root))
        problems.extend(compile_errors(document, root, compiler))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
