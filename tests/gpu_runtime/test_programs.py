"""Whole programs in the sandbox: what they may do, what stops them, and what the special builds
show.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys

import pytest

from corpora.records import Program
from corpora.suites.program_tests import ProgramTest
from gpu_runtime.backend import Status, Variant
from gpu_runtime.compile.toolchain import find_toolchain
from gpu_runtime.openmp.races import find_race
from gpu_runtime.programs.execute import (
    ProgramLimits,
    ProgramRun,
    RunSetting,
    build_program,
    run_program,
)
from gpu_runtime.programs.guess_tests import guess_tests
from gpu_runtime.sandbox import lockdown as sandbox

walls = pytest.mark.skipif(
    bool(sandbox.find_missing_walls(sandbox.probe_features())),
    reason="walls of the sandbox are missing on this machine",
)
detector = pytest.mark.skipif(
    find_toolchain().libarcher is None, reason="no race detector on this machine"
)
TEAM = RunSetting(4, "static")


def ran(
    text: str,
    dialect: str = "cpp",
    test: ProgramTest = ProgramTest(),
    variant: Variant = Variant.PLAIN,
    setting: RunSetting = RunSetting(),
) -> ProgramRun:
    built = build_program(Program(dialect, "main", text), variant)
    assert built.ok, built.diagnostics
    return run_program(
        built,
        test,
        ProgramLimits(wall_s=2.0 if variant is Variant.PLAIN else 20.0, memory_mib=300, file_mib=1),
        setting,
    )


def test_arguments_input_files_and_exit_status():
    text = """#include <cstdio>
    int main(int argc, char **argv) {
        int a, b;
        if (scanf("%d %d", &a, &b) == 2) printf("%d %s\\n", a + b, argc > 1 ? argv[1] : "-");
        fprintf(stderr, "note\\n");
        FILE *f = fopen("out.txt", "w");
        fprintf(f, "%d\\n", a);
        fclose(f);
        return 3;
    }"""
    seen = ran(text, test=ProgramTest(("x y",), "3 4\n"))
    assert (seen.status, seen.exit_code, seen.stdout, seen.stderr, seen.files) == (
        Status.OK,
        3,
        "7 x y\n",
        "note\n",
        (("out.txt", b"3\n"),),
    )


def test_output_is_kept_whatever_the_numbers_of_its_descriptors():
    """An output whose descriptor had the number that the executable is given was lost, and two
    programs that both print nothing are equal.
    """
    text = 'extern "C" int puts(const char *); int main() { puts("x"); }'
    built = build_program(Program("cpp", "main", text))
    held = [os.open(os.devnull, os.O_RDONLY)]
    try:
        while held[-1] < 64:
            assert run_program(built).stdout == "x\n", held[-1]
            held.append(os.open(os.devnull, os.O_RDONLY))
    finally:
        for fd in held:
            os.close(fd)


def test_a_caller_may_have_thousands_of_files_open():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("no process may have so many here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert ran('#include <cstdio>\nint main() { puts("many"); }').stdout == "many\n"
    finally:
        for fd in held:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_fortran_in_both_forms():
    free = (
        "program p\n integer :: n\n read *, n\n open(7, file='r.dat')\n write(7, *) n + 1\n "
        "close(7)\n print *, n\nend program\n"
    )
    seen = ran(free, "fortran", ProgramTest(stdin="41\n"))
    assert (
        seen.stdout.split() == ["41"]
        and seen.files[0][0] == "r.dat"
        and seen.files[0][1].split() == [b"42"]
    )
    assert ran(
        "      PROGRAM P\nC     a comment\n      PRINT *, 7\n      END\n", "fortran"
    ).stdout.split() == ["7"]


def test_c_is_taken_as_well():
    assert (
        ran(
            "#include <stdio.h>\n#include <stdlib.h>\nint main(void) { int *restrict p = "
            'malloc(4); *p = 5; printf("%d", *p); return 0; }'
        ).stdout
        == "5"
    )


def test_errors_are_the_compilers():
    built = build_program(Program("cpp", "main", "int main() {\n  return x;\n}"))
    assert not built.ok and "program.cpp:2:10: error" in built.diagnostics
    assert (
        "undefined reference"
        in build_program(Program("cpp", "main", "void f(); int main() { f(); }")).diagnostics
    )


HOSTILE = {
    "fork": ("#include <unistd.h>\nint main() { return fork() == 0; }", Status.FORBIDDEN),
    "system": ('#include <cstdlib>\nint main() { return system("ls"); }', Status.FORBIDDEN),
    "exec": (
        '#include <unistd.h>\nint main() { char *a[] = {0}; return execve("/bin/ls", a, a); }',
        Status.FORBIDDEN,
    ),
    "exec again": (
        "#define _GNU_SOURCE\n#include <fcntl.h>\n#include <unistd.h>\n#include "
        "<sys/syscall.h>\nint main() { char *a[] = {0};"
        ' int f = open("/bin/true", O_RDONLY); dup2(f, 60); syscall(SYS_execveat, 60, "", a, '
        "a, AT_EMPTY_PATH); return 9; }",
        Status.OK,
    ),
    "network": (
        "#include <sys/socket.h>\nint main() { return socket(2, 1, 0); }",
        Status.FORBIDDEN,
    ),
    "kill": ("#include <signal.h>\nint main() { return kill(1, 9); }", Status.FORBIDDEN),
    "endless": ("int main() { for (volatile int go = 1; go;) {} }", Status.TIMEOUT),
    "sleeps": ("#include <unistd.h>\nint main() { sleep(1000); }", Status.TIMEOUT),
    "floods": ('#include <cstdio>\nint main() { for (;;) puts("much"); }', Status.FORBIDDEN),
    "aborts": ("#include <cstdlib>\nint main() { abort(); }", Status.SIGNAL),
    "faults": ("int main() { volatile int *p = nullptr; return *p; }", Status.SIGNAL),
}


@walls
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_programs(name):
    text, status = HOSTILE[name]
    seen = ran(text)
    assert seen.status is status, seen
    assert len(seen.stdout) <= 1 << 20


@walls
def test_files_of_the_host_are_out_of_reach_and_own_ones_are_bounded(tmp_path):
    canary = tmp_path / "canary"
    canary.write_text("secret")
    canary.chmod(0o666)
    text = f"""#include <cstdio>
    #include <cstring>
    int main() {{
        if (fopen("/etc/passwd", "r") || fopen("{canary}", "r") || fopen("{canary}", \
"w") || fopen("/tmp/x", "w") || fopen("/proc/1/environ", "r")) return 1;
        char name[20], block[65536];
        memset(block, 'x', sizeof block);
        int n = 0;
        for (; n < 1000; n++) {{
            sprintf(name, "f%d", n);
            FILE *f = fopen(name, "w");
            if (!f) break;
            if (fwrite(block, 1, sizeof block, f) < sizeof block) {{ fclose(f); break; }}
            if (fclose(f)) break;
        }}
        return n < 1000 ? 2 : 3;
    }}"""
    seen = ran(text)
    assert (seen.status, seen.exit_code) == (Status.OK, 2) and canary.read_text() == "secret"
    assert sum(len(content) for _, content in seen.files) <= 1 << 20


SCRIPT = """
from corpora.records import Program
from gpu_runtime.programs.execute import build_program, run_program
write = '#include <cstdio>\\nint main() { FILE *f = fopen("a", "w"); fputs("hi", f); fclose(f); \
return fopen("/etc/passwd", "r") != 0; }'
for text in (write, "#include <unistd.h>\\nint main() { return fork(); }"):
    seen = run_program(build_program(Program("cpp", "main", text)))
    print(seen.status, seen.exit_code, seen.files)
"""
IN_USER_NAMESPACE = ["unshare", "-U", "--map-user=1000", "--map-group=1000"]


@walls
@pytest.mark.skipif(
    not shutil.which("unshare")
    or subprocess.run([*IN_USER_NAMESPACE, "true"], capture_output=True).returncode,
    reason="no user namespaces here",
)
def test_an_unprivileged_user_has_files_and_walls_too(tmp_path):
    environment = {**os.environ, "COEVOLVE_CACHE": str(tmp_path)}
    done = subprocess.run(
        [*IN_USER_NAMESPACE, sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["ok 0 (('a', b'hi'),)", "forbidden 31 ()"], done.stderr


def test_links_out_of_the_folder_are_not_followed():
    seen = ran(
        '#include <unistd.h>\n#include <cstdio>\nint main() { symlink("/etc/passwd", "a"); '
        'fclose(fopen("b", "w")); }'
    )
    assert all(name != "a" for name, _ in seen.files)


def test_clocks_can_be_moved():
    text = """#include <cstdio>
    #include <ctime>
    #include <chrono>
    int main() { printf("%ld %ld\\n", (long)time(nullptr), \
(long)std::chrono::system_clock::now().time_since_epoch().count() / 1000000000); }"""
    built = build_program(Program("cpp", "main", text))
    true, moved = (
        list(map(int, run_program(built, setting=RunSetting(clock=c)).stdout.split()))
        for c in (None, (100_000.5, 1.0001))
    )
    assert abs(true[0] - true[1]) <= 1 and all(
        99_990 < m - t < 100_090 for m, t in zip(moved, true, strict=True)
    )


SUM = """#include <cstdio>
int main() {{
    int s = 0, a[1000];
    {pragma}
    for (int i = 0; i < 1000; i++) {{ a[i] = i; s += i; }}
    printf("%d\\n", s + a[9]);
}}"""


@detector
@pytest.mark.parametrize(
    ("pragma", "race"),
    [
        ("#pragma omp parallel for", True),
        ("#pragma omp parallel for reduction(+:s)", False),
        ("#pragma omp simd", True),
        ("#pragma omp parallel\n#pragma omp single", False),
    ],
)
def test_races_in_cpp(pragma, race):
    found = find_race(
        Program("openmp", "main", SUM.format(pragma=pragma)),
        [ProgramTest()],
        ProgramLimits(wall_s=20),
    )
    assert (bool(found.race), found.problem) == (race, "")
    assert not race or "main line 5" in found.race


RACY = {
    "sections": "#pragma omp parallel sections\n{\n#pragma omp section\n x = 1;\n#pragma omp "
    "section\n x = 2;\n}",
    "locks of two names": "#pragma omp parallel for\nfor (int i = 0; i < 64; i++) { if (i % 2) "
    "{\n#pragma omp critical(a)\n x++; } else {\n#pragma omp critical(b)\n"
    " x++; } }",
    "grandchild task": "#pragma omp parallel\n#pragma omp single\n{\n#pragma omp task\n{\n"
    "#pragma omp task\n x = 3;\n}\n#pragma omp taskwait\n y = x;\n}",
    "neighbours": "int z[64] = {};\n#pragma omp parallel for\nfor (int i = 0; i < 62; i++) z[i] "
    "= z[i + 1] + 1;",
    "teams": "#pragma omp target teams distribute parallel for map(tofrom: x)\nfor (int i = 0; "
    "i < 64; i++) {\n#pragma omp critical\n x++;\n}",
    "dead store": "#pragma omp parallel\n{\n#pragma omp master\n x = 5;\n int own = x; "
    "(void)own;\n}",
}
CLEAN = {
    "nested": "#pragma omp parallel for\nfor (int i = 0; i < 8; i++) {\n static int z[8][8];\n"
    "#pragma omp parallel for\n for (int j = 0; j < 8; j++) z[i][j] = i + j;\n}",
    "task that is not deferred": "#pragma omp parallel\n#pragma omp single\n{\n#pragma omp task "
    "depend(inout: x)\n x++;\n#pragma omp task depend(in: x) "
    "if(0)\n {}\n y = x;\n}",
    "threadprivate": "tp = 0;\n#pragma omp parallel for copyin(tp)\nfor (int i = 0; i < 64; "
    "i++) tp += i;",
    "teams share": "static int z[64];\n#pragma omp target teams distribute parallel for "
    "map(tofrom: z)\nfor (int i = 0; i < 64; i++) z[i] += i;",
    "tasks that copy": "static int z[64];\n#pragma omp parallel\n#pragma omp single\nfor (int i "
    "= 0; i < 64; i++) {\n#pragma omp task firstprivate(i)\n z[i] = i;\n}",
    "one team": "#pragma omp target teams num_teams(1) map(tofrom: x)\n#pragma omp distribute "
    "parallel for\nfor (int i = 0; i < 64; i++) {\n#pragma omp critical\n x++;\n}",
}


@detector
@pytest.mark.parametrize("name", [*RACY, *CLEAN])
def test_constructs_that_a_detector_gets_wrong(name):
    body = RACY.get(name) or CLEAN[name]
    text = (
        f"#include <cstdio>\nstatic int tp;\n#pragma omp threadprivate(tp)\nint main() {{\n"
        f'int x = 0, y = 0;\n{body}\nprintf("%d %d\\n", x, y);\n}}'
    )
    found = find_race(Program("openmp", "main", text), [ProgramTest()], ProgramLimits(wall_s=20))
    assert bool(found.race) == (name in RACY), found
    assert not found.problem


@detector
def test_fortran_races_also_through_what_is_printed():
    text = (
        "program p\n integer :: x\n x = 0\n !$omp parallel\n !$omp single\n !$omp task "
        "shared(x)\n x = 1\n !$omp end task\n print *, x\n !$omp end single\n !$omp end "
        "parallel\nend program\n"
    )
    assert (
        "line 7"
        in find_race(
            Program("openmp-fortran", "main", text), [ProgramTest()], ProgramLimits(wall_s=20)
        ).race
    )
    waited = text.replace(" print", " !$omp taskwait\n print")
    assert not find_race(
        Program("openmp-fortran", "main", waited), [ProgramTest()], ProgramLimits(wall_s=20)
    ).race


def test_threads_that_do_the_same_little_are_all_counted():
    text = (
        "#include <cstdio>\nint main() {\nint a = 0;\n#pragma omp parallel\n#pragma omp "
        'atomic\na++;\nprintf("%d", a);\n}'
    )
    seen = ran(text, "openmp", variant=Variant.RECORDED, setting=TEAM)
    assert (seen.status, seen.stdout, seen.active_threads) == (Status.OK, "4", 4)


@pytest.mark.parametrize(
    ("pragma", "threads"),
    [
        ("#pragma omp parallel for reduction(+:s)", 4),
        ("#pragma omp parallel\n#pragma omp single", 1),
        ("#pragma omp simd", 0),
        ("#pragma omp parallel for reduction(+:s) num_threads(1)", 0),
    ],
)
def test_threads_that_share_the_work_are_counted(pragma, threads):
    seen = ran(SUM.format(pragma=pragma), "openmp", variant=Variant.RECORDED, setting=TEAM)
    assert seen.active_threads == threads and "@coevolve" not in seen.stderr


def test_threads_are_counted_in_fortran():
    text = (
        "program p\n integer :: i, a(1000)\n !$omp parallel do\n do i = 1, 1000\n a(i) = i\n "
        "end do\n print *, sum(a)\nend program\n"
    )
    assert ran(text, "openmp-fortran", variant=Variant.RECORDED, setting=TEAM).active_threads == 4


@pytest.mark.parametrize(
    ("text", "arguments", "stdin"),
    [
        ("int main(int argc, char **argv) { (void)argc; (void)argv; return 0; }", False, False),
        ("int main(int n, char **words) { return n > 1 ? atoi(words[1]) : 0; }", True, False),
        ("int main() { int cin = 3; /* argv */ return cin; }", False, False),
        ('int main() { const char *s = "scanf(argv)"; return s[0]; }', False, False),
        ("int main() { int n; std::cin >> n; return n; }", False, True),
        ('#define GET(x) scanf("%d", &x)\nint main() { int n; GET(n); return n; }', False, True),
    ],
)
def test_what_a_program_reads_is_told_by_its_code_alone(text, arguments, stdin):
    tests = guess_tests(Program("cpp", "main", text))
    assert any(t.arguments for t in tests) is arguments
    assert any(t.stdin for t in tests) is stdin


def test_tests_are_guessed_from_the_text():
    def guess(text: str, dialect: str = "cpp") -> tuple[ProgramTest, ...]:
        return guess_tests(Program(dialect, "main", text))

    assert guess("int main(int argc, char **argv) { return 0; }") == (ProgramTest(),)
    sizes = [
        t.arguments
        for t in guess(
            "int main(int argc, char **argv) { int n = atoi(argv[1]), m = atoi(argv[2]); if (n "
            "> 10000) return 1; }"
        )
    ]
    assert sizes == [(), ("7", "7"), ("100", "100"), ("10001", "10001")]
    assert any(t.stdin for t in guess("program p\n read *, n\nend", "fortran"))
    assert all(not t.arguments for t in guess("program p\n read(*,*) n\nend", "fortran"))
