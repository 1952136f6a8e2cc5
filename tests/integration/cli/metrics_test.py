#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`outboard metrics`: what Prometheus reads, line by line."""

import math
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request

import command
from command import LIMIT_SECONDS, OUTBOARD
from watched_host import WatchTest

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = rf'{NAME}="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"^(?P<name>{NAME})(?:\{{(?P<labels>{LABEL}(?:,{LABEL})*)\}})? (?P<value>\S+)$")
TYPES = ("counter", "gauge", "summary")


class Metric:
    def __init__(self, kind: str):
        self.kind = kind
        self.samples: dict[tuple[str, str], float] = {}


def parsed(text: str) -> dict[str, Metric]:
    """All metrics of a text, each line of which has to be what the format allows."""
    metrics: dict[str, Metric] = {}
    helped, current = set(), ""
    assert text.endswith("\n"), "the last line has no end"
    for line in text.splitlines():
        if found := re.fullmatch(rf"# HELP ({NAME}) (\S.*)", line):
            assert found[1] not in helped, line
            helped.add(found[1])
            current = found[1]
        elif found := re.fullmatch(rf"# TYPE ({NAME}) (\w+)", line):
            assert found[1] == current and found[1] not in metrics and found[2] in TYPES, line
            metrics[current] = Metric(found[2])
        else:
            sample = SAMPLE.match(line)
            assert sample, line
            metric = metrics[current]
            suffixes = ("", "_count") if metric.kind == "summary" else ("",)
            assert sample["name"] in [current + suffix for suffix in suffixes], line
            key = (sample["name"], sample["labels"] or "")
            assert key not in metric.samples, f"twice: {line}"
            metric.samples[key] = float(sample["value"])
    assert helped == set(metrics)
    return metrics


class Metrics(WatchTest):
    def start_server(self, *arguments: str) -> tuple[subprocess.Popen, str]:
        """The server and the address that it prints."""
        server = subprocess.Popen(
            [OUTBOARD, "metrics", *(arguments or ("--listen", "0"))],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        self.addCleanup(self.end, server)
        url = server.stdout.readline().strip()
        self.assertRegex(url, r"^http://\S+:\d+/metrics$", server.poll())
        return server, url

    def fetch(self, url: str) -> dict[str, Metric]:
        with urllib.request.urlopen(url, timeout=LIMIT_SECONDS) as answer:
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers["Content-Type"],
                             "text/plain; version=0.0.4; charset=utf-8")
            return parsed(answer.read().decode())

    def value(self, metrics: dict[str, Metric], name: str, *labels: str) -> float:
        """Of the one sample that has these labels."""
        metric = metrics[name.removesuffix("_count")] if name not in metrics else metrics[name]
        found = [value for (sample, all_labels), value in metric.samples.items()
                 if sample == name and all(label in all_labels.split(",") for label in labels)]
        self.assertEqual(len(found), 1, (name, labels, metric.samples))
        return found[0]

    def test_without_hosts_there_are_metrics_and_no_samples_of_hosts(self):
        _, url = self.start_server()
        metrics = self.fetch(url)
        self.assertEqual(self.value(metrics, "outboard_hosts"), 0)
        self.assertEqual(self.value(metrics, "outboard_hosts_silent"), 0)
        self.assertEqual(metrics["outboard_insert_blocks_total"].kind, "counter")
        self.assertEqual(metrics["outboard_insert_blocks_total"].samples, {})

    def test_figures_lie_between_those_of_status_before_and_after(self):
        host = self.start_host("--service", "reverb", "--standby", "hot")
        _, url = self.start_server()
        self.wait_for(lambda: self.state_of(host)["inserts"][0]["guarantee"] == "exact")
        before = self.state_of(host)["inserts"][0]
        metrics = self.fetch(url)
        after = self.state_of(host)["inserts"][0]

        labels = (f'pid="{host.pid}"', 'host="outboard run"', 'insert="1"', 'service="reverb"')
        for name, first in before["statistics"].items():
            value = self.value(metrics, f"outboard_insert_{name}_total", *labels)
            self.assertTrue(first <= value <= after["statistics"][name], name)
        self.assertGreater(before["statistics"]["blocks"], 0)
        for name in ("round_trip", "process", "own", "dsp"):
            count = self.value(metrics, f"outboard_insert_{name}_seconds_count", *labels)
            self.assertTrue(before[f"{name}_us"]["count"] <= count <= after[f"{name}_us"]["count"])
            quantiles = [self.value(metrics, f"outboard_insert_{name}_seconds", *labels,
                                    f'quantile="{quantile}"')
                         for quantile in ("0.5", "0.9", "0.99", "0.999", "1")]
            self.assertEqual(quantiles, sorted(quantiles))
            self.assertLessEqual(before[f"{name}_us"]["max"] / 1e6, quantiles[-1] * 1.000001)
        self.assertEqual(self.value(metrics, "outboard_hosts"), 1)
        self.assertEqual(self.value(metrics, "outboard_insert_guarantee", *labels), 3)
        self.assertEqual(self.value(metrics, "outboard_insert_wet", *labels), 1)
        self.assertEqual(self.value(metrics, "outboard_insert_standbys_in_step", *labels), 1)
        self.assertAlmostEqual(self.value(metrics, "outboard_insert_period_seconds", *labels),
                               64 / 48000, places=8)

    def test_what_is_unbounded_or_unknown_is_a_number_of_the_format(self):
        self.start_host("--service", "null")
        _, url = self.start_server()
        metrics = self.fetch(url)
        self.assertEqual(
            self.value(metrics, "outboard_insert_forecast_blocks_lost_max"), math.inf)

    def test_hosts_come_and_go_and_a_stopped_one_is_counted(self):
        _, url = self.start_server()
        first = self.start_host("--service", "null")
        second = self.start_host("--service", "null")
        self.assertEqual(self.value(self.fetch(url), "outboard_hosts"), 2)
        self.stop(first)
        metrics = self.fetch(url)
        self.assertEqual(self.value(metrics, "outboard_hosts"), 1)
        self.assertEqual(self.value(metrics, "outboard_hosts_silent"), 1)
        first.send_signal(signal.SIGCONT)
        second.kill()
        second.wait(LIMIT_SECONDS)
        self.wait_for(lambda: self.value(self.fetch(url), "outboard_hosts") == 1)
        self.assertEqual(self.value(self.fetch(url), "outboard_hosts_silent"), 0)

    def test_the_server_ends_well_when_it_is_asked_to(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server, url = self.start_server()
            self.fetch(url)
            server.send_signal(number)
            _, errors = server.communicate(timeout=LIMIT_SECONDS)
            self.assertEqual((server.returncode, errors), (0, ""))

    def test_a_port_in_use_is_an_error_that_names_it(self):
        _, url = self.start_server()
        address = url.split("/")[2]
        self.assert_fails(self.outboard("metrics", "--listen", address), 11, address, "in use",
                          "--listen")
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = str(other.getsockname()[1])
            self.assert_fails(self.outboard("metrics", "--listen", port), 11, port, "in use")

    def test_addresses_that_are_none_are_refused(self):
        for address in ("", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                        "::1:80", "[::1]", "[::1:80", "9749x", "a b:1"):
            with self.subTest(address):
                outcome = self.outboard("metrics", "--listen", address)
                self.assertIn(outcome.code, (2, 11), outcome.err)
                self.assertTrue(outcome.err.startswith("outboard: "), outcome.err)
        self.assert_fails(self.outboard("metrics", "--listen", "192.0.2.1:9749"), 11,
                          "192.0.2.1:9749", "no address of this machine")

    def test_without_a_runtime_directory_the_environment_is_to_blame(self):
        del self.environment["XDG_RUNTIME_DIR"]
        self.assert_fails(self.outboard("metrics", "--listen", "0"), 6, "XDG_RUNTIME_DIR")

    def test_only_the_loopback_is_listened_at_unless_told_and_then_it_is_said(self):
        _, url = self.start_server()
        self.assertTrue(url.startswith("http://127.0.0.1:"))
        server, url = self.start_server("--listen", "0.0.0.0:0")
        port = url.split("/")[2].split(":")[1]
        self.fetch(f"http://127.0.0.1:{port}/metrics")
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=LIMIT_SECONDS)
        self.assertIn("other machines may connect", errors)

    def test_other_pages_and_methods_are_refused(self):
        _, url = self.start_server()
        root = url.removesuffix("metrics")
        with urllib.request.urlopen(root, timeout=LIMIT_SECONDS) as answer:
            self.assertIn("/metrics", answer.read().decode())
        for target, data in ((root + "etc/passwd", None), (url, b"x"), (root + "../../x", None)):
            with self.assertRaises(urllib.error.HTTPError) as refusal:
                urllib.request.urlopen(target, data, timeout=LIMIT_SECONDS).close()
            self.assertIn(refusal.exception.code, (400, 404))
            refusal.exception.close()

    def test_bytes_that_are_no_request_do_no_harm(self):
        server, url = self.start_server()
        host, port = url.split("/")[2].split(":")
        silent = [socket.create_connection((host, int(port))) for _ in range(3)]
        for data in (b"\0" * 5000, b"GET " + b"x" * 20000, b"GET /metrics HTTP/9\r\n\r\n",
                     b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"\r\n\r\n",
                     b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n"):
            with socket.create_connection((host, int(port))) as peer:
                peer.sendall(data)
        self.fetch(url)
        self.assertIsNone(server.poll())
        for peer in silent:
            peer.close()


class WithoutServer(WatchTest):
    def test_a_build_without_it_says_what_is_missing(self):
        self.assert_fails(self.outboard("metrics"), 6, "libcpp-httplib-dev", "OB_WITH_METRICS")


if __name__ == "__main__":
    command.main()
