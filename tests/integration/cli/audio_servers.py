# SPDX-License-Identifier: MIT
"""Audio servers without a card, started and stopped by a test under its own name."""

import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

START_SECONDS = 20


def require_programs(*names: str) -> None:
    for name in names:
        if shutil.which(name) is None:
            raise unittest.SkipTest(f"{name} is not installed")


class Server:
    """A process that is waited for until `answers()`."""

    def __init__(self, folder: pathlib.Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.process: subprocess.Popen | None = None

    def words(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def lists_client(self) -> bool:
        """Whether somebody streams."""
        raise NotImplementedError

    def await_client(self) -> None:
        end = time.monotonic() + START_SECONDS
        while not self.lists_client():
            if time.monotonic() > end:
                raise AssertionError("nobody streams")
            time.sleep(0.05)

    def output_of(self, *words: str) -> str:
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True,
                              check=False)
        return done.stdout

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.words(), env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        end = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > end or self.process.poll() is not None:
                log_text = (self.folder / "server.log").read_text(errors="replace")
                raise AssertionError(f"{self.words()[0]} does not answer:\n{log_text}")
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=START_SECONDS)
            self.process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)


class Jack(Server):
    def __init__(self, folder, environment, period: int = 64) -> None:
        require_programs("jackd", "jack_lsp")
        super().__init__(folder, environment)
        self.name = f"obcli{os.getpid()}"
        self.period = period
        environment["JACK_DEFAULT_SERVER"] = self.name
        environment["JACK_NO_START_SERVER"] = "1"

    def words(self) -> list[str]:
        return ["jackd", "-n", self.name, "-r", "-d", "dummy", "-r", "48000", "-p",
                str(self.period)]

    def answers(self) -> bool:
        done = subprocess.run(["jack_lsp"], env=self.environment, capture_output=True, check=False)
        return done.returncode == 0

    def lists_client(self) -> bool:
        return "outboard:" in self.output_of("jack_lsp")

    def stop(self, number: int = signal.SIGTERM) -> None:
        super().stop(number)
        for trace in pathlib.Path("/dev/shm").glob(f"jack*_{self.name}_*"):
            trace.unlink(missing_ok=True)


class Pulse(Server):
    """One null sink, float at 48 kHz, and its monitor as the default source."""

    def __init__(self, folder, environment) -> None:
        require_programs("pulseaudio", "pactl", "parec", "pacat")
        super().__init__(folder, environment)
        home = folder / "pulse"
        home.mkdir(mode=0o700)
        self.socket = home / "native"
        client = home / "client.conf"
        client.write_text("autospawn = no\nenable-shm = no\n")
        daemon = home / "daemon.conf"
        daemon.write_text(
            "avoid-resampling = yes\nflat-volumes = no\nenable-remixing = no\nenable-shm = no\n"
            "realtime-scheduling = no\nhigh-priority = no\ndefault-sample-format = float32le\n"
            "default-sample-rate = 48000\n"
        )
        environment.update(
            PULSE_RUNTIME_PATH=str(home), PULSE_STATE_PATH=str(home), PULSE_COOKIE=str(home / "c"),
            PULSE_SERVER=f"unix:{self.socket}", PULSE_CLIENTCONFIG=str(client),
            PULSE_CONFIG=str(daemon),
        )

    def words(self) -> list[str]:
        return [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
            f"--load=module-native-protocol-unix auth-anonymous=1 socket={self.socket}",
            "--load=module-null-sink sink_name=obnull format=float32le rate=48000 channels=2",
        ]

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        super().start()

    def answers(self) -> bool:
        words = ["pactl", "set-default-source", "obnull.monitor"]
        done = subprocess.run(words, env=self.environment, capture_output=True, check=False)
        return done.returncode == 0

    def lists_client(self) -> bool:
        return self.output_of("pactl", "list", "short", "sink-inputs").strip() != ""
