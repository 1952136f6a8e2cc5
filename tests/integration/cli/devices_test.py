#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`outboard devices` and `outboard run` with devices, by servers that the tests start themselves."""

import array
import json
import pathlib
import random
import signal
import subprocess
import sys
import time

import command
from audio_servers import Jack, Pulse
from command import OUTBOARD, CommandTest

MIXER = pathlib.Path(__file__).with_name("jack_mixer.py")
BACKENDS = ("portaudio", "rtaudio")


def device_of(report: dict) -> dict:
    return report["device"]


def noise_frames(count: int) -> list[float]:
    """As 32-bit floats have them."""
    source = random.Random(7)
    return list(array.array("f", (source.uniform(-0.25, 0.25) for _ in range(count))))


class DeviceTest(CommandTest):
    def setUp(self) -> None:
        super().setUp()
        # Nobody's servers but ours.
        self.environment["JACK_DEFAULT_SERVER"] = "nobody"
        self.environment["JACK_NO_START_SERVER"] = "1"
        self.environment["PULSE_SERVER"] = "unix:/nonexistent"

    def jack(self, period: int = 64) -> Jack:
        server = Jack(self.folder, self.environment, period)
        server.start()
        self.addCleanup(server.stop)
        return server

    def pulse(self) -> Pulse:
        server = Pulse(self.folder, self.environment)
        server.start()
        self.addCleanup(server.stop)
        return server

    def assert_fails(self, outcome: command.Outcome, code: int, *parts: str) -> None:
        # PortAudio's own words about ALSA, which it has no way to turn off.
        lines = [line for line in outcome.err.splitlines() if not line.startswith("Expression '")]
        super().assert_fails(outcome._replace(err="\n".join(lines)), code, *parts)

    def write_noise(self, seconds: int) -> list[float]:
        noise = noise_frames(seconds * 48000)
        self.write_wav("noise.wav", [(sample,) for sample in noise])
        return noise

    def start_outboard(self, *arguments: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [OUTBOARD, *arguments], cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        self.addCleanup(process.kill)
        return process

    def start_mixer(self, channels: int, *more: str) -> tuple[subprocess.Popen, str]:
        """A JACK client `mixer`, and the file in which it leaves what it heard."""
        path = str(self.folder / "captured.raw")
        process = subprocess.Popen(
            [sys.executable, "-B", str(MIXER), str(channels), path, *more], env=self.environment,
            stdout=subprocess.PIPE, text=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process, path


class Listing(DeviceTest):
    def test_without_a_server_there_is_the_null_device_and_the_remedy(self) -> None:
        outcome = self.outboard("devices")
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertRegex(outcome.out, r"(?m)^null +64 +64 +48000 +in, out$")
        for backend in BACKENDS:
            self.assertIn(f"{backend}:JACK: No JACK server is running. Start one", outcome.out)

    def test_json_has_the_same(self) -> None:
        listed = json.loads(self.outboard("devices", "--json").out)
        self.assertIn("null", [device["address"] for device in listed["devices"]])
        problems = {(api["backend"], api["api"]): api["problem"] for api in listed["apis"]}
        self.assertIn("jackd", problems[("portaudio", "JACK")])

    def test_what_a_server_offers_is_listed(self) -> None:
        self.jack()
        listed = json.loads(self.outboard("devices", "--json").out)
        for backend in BACKENDS:
            [device] = [device for device in listed["devices"]
                        if device["address"] == f"{backend}:JACK:system"]
            self.assertEqual(device["rates_hz"], [48000])
            self.assertEqual((device["input_channels"], device["output_channels"]), (2, 2))
            self.assertTrue(device["default_output"])


class Errors(DeviceTest):
    def run_with(self, *arguments: str) -> command.Outcome:
        return self.outboard("run", "--service", "gain", *arguments)

    def test_a_server_that_does_not_run_is_named_with_how_to_start_it(self) -> None:
        for backend in BACKENDS:
            outcome = self.run_with("--device", f"{backend}:JACK")
            self.assert_fails(outcome, 8, "No JACK server is running", "jackd -d alsa")
        self.assert_fails(self.run_with("--device", "rtaudio:Pulse"), 8, "pulseaudio --start")

    def test_what_a_device_does_not_offer_is_named_with_what_it_does(self) -> None:
        self.jack()
        for backend in BACKENDS:
            device = ("--device", f"{backend}:JACK")
            self.assert_fails(self.run_with(*device, "--rate", "44100"), 8,
                              "does not run at 44100 Hz; it offers: 48000.")
            self.assert_fails(self.run_with(*device, "--channels", "5"), 8,
                              "has no 5", "channels: it offers 2.")
            self.assert_fails(self.run_with("--device", f"{backend}:JACK:kazoo"), 8,
                              "There is no device 'kazoo'", "'system'")

    def test_addresses_that_make_no_sense_are_wrong_usage(self) -> None:
        for arguments, part in (
            (("--device", "asio"), "'asio' is no back end"),
            (("--device", "null:x"), "only one null device"),
            (("--device", "null", "--in", "a.wav", "--out", "b.wav"), "both are given"),
            (("--in", "device:null", "--out", "device:portaudio"), "different back ends"),
            (("--device", "null", "--pace", "free"), "its own pace"),
            (("--device", "null", "--cpu", "0"), "not pinned"),
            (("--in", "tone:100", "--duration", "1s"), "files have their own length"),
            ((), "nothing to stream"),
        ):
            self.assert_fails(self.run_with(*arguments), 2, part)


class Live(DeviceTest):
    def test_the_null_device_streams_as_long_as_asked(self) -> None:
        report = self.report_of("--device", "null", "--duration", "1s", "--service", "gain")
        self.assertEqual(report["frames"], 48000)
        self.assertEqual(device_of(report)["total_latency_frames"], 128)

    def test_both_back_ends_stream_through_jack(self) -> None:
        self.jack()
        for backend in BACKENDS:
            report = self.report_of("--device", f"{backend}:JACK", "--duration", "2s",
                                    "--service", "reverb", "--mode", "pipelined")
            self.assertGreaterEqual(report["frames"], 96000)
            device = device_of(report)
            self.assertEqual(device["losses"], 0)
            # JACK's dummy: a period in, two out; RtAudio's input is another one late.
            own = 64 if backend == "rtaudio" else 0
            self.assertEqual(device["input_latency_frames"] + device["output_latency_frames"],
                             64 + 128 + own)
            self.assertEqual(device["total_latency_frames"],
                             64 + 128 + own + report["stream"]["latency_frames"])
            self.assertEqual(report["realtime"]["audio_thread"]["cpu"], None)

    def test_a_device_is_recorded_into_a_file(self) -> None:
        self.jack()
        report = self.report_of("--device", "portaudio:JACK", "--out", "take.wav",
                                "--duration", "1s", "--service", "gain")
        self.assertEqual(device_of(report)["output"], None)
        sound = self.read_wav("take.wav")
        self.assertEqual((sound.rate, sound.channels, len(sound.frames)), (48000, 2, 48000))

    def test_an_interrupt_ends_a_live_stream_with_a_report(self) -> None:
        process = self.start_outboard("run", "--device", "null", "--service", "gain", "--json")
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, err)
        self.assertEqual(json.loads(out)["stream"]["end"], "interrupted")


class Playing(DeviceTest):
    def play(self, backend: str, *arguments: str) -> tuple[dict, list[float]]:
        """Plays to the JACK client `mixer`. @return the report, and what was heard"""
        mixer, path = self.start_mixer(1)
        report = self.report_of(
            "--in", "noise.wav", "--out", f"device:{backend}:JACK:mixer", "--block", "1024",
            "--deadline", "15ms", *arguments)
        mixer.send_signal(signal.SIGTERM)
        mixer.wait(timeout=30)
        heard = array.array("f")
        with open(path, "rb") as file:
            heard.frombytes(file.read())
        return report, heard

    def reference(self, *arguments: str) -> array.array:
        outcome = self.run_free("--in", "noise.wav", "--out", "ref.wav", "--block", "1024",
                                *arguments)
        self.assertEqual(outcome.code, 0, outcome.err)
        return array.array("f", [frame[0] for frame in self.read_wav("ref.wav").frames])

    @staticmethod
    def is_heard(heard: array.array, reference: array.array) -> bool:
        """Whether all of the reference, without a gap, is somewhere in what was heard."""
        start = next((index for index, sample in enumerate(heard) if sample != 0.0), None)
        if start is None:
            return False
        silent = next(index for index, sample in enumerate(reference) if sample != 0.0)
        part = heard[start - silent : start - silent + len(reference)]
        return part.tobytes() == reference.tobytes()

    def play_until_heard(self, backend: str, reference: array.array, *arguments: str) -> dict:
        """A machine that stalls tears the sound now and then, in any client of the server; an error
        of ours would do so each time. @return the report of the first whole take"""
        for _ in range(5):
            report, heard = self.play(backend, *arguments)
            if report["frames_lost"] == 0 and self.is_heard(heard, reference):
                return report
        self.fail(f"{backend}: not heard whole in any of five takes")

    def test_a_file_reaches_a_device_bit_for_bit(self) -> None:
        self.jack(period=1024)
        self.write_noise(2)
        reference = self.reference("--service", "reverb")
        for backend in BACKENDS:
            self.play_until_heard(backend, reference, "--service", "reverb")

    def test_a_primary_killed_each_second_is_not_heard(self) -> None:
        self.jack(period=1024)
        self.write_noise(6)
        reference = self.reference("--service", "reverb")
        for backend in BACKENDS:
            report = self.play_until_heard(backend, reference, "--service", "reverb", "--standby",
                                           "hot", "--fault", "kill@every=1s")
            self.assertGreaterEqual(len([fault for fault in report["faults"] if fault["struck"]]),
                                    4)


class Latency(DeviceTest):
    def test_the_total_that_is_printed_is_the_one_measured(self) -> None:
        self.jack(period=256)
        for backend in BACKENDS:
            for mode in (("--mode", "sync"), ("--mode", "pipelined", "--latency-blocks", "3")):
                loop, _ = self.start_mixer(1, "noise")
                report = self.report_of(
                    "--device", f"{backend}:JACK:mixer", "--duration", "2s", "--block", "256",
                    "--service", "null", *mode)
                loop.send_signal(signal.SIGTERM)
                measured = int(loop.stdout.read())
                self.assertEqual(device_of(report)["total_latency_frames"], measured)
                self.assertEqual(report["stream"]["latency_frames"],
                                 768 if mode[1] == "pipelined" else 0)


class PulseLoop(DeviceTest):
    """A null sink and its monitor, at equal rate and format."""

    def record(self) -> subprocess.Popen:
        self.raw = (self.folder / "heard.raw").open("w+b")
        self.addCleanup(self.raw.close)
        process = subprocess.Popen(
            ["parec", "-d", "obnull.monitor", "--raw", "--format=float32le", "--rate=48000",
             "--channels=2", "--latency-msec=20"], env=self.environment, stdout=self.raw)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def left_channel(self, recorder: subprocess.Popen) -> array.array:
        recorder.terminate()
        recorder.wait(timeout=30)
        content = (self.folder / "heard.raw").read_bytes()
        heard = array.array("f")
        heard.frombytes(content[: len(content) // 8 * 8])
        return heard[0::2]

    def test_what_is_played_is_heard_bit_for_bit(self) -> None:
        self.pulse()
        noise = self.write_noise(4)
        recorder = self.record()
        report = self.report_of("--in", "noise.wav", "--channels", "2", "--out",
                                "device:rtaudio:Pulse", "--service", "null", "--block", "256",
                                "--mode", "pipelined", "--latency-blocks", "4", "--tail", "1s")
        self.assertEqual(report["frames_lost"], 0)
        heard = self.left_channel(recorder).tobytes()
        # An underrun spoils the window it falls into; PulseAudio starts with one.
        windows = [array.array("f", noise[start : start + 480]).tobytes()
                   for start in range(48000, len(noise) - 480, 480)]
        found = sum(window in heard for window in windows)
        print(f"{found} of {len(windows)} windows of 10 ms heard bit for bit")
        self.assertGreater(found, 0.9 * len(windows))

    def test_the_round_trip_is_steady(self) -> None:
        self.pulse()
        recorder = self.record()
        process = self.start_outboard("run", "--device", "rtaudio:Pulse", "--service", "null",
                                      "--block", "256", "--json", "--duration", "10s")
        time.sleep(4)
        burst = array.array("f", [sample for sample in noise_frames(240) for _ in range(2)])
        for _ in range(4):  # PulseAudio may spoil one by an underrun
            subprocess.run(
                ["pacat", "--raw", "--format=float32le", "--rate=48000", "--channels=2", "-d",
                 "obnull", "--latency-msec=20"], env=self.environment, input=burst.tobytes(),
                check=True, timeout=30)
            time.sleep(1)
            heard = (self.folder / "heard.raw").read_bytes()
            if heard.count(burst[40:120].tobytes()) > 3:
                break
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        # The sink's monitor is the input: what is heard comes round again, and again.
        heard, key = self.left_channel(recorder).tobytes(), burst[0::2][20:60].tobytes()
        places = []
        while (place := heard.find(key, places[-1] + 4 if places else 0)) >= 0:
            places.append(place)
        trips = [(after - before) // 4 for before, after in zip(places, places[1:])]
        print(f"round trips of {sorted(set(trips))} frames, {len(trips)} times")
        self.assertGreater(len(trips), 10)
        # An underrun makes it another one, once.
        jumps = sum(abs(after - before) > 256 for before, after in zip(trips, trips[1:]))
        self.assertLess(jumps, 0.1 * len(trips), trips)


class ServerDeath(DeviceTest):
    def stream_over_a_death(self, server, address: str) -> dict:
        process = self.start_outboard("run", "--device", address, "--duration", "6s", "--service",
                                      "gain", "--json")
        server.await_client()
        # Its services are started, and then it streams.
        time.sleep(3)
        server.kill()
        time.sleep(0.5)
        server.start()
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        return json.loads(out)

    def assert_resumed(self, report: dict) -> None:
        device = device_of(report)
        self.assertEqual(device["losses"], 1)
        self.assertFalse(device["away"])
        self.assertEqual(len(device["gaps"]), 1)
        self.assertGreater(device["gaps"][0]["ms"], 400)
        self.assertGreaterEqual(report["frames"], 6 * 48000)

    def test_a_stream_goes_on_when_its_jack_server_is_back(self) -> None:
        server = self.jack()
        for backend in BACKENDS:
            self.assert_resumed(self.stream_over_a_death(server, f"{backend}:JACK"))

    def test_a_stream_goes_on_when_its_pulse_server_is_back(self) -> None:
        server = self.pulse()
        self.assert_resumed(self.stream_over_a_death(server, "rtaudio:Pulse"))


if __name__ == "__main__":
    command.main()
