#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is written about the outboard command, in man pages and completions, is what it takes."""

import os
import pathlib
import re
import subprocess

import command
from command import CommandTest

TREE = pathlib.Path(__file__).resolve().parents[3]
BASH = TREE / "sdk/cli/completion/outboard.bash"
ZSH = TREE / "sdk/cli/completion/outboard.zsh"
COMMANDS = ("run", "serve", "list", "status", "top", "metrics") + (
    ("doctor",) if "OUTBOARD_DOCTOR" in os.environ else ())

COMPLETE = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
compopt() { :; }  # works only while the shell completes
_outboard
printf '%s\\n' "${COMPREPLY[@]}"
"""


def man_page(name: str) -> str:
    return (TREE / "docs/man" / f"{name}.1").read_text()


def completed(*words: str) -> set[str]:
    """What bash offers for the last of the words."""
    done = subprocess.run(
        ["bash", "-c", COMPLETE, "bash", str(BASH), *words],
        capture_output=True, text=True, timeout=command.LIMIT_SECONDS, check=True,
    )
    return set(done.stdout.split())


def options_of_zsh(name: str) -> set[str]:
    text = ZSH.read_text()
    start = text.index(f"_outboard_{name}()\n" if name == "run" else f"        {name})")
    end = text.index("\n}\n" if name == "run" else ";;", start)
    return set(re.findall(r"--[a-z][a-z-]*", text[start:end]))


class Documents(CommandTest):
    def options_of(self, name: str) -> set[str]:
        text = self.outboard(name, "--help").out
        options = set(re.findall(r"^\s+(?:-\w,)?(--[a-z][a-z-]*)", text, re.MULTILINE))
        self.assertIn("--help", options)
        return options

    def test_man_pages_have_the_options_of_the_help(self):
        for name in COMMANDS:
            with self.subTest(name):
                items = re.findall(r"^\.It .*", man_page(f"outboard-{name}"), re.MULTILINE)
                options = set(re.findall(r"Fl (-[a-z][a-z-]+)", "\n".join(items)))
                self.assertEqual({f"-{option}" for option in options},
                                 self.options_of(name) - {"--help"})

    def test_completions_have_the_options_of_the_help(self):
        for name in COMMANDS:
            with self.subTest(name):
                self.assertEqual(completed("outboard", name, "--"), self.options_of(name))
                self.assertEqual(options_of_zsh(name), self.options_of(name))

    def test_bash_completes_the_values_of_bench(self):
        self.assertEqual(completed("outboard", "bench", "hop", "--placement", "s"),
                         {"same", "same,other"})
        self.assertEqual(completed("outboard", "bench", "com"), {"compare"})
        self.assertEqual(completed("outboard", "run", "--placement", "s"), {"same"})

    def test_bash_completes_commands_values_and_files(self):
        self.assertEqual(completed("outboard", "se"), {"serve"})
        self.assertEqual(completed("outboard", "run", "--mode", ""), {"sync", "pipelined"})
        self.assertEqual(completed("outboard", "run", "--service", "rev"), {"reverb"})
        self.write_wav("in.wav", [(0.0,)])
        self.assertEqual(completed("outboard", "run", "--in", f"{self.folder}/in"),
                         {f"{self.folder}/in.wav"})

    def test_values_that_completions_offer_are_taken(self):
        for option in ("mode", "pace", "standby", "fallback", "placement"):
            values = completed("outboard", "run", f"--{option}", "")
            help_text = self.outboard("run", "--help").out
            listed = re.search(rf"--{option} \S*\{{([a-z,]+)\}}", help_text)
            with self.subTest(option):
                self.assertIsNotNone(listed, help_text)
                self.assertEqual(values, set(listed.group(1).split(",")))
                self.assertRegex(ZSH.read_text(), rf"--{option}\[.*\({listed.group(1).replace(',', ' ')}\)'")

    def test_exit_codes_are_the_same_in_help_and_man_page(self):
        table = self.outboard("--help").out.split("Exit codes:\n")[1]
        codes = re.findall(r"^ +(\d+)  ", table, re.MULTILINE)
        section = man_page("outboard").split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
        self.assertEqual(re.findall(r"^\.It (\d+)$", section, re.MULTILINE), codes)
        self.assertIn(table, self.outboard("run", "--help").out)


if __name__ == "__main__":
    command.main()
