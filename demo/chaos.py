# SPDX-License-Identifier: MIT
"""Random faults of every kind on a chain of six services, in real time, and a page of it."""

import argparse
import json
import pathlib
import random
import shlex
import signal
import subprocess
import sys
from typing import NamedTuple

import chaos_page

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHAIN = ("gain", "delay", "equaliser", "compressor", "reverb", "null")
KINDS = ("kill", "stop", "segv", "exit", "spin", "late=20", "nan")
RATE_HZ = 48000
MINUTES_MIN, MINUTES_MAX = 0.05, 240
FAULTS_A_MINUTE_MAX = 600
FAULT_COUNT_MAX = 5000  # what fits into a command line
INTERRUPTED = 130
# So long before the end of the stream, or before a gap, a fault may be the cause of it.
AFTERMATH_SECONDS = 2
# And of one at another insert: they share a deadline and a CPU, so that who spins holds up the
# others until it counts as hung.
NEIGHBOUR_SECONDS = 0.25


class Fault(NamedTuple):
    service: str
    kind: str
    when_ms: int

    def option(self) -> str:
        return f"{self.service}:{self.kind}@{self.when_ms}ms"


class Refusal(Exception):
    """What hinders a run, and the remedy."""


def plan(seed: int, seconds: float, count: int) -> list[Fault]:
    """The same faults for the same arguments; each kind comes before one comes twice."""
    drawn = random.Random(seed)
    first_ms = round(1000 * min(1.0, seconds / 10))
    last_ms = round(1000 * (seconds - min(AFTERMATH_SECONDS, seconds / 4)))
    faults: list[Fault] = []
    while len(faults) < count:
        for kind in drawn.sample(KINDS, len(KINDS)):
            faults.append(Fault(drawn.choice(CHAIN), kind, drawn.randint(first_ms, last_ms)))
    return sorted(faults[:count], key=lambda fault: fault.when_ms)


def fault_count(minutes: float, rate: float) -> int:
    return max(len(KINDS), round(minutes * rate))


def number(name: str, least: float, most: float):
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"'{text}' is no {name}; give a number from {least} to {most}.")
        return value
    return parse


def seed_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no seed; give a whole number, such as an earlier run has printed.")
    return int(text)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="demo/chaos", allow_abbrev=False, description=__doc__,
        epilog="Exit status: 0, it ran to its end and the promises held that a report can show; "
               "1, one did not hold; 2, the command line is wrong; 130, interrupted, with a page "
               "of what there was; else that of outboard run.")
    parser.add_argument("--minutes", default=10.0, type=number("length", MINUTES_MIN, MINUTES_MAX),
                        help="length of the stream (default: 10)")
    parser.add_argument("--seed", type=seed_number, help="the same faults again")
    parser.add_argument("--rate", default=40.0, type=number("rate", 0, FAULTS_A_MINUTE_MAX),
                        help="faults a minute, but at least one of each kind (default: 40)")
    parser.add_argument("--standby", default="hot", choices=("none", "hot"),
                        help="who takes over from a service that was lost (default: hot)")
    parser.add_argument("--out", default=ROOT / "build/chaos", type=pathlib.Path, metavar="FOLDER",
                        help="for page.html, report.json and sound.flac (default: build/chaos)")
    parser.add_argument("--outboard", default=ROOT / "build/release/sdk/cli/outboard",
                        type=pathlib.Path, metavar="PROGRAM",
                        help="the command to run; nothing is built then")
    parser.add_argument("--plan", action="store_true",
                        help="print the faults, and strike none; nothing is built")
    options = parser.parse_args()
    if fault_count(options.minutes, options.rate) > FAULT_COUNT_MAX:
        parser.error(f"these are more than {FAULT_COUNT_MAX} faults; lower --minutes or --rate.")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(2**32)
    return options


def run_command(options: argparse.Namespace, faults: list[Fault]) -> list[str]:
    command = [str(options.outboard), "run", "--in", f"tone:440:{round(options.minutes * 60000)}ms",
               "--rate", str(RATE_HZ), "--standby", options.standby,
               "--out", str(options.out / "sound.flac"),
               "--report", str(options.out / "report.json")]
    for service in CHAIN:
        command += ["--service", service]
    for fault in faults:
        command += ["--fault", fault.option()]
    return command


def stream(command: list[str]) -> int:
    """Runs it, and hands on what ends it. Its own session: it hears of Ctrl-C once, from here."""
    child: subprocess.Popen | None = None
    waiting: list[int] = []

    def hand_on(signal_number: int, _frame) -> None:
        if child is None:
            waiting.append(signal_number)
        else:
            child.send_signal(signal.SIGINT)

    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, hand_on)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        raise Refusal(f"{command[0]} cannot be run: {error.strerror}; build it, or name another "
                      "with --outboard.") from error
    if waiting:
        child.send_signal(signal.SIGINT)
    return child.wait()


def has_cause_at(gap: dict, moments: list[tuple[int, float]]) -> bool:
    """Whether one of them, frame and frames that it may last, is in the gap or led to it."""
    return any(gap["first_frame"] - lasts <= frame <= gap["end_frame"] for frame, lasts in moments)


def unaccounted_gaps(report: dict, neighbour_seconds: float) -> list[dict]:
    """Gaps without a late block, a lost service or a fault at their insert, or one elsewhere."""
    rate_hz = report["stream"]["rate_hz"]
    own: dict[str, list] = {insert["service"]: [] for insert in report["inserts"]}
    elsewhere = []
    for entry in report["late_blocks"] + report["failovers"]:
        own[entry["service"]].append((entry["frame"], report["stream"]["block_frames"]))
    for fault in report["faults"]:
        if fault["struck"]:
            own[fault["service"]].append((fault["struck_frame"], AFTERMATH_SECONDS * rate_hz))
            elsewhere.append((fault["struck_frame"], neighbour_seconds * rate_hz))
    return [gap for gap in report["gaps"]
            if not has_cause_at(gap, own[gap["service"]])
            and not (neighbour_seconds > 0 and has_cause_at(gap, elsewhere))]


def promises(report: dict, planned: list[Fault], minutes: float) -> list[tuple[str, bool | None]]:
    """Those that can be told from a report, and whether each held; None: it was interrupted."""
    told = [fault["kind"] for fault in report["faults"]]
    wanted = [fault.kind.split("=")[0] for fault in planned]
    reasons = all(fault["struck"] or fault["refusal"] for fault in report["faults"])
    gap_frames = sum(gap["end_frame"] - gap["first_frame"] for gap in report["gaps"])
    is_wet = all(insert["state"] == "wet" for insert in report["inserts"])
    dropped = sum(insert["incidents_dropped"] for insert in report["inserts"])
    expected = round(minutes * 60000) * RATE_HZ // 1000
    lost = report["frames_lost"]
    is_cut = report["stream"]["end"] == "interrupted"
    return [
        ("The stream ran to its end.",
         None if is_cut else report["stream"]["end"] == "complete"),
        ("The output is as long as the input.",
         None if is_cut else report["stream"]["output_frames"] == expected),
        ("Nothing of the output was lost on its way to the file.",
         report["stream"]["disk_lost_frames"] == 0),
        ("Each fault of the plan struck, or was refused with a reason.",
         None if is_cut else sorted(told) == sorted(wanted) and reasons),
        ("Frames were lost only behind a fault, or with a late block or a lost service told.",
         not unaccounted_gaps(report, NEIGHBOUR_SECONDS)),
        ("The gaps account for all lost frames.",
         gap_frames == lost or dropped > 0 or (not is_wet and gap_frames < lost)),
        ("No insert was given up.",
         all(insert["state"] != "broken" for insert in report["inserts"])),
    ]


def read_report(path: pathlib.Path, code: int) -> dict | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        print(f"demo/chaos: there is no page: outboard run ended with {code} and left no report in "
              f"{path}; see above for why.", file=sys.stderr)
        return None


def verdict(held: list[tuple[str, bool | None]], code: int) -> int:
    for text, is_true in held:
        print(f"  {chaos_page.PROMISE_WORDS[is_true]:<10}  {text}")
    if code != 0:
        return INTERRUPTED if code in (-signal.SIGINT, INTERRUPTED) else max(code, 1)
    return 0 if all(is_true for _, is_true in held) else 1


def make_room(folder: pathlib.Path) -> None:
    """An old page must not pass for that of a run that has failed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("report.json", "page.html"):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise Refusal(f"--out {folder}: {error.strerror}; name a folder that can be "
                      "written.") from error


def strike(options: argparse.Namespace, faults: list[Fault]) -> int:
    make_room(options.out)
    again = (f"demo/chaos --seed {options.seed} --minutes {options.minutes:.12g} "
             f"--rate {options.rate:.12g} --standby {options.standby}")
    print(f"{len(faults)} faults on {len(CHAIN)} services. The same again: {again}", flush=True)
    code = stream(run_command(options, faults))
    report = read_report(options.out / "report.json", code)
    if report is None:
        return INTERRUPTED if code == -signal.SIGINT else max(code, 1)
    held = promises(report, faults, options.minutes)
    page = options.out / "page.html"
    text = chaos_page.page(report, held, again, len(unaccounted_gaps(report, 0)))
    page.write_text(text, encoding="utf-8")
    code = verdict(held, code)
    print(f"The page: {shlex.quote(str(page))}")
    return code


def main() -> int:
    options = parse_arguments()
    options.out, options.outboard = options.out.absolute(), options.outboard.absolute()
    faults = plan(options.seed, options.minutes * 60, fault_count(options.minutes, options.rate))
    if options.plan:
        print("\n".join(fault.option() for fault in faults))
        return 0
    return strike(options, faults)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Refusal, OSError) as refusal:
        print(f"demo/chaos: {refusal}", file=sys.stderr)
        sys.exit(2)
