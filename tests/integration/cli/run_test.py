#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The outboard command at work: files, latency, faults, reports, services found by name."""

import json
import signal
import subprocess
import time

import command
from command import CommandTest, LIMIT_SECONDS, OUTBOARD, SCHEMA, violations

TONE = ("--in", "tone:1000:100ms")
RAMP = [(index / 4096, -index / 4096) for index in range(4000)]


class Files(CommandTest):
    def test_a_null_processor_gives_back_every_bit_in_its_place(self):
        self.write_wav("in.wav", RAMP)
        for block in ("32", "37", "441"):
            for mode in (["sync"], ["pipelined", "--latency-blocks", "2"]):
                with self.subTest(block=block, mode=mode):
                    report = self.report_of(
                        "--pace", "free", "--in", "in.wav", "--out", "out.wav", "--service", "null",
                        "--block", block, "--mode", *mode,
                    )
                    latency = 0 if mode == ["sync"] else 2 * int(block)
                    self.assertEqual(report["stream"]["latency_frames"], latency)
                    self.assertEqual(self.read_wav("out.wav").frames, self.read_wav("in.wav").frames)

    def test_without_alignment_the_latency_is_heard(self):
        self.write_wav("in.wav", RAMP)
        self.report_of(
            "--pace", "free", "--in", "in.wav", "--out", "out.wav", "--service", "null",
            "--service", "null", "--mode", "pipelined", "--block", "64", "--no-align",
        )
        frames = self.read_wav("out.wav").frames
        self.assertEqual(len(frames), len(RAMP) + 128)
        self.assertEqual(frames[:128], [(0.0, 0.0)] * 128)
        self.assertEqual(frames[128:], self.read_wav("in.wav").frames)

    def test_inputs_follow_each_other_and_the_dry_file_has_them(self):
        self.write_wav("a.wav", RAMP[:1000])
        self.write_wav("b.wav", RAMP[1000:])
        self.report_of(
            "--pace", "free", "--in", "a.wav", "--in", "b.wav", "--dry", "dry.wav", "--out",
            "out.wav", "--service", "null", "--tail", "10ms", "--mode", "pipelined",
        )
        dry = self.read_wav("dry.wav").frames
        self.assertEqual(len(dry), 4000 + 480)
        self.write_wav("all.wav", RAMP)
        self.assertEqual(dry[:4000], self.read_wav("all.wav").frames)
        self.assertEqual(self.read_wav("out.wav").frames, dry)

    def test_a_file_of_another_rate_keeps_its_length(self):
        self.write_wav("in.wav", RAMP, rate=24000)
        self.report_of(
            "--pace", "free", "--in", "in.wav", "--rate", "48000", "--out", "out.flac",
            "--service", "null",
        )
        report = self.report_of("--pace", "free", "--in", "out.flac", "--service", "null")
        self.assertEqual(report["stream"]["rate_hz"], 48000)
        self.assertEqual(report["stream"]["output_frames"], 8000)

    def test_parameters_reach_the_processor_of_the_chain_that_they_name(self):
        self.write_wav("in.wav", [(0.25,)] * 9600)
        self.report_of(
            "--pace", "free", "--in", "in.wav", "--out", "out.wav", "--service", "gain",
            "--service", "gain", "--param", "gain.gain_db=6", "--param", "gain#2.gain_db=-12",
        )
        last = self.read_wav("out.wav").frames[-1][0]
        self.assertAlmostEqual(last, 0.25 * 10 ** (-6 / 20), places=4)


class Faults(CommandTest):
    def test_kills_in_real_time_are_struck_survived_and_told(self):
        report = self.report_of(
            "--in", "tone:1000:2s", "--out", "out.wav", "--service", "null", "--fault",
            "kill@0.3s", "--fault", "kill@1.1s", "--page", "run.html",
        )
        self.assertEqual([fault["struck"] for fault in report["faults"]], [True, True])
        self.assertEqual(len(report["failovers"]), 2)
        for failover in report["failovers"]:
            self.assertEqual((failover["cause"], failover["detail"]), ("crash", -9))
            self.assertIsNotNone(failover["wet_again_frame"])
            self.assertGreater(failover["detected_us"], 0)
        self.assertEqual(len(self.read_wav("out.wav").frames), 96000)
        page = (self.folder / "run.html").read_text()
        self.assertEqual(page.count('class="card"'), 2)
        self.assertEqual(page.count('class="strike"'), 4)  # on the waveform, and on each card

    def test_the_report_says_to_the_frame_what_was_dry(self):
        fade, gain = 64, 10 ** (-12 / 20)
        sound = [((index * 7919 % 4096 + 1) / 8192,) for index in range(3 * 48000)]
        self.write_wav("in.wav", sound)
        report = self.report_of(
            "--in", "in.wav", "--out", "out.wav", "--service", "gain",
            "--param", "gain.gain_db=-12", "--fault", "kill@0.7s", "--fault", "kill@1.9s",
        )
        gaps = [(gap["first_frame"], gap["end_frame"]) for gap in report["gaps"]]
        ends = [end for _, end in gaps]
        self.assertEqual(sum(end - first for first, end in gaps), report["frames_lost"])
        self.assertEqual(len(report["failovers"]), 2)
        for failover in report["failovers"]:
            self.assertIn(failover["wet_again_frame"], ends)

        played = self.read_wav("out.wav").frames
        self.assertEqual(len(played), len(sound))
        wet_from, wet_count = 960, 0  # the gain glides for 20 ms to where it starts
        for first, end in [*gaps, (len(sound), len(sound))]:
            for index in range(wet_from, first):
                self.assertAlmostEqual(
                    played[index][0], gain * sound[index][0], delta=1e-6, msg=index)
            self.assertEqual(played[first + fade : end], sound[first + fade : end])
            wet_count += max(first - wet_from, 0)
            wet_from = end + fade
        self.assertGreater(wet_count, 24000)

    def test_every_kind_of_fault_strikes(self):
        for kind in ("stop", "segv", "exit", "spin", "late=20", "nan"):
            with self.subTest(kind):
                report = self.report_of(
                    "--in", "tone:1000:1s", "--service", "null", "--hang-limit", "50ms",
                    "--fault", f"{kind}@0.2s",
                )
                self.assertTrue(report["faults"][0]["struck"])
                self.assertGreater(report["frames_lost"] + report["inserts"][0]["failovers"]
                                   + report["inserts"][0]["non_finite_blocks"], 0)

    def test_at_free_pace_a_kill_loses_nothing(self):
        report = self.report_of(
            "--pace", "free", "--in", "tone:1000:1s", "--out", "out.wav", "--service", "null",
            "--fault", "kill@every=300ms",
        )
        self.assertEqual([fault["struck"] for fault in report["faults"]], [True] * 3)
        self.assertEqual(report["frames_lost"], 0)
        self.assertEqual(report["concealed_blocks"], 0)

    def test_with_a_hot_standby_the_report_says_where_it_runs_and_what_it_guarantees(self):
        report = self.report_of(
            "--in", "tone:1000:1s", "--service", "reverb", "--standby", "hot", "--standbys", "2",
            "--standby-placement", "other", "--fault", "kill@0.5s",
        )
        standby = report["inserts"][0]["standby"]
        self.assertEqual((standby["wanted"], standby["placement"]), (2, "other"))
        self.assertEqual(standby["placement_reason"], "as requested")
        self.assertEqual(standby["guarantee"], "exact")
        self.assertEqual(len(report["failovers"]), 1)
        self.assertEqual(report["divergences"], [])

    def test_an_interrupt_completes_what_there_is(self):
        with subprocess.Popen(
            [OUTBOARD, "run", "--in", "tone:1000:60s", "--out", "out.wav", "--service", "null",
             "--report", "run.json", "--quiet"],
            cwd=self.folder, env=self.environment,
        ) as process:
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(LIMIT_SECONDS), 130)
        report = json.loads((self.folder / "run.json").read_text())
        self.assertEqual(list(violations(report, SCHEMA)), [])
        self.assertEqual(report["stream"]["end"], "interrupted")
        self.assertEqual(
            len(self.read_wav("out.wav").frames), report["stream"]["output_frames"]
        )


class BadBlocks(CommandTest):
    """One sample is too loud for a processor, in block 300, which begins with frame 19200."""

    LOUD_FRAME = 19210

    def write_loud(self) -> None:
        sound = [(index % 97 / 200, index % 89 / 200) for index in range(48000)]
        sound[self.LOUD_FRAME] = (0.25, -0.95)
        self.write_wav("loud.wav", sound)

    def stream_loud(self, *options: str):
        return self.outboard(
            "run", "--in", "loud.wav", "--out", "out.wav", "--service", command.ALLERGIC_SERVICE,
            "--standby", "hot", *options)

    def test_a_poison_block_is_left_out_told_and_kept_as_a_sound_file(self):
        self.write_loud()
        for pace in ("free", "realtime"):
            with self.subTest(pace):
                outcome = self.stream_loud(
                    "--pace", pace, "--save-poison", f"poison/{pace}", "--report", "run.json")
                self.assertEqual(outcome.code, 0, outcome.err)
                self.assertIn("block 300 ends every process of ob_allergic_service", outcome.out)
                report = json.loads((self.folder / "run.json").read_text())
                self.assertEqual(list(violations(report, SCHEMA)), [])
                (poison,) = report["poison_blocks"]
                self.assertEqual((poison["sequence"], poison["frame"]), (300, 19200))
                self.assertEqual(poison["detail"], -signal.SIGABRT)
                self.assertEqual(poison["file"],
                                 f"poison/{pace}/poison-ob_allergic_service-300.wav")
                kept = self.read_wav(poison["file"])
                whole = self.read_wav("loud.wav")
                self.assertEqual(kept.frames, whole.frames[19200:19264])
                self.assertEqual(kept.rate, 48000)
                if pace == "free":
                    self.assertEqual(report["frames_lost"], 64)
                    # At this pace both have it at once, and either may be the first to die.
                    self.assertEqual(len(report["failovers"]) + len(report["standby_losses"]), 2)
                    output = self.read_wav("out.wav").frames
                    self.assertEqual(output[:19200], whole.frames[:19200])
                    self.assertEqual(output[19400:], whole.frames[19400:])

    def test_without_a_folder_the_summary_says_how_to_keep_it(self):
        self.write_loud()
        outcome = self.stream_loud("--pace", "free")
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertIn("--save-poison DIR keeps it", outcome.out)

    def test_a_folder_that_cannot_be_made_is_told_before_the_run(self):
        self.write_loud()
        (self.folder / "file").write_text("")
        outcome = self.stream_loud("--pace", "free", "--save-poison", "file/poison")
        self.assert_fails(outcome, 4, "--save-poison", "file/poison", "name another")

    def test_a_block_that_cannot_be_written_is_told_and_the_run_completes(self):
        self.write_loud()
        (self.folder / "poison" / "poison-ob_allergic_service-300.wav").mkdir(parents=True)
        outcome = self.stream_loud("--pace", "free", "--save-poison", "poison")
        self.assertEqual(outcome.code, 4, outcome.err)
        self.assertIn("the poison block could not be kept", outcome.err)
        self.assertEqual(len(self.read_wav("out.wav").frames), 48000)

    def test_nothing_but_nan_resets_the_processor_and_is_told(self):
        report = self.report_of(
            "--pace", "free", "--in", "tone:1000:1s", "--out", "out.wav", "--service", "fault",
            "--param", "fault.kind=6", "--param", "fault.argument=1000000", "--param",
            "fault.trigger=1")
        self.assertEqual(len(report["resets"]), 1)
        self.assertEqual(report["resets"][0]["sequence"], 2)
        self.assertEqual(report["frames_lost"], 3 * 64)
        self.assertEqual(report["failovers"], [])


class Standbys(CommandTest):
    SOUND = ("--in", "tone:1000:2s", "--test-standby")

    def test_the_forecast_of_a_standby_holds_when_the_primary_is_killed(self):
        for pace in (["--pace", "free"], ["--deadline", "1.2ms"]):
            with self.subTest(pace=pace):
                outcome = self.outboard(
                    "run", *self.SOUND, "--service", "reverb", "--standby", "hot", *pace)
                self.assertEqual(outcome.code, 0, outcome.out + outcome.err)
                self.assertEqual(outcome.out.count("the forecast held"), 2, outcome.out)
                self.assertEqual(outcome.out.count("(exact)"), 2, outcome.out)
                self.assertIn("over a block", outcome.out)
                self.assertIn("between blocks", outcome.out)

    def test_each_service_of_a_chain_is_killed_twice(self):
        outcome = self.outboard(
            "run", *self.SOUND, "--service", "delay", "--service", "reverb", "--standby", "hot",
            "--pace", "free")
        self.assertEqual(outcome.code, 0, outcome.out + outcome.err)
        self.assertEqual(outcome.out.count("output as undisturbed; "), 4, outcome.out)

    def test_without_a_standby_the_forecast_is_a_gap_and_there_is_one(self):
        outcome = self.outboard("run", *self.SOUND, "--service", "null")
        self.assertEqual(outcome.code, 0, outcome.out + outcome.err)
        self.assertEqual(outcome.out.count("1 or more blocks lost"), 2, outcome.out)
        self.assertEqual(outcome.out.count("no standby was asked for"), 2, outcome.out)

    def test_a_found_service_is_refused(self):
        outcome = self.outboard("run", *self.SOUND, "--service", "@studio", "--standby", "hot")
        self.assert_fails(outcome, 2, "@studio", "never killed", "executable")

    def test_it_goes_with_no_option_that_wants_a_run(self):
        for option in (["--out", "x.wav"], ["--fault", "kill@1s"], ["--json"]):
            with self.subTest(option[0]):
                outcome = self.outboard("run", *self.SOUND, "--service", "null", *option)
                self.assert_fails(outcome, 2, "--test-standby", option[0])


class Names(CommandTest):
    def serve(self, name: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [OUTBOARD, "serve", "--name", name], cwd=self.folder, env=self.environment
        )
        self.addCleanup(self.stop, process)
        deadline = time.monotonic() + LIMIT_SECONDS
        while name not in self.outboard("list").out:
            self.assertLess(time.monotonic(), deadline, "the service does not appear")
            self.assertIsNone(process.poll(), "the service has ended")
            time.sleep(0.05)
        return process

    @staticmethod
    def stop(process: subprocess.Popen) -> None:
        if process.poll() is None:
            process.kill()
            process.wait()

    def test_nothing_runs_at_first(self):
        self.assertIn("No service is running", self.outboard("list").out)
        self.assertEqual(json.loads(self.outboard("list", "--json").out), [])

    def test_a_service_is_found_serves_two_hosts_and_leaves_nothing(self):
        process = self.serve("studio")
        listed = json.loads(self.outboard("list", "--json").out)
        self.assertEqual([(entry["name"], entry["process_id"]) for entry in listed],
                         [("studio", process.pid)])
        for _ in range(2):
            report = self.report_of("--pace", "free", *TONE, "--service", "@studio")
            self.assertTrue(report["inserts"][0]["found_by_name"])
        process.terminate()
        self.assertEqual(process.wait(LIMIT_SECONDS), 0)
        self.assertIn("No service is running", self.outboard("list").out)

    def test_a_name_is_taken_once(self):
        self.serve("studio")
        outcome = self.outboard("serve", "--name", "studio")
        self.assertEqual(outcome.code, 3, outcome.err)
        self.assertIn("studio", outcome.err)


if __name__ == "__main__":
    command.main()
