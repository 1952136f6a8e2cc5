#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""outboard bench: real services, real interruptions, documents held against their schema. No time is
asserted."""

import copy
import csv
import html
import io
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

import command
from command import CommandTest, OUTBOARD, Outcome, violations

SCHEMA = json.loads(pathlib.Path(os.environ["OUTBOARD_BENCH_SCHEMA"]).read_text())
ROOT = pathlib.Path(__file__).resolve().parents[3]
BAD, USAGE, INPUT, OUTPUT, SERVICE, ENVIRONMENT, INTERRUPTED = 1, 2, 3, 4, 5, 6, 130
TINY = ["--samples", "200", "--no-jack"]
STAGES = {"sync": {"round-trip", "post", "wake", "dsp", "reply", "collect", "bare"},
          "pipelined": {"round-trip", "post", "dsp", "collect", "bare"}}


class BenchTest(CommandTest):
    def bench(self, *arguments: str, **options) -> Outcome:
        return self.outboard("bench", *arguments, **options)

    def document(self, name: str = "result.json") -> dict:
        document = json.loads((self.folder / name).read_text())
        self.assertEqual(list(violations(document, SCHEMA)), [])
        return document

    def assert_refused(self, outcome: Outcome, code: int, *parts: str) -> None:
        self.assertEqual(outcome.code, code, outcome.out + outcome.err)
        self.assertTrue(outcome.err.startswith("outboard-bench: "), outcome.err)
        for part in parts:
            self.assertIn(part, outcome.err)


class Hop(BenchTest):
    def measured(self, *arguments: str) -> dict:
        outcome = self.bench("hop", "--quick", *TINY, "--json", "result.json", *arguments)
        self.assertEqual(outcome.code, 0, outcome.out + outcome.err)
        return self.document()

    def test_document_holds_what_its_schema_promises(self):
        document = self.measured("--csv", "result.csv")
        self.assertTrue(document["complete"])
        self.assertEqual(document["errors"], [])
        self.assertIn("bench hop --quick", document["command"])
        for entry in document["measurements"]:
            with self.subTest(entry["name"]):
                buckets = entry["histogram"]
                self.assertEqual(sum(count for _, _, count in buckets), entry["samples"])
                self.assertLessEqual(entry["min"], entry["p50"])
                self.assertLessEqual(entry["p50"], entry["p90"])
                self.assertLessEqual(entry["p90"], entry["p99"])
                self.assertLessEqual(entry["p99"], entry["max"])
                self.assertNotIn("p99_9", entry)  # of 200 samples
                self.assertEqual(entry["worst"][0][1], entry["max"])
                self.assertEqual(max(longest for _, _, longest in entry["series"]), entry["max"])
                self.assertGreater(entry["warm_up_left_out"], 0)
        rows = list(csv.DictReader(io.StringIO((self.folder / "result.csv").read_text())))
        self.assertEqual([row["name"] for row in rows],
                         [entry["name"] for entry in document["measurements"]])
        for row, entry in zip(rows, document["measurements"]):
            self.assertEqual(int(row["max"]), entry["max"])
            self.assertAlmostEqual(float(row["p99"]), entry["p99"], delta=0.1)

    def test_every_cell_has_its_stages_and_the_bare_pair_beside_it(self):
        document = self.measured("--block", "32,100", "--class", "other", "--placement", "same")
        cells = {}
        for entry in document["measurements"]:
            cell, stage = entry["name"].rsplit("/", 1)
            self.assertEqual(cell, entry["cell"])
            cells.setdefault(cell, {})[stage] = entry
        self.assertEqual(len(cells), 2 * 2 * 2)  # block, mode, pace
        for cell, stages in cells.items():
            with self.subTest(cell):
                parameters = stages["round-trip"]["parameters"]
                self.assertEqual(set(stages), STAGES[parameters["mode"]])
                self.assertEqual(cell.split("/")[0], str(parameters["block"]))
                self.assertEqual(stages["bare"]["samples"], stages["round-trip"]["samples"])
        figures = {(ratio["name"], ratio["quantile"]) for ratio in document["ratios"]}
        self.assertEqual(figures, {(f"{cell}/round-trip", quantile)
                                   for cell in cells for quantile in ("p50", "p99")})

    def test_stages_are_parts_of_the_whole_way(self):
        document = self.measured("--mode", "sync", "--placement", "same", "--pace", "free")
        by_stage = {entry["name"].rsplit("/", 1)[1]: entry for entry in document["measurements"]}
        least = sum(by_stage[stage]["min"] for stage in ("post", "wake", "dsp", "reply", "collect"))
        self.assertLessEqual(least, by_stage["round-trip"]["min"])

    def test_without_a_command_it_is_the_hop(self):
        outcome = self.bench("--quick", *TINY, "--mode", "sync", "--pace", "free")
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertIn("round-trip", outcome.out)

    def test_labels_say_what_a_reader_has_to_know(self):
        document = self.measured("--mode", "sync", "--pace", "free")
        text = " ".join(document["labels"])
        self.assertIn("quick", text)
        self.assertEqual("virtual machine" in text, document["machine"]["virtual_machine"])
        self.assertEqual("no real-time rights" in text, not document["machine"]["sched_fifo"])


class Sound(BenchTest):
    def test_a_block_that_comes_twice_is_an_error_and_the_figures_are_kept(self):
        self.environment["OUTBOARD_SERVICE_DIR"] = os.environ["OUTBOARD_REPEATING_SERVICE_DIR"]
        for mode in ("sync", "pipelined"):
            with self.subTest(mode):
                outcome = self.bench("hop", "--quick", *TINY, "--mode", mode, "--placement", "same",
                                     "--pace", "free", "--json", "result.json")
                self.assert_refused(outcome, BAD, "did not come back as they were sent")
                document = self.document()
                self.assertFalse(document["complete"])
                self.assertEqual(len(document["errors"]), 1)
                self.assertEqual(document["measurements"][0]["samples"], 200)


class Failover(BenchTest):
    """Real services, really struck. What is lost, and how it clicks, is the machine's affair."""

    def measured(self, *arguments: str) -> dict:
        outcome = self.bench("failover", "--quick", "--strikes", "2", "--json", "result.json",
                             *arguments)
        self.assertEqual(outcome.code, 0, outcome.out + outcome.err)
        document = self.document()
        self.assertEqual(document["benchmark"], "failover")
        return document

    def test_each_strike_has_its_figures(self):
        document = self.measured("--fault", "kill,segv", "--standby", "none,hot")
        self.assertTrue(document["complete"])
        strikes = document["strikes"]
        self.assertEqual([strike["cell"] for strike in strikes],
                         [cell for cell in ("kill/none", "kill/hot", "segv/none", "segv/hot")
                          for _ in range(2)])
        for strike in strikes:
            self.assertGreater(strike["detected_ns"], 0)
            self.assertLess(strike["click_dbfs"], 0)
            if strike["cell"].endswith("none"):
                self.assertGreater(strike["frames_lost"], 0)
        for cell in {strike["cell"] for strike in strikes}:
            names = {entry["name"]: entry for entry in document["measurements"]
                     if entry["cell"] == cell}
            self.assertEqual(set(names), {f"{cell}/{name}" for name in (
                "detected", "lost", "lost without", "click", "click without")})
            for entry in names.values():
                self.assertEqual(entry["samples"], 2)
                self.assertEqual(entry["parameters"]["service"], "reverb")
            lost = sorted(strike["frames_lost"] for strike in strikes if strike["cell"] == cell)
            self.assertEqual([names[f"{cell}/lost"][key] for key in ("min", "max")],
                             [lost[0], lost[-1]])

    def test_faults_that_end_nobody_have_no_detection(self):
        document = self.measured("--fault", "late,nan", "--standby", "none")
        self.assertEqual(len(document["strikes"]), 4)
        for strike in document["strikes"]:
            self.assertNotIn("detected_ns", strike)
            self.assertGreater(strike["frames_lost"], 0)  # nobody else has the block

    def test_the_sound_around_each_strike_is_kept(self):
        document = self.measured("--fault", "kill", "--standby", "none", "--wav", "clips")
        for strike in document["strikes"]:
            sound = self.read_wav(strike["clip"])
            self.assertEqual((sound.rate, sound.channels), (48000, 1))
            self.assertGreater(len(sound.frames), 2 * 4800)  # before and behind what happened
            self.assertGreater(max(frame[0] for frame in sound.frames), 0.1)
        self.assertEqual(len(list((self.folder / "clips").glob("kill-none-*.wav"))), 2)

    def test_what_cannot_be_is_refused(self):
        for arguments in (["--fault", "flood"], ["--standby", "cold"], ["--strikes", "0"],
                          ["--block", "8"], ["--fault"]):
            with self.subTest(arguments):
                self.assert_refused(self.bench("failover", *arguments), USAGE, arguments[0])
        (self.folder / "file").write_text("")
        self.assert_refused(self.bench("failover", "--wav", "file/clips"), OUTPUT, "file/clips")
        self.assert_refused(self.bench("failover", "--quick", "--service", "nobody"), SERVICE,
                            "nobody")


class Scale(BenchTest):
    def test_each_number_has_its_figures_and_the_limit_is_the_last_that_was_held(self):
        # null, so that 16 lanes are few for any machine; what a stall makes of them is told as well
        outcome = self.bench("scale", "--quick", "--service", "null", "--placement", "same",
                             "--services", "1,2", "--lanes", "16", "--json", "result.json")
        self.assertEqual(outcome.code, 0, outcome.out + outcome.err)
        document = self.document()
        self.assertTrue(document["complete"])
        self.assertEqual([limit["cell"] for limit in document["limits"]],
                         ["1-service/same", "2-services/same"])
        for limit in document["limits"]:
            steps = [entry for entry in document["measurements"]
                     if entry["cell"].startswith(limit["cell"] + "/")]
            held = {entry["parameters"]["lanes"] for entry in steps
                    if entry["parameters"]["missed"] == 0}
            self.assertEqual(limit["lanes_held"], max(held, default=0))
            if limit["lanes_held"] < 16:
                self.assertIn("lanes_missed", limit)
            for entry in steps:
                name = entry["name"].rsplit("/", 1)[1]
                self.assertEqual(entry["samples"], {"cycle": 200, "CPU a lane": 4}[name])
                self.assertGreater(entry["parameters"]["load"], 0)
                self.assertEqual(entry["parameters"]["services"], int(limit["cell"][0]))

    def test_what_cannot_be_is_refused(self):
        for arguments in (["--services", "0"], ["--services", "x"], ["--placement", "near"],
                          ["--lanes", "8"], ["--cycles", "10"]):
            with self.subTest(arguments):
                self.assert_refused(self.bench("scale", *arguments), USAGE, arguments[0])
        self.assert_refused(self.bench("scale", "--quick", "--service", "nobody"), SERVICE,
                            "nobody")


class Jack(BenchTest):
    def test_jack_is_measured_in_the_same_run_or_said_to_be_left_out(self):
        outcome = self.bench("hop", "--quick", "--samples", "200", "--mode", "sync", "--pace",
                             "paced", "--placement", "same", "--json", "result.json")
        self.assertEqual(outcome.code, 0, outcome.err)
        document = self.document()
        jack = [entry for entry in document["measurements"] if entry["cell"] == "jack"]
        if not jack:
            self.assertIn("without JACK", " ".join(document["labels"]))
            self.skipTest("no JACK here")
        self.assertEqual([entry["samples"] for entry in jack], [200])


class Errors(BenchTest):
    def test_unknown_matrix_values_are_refused(self):
        for option, value in (("--block", "0"), ("--block", "9000"), ("--block", "x"),
                              ("--mode", "async"), ("--placement", "near"), ("--spin", "yes"),
                              ("--class", "batch"), ("--pace", "fast")):
            with self.subTest(option, value=value):
                self.assert_refused(self.bench("hop", option, value), USAGE, option)

    def test_too_short_a_run_is_refused(self):
        self.assert_refused(self.bench("hop", "--samples", "99"), USAGE, "--samples")

    def test_nothing_left_to_measure_is_refused(self):
        outcome = self.bench("hop", "--placement", "same", "--spin", "on")
        self.assert_refused(outcome, USAGE, "--spin on")

    def test_unknown_commands_and_options_are_refused(self):
        self.assert_refused(self.bench("nonsense"), USAGE, "'nonsense'", "hop")
        self.assert_refused(self.bench("../hop"), USAGE, "'../hop'")
        self.assert_refused(self.bench("hop", "--nonsense"), USAGE, "--nonsense")
        self.assertEqual(self.bench().code, USAGE)

    def test_outputs_that_cannot_be_written_are_refused_before_anything_is_measured(self):
        for option in ("--json", "--csv", "--html"):
            with self.subTest(option):
                outcome = self.bench("hop", *TINY, option, "missing/file")
                self.assert_refused(outcome, OUTPUT, "missing/file")
                self.assertNotIn("samples", outcome.out)
        outcome = self.bench("hop", *TINY, "--json", "same", "--csv", "same")
        self.assert_refused(outcome, USAGE, "same")
        self.assertFalse((self.folder / "same").exists())

    def test_without_a_service_there_is_an_error_and_no_document(self):
        self.environment["OUTBOARD_SERVICE_DIR"] = str(self.folder)
        outcome = self.bench("hop", "--quick", *TINY, "--json", "result.json")
        self.assertEqual(outcome.code, SERVICE, outcome.err)
        self.assertIn("null", outcome.err)

    def test_real_time_that_is_not_permitted_is_refused_when_asked_for(self):
        user = self.as_ordinary_user()
        if not user:
            self.skipTest("only root can become an ordinary user")
        outcome = self.bench("hop", "--class", "fifo", **user)
        self.assert_refused(outcome, ENVIRONMENT, "--class fifo", "outboard doctor")


class Interruption(BenchTest):
    def interrupt(self, *arguments: str, at: str, after: float = 0) -> dict:
        """The document of a run that is interrupted when a line begins with `at`."""
        run = subprocess.Popen(
            [OUTBOARD, "bench", *arguments, "--json", "result.json"],
            cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        try:
            for line in run.stdout:
                if line.startswith(at):
                    break
            time.sleep(after)
            run.send_signal(signal.SIGINT)
            _, err = run.communicate(timeout=command.LIMIT_SECONDS)
        finally:
            run.kill()
            run.wait()
        self.assertEqual(run.returncode, INTERRUPTED, err)
        document = self.document()
        self.assertFalse(document["complete"])
        self.assertIn("interrupted", document["errors"])
        return document

    def test_ctrl_c_keeps_what_was_measured(self):
        # Amid the first cell, which takes long.
        document = self.interrupt("hop", "--block", "64", "--mode", "sync", "--placement", "same",
                                  "--samples", "1000000", "--no-jack", at="measurement", after=5)
        samples = document["measurements"][0]["samples"]
        self.assertTrue(0 < samples < 1000000, samples)

    def test_ctrl_c_keeps_the_strikes_until_then(self):
        document = self.interrupt("failover", "--strikes", "1", at="kill/none/detected")
        self.assertIn("kill/none", {strike["cell"] for strike in document["strikes"]})
        self.assertLess(len(document["strikes"]), 21)


def slower(document: dict, factor: float) -> dict:
    """The same measurements, each value larger."""
    other = copy.deepcopy(document)
    for entry in other["measurements"]:
        entry["histogram"] = [[round(lower * factor), round(upper * factor) + 1, count]
                              for lower, upper, count in entry["histogram"]]
        end = 0
        for bucket in entry["histogram"]:
            bucket[0] = max(bucket[0], end)
            bucket[1] = end = max(bucket[1], bucket[0] + 1)
        for key in ("min", "max"):
            entry[key] = round(entry[key] * factor)
    return other


class Compare(BenchTest):
    def setUp(self) -> None:
        super().setUp()
        outcome = self.bench("hop", "--quick", *TINY, "--mode", "sync", "--placement", "same",
                             "--pace", "free", "--json", "a.json")
        self.assertEqual(outcome.code, 0, outcome.err)

    def write(self, name: str, document) -> str:
        (self.folder / name).write_text(json.dumps(document))
        return name

    def test_the_same_twice_is_fine_and_twice_as_slow_is_not(self):
        outcome = self.bench("compare", "a.json", "a.json")
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertRegex(outcome.out, r"\n0 of \d+ metrics got worse by more than 10 %")
        self.write("b.json", slower(self.document("a.json"), 2))
        outcome = self.bench("compare", "a.json", "b.json", "--fail-above", "10%")
        self.assertEqual(outcome.code, BAD, outcome.out)
        self.assertIn("WORSE", outcome.out)
        self.assertEqual(self.bench("compare", "b.json", "a.json").code, 0)
        self.assertEqual(self.bench("compare", "a.json", "b.json", "--fail-above", "9.9").code, 0)

    def test_what_cannot_be_compared_says_why(self):
        document = self.document("a.json")
        self.write("newer.json", {**document, "version": 2})
        self.write("other.json", {**document, "benchmark": "ipc"})
        self.write("report.json", {"schema": "outboard-run-report"})
        self.write("none.json", {**document, "measurements": []})
        (self.folder / "cut.json").write_text(json.dumps(document)[:500])
        for name, part in (("newer.json", "version 2"), ("other.json", "'ipc'"),
                           ("report.json", "is no result"), ("cut.json", "is no result"),
                           ("none.json", "in common"), ("missing.json", "cannot be read")):
            with self.subTest(name):
                self.assert_refused(self.bench("compare", "a.json", name), INPUT, part)

    def test_limits_that_are_none_are_refused(self):
        for limit in ("", "x", "-1%", "10%%", "nan"):
            with self.subTest(limit):
                outcome = self.bench("compare", "a.json", "a.json", f"--fail-above={limit}")
                self.assertEqual(outcome.code, USAGE, outcome.err)

    def test_what_only_one_has_is_named(self):
        document = self.document("a.json")
        fewer = {**document, "measurements": document["measurements"][1:]}
        name = document["measurements"][0]["name"]
        outcome = self.bench("compare", "a.json", self.write("fewer.json", fewer))
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertRegex(outcome.out, re.escape(name) + r" +is not in the second result")


class Documents(BenchTest):
    def test_help_man_page_and_completion_name_every_option(self):
        page = (ROOT / "docs/man/outboard-bench.1").read_text()
        completions = [(ROOT / f"sdk/cli/completion/outboard.{shell}").read_text()
                       for shell in ("bash", "zsh")]
        for name in ("hop", "failover", "scale", "compare", "report"):
            outcome = self.bench(name, "--help")
            self.assertEqual((outcome.code, outcome.err), (0, ""))
            for option in re.findall(r"^ +(?:-h,)?--([a-z-]+)", outcome.out, re.MULTILINE):
                if option == "help":
                    continue
                with self.subTest(name, option=option):
                    self.assertIn(".It Fl -" + option, page)
                    for completion in completions:
                        self.assertIn("--" + option, completion)


SELF_TEST = """
<script>
const violations = [];
addEventListener('securitypolicyviolation', event => violations.push(event.blockedURI));
const pause = ms => new Promise(done => setTimeout(done, ms));
const isPainted = canvas => canvas.getContext('2d')
  .getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte !== 0);
async function test() {
  const found = {plots: {}, dark: matchMedia('(prefers-color-scheme: dark)').matches,
    ground: getComputedStyle(document.body).backgroundColor, errors: window.pageErrors,
    cells: document.getElementById('cell').options.length};
  for (const id of PLOTS) {
    const place = document.getElementById(id), over = place.querySelector('.u-over');
    const values = () => [...place.querySelectorAll('.u-series .u-value')].map(value => value.textContent);
    const before = values(), box = over.getBoundingClientRect(), seen = new Set();
    for (let part = 0.02; part < 1; part += 0.02) {
      over.dispatchEvent(new MouseEvent('mousemove', {bubbles: true,
        clientX: box.left + part * box.width, clientY: box.top + box.height / 2}));
      await pause(30);
      values().slice(1).filter(value => /[0-9]/.test(value)).forEach(value => seen.add(value));
    }
    found.plots[id] = {painted: isPainted(place.querySelector('canvas')), before, seen: [...seen]};
  }
  found.overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  found.rows = document.querySelectorAll('#strikes tr').length;
  found.requests = performance.getEntriesByType('resource').length;
  try { await fetch('http://127.0.0.1:PORT/fetched'); } catch (error) { found.fetch = 'refused'; }
  const image = new Image();
  image.src = 'http://127.0.0.1:PORT/image';
  document.body.append(image);
  await pause(300);
  found.violations = violations.length;
  const out = document.createElement('pre');
  out.id = 'self-test';
  out.textContent = JSON.stringify(found);
  document.body.append(out);
}
test();
</script>
"""
ERRORS_FIRST = "<script>window.pageErrors = []; addEventListener('error', event => window.pageErrors.push(event.message));</script>"


class Listener:
    """Counts who asks it for something."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]
        return self

    def __exit__(self, *_):
        self.socket.close()

    def count(self) -> int:
        count = 0
        while True:
            try:
                self.socket.accept()[0].close()
                count += 1
            except BlockingIOError:
                return count


class Report(BenchTest):
    """The page, in a browser without a screen."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.browser = shutil.which("chromium") or shutil.which("chromium-browser")

    def page(self, *arguments: str) -> str:
        arguments = arguments or ("hop", "--quick", *TINY, "--mode", "sync,pipelined", "--placement",
                                  "same", "--pace", "free")
        outcome = self.bench(*arguments, "--json", "result.json")
        self.assertEqual(outcome.code, 0, outcome.err)
        outcome = self.bench("report", "result.json", "--html", "page.html")
        if "built without plots" in outcome.err:
            self.assertEqual(outcome.code, OUTPUT)
            self.assertFalse((self.folder / "page.html").exists())
            self.skipTest("built without plots: npm was not there")
        self.assertEqual(outcome.code, 0, outcome.err)
        return (self.folder / "page.html").read_text()

    def self_test(self, page: str, *flags: str, plots=("histogram", "percentiles", "series")) -> dict:
        if not self.browser:
            self.skipTest("no chromium here (Debian: chromium)")
        with Listener() as listener:
            text = page.replace("<head>", "<head>" + ERRORS_FIRST, 1)
            script = SELF_TEST.replace("PORT", str(listener.port)).replace("PLOTS", str(list(plots)))
            text = text.replace("</body>", script + "</body>")
            (self.folder / "tested.html").write_text(text)
            done = subprocess.run(
                [self.browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 f"--user-data-dir={self.folder / 'profile'}", "--virtual-time-budget=20000",
                 *flags, "--dump-dom", f"file://{self.folder / 'tested.html'}"],
                env=self.environment, capture_output=True, text=True, timeout=90, check=False)
            found = re.search(r'<pre id="self-test">(.*?)</pre>', done.stdout, re.DOTALL)
            self.assertIsNotNone(found, done.stdout[-2000:] + done.stderr[-2000:])
            self.assertEqual(listener.count(), 0, "the page asked somebody for something")
        return json.loads(html.unescape(found.group(1)))

    def assert_alive(self, found: dict) -> None:
        self.assertEqual(found["errors"], [])
        self.assertEqual(found["cells"], 2)
        for name, plot in found["plots"].items():
            with self.subTest(name):
                self.assertTrue(plot["painted"])
                self.assertGreater(len(plot["seen"]), 3, plot)
                self.assertFalse(any(re.search("[0-9]", value) for value in plot["before"]), plot)

    def test_plots_draw_and_hovering_shows_values(self):
        page = self.page()
        self.assert_alive(self.self_test(page, "--window-size=1200,900"))

    def test_strikes_have_a_timeline_and_hops_have_none(self):
        page = self.page("failover", "--fault", "kill", "--standby", "none,hot", "--strikes", "4")
        found = self.self_test(page, "--window-size=1200,900",
                               plots=("histogram", "series", "timeline"))
        self.assertEqual(found["errors"], [])
        self.assertEqual(found["rows"], 5)
        for name, plot in found["plots"].items():
            with self.subTest(name):
                self.assertTrue(plot["painted"])
                self.assertGreater(len(plot["seen"]), 0, plot)
        self.assertEqual(self.self_test(self.page())["rows"], 0)

    def test_the_cost_against_the_number_is_drawn(self):
        page = self.page("scale", "--quick", "--service", "null", "--placement", "same",
                         "--lanes", "16")
        found = self.self_test(page, "--window-size=1200,900", plots=("histogram", "curve"))
        self.assertEqual(found["errors"], [])
        for name, plot in found["plots"].items():
            with self.subTest(name):
                self.assertTrue(plot["painted"])
                self.assertGreater(len(plot["seen"]), 2, plot)

    def test_page_fits_a_phone_and_has_a_dark_face(self):
        page = self.page()
        found = self.self_test(page, "--window-size=500,900")
        self.assert_alive(found)
        self.assertLessEqual(found["overflow"], 0)
        dark = self.self_test(page, "--window-size=500,900", "--blink-settings=preferredColorScheme=0")
        self.assert_alive(dark)
        self.assertEqual((found["dark"], dark["dark"]), (False, True))
        self.assertNotEqual(found["ground"], dark["ground"])

    def test_page_asks_nobody_for_anything(self):
        page = self.page()
        self.assertNotRegex(page, r'(src|href)\s*=\s*"(?!#)|@import|url\(')
        found = self.self_test(page)
        self.assertEqual(found["requests"], 0)
        # And its policy would not let it: the self-test has tried.
        self.assertEqual(found["fetch"], "refused")
        self.assertEqual(found["violations"], 2)

    def test_what_is_in_a_result_stays_text(self):
        self.page()
        document = self.document()
        document["labels"] = ["</script><script>document.title = 'taken'</script><b>bold</b>"]
        (self.folder / "hostile.json").write_text(json.dumps(document))
        outcome = self.bench("report", "hostile.json", "--html", "hostile.html")
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assert_alive(self.self_test((self.folder / "hostile.html").read_text()))

    def test_without_npm_the_page_is_empty_and_the_build_goes_on(self):
        done = subprocess.run(
            [os.environ["CMAKE"], "-DNPM=", f"-DSOURCE={ROOT / 'bench/report'}",
             f"-DWORK={self.folder / 'work'}", f"-DOUT={self.folder / 'page.cpp'}",
             "-P", str(ROOT / "bench/report/inline.cmake")],
            capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no plots", done.stdout + done.stderr)
        self.assertRegex((self.folder / "page.cpp").read_text(), r'page_template =\s*""\s*;')

    def test_a_page_in_a_folder_that_is_missing_is_refused(self):
        self.page()
        outcome = self.bench("report", "result.json", "--html", "missing/page.html")
        self.assert_refused(outcome, OUTPUT, "missing/page.html")


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    all_skipped = len(program.result.skipped) == program.result.testsRun
    sys.exit(77 if all_skipped else not program.result.wasSuccessful())
