# SPDX-License-Identifier: MIT
"""What the tests of the outboard command share: running it, sound files, report checks."""

import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
from typing import NamedTuple

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from json_schema import violations  # noqa: E402, tests import it from here

OUTBOARD = os.environ["OUTBOARD"]
FUTURE_SERVICE = os.environ["OUTBOARD_FUTURE_SERVICE"]
ALLERGIC_SERVICE = os.environ["OUTBOARD_ALLERGIC_SERVICE"]
SCHEMA = json.loads(pathlib.Path(os.environ["OUTBOARD_REPORT_SCHEMA"]).read_text())
STATUS_SCHEMA = json.loads(pathlib.Path(os.environ["OUTBOARD_STATUS_SCHEMA"]).read_text())

LIMIT_SECONDS = 60
NOBODY = 65534


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


class Sound(NamedTuple):
    rate: int
    channels: int
    frames: list[tuple[float, ...]]


def is_open_to_others(path: str) -> bool:
    """Whether every user may go to the file; a home folder of root is closed."""
    return all(folder.stat().st_mode & 0o001 for folder in pathlib.Path(path).resolve().parents)


class CommandTest(unittest.TestCase):
    """A test with a directory of its own, which is the current one of the command too."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)
        self.environment = dict(os.environ)
        runtime = self.folder / "runtime"
        runtime.mkdir(mode=0o700)
        self.environment["XDG_RUNTIME_DIR"] = str(runtime)

    def outboard(self, *arguments: str, **options) -> Outcome:
        done = subprocess.run(
            [OUTBOARD, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
            **options,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def run_free(self, *arguments: str) -> Outcome:
        return self.outboard("run", "--pace", "free", *arguments)

    def report_of(self, *arguments: str) -> dict:
        """The report of a run that has to succeed."""
        outcome = self.outboard("run", "--json", *arguments)
        self.assertEqual(outcome.code, 0, outcome.err)
        report = json.loads(outcome.out)
        self.assertEqual(list(violations(report, SCHEMA)), [])
        return report

    def assert_fails(self, outcome: Outcome, code: int, *parts: str) -> None:
        self.assertEqual(outcome.code, code, outcome.err)
        self.assertTrue(outcome.err.startswith("outboard: "), outcome.err)
        for part in parts:
            self.assertIn(part, outcome.err)

    def as_ordinary_user(self) -> dict:
        """Options for outboard(): another user, if this one is root."""
        if os.geteuid() != 0:
            return {}
        if not is_open_to_others(OUTBOARD):
            self.skipTest("the build tree is closed to other users")
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def write_wav(self, name: str, frames: list[tuple[float, ...]], rate: int = 48000) -> str:
        channels = len(frames[0]) if frames else 1
        data = b"".join(struct.pack(f"<{channels}f", *frame) for frame in frames)
        (self.folder / name).write_bytes(wav_header(channels, rate, len(data)) + data)
        return name

    def write_program(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return f"./{name}"

    def read_wav(self, name: str) -> Sound:
        return read_wav(self.folder / name)


def wav_header(channels: int, rate: int, data_bytes: int) -> bytes:
    """Of 32-bit float samples."""
    frame_bytes = 4 * channels
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + data_bytes, b"WAVE",
        b"fmt ", 16, 3, channels, rate, rate * frame_bytes, frame_bytes, 32,
        b"data", data_bytes,
    )


def read_wav(path: pathlib.Path) -> Sound:
    """Of 32-bit float samples."""
    content = path.read_bytes()
    position, form, samples = 12, None, b""
    while position + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, position)
        chunk = content[position + 8 : position + 8 + size]
        if name == b"fmt ":
            form = struct.unpack_from("<HHI", chunk)
        elif name == b"data":
            samples = chunk
        position += 8 + size + size % 2
    _, channels, rate = form
    return Sound(rate, channels, list(struct.iter_unpack(f"<{channels}f", samples)))


def process_ids_of(executable: str) -> list[int]:
    """Processes whose command line has `executable` in it."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if executable.encode() in words and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def main() -> None:
    unittest.main("__main__", verbosity=2)
