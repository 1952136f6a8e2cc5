#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""outboard doctor on this machine, whatever that is; and how outboard finds programs outboard-NAME."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import command
from command import CommandTest, OUTBOARD, Outcome, violations

DOCTOR = os.environ["OUTBOARD_DOCTOR"]
SCHEMA = json.loads(pathlib.Path(os.environ["OUTBOARD_DOCTOR_SCHEMA"]).read_text())
MAN_PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs/man/outboard-doctor.1"
USAGE = 2
ORDER = ["ok", "unknown", "warning", "problem"]


class Dispatch(CommandTest):
    def write_command(self, folder: str, text: str) -> None:
        (self.folder / folder).mkdir(exist_ok=True)
        path = self.folder / folder / "outboard-greet"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        self.environment["PATH"] = f"{self.folder / folder}:{self.environment['PATH']}"

    def test_program_in_path_gets_the_arguments_and_gives_the_exit_code(self):
        self.write_command("bin", 'printf "%s|" "$@"; exit 7')
        outcome = self.outboard("greet", "--loud", "two words", "")
        self.assertEqual(outcome, Outcome(7, "--loud|two words||", ""))
        self.assertEqual(self.outboard("help", "greet").out, "--help|")

    def test_program_beside_the_command_comes_before_path(self):
        self.write_command("bin", "echo from PATH")
        shutil.copy(OUTBOARD, self.folder / "outboard")
        beside = self.folder / "outboard-greet"
        beside.write_text("#!/bin/sh\necho beside\n")
        beside.chmod(0o755)
        # A copy has to find its library where the original does.
        library = pathlib.Path(OUTBOARD).resolve().parents[1]
        self.environment["LD_LIBRARY_PATH"] = f"{library}:{os.environ.get('LD_LIBRARY_PATH', '')}"
        done = subprocess.run([self.folder / "outboard", "greet"], env=self.environment,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "beside\n"), done.stderr)

    def test_what_cannot_be_run_or_leads_elsewhere_is_no_command(self):
        self.write_command("bin", "echo no")
        (self.folder / "bin/outboard-greet").chmod(0o644)
        for name in ("greet", "../greet", "bin/outboard-greet", "-greet", "GREET", ""):
            with self.subTest(name):
                self.assert_fails(self.outboard(name), USAGE, f"'{name}'", "run, serve, list")

    def test_own_commands_cannot_be_replaced(self):
        self.write_command("bin", "echo replaced")
        (self.folder / "bin/outboard-greet").rename(self.folder / "bin/outboard-list")
        self.assertNotIn("replaced", self.outboard("list").out)


class Report(CommandTest):
    def doctor(self, *arguments: str, **options) -> Outcome:
        return self.outboard("doctor", "--seconds", "0.2", *arguments, **options)

    def document(self, **options) -> dict:
        outcome = self.doctor("--json", **options)
        self.assertEqual(outcome.err, "")
        document = json.loads(outcome.out)
        self.assertEqual(list(violations(document, SCHEMA, "document", SCHEMA)), [])
        verdicts = [check["verdict"] for check in document["checks"]]
        self.assertEqual(document["verdict"], max(verdicts, key=ORDER.index))
        self.assertEqual(document["exit_code"], outcome.code)
        self.assertEqual(outcome.code, 1 if "problem" in verdicts else 0)
        return document

    def test_document_holds_what_its_schema_promises(self):
        document = self.document()
        for check in document["checks"]:
            with self.subTest(check["id"]):
                self.assertEqual(check["verdict"] == "ok", check["remedy"] is None)
                self.assertEqual(check["commands"] if check["verdict"] == "ok" else [], [])
                self.assertTrue(check["found"])
        names = [check["id"] for check in document["checks"]]
        self.assertEqual(len(names), len(set(names)))

    def test_wake_ups_were_measured_and_have_no_p99_9_below_100000(self):
        late = self.document()["wake_up"]
        self.assertEqual(late["samples"], 200)
        self.assertTrue(0 <= late["p50_us"] <= late["p99_us"] <= late["max_us"], late)
        self.assertIsNone(late["p99_9_us"])

    def test_an_ordinary_user_gets_a_document_too(self):
        self.document(**self.as_ordinary_user())

    def test_table_has_a_line_for_each_check(self):
        lines = self.doctor().out.splitlines()
        for check in self.document()["checks"]:
            found = [line for line in lines if check["title"] in line]
            self.assertEqual(len(found), 1, check["title"])
            self.assertIn(found[0].split()[0], ORDER)
        self.assertRegex(lines[-1], r"^\d+ ok, \d+ warnings, \d+ problems, \d+ unknown$")

    def test_runtime_directory_is_that_of_the_caller(self):
        def verdict():
            return next(check["verdict"] for check in self.document()["checks"]
                        if check["id"] == "runtime_directory")
        self.assertEqual(verdict(), "ok")
        (self.folder / "runtime").chmod(0o755)
        self.assertEqual(verdict(), "warning")
        del self.environment["XDG_RUNTIME_DIR"]
        self.assertEqual(verdict(), "warning")

    def test_fix_prints_a_shell_script_and_runs_none_of_it(self):
        del self.environment["XDG_RUNTIME_DIR"]  # so that there is something to remedy
        self.environment["HOME"] = str(self.folder / "home")
        outcome = self.doctor("--fix")
        self.assertTrue(outcome.out.startswith("#!/bin/sh\n"))
        self.assertIn('mkdir -p -m 0700 "$HOME/.outboard-runtime"', outcome.out)
        subprocess.run(["sh", "-n"], input=outcome.out, text=True, check=True)
        self.assertFalse((self.folder / "home").exists())
        commands = [line for line in outcome.out.splitlines() if line and not line.startswith("#")]
        self.assertEqual(len(commands), len(set(commands)))

    def test_bad_arguments_are_refused(self):
        for arguments in (["--json", "--fix"], ["--seconds", "0"], ["--seconds", "3601"],
                          ["--seconds", "soon"], ["--loud"], ["here"]):
            with self.subTest(arguments):
                outcome = self.outboard("doctor", *arguments)
                self.assertEqual((outcome.code, outcome.out), (USAGE, ""))
                self.assertRegex(outcome.err, r"^outboard-doctor: (.*\n)+.*--help")

    def test_man_page_has_the_checks_and_the_exit_codes(self):
        page = MAN_PAGE.read_text()
        described = set()
        for item in re.findall(r"^\.It Li (.*)$", page, re.MULTILINE):
            described |= set(item.split(" , "))
        names = {check["id"] for check in self.document()["checks"]}
        self.assertEqual(described - set(ORDER), names)
        table = self.outboard("doctor", "--help").out.split("Exit codes:\n")[1]
        codes = re.findall(r"^ +(\d+)  ", table, re.MULTILINE)
        section = page.split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
        self.assertEqual(re.findall(r"^\.It (\d+)$", section, re.MULTILINE), codes)


if __name__ == "__main__":
    command.main()
