#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the source tree and reports what breaks the house rules.

    check_tree.py [ROOT]      default: the tree this file is in

Prints `path:line: rule: what` for each violation; the exit code is 1 if there was one. The rules
are in the tables below; CONTRIBUTING.md says why they exist.
"""

import pathlib
import re
import sys
from typing import Iterator, NamedTuple

LINE_LENGTH_MAX = 100
FILE_LINES_MAX = 500
SKIPPED_FOLDERS = {"build", ".git", "__pycache__"}
CPP_SUFFIXES = {".c", ".h", ".cpp", ".hpp"}
SOURCE_SUFFIXES = CPP_SUFFIXES | {".cmake", ".py", ".fbs"}

# What each folder may include. "public" is <outboard/...>; a name allows all rooms below it.
# Arrows point down only; the order of the keys matters: the first prefix that fits is taken.
ALLOWED_INCLUDES = {
    "rt/path": {"rt/path", "rt/os"},
    "rt": {"rt"},
    "sdk/include": {"public"},
    "sdk/src": {"public", "sdk/src", "rt"},
    "sdk/cli": {"public", "sdk/cli", "audio"},
    "sdk/bindings": {"public", "sdk/bindings"},
    "audio": {"public", "audio"},
    "plugins": {"public", "plugins"},
    "demo": {"public", "demo", "audio"},
    "bench": {"public", "bench", "audio", "rt"},
    "tests": {"public", "tests", "bench", "demo", "plugins", "audio", "sdk", "rt"},
}
TOP_FOLDERS = {folder.split("/")[0] for folder in ALLOWED_INCLUDES}

# Headers of the operating system, which rt/os/<system>/ wraps for everybody else.
OS_HEADER = re.compile(
    r"(sys|linux|asm|netinet|arpa|bits)/.*"
    r"|(unistd|sched|fcntl|poll|pthread|signal|dlfcn|spawn|semaphore|dirent|pwd|grp|netdb"
    r"|termios|ucontext|syscall|ftw|glob|wait|mqueue|aio|ifaddrs)\.h"
)
# jack_shutdown.cpp stands between two libraries, and finds one of them by <dlfcn.h>; terminal.cpp
# sets up a terminal, which rt/ knows nothing of.
OS_HEADERS_ALLOWED_IN = (
    "rt/os/linux/",
    "tests/",
    "bench/",
    "audio/portaudio/jack_shutdown.cpp",
    "sdk/cli/terminal.cpp",
)

# rt/path may use the standard library and the processor's intrinsics, nothing else.
STANDARD_HEADER = re.compile(r"[a-z_0-9]+|[a-z]?mmintrin\.h|arm_neon\.h")

# Word, where it is banned, where it is not, and what to do instead.
BANNED_WORDS = (
    (re.compile(r"\bstd::mutex\b"), "rt/path/", (), "real-time code does not lock"),
    (re.compile(r"\bstd::condition_variable\b"), "rt/path/", (), "real-time code does not lock"),
    (re.compile(r"\bnew\b"), "rt/path/", (), "real-time code does not allocate"),
    (re.compile(r"\bmalloc\b"), "rt/path/", (), "real-time code does not allocate"),
    (
        re.compile(r"\batomic_thread_fence\b"),
        "",
        ("tests/",),
        "ThreadSanitizer does not see fences; order the access itself",
    ),
    (
        re.compile(r"(?<!asm )(?<!__asm__ )\bvolatile\b"),
        "",
        ("tests/",),
        "volatile orders nothing between threads; use an atomic",
    ),
)

# Written in two halves, so that this file passes its own check.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")

SPDX = re.compile(r"(//|/\*|#) SPDX-License-Identifier: MIT( \*/)?$")
INCLUDE = re.compile(r'\s*#\s*include\s*(?P<open>[<"])(?P<name>[^>"]+)[>"]')
TEST_CASE = re.compile(r'\bTEST_CASE(_FIXTURE)?\([^"]*"(?P<name>[^"]*)"')
NOT_CODE = re.compile(
    r"//[^\n]*"
    r"|/\*.*?\*/"
    r'|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


class Violation(NamedTuple):
    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


def without_comments_and_strings(text: str) -> str:
    """The code alone; lines keep their numbers."""
    return NOT_CODE.sub(lambda match: "\n" * match.group().count("\n") or " ", text)


def is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")


def check_first_line(path: str, lines: list[str]) -> Iterator[Violation]:
    index = 1 if lines and lines[0].startswith("#!") else 0
    if len(lines) <= index or not SPDX.match(lines[index]):
        yield Violation(path, index + 1, "spdx", "the licence is missing in the first line")


def check_unfinished(path: str, lines: list[str]) -> Iterator[Violation]:
    for number, line in enumerate(lines, 1):
        if found := UNFINISHED.search(line):
            yield Violation(path, number, "unfinished", f"{found.group()} has no place here")


def check_size(path: str, lines: list[str]) -> Iterator[Violation]:
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_LENGTH_MAX:
            yield Violation(path, number, "line-length", f"{len(line)} > {LINE_LENGTH_MAX}")
    if len(lines) > FILE_LINES_MAX:
        yield Violation(path, len(lines), "file-length", f"{len(lines)} > {FILE_LINES_MAX} lines")


def check_words(path: str, text: str) -> Iterator[Violation]:
    for number, line in enumerate(without_comments_and_strings(text).splitlines(), 1):
        if line.lstrip().startswith("#"):
            continue
        for word, folder, exceptions, reason in BANNED_WORDS:
            if path.startswith(folder) and not path.startswith(exceptions):
                if found := word.search(line):
                    yield Violation(path, number, "banned-word", f"{found.group()}: {reason}")


def check_test_names(path: str, text: str) -> Iterator[Violation]:
    for case in TEST_CASE.finditer(text):
        if ";" in case["name"]:
            number = text.count("\n", 0, case.start()) + 1
            yield Violation(path, number, "test-name", "CMake splits the name at the semicolon")


def included_place(root: pathlib.Path, path: str, name: str) -> str | None:
    """Where `name` leads: "public", a path from the root of the tree, or None for outside."""
    if name.startswith("outboard/"):
        return "public"
    target = name
    if name.split("/")[0] not in TOP_FOLDERS:
        beside = ((root / path).parent / name).resolve()
        if not beside.is_file() or not beside.is_relative_to(root.resolve()):
            return None
        target = beside.relative_to(root.resolve()).as_posix()
    return "public" if is_within(target, "sdk/include") else target


def check_include(root: pathlib.Path, path: str, number: int, name: str) -> Iterator[Violation]:
    if OS_HEADER.fullmatch(name) and not path.startswith(OS_HEADERS_ALLOWED_IN):
        yield Violation(path, number, "os-header", f"<{name}> belongs into rt/os/linux")
        return

    folder = next((f for f in ALLOWED_INCLUDES if is_within(path, f)), None)
    if folder is None:
        return
    target = included_place(root, path, name)
    if target is None:
        if folder == "rt/path" and not STANDARD_HEADER.fullmatch(name):
            yield Violation(path, number, "include", f"rt/path takes no library: {name}")
    elif not any(is_within(target, allowed) for allowed in ALLOWED_INCLUDES[folder]):
        yield Violation(path, number, "include", f"{folder} may not include {name}")


def check_includes(root: pathlib.Path, path: str, lines: list[str]) -> Iterator[Violation]:
    for number, line in enumerate(lines, 1):
        if include := INCLUDE.match(line):
            yield from check_include(root, path, number, include["name"])


def is_source(path: pathlib.Path) -> bool:
    if path.suffix in SOURCE_SUFFIXES or path.name == "CMakeLists.txt":
        return True
    if path.suffix:
        return False
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def source_files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink() or entry.name in SKIPPED_FOLDERS:
            continue
        if entry.is_dir():
            yield from source_files(entry)
        elif is_source(entry):
            yield entry


def check_file(root: pathlib.Path, file: pathlib.Path) -> Iterator[Violation]:
    path = file.relative_to(root).as_posix()
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    yield from check_first_line(path, lines)
    yield from check_unfinished(path, lines)
    if file.suffix in CPP_SUFFIXES:
        yield from check_size(path, lines)
        yield from check_words(path, text)
        yield from check_test_names(path, text)
        yield from check_includes(root, path, lines)


def check_tree(root: pathlib.Path) -> tuple[int, list[Violation]]:
    """How many files were read, and what is wrong with them."""
    files = list(source_files(root))
    return len(files), [violation for file in files for violation in check_file(root, file)]


def main(arguments: list[str]) -> int:
    default_root = pathlib.Path(__file__).resolve().parents[2]
    root = pathlib.Path(arguments[0]).resolve() if arguments else default_root
    file_count, violations = check_tree(root)
    for violation in violations:
        print(violation)
    print(f"{file_count} files, {len(violations)} violations")
    return 1 if violations or file_count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
