#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that docs/failure-model.md names tests that exist.

    failure_model_test.py [ROOT]      default: the tree this file is in

A table cell names a file in backticks, then its cases in quotation marks; the cases belong to the
file before them. Fails when a file has no such TEST_CASE, and when a row names no test at all.
"""

import pathlib
import re
import sys
from typing import Iterator

DOCUMENT = "docs/failure-model.md"
ROW = re.compile(r"^\|(?P<cells>.*)\|$")
REFERENCE = re.compile(r'`(?P<path>tests/[^`]+\.cpp)`|"(?P<case>[^"]+)"')
CASE = re.compile(r'TEST_CASE\(\s*"(?P<name>(?:[^"\\]|\\.|"\s*")*)"\s*\)', re.DOTALL)
MODEL = "rt/path/bell.pml"


def cases_of(source: str) -> set[str]:
    """Names of the cases; adjacent literals are one."""
    return {re.sub(r'"\s*"', "", case["name"]) for case in CASE.finditer(source)}


def rows_of(text: str) -> Iterator[str]:
    """The last cell of each row below a table's heading."""
    is_body = False
    for line in text.splitlines():
        row = ROW.match(line)
        if not row:
            is_body = False
        elif re.fullmatch(r"[-| ]+", row["cells"]):
            is_body = True
        elif is_body:
            yield row["cells"].split("|")[-1]


def problems_of(text: str, root: pathlib.Path) -> Iterator[str]:
    for cell in rows_of(text):
        path = ""
        case_count = 0
        for reference in REFERENCE.finditer(cell):
            if reference["path"]:
                path = reference["path"]
                if not (root / path).is_file():
                    yield f"there is no {path}"
                    path = ""
            elif path:
                case_count += 1
                if reference["case"] not in cases_of((root / path).read_text(encoding="utf-8")):
                    yield f"{path} has no case \"{reference['case']}\""
        if case_count == 0 and MODEL not in cell:
            yield f"a row without a test: {cell.strip()}"


def self_test(root: pathlib.Path) -> Iterator[str]:
    """A check that finds nothing in what is wrong would prove nothing."""
    path = "tests/integration/hot_standby_test.cpp"
    table = "| failure | shown by |\n|---|---|\n"
    for row in (f'| a | `{path}`: "no such case" |', '| a | `tests/none.cpp`: "b" |', "| a | nothing |"):
        if not list(problems_of(table + row + "\n", root)):
            yield f"self-test: not noticed: {row}"


def main() -> int:
    default = pathlib.Path(__file__).resolve().parents[2]
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else default
    text = (root / DOCUMENT).read_text(encoding="utf-8")
    problems = [*self_test(root), *problems_of(text, root)]
    row_count = len(list(rows_of(text)))
    if row_count < 20:
        problems.append(f"only {row_count} rows were read")
    for problem in problems:
        print(f"{DOCUMENT}: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
