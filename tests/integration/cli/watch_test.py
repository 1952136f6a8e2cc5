#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`outboard status` and `outboard top`, beside hosts that stream in real time."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import command
from command import LIMIT_SECONDS, OUTBOARD
from watched_host import FIGURES_AGE_SECONDS, WatchTest

ESCAPE = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")
COUNTERS = ("blocks", "frames", "frames_lost", "concealed_blocks", "deadline_misses")


class Status(WatchTest):
    def test_without_a_host_it_says_so_and_all_is_well(self):
        outcome = self.outboard("status")
        self.assertEqual(outcome.code, 0)
        self.assertTrue(outcome.out.startswith("No host is running."), outcome.out)
        self.assertEqual(self.status()["hosts"], [])

    def test_a_process_that_is_no_host_is_an_error_of_its_own(self):
        self.assert_fails(self.outboard("status", str(os.getpid())), 10, str(os.getpid()))
        self.assert_fails(self.outboard("status", "--json", "1"), 10, "process 1")
        for argument in ("0", "-3", "reverb", "1 2"):
            self.assert_fails(self.outboard("status", *argument.split()), 2)

    def test_without_a_runtime_directory_the_environment_is_to_blame(self):
        del self.environment["XDG_RUNTIME_DIR"]
        for name in ("status", "top"):
            self.assert_fails(self.outboard(name), 6, "XDG_RUNTIME_DIR")

    def test_figures_are_those_of_the_report_at_the_end(self):
        host = self.start_host("--service", "reverb", "--service", "gain", "--standby", "hot",
                               "--fault", "kill@1s", "--json")
        self.wait_for(lambda: self.state_of(host)["inserts"][0]["generation"] >= 3)
        self.wait_for(lambda: self.state_of(host)["inserts"][0]["guarantee"] == "exact")
        state = self.state_of(host)
        report = self.interrupted_report(host)

        self.assertEqual(state["name"], "outboard run")
        self.assertEqual(state["outboard_version"], report["outboard_version"])
        self.assertEqual(state["supervisor"], report["realtime"]["supervisor"])
        self.assertEqual(len(state["inserts"]), 2)
        self.assertEqual([insert["service"] for insert in state["inserts"]], ["reverb", "gain"])
        for name in COUNTERS:
            total = sum(insert["statistics"][name] for insert in state["inserts"])
            self.assertLessEqual(total, report[name] * 2 if name in ("blocks", "frames")
                                 else report[name], name)
        failovers = sum(insert["statistics"]["failovers"] for insert in state["inserts"])
        self.assertEqual(failovers, len(report["failovers"]) + len(report["standby_losses"]))
        for index, watched in enumerate(state["inserts"]):
            thread = report["realtime"]["dsp_threads"][index]
            self.assertEqual(watched["number"], 1 + index)
            self.assertEqual(watched["dsp_thread"], {key: thread[key] for key in
                                                     ("step", "priority", "cpu", "description")})
            self.assertEqual(watched["dsp_on_callers_cpu"], thread["same_cpu"])
            self.assertEqual(watched["standbys"]["wanted"], 1)
            self.assertEqual(watched["state"], "wet")
            self.assertAlmostEqual(watched["period_us"], 1333.333, places=3)
            self.assertAlmostEqual(watched["dsp_load"],
                                   watched["dsp_us"]["p50"] / watched["period_us"])
        self.assertEqual(self.status()["hosts"], [])
        self.assertEqual(self.sockets(), [])

    def test_one_process_is_asked_alone(self):
        first = self.start_host("--service", "null")
        second = self.start_host("--service", "gain")
        listed = [entry["process_id"] for entry in self.status()["hosts"]]
        self.assertEqual(listed, sorted([first.pid, second.pid]))
        document = self.status(str(second.pid))
        self.assertEqual([entry["process_id"] for entry in document["hosts"]], [second.pid])
        text = self.outboard("status", str(first.pid)).out
        self.assertIn(f"{first.pid}  outboard run", text)
        self.assertNotIn(str(second.pid), text)

    def test_a_killed_host_is_gone_and_its_socket_is_removed(self):
        host = self.start_host("--service", "null")
        self.assertEqual(self.sockets(), [f"{host.pid}.lock", f"{host.pid}.sock"])
        host.kill()
        host.wait(LIMIT_SECONDS)
        self.assertEqual(len(self.sockets()), 2)
        self.assertEqual(self.status()["hosts"], [])
        self.assertEqual(self.sockets(), [])

    def test_a_stopped_host_is_listed_with_the_reason(self):
        stopped = self.start_host("--service", "null")
        running = self.start_host("--service", "null")
        self.stop(stopped)
        hosts = {entry["process_id"]: entry for entry in self.status()["hosts"]}
        self.assertIsNone(hosts[stopped.pid]["state"])
        self.assertIn("did not answer in time", hosts[stopped.pid]["problem"])
        self.assertIsNotNone(hosts[running.pid]["state"])
        self.assert_fails(self.outboard("status", str(stopped.pid)), 10, "did not answer in time")
        stopped.send_signal(signal.SIGCONT)
        self.wait_for(lambda: self.state_of(stopped) is not None)

    def test_the_table_fits_into_80_columns(self):
        self.start_host("--service", "reverb", "--service", "equaliser", "--standby", "hot")
        lines = self.outboard("status").out.splitlines()
        self.assertGreaterEqual(len(lines), 4)
        self.assertRegex(lines[0], r"^\d+  outboard run  \S+  up 0:00:\d\d  supervisor \S+")
        self.assertRegex(lines[1], r"^  # SERVICE +PID STATE +LOAD P50us P99us")
        self.assertRegex(lines[2], r"^  1 reverb +\d+ wet +\d+\.\d% +\d+\S* +\d+\S* +\d+ +0 +\d/1 ")
        for line in lines:
            self.assertLessEqual(len(line), 80, line)


class Screen:
    """`outboard top` on a terminal of 80 x 24."""

    def __init__(self, test: WatchTest, *arguments: str):
        self.test = test
        self.near, far = pty.openpty()
        test.addCleanup(os.close, self.near)
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.settings = termios.tcgetattr(self.near)
        self.process = subprocess.Popen(
            [OUTBOARD, "top", *arguments], env=test.environment,
            stdin=far, stdout=far, stderr=far, start_new_session=True,
        )
        os.close(far)
        test.addCleanup(self.end)
        self.text = ""

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LIMIT_SECONDS)

    def read(self, seconds: float) -> None:
        if select.select([self.near], [], [], seconds)[0]:
            try:
                self.text += os.read(self.near, 65536).decode()
            except OSError:  # the other end is closed
                pass

    def wait_for(self, part: str, count: int = 1) -> None:
        limit = time.monotonic() + LIMIT_SECONDS
        while self.text.count(part) < count:
            self.test.assertLess(time.monotonic(), limit, self.text)
            self.read(0.1)

    def wait_for_end(self) -> int:
        limit = time.monotonic() + LIMIT_SECONDS
        while self.process.poll() is None:
            self.test.assertLess(time.monotonic(), limit, self.text)
            self.read(0.1)
        self.read(0.1)
        return self.process.returncode

    def views(self) -> list[list[str]]:
        """The lines of each view, without colours."""
        return [ESCAPE.sub("", view).split("\r\n") for view in self.text.split("\x1b[H")[1:]]


class Top(WatchTest):
    def test_a_pipe_gets_so_many_views_and_no_escapes(self):
        self.start_host("--service", "reverb")
        outcome = self.outboard("top", "--interval", "50ms", "--count", "3")
        self.assertEqual(outcome.code, 0, outcome.err)
        self.assertEqual(outcome.out.count("outboard: 1 host, 1 insert, 1 service"), 3)
        self.assertEqual(len(re.findall(r"^  1 reverb ", outcome.out, re.MULTILINE)), 3)
        self.assertNotIn("\x1b", outcome.out)

    def test_a_terminal_gets_views_of_80_columns_until_q(self):
        self.start_host("--service", "reverb", "--service", "gain", "--standby", "hot")
        screen = Screen(self, "--interval", "50ms")
        screen.wait_for("gain", 3)
        self.assertNotEqual(termios.tcgetattr(screen.near), screen.settings)
        os.write(screen.near, b"xq")
        self.assertEqual(screen.wait_for_end(), 0)
        self.assertTrue(screen.text.startswith("\x1b[?1049h"))
        self.assertTrue(screen.text.endswith("\x1b[?1049l"))
        views = screen.views()
        self.assertGreaterEqual(len(views), 3)
        for view in views:
            self.assertIn("outboard: 1 host, 2 inserts, 2 services  (q ends)", view)
            self.assertLessEqual(len(view), 24)
            for line in view:
                self.assertLessEqual(len(line), 80, line)

    def test_ctrl_c_and_requests_to_end_leave_the_terminal_as_it_was(self):
        for how in ("ctrl-c", signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(how):
                screen = Screen(self)
                screen.wait_for("No host is running.")
                if how == "ctrl-c":
                    os.write(screen.near, b"\x03")
                else:
                    screen.process.send_signal(how)
                self.assertEqual(screen.wait_for_end(), 0)
                self.assertTrue(screen.text.endswith("\x1b[?25h\x1b[?1049l"), screen.text)
                self.assertEqual(termios.tcgetattr(screen.near), screen.settings)

    def test_hosts_that_come_and_go_are_seen(self):
        screen = Screen(self, "--interval", "50ms")
        screen.wait_for("No host is running.")
        host = self.start_host("--service", "null")
        screen.wait_for("outboard: 1 host, 1 insert, 1 service")
        self.end(host)
        before = screen.text.count("No host is running.")
        screen.wait_for("No host is running.", before + 1)

    def test_a_lost_service_stands_out(self):
        self.start_host("--service", "null", "--fault", "kill@every=500ms")
        screen = Screen(self, "--interval", "50ms")
        screen.wait_for("\x1b[1;31m  1 null")

    def test_more_hosts_than_lines_are_cut(self):
        screen = Screen(self, "--interval", "50ms")
        fcntl.ioctl(screen.near, termios.TIOCSWINSZ, struct.pack("HHHH", 4, 30, 0, 0))
        self.start_host("--service", "null")
        screen.wait_for("outboard: 1 host", 2)
        time.sleep(FIGURES_AGE_SECONDS)
        os.write(screen.near, b"q")
        self.assertEqual(screen.wait_for_end(), 0)
        last = screen.views()[-1]
        self.assertLessEqual(len(last), 4)
        for line in last:
            self.assertLessEqual(len(line), 30, line)

    def test_intervals_and_counts_that_make_no_sense_are_refused(self):
        for interval in ("0s", "9ms", "5", "-1s", "soon"):
            self.assert_fails(self.outboard("top", "--interval", interval, "--count", "1"), 2)
        for count in ("0", "-1", "many"):
            self.assert_fails(self.outboard("top", "--count", count), 2)


if __name__ == "__main__":
    command.main()
