#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks the replica set in one line at a time, and sees whether the simulation notices.

    mutations.py BUILD_FOLDER [NAME ...]

Each mutated file is compiled as the build compiles the real one, and linked in front of the archive
that has the real one. Prints a table; exit code 1 if the simulation passes with any of them: then it
has a gap, or the line makes no difference to any promise.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

PROGRAM = "ob_test_sdk_replica_simulation"
SCHEDULE_COUNT = "400000"  # some need a rare coincidence
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
HOST = "sdk/src/host/"

# name, file, the line, what becomes of it
MUTATIONS = [
    ("a lost primary's standby is not rung", HOST + "replica_set.cpp",
     "                promote(next);\n                break;\n            }\n        }\n        ring_all();",
     "                promote(next);\n                break;\n            }\n        }"),
    ("nobody takes over when the primary is lost", HOST + "replica_set.cpp",
     "                promote(next);\n                break;", "                break;"),
    ("answers of a dead primary are dropped", HOST + "replica_set.cpp",
     "!active_[index]->has_unread_answers();", "true;"),
    ("a replica is released while its bell may be waited for", HOST + "replica_set.cpp",
     "    demoted_[demoted_count_++] = {&replica, cause};", "    replica.release(cause);"),
    ("poison blocks are given to newcomers", HOST + "replica_set.cpp",
     "if (poison_.contains(sequence)) {", "if (false) {"),
    ("newcomers are not fed what they missed", HOST + "replica_set.cpp",
     "new_units + catch_up_units", "new_units"),
    ("a newcomer without its past is trusted", HOST + "replica_set.cpp",
     "options_.is_deterministic && replica->has_past_that_matters() && has_its_past;",
     "options_.is_deterministic;"),
    ("a standby with missed units stays", HOST + "replica_set.cpp",
     "replica.is_behind = index != 0;", "replica.is_behind = false;"),
    ("a change of source is not faded", HOST + "replica_answers.cpp",
     "return has_had_source_ && &replica != last_source_ && !is_exact(replica);", "return false;"),
    ("one late block is a hang", HOST + "replica.cpp",
     "late_in_a_row_ >= late_limit && now_ns", "late_in_a_row_ >= late_limit || now_ns"),
    ("nobody is ever hung", HOST + "replica.cpp",
     "return late_in_a_row_ >= late_limit &&", "return false &&"),
    ("a dead primary's bell is waited for", HOST + "replica_answers.cpp",
     "return look != Look::may_come || primary() != listened_to;",
     "return look != Look::may_come || false;"),
    ("free pace does not wait for the set to be whole", HOST + "replica_free_pace.cpp",
     "return look == Look::found && is_whole(wanted.sequence);", "return look == Look::found;"),
    ("at the deadline nobody else is asked", HOST + "replica_answers.cpp",
     "found = any_answer(wanted);", "found = nullptr;"),
    ("non-finite answers are not asked of others", HOST + "replica_answers.cpp",
     "other->bad_sequence != sequence + 1 && other->has_posted(sequence);",
     "other->bad_sequence == 0 && false;"),
    ("nobody is called in from the reserve", HOST + "replica_set.cpp",
     "if (reserve_.load(std::memory_order_relaxed) == nullptr || active_count_ == active_.size())",
     "if (true)"),
    ("the reserve is not given what it missed", HOST + "replica_set.cpp",
     "replica->skip_to(oldest_available(first_sequence));",
     "replica->skip_to(log_->next_sequence() - 1);"),
    ("a replay ends when the ring is full", HOST + "replica_answers.cpp",
     "        replay(index);", "        {}"),
    ("standbys are never rung", HOST + "replica_set.cpp",
     "            caller().note_later(active_[index]->request_bell());", "            {}"),
]


def compile_command(folder, path):
    with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            if entry["file"].endswith("/" + path):
                return entry["command"], entry["directory"], entry["file"]
    sys.exit(f"{folder} does not compile {path}")


def link_command(folder):
    commands = subprocess.run(["ninja", "-C", folder, "-t", "commands", PROGRAM], check=True,
                              capture_output=True, text=True).stdout
    return next(line for line in reversed(commands.splitlines()) if "-o " in line and PROGRAM in
                line and ".a" in line)


def build(folder, scratch, path, text):
    command, directory, real = compile_command(folder, path)
    source = os.path.join(scratch, "mutated.cpp")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    words = shlex.split(command)
    words = [source if word == real else word for word in words]
    words[words.index("-o") + 1] = os.path.join(scratch, "mutated.o")
    words.append("-w")  # a mutation may leave something unused
    subprocess.run(words, check=True, cwd=directory)
    link = link_command(folder)
    link = re.sub(r"-o (\S+)", "-o " + os.path.join(scratch, "simulation"), link, count=1)
    link = re.sub(r"(\S+\.a)", os.path.join(scratch, "mutated.o") + r" \1", link, count=1)
    subprocess.run(link, shell=True, check=True, cwd=folder)
    return os.path.join(scratch, "simulation")


def verdict(program):
    """How the simulation fails, or None."""
    try:
        run = subprocess.run([program], capture_output=True, text=True, errors="replace",
                             check=False, timeout=600,
                             env={**os.environ, "OB_TEST_SCHEDULE_COUNT": SCHEDULE_COUNT})
    except subprocess.TimeoutExpired:
        return "does not end"
    if run.returncode == 0:
        return None
    for line in run.stdout.splitlines():
        if "logged:" in line or "touched after" in line:
            return line.strip().removeprefix("logged: ")[:100]
    return f"exit code {run.returncode}"


def main():
    folder, names = os.path.abspath(sys.argv[1]), sys.argv[2:]
    survivors = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name, path, line, mutated in MUTATIONS:
            if names and name not in names:
                continue
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                text = file.read()
            if text.count(line) != 1:
                sys.exit(f"{path} has not one line for '{name}', but {text.count(line)}")
            found = verdict(build(folder, scratch, path, text.replace(line, mutated)))
            survivors += found is None
            print(f"{'NOT NOTICED' if found is None else 'noticed':11} | {name} | {found or ''}",
                  flush=True)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
