#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows on small made trees that each rule of check_tree.py lets good code pass and bad code not."""

import pathlib
import tempfile
import unittest

import check_tree

CPP_FIRST_LINE = "// SPDX-License-Identifier: MIT\n"


class MadeTree(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="outboard-tidy-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def add(self, path: str, text: str, first_line: str = CPP_FIRST_LINE) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(first_line + text, encoding="utf-8")

    def rules_broken(self) -> list[str]:
        return [violation.rule for violation in check_tree.check_tree(self.root)[1]]

    def rules_broken_by(self, path: str, text: str) -> list[str]:
        self.add(path, text)
        broken = self.rules_broken()
        (self.root / path).unlink()
        return broken


class FirstLine(MadeTree):
    def test_a_file_without_the_licence_is_reported(self):
        self.add("rt/a.hpp", "#pragma once\n", first_line="")
        self.assertEqual(self.rules_broken(), ["spdx"])

    def test_an_empty_file_is_reported(self):
        self.add("rt/a.hpp", "", first_line="")
        self.assertEqual(self.rules_broken(), ["spdx"])

    def test_the_licence_follows_the_interpreter_of_a_script(self):
        self.add("tool", "# SPDX-License-Identifier: MIT\n", first_line="#!/bin/sh\n")
        self.assertEqual(self.rules_broken(), [])
        self.add("tool", "echo\n", first_line="#!/bin/sh\n")
        self.assertEqual(self.rules_broken(), ["spdx"])

    def test_a_c_header_has_it_in_a_c_comment(self):
        self.add("sdk/include/outboard/a.h", "", first_line="/* SPDX-License-Identifier: MIT */\n")
        self.assertEqual(self.rules_broken(), [])


class Text(MadeTree):
    def test_unfinished_work_is_reported_in_code_and_build_files(self):
        word = "TO" + "DO"
        self.assertEqual(self.rules_broken_by("rt/a.cpp", f"// {word}: later\n"), ["unfinished"])
        self.add("CMakeLists.txt", f"# {word}\n", first_line="# SPDX-License-Identifier: MIT\n")
        self.assertEqual(self.rules_broken(), ["unfinished"])

    def test_a_line_may_have_100_characters(self):
        self.assertEqual(self.rules_broken_by("rt/a.cpp", "//" + "é" * 98 + "\n"), [])
        self.assertEqual(self.rules_broken_by("rt/a.cpp", "//" + "x" * 99 + "\n"), ["line-length"])

    def test_a_file_may_have_500_lines(self):
        self.assertEqual(self.rules_broken_by("rt/a.cpp", "\n" * 499), [])
        self.assertEqual(self.rules_broken_by("rt/a.cpp", "\n" * 500), ["file-length"])


    def test_the_name_of_a_test_case_has_no_semicolon(self):
        good = 'TEST_CASE("a, b") { f("x;"); }\nTEST_CASE_FIXTURE(Fixture, "c") {}\n'
        self.assertEqual(self.rules_broken_by("tests/a.cpp", good), [])
        for bad in ('TEST_CASE("a; b") {}', 'TEST_CASE_FIXTURE(Fixture,\n    "a; b") {}'):
            self.assertEqual(self.rules_broken_by("tests/a.cpp", bad), ["test-name"])


class Words(MadeTree):
    def test_real_time_code_neither_locks_nor_allocates(self):
        for code in ("std::mutex m;", "std::condition_variable c;", "new int;", "malloc(1);"):
            with self.subTest(code):
                self.assertEqual(self.rules_broken_by("rt/path/a.cpp", code), ["banned-word"])
                self.assertEqual(self.rules_broken_by("rt/control/a.cpp", code), [])

    def test_fences_and_volatile_are_for_tests_only(self):
        for code in ("std::atomic_thread_fence(x);", "volatile int x;"):
            with self.subTest(code):
                self.assertEqual(self.rules_broken_by("sdk/src/a.cpp", code), ["banned-word"])
                self.assertEqual(self.rules_broken_by("tests/a.cpp", code), [])

    def test_volatile_assembly_is_something_else(self):
        self.assertEqual(self.rules_broken_by("rt/path/a.cpp", 'asm volatile("pause");'), [])

    def test_comments_strings_and_includes_are_not_code(self):
        text = (
            "#include <new>\n// a new block\n/* malloc\n new */\n"
            'const char* text = "new \\" malloc";\nint n = 1\'000; char c = \'"\'; int m = 2\'0;\n'
        )
        self.assertEqual(self.rules_broken_by("rt/path/a.cpp", text), [])

    def test_code_after_a_comment_keeps_its_line(self):
        self.add("rt/path/a.cpp", "/* one\n two */\nauto p = new int;\n")
        self.assertEqual([v.line for v in check_tree.check_tree(self.root)[1]], [4])


class Includes(MadeTree):
    def assert_include(self, path: str, include: str, rules: list[str]) -> None:
        with self.subTest(f"{path} includes {include}"):
            self.assertEqual(self.rules_broken_by(path, f"#include {include}\n"), rules)

    def test_arrows_that_point_down_are_allowed(self):
        self.assert_include("rt/path/a.hpp", '"rt/os/clock.hpp"', [])
        self.assert_include("rt/control/a.hpp", '"rt/path/a.hpp"', [])
        self.assert_include("sdk/src/host/a.hpp", '"rt/control/a.hpp"', [])
        self.assert_include("sdk/src/host/a.hpp", '"sdk/src/link/a.hpp"', [])
        self.assert_include("sdk/src/host/a.hpp", "<outboard/host.h>", [])
        self.assert_include("sdk/include/outboard/a.hpp", "<outboard/host.h>", [])
        self.assert_include("sdk/cli/a.cpp", '"audio/file.hpp"', [])
        self.assert_include("demo/a.cpp", '"audio/file.hpp"', [])
        self.assert_include("plugins/builtin/a.cpp", "<outboard/service.h>", [])
        self.assert_include("bench/a.cpp", '"rt/path/a.hpp"', [])
        self.assert_include("tests/a.cpp", '"sdk/src/host/a.hpp"', [])

    def test_arrows_that_point_up_or_sideways_are_not(self):
        forbidden = (
            ("rt/path/a.hpp", '"rt/control/a.hpp"'),
            ("rt/control/a.hpp", "<outboard/host.h>"),
            ("rt/os/a.hpp", '"sdk/src/a.hpp"'),
            ("sdk/include/outboard/a.hpp", '"rt/path/a.hpp"'),
            ("sdk/src/a.hpp", '"audio/file.hpp"'),
            ("sdk/src/a.hpp", '"sdk/cli/a.hpp"'),
            ("sdk/cli/a.hpp", '"sdk/src/a.hpp"'),
            ("sdk/cli/a.hpp", '"rt/path/a.hpp"'),
            ("audio/a.hpp", '"rt/path/a.hpp"'),
            ("audio/a.hpp", '"sdk/src/a.hpp"'),
            ("plugins/a.hpp", '"audio/file.hpp"'),
            ("plugins/a.hpp", '"demo/a.hpp"'),
            ("demo/a.hpp", '"plugins/a.hpp"'),
            ("demo/a.hpp", '"sdk/cli/a.hpp"'),
            ("bench/a.hpp", '"sdk/src/a.hpp"'),
        )
        for path, include in forbidden:
            self.assert_include(path, include, ["include"])

    def test_a_detour_over_the_file_beside_is_seen(self):
        self.add("rt/control/b.hpp", "")
        self.assert_include("rt/path/a.hpp", '"../control/b.hpp"', ["include"])

    def test_the_operating_system_is_called_in_one_place(self):
        for header in ("<unistd.h>", "<sys/mman.h>", "<linux/futex.h>", "<pthread.h>"):
            self.assert_include("rt/control/a.cpp", header, ["os-header"])
            self.assert_include("sdk/src/a.cpp", header, ["os-header"])
            self.assert_include("rt/os/linux/a.cpp", header, [])
            self.assert_include("tests/rt/a.cpp", header, [])
            self.assert_include("bench/a.cpp", header, [])

    def test_real_time_code_uses_no_library_but_the_standard_one(self):
        self.assert_include("rt/path/a.hpp", "<tl/expected.hpp>", ["include"])
        self.assert_include("rt/path/a.hpp", "<atomic>", [])
        self.assert_include("rt/path/a.hpp", "<xmmintrin.h>", [])
        self.assert_include("rt/control/a.hpp", "<tl/expected.hpp>", [])

    def test_a_public_header_may_include_the_one_beside_it(self):
        self.add("sdk/include/outboard/b.h", "")
        self.assert_include("sdk/include/outboard/a.h", '"b.h"', [])
        self.assert_include("rt/control/a.hpp", '"../../sdk/include/outboard/b.h"', ["include"])

    def test_an_include_may_be_indented(self):
        self.assert_include("rt/control/a.cpp", "<unistd.h>", ["os-header"])
        self.assertEqual(
            self.rules_broken_by("rt/a.cpp", "#if 1\n#  include <unistd.h>\n#endif\n"), ["os-header"]
        )


class Tree(MadeTree):
    def test_built_files_are_not_read(self):
        self.add("build/dev/a.cpp", "", first_line="")
        self.add("rt/a.cpp", "")
        self.assertEqual(check_tree.check_tree(self.root), (1, []))

    def test_a_tree_without_sources_is_not_a_pass(self):
        self.assertEqual(check_tree.main([str(self.root)]), 1)

    def test_the_exit_code_tells(self):
        self.add("rt/a.cpp", "")
        self.assertEqual(check_tree.main([str(self.root)]), 0)
        self.add("rt/b.cpp", "", first_line="")
        self.assertEqual(check_tree.main([str(self.root)]), 1)


if __name__ == "__main__":
    unittest.main()
