#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bad input to the outboard command: each ends with its exit code and a message that helps."""

import os
import struct
import time

import command
from command import CommandTest, FUTURE_SERVICE, process_ids_of, wav_header

USAGE, INPUT, OUTPUT, SERVICE, ENVIRONMENT = 2, 3, 4, 5, 6
TONE = ("--in", "tone:1000:100ms")


class CommandLine(CommandTest):
    def test_unknown_command_is_answered_with_those_there_are(self):
        self.assert_fails(self.outboard("fly"), USAGE, "'fly'", "run, serve, list")

    def test_no_command_prints_the_help(self):
        outcome = self.outboard()
        self.assertEqual(outcome.code, USAGE)
        self.assertIn("Usage: outboard", outcome.out)

    def test_help_of_every_command_succeeds(self):
        for words in (["--help"], ["help"], ["help", "run"], ["run", "--help"], ["list", "--help"],
                      ["serve", "--help"], ["version"]):
            with self.subTest(words):
                outcome = self.outboard(*words)
                self.assertEqual((outcome.code, outcome.err), (0, ""))

    def test_block_of_zero_or_above_the_limit(self):
        for block in ("0", "8193", "-1", "many"):
            with self.subTest(block):
                outcome = self.run_free(*TONE, "--service", "gain", "--block", block)
                self.assert_fails(outcome, USAGE, "--block")

    def test_unknown_option_and_contradicting_options(self):
        self.assert_fails(
            self.run_free(*TONE, "--service", "gain", "--loud"), USAGE, "--loud", "--help"
        )
        self.assert_fails(
            self.outboard("run", *TONE, "--service", "gain", "--latency-blocks", "2"),
            USAGE, "pipelined",
        )

    def test_fault_that_makes_no_sense(self):
        self.assert_fails(
            self.run_free(*TONE, "--service", "gain", "--fault", "melt@1s"), USAGE, "'melt'"
        )


class Input(CommandTest):
    def stream(self, name: str, **options):
        return self.outboard(
            "run", "--pace", "free", "--in", name, "--service", "gain", **options
        )

    def test_missing_file(self):
        self.assert_fails(self.stream("none.wav"), INPUT, "none.wav")

    def test_directory(self):
        self.assert_fails(self.stream("."), INPUT)

    def test_unreadable_file(self):
        self.write_wav("secret.wav", [(0.0,)] * 8)
        (self.folder / "secret.wav").chmod(0)
        outcome = self.stream("secret.wav", **self.as_ordinary_user())
        self.assert_fails(outcome, INPUT, "secret.wav")

    def test_no_sound_file(self):
        (self.folder / "text.wav").write_text("this is no sound\n" * 100)
        self.assert_fails(self.stream("text.wav"), INPUT, "text.wav")

    def test_zero_frames(self):
        self.write_wav("empty.wav", [])
        self.assert_fails(self.stream("empty.wav"), INPUT, "empty.wav")

    def test_zero_channels(self):
        content = wav_header(0, 48000, 64) + struct.pack("<16f", *[0.0] * 16)
        (self.folder / "none.wav").write_bytes(content)
        self.assert_fails(self.stream("none.wav"), INPUT, "none.wav")

    def test_channels_that_do_not_fit(self):
        self.write_wav("two.wav", [(0.0, 0.0)] * 64)
        self.write_wav("six.wav", [(0.0,) * 6] * 64)
        outcome = self.run_free("--in", "two.wav", "--in", "six.wav", "--service", "gain")
        self.assert_fails(outcome, INPUT)


class Output(CommandTest):
    def test_directory_that_does_not_exist(self):
        for option in ("--out", "--dry"):
            outcome = self.run_free(*TONE, "--service", "gain", option, "none/wet.wav")
            self.assert_fails(outcome, OUTPUT, "none")
        for option in ("--report", "--page"):
            outcome = self.run_free(*TONE, "--service", "gain", option, "none/file")
            self.assert_fails(outcome, OUTPUT, "none/file")

    def test_format_that_is_not_written(self):
        outcome = self.run_free(*TONE, "--service", "gain", "--out", "wet.mp3")
        self.assert_fails(outcome, OUTPUT, "wet.mp3")

    def test_disk_full(self):
        (self.folder / "full.wav").symlink_to("/dev/full")
        outcome = self.run_free("--in", "tone:1000:5s", "--service", "gain", "--out", "full.wav")
        self.assert_fails(outcome, OUTPUT, "full.wav")

    def test_nothing_is_left_of_results_that_were_not_written(self):
        self.assert_fails(
            self.run_free(*TONE, "--service", "none-such", "--report", "r.json", "--out", "w.wav"),
            SERVICE,
        )
        self.assertEqual([path.name for path in self.folder.iterdir()], ["runtime"])


class Service(CommandTest):
    def test_unknown_processor(self):
        self.assert_fails(self.run_free(*TONE, "--service", "none-such"), SERVICE, "none-such")

    def test_executable_that_is_missing_or_no_program(self):
        self.assert_fails(self.run_free(*TONE, "--service", "./none"), SERVICE, "./none")
        (self.folder / "text").write_text("no program")
        self.assert_fails(self.run_free(*TONE, "--service", "./text"), SERVICE, "./text")

    def test_running_service_that_is_not_there(self):
        self.assert_fails(self.run_free(*TONE, "--service", "@none"), SERVICE, "none")

    def test_service_that_exits_at_once(self):
        program = self.write_program("leaver", "#!/bin/sh\nexit 3\n")
        self.assert_fails(self.run_free(*TONE, "--service", program), SERVICE, "leaver")

    def test_service_that_never_says_hello(self):
        program = self.write_program("silent", "#!/bin/sh\nexec sleep 42.4242\n")
        began = time.monotonic()
        self.assert_fails(self.run_free(*TONE, "--service", program), SERVICE, "silent")
        self.assertGreater(time.monotonic() - began, 0.9)
        self.assertEqual(process_ids_of("42.4242"), [])

    def test_service_of_another_protocol_version(self):
        outcome = self.run_free(*TONE, "--service", FUTURE_SERVICE)
        self.assert_fails(outcome, SERVICE, "1000", "1001")
        self.assertEqual(process_ids_of(FUTURE_SERVICE), [])

    def test_unknown_parameter(self):
        outcome = self.run_free(*TONE, "--service", "reverb", "--param", "reverb.colour=1")
        self.assert_fails(outcome, USAGE, "'colour'", "mix")

    def test_parameter_out_of_range(self):
        outcome = self.run_free(*TONE, "--service", "reverb", "--param", "reverb.mix=7")
        self.assert_fails(outcome, USAGE, "reverb.mix", "0 .. 1")

    def test_parameter_of_a_service_that_is_not_in_the_chain(self):
        outcome = self.run_free(*TONE, "--service", "reverb", "--param", "gain.gain=1")
        self.assert_fails(outcome, USAGE, "'gain'", "reverb")


class Environment(CommandTest):
    def setUp(self):
        super().setUp()
        del self.environment["XDG_RUNTIME_DIR"]

    def test_names_need_a_runtime_directory(self):
        self.assert_fails(self.outboard("list"), ENVIRONMENT, "XDG_RUNTIME_DIR")
        self.assert_fails(
            self.run_free(*TONE, "--service", "@studio"), ENVIRONMENT, "XDG_RUNTIME_DIR"
        )

    def test_serving_ends_with_the_code_of_the_service(self):
        outcome = self.outboard("serve", "--name", "studio")
        self.assertEqual(outcome.code, 4, outcome.err)
        self.assertIn("XDG_RUNTIME_DIR", outcome.err)

    def test_services_of_its_own_need_none(self):
        self.assertEqual(self.run_free(*TONE, "--service", "gain").code, 0)

    def test_without_real_time_rights_it_works_and_says_so(self):
        outcome = self.outboard("run", *TONE, "--service", "gain", **self.as_ordinary_user())
        self.assertEqual(outcome.code, 0, outcome.err)
        if os.geteuid() == 0:
            self.assertIn("the audio thread was not SCHED_FIFO", outcome.out)


if __name__ == "__main__":
    command.main()
