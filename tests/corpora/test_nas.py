"""Rows of NAS functions become whole: shared data declared alike on both sides, routines and timers
as documented.
"""

from corpora.datasets.nas import BENCHMARKS, complete_rows, find_benchmark
from corpora.extraction.extract import extract_programs
from corpora.signatures.signature import read_signature

ADD = (
    "void add(){\nint i, j, k, m;\nint thread_id = omp_get_thread_num();\nif(timeron && "
    "thread_id==0){timer_start(T_ADD);}\n"
    "for(k=1; k<=grid_points[2]-2; k++) for(j=1; j<=ny2; j++) for(i=1; i<=nx2; i++) "
    "for(m=0; m<5; m++) u[k][j][i][m]+=rhs[k][j][i][m]*dt;\n}",
    "subroutine add\nuse sp_data\nimplicit none\ninteger i, j, k, m\nif (timeron) call "
    "timer_start(t_add)\ndo k = 1, grid_points(3)-2\ndo j = 1, ny2\ndo i = 1, nx2\n"
    "do m = 1, 5\nu(m,i,j,k) = u(m,i,j,k) + rhs(m,i,j,k)*dt\nend do\nend do\nend do\nend "
    "do\nreturn\nend",
)
RANDOM = (
    "static void two(double *x, double a) { randlc(x, a); randlc(x, a); int n = NONZER; }",
    "subroutine two(x, a)\nuse cg_data, only : nonzer\nimplicit none\ndouble precision x, "
    "a, t\nexternal randlc\ndouble precision randlc\nt = randlc(x, a)\nt = randlc(x, a)\n"
    "end",
)
SOLVE = (
    "",
    "subroutine solve\nuse bt_data\nuse work_lhs\nimplicit none\ncall lhsinit(lhs, 4)\n"
    "call binvrhs(lhs(1,1,bb,0), rhs(1,1,1,1))\nend",
)


def found(text, dialect, name):
    (program,) = [p for p in extract_programs(text, dialect).programs if p.name == name]
    return program, read_signature(program)


def test_shared_data_is_alike_on_both_sides():
    ((cpp, fortran),) = complete_rows([ADD])
    left, right = found(cpp, "cpp", "add"), found(fortran, "fortran", "add")
    names = ["dt", "rhs", "u"]
    assert [p.name for p in left[1].parameters] == [p.name for p in right[1].parameters] == names
    assert (
        [p.type for p in left[1].parameters]
        == [p.type for p in right[1].parameters]
        == ["f64", "f64", "f64"]
    )
    assert left[1].parameters[2].inner_extents == (13, 13, 5) and right[1].parameters[2].shape == (
        "5",
        "0:12",
        "0:12",
        "0:11",
    )
    assert "timer" not in left[0].text + right[0].text
    assert (
        "grid_points(3) = [12, 12, 12]" in right[0].text
        and "grid_points[3] = {12, 12, 12};" in left[0].text
        and "nx2 = 10" in right[0].text
    )


def test_bounds_count_from_the_sides_own_base_and_stay_variables_where_they_are_set():
    loop = (
        "void f(double *x) { for (int i = ist; i < iend; i++) x[i] = nz; }",
        "subroutine f(x)\nuse lu_data\nimplicit none\ninteger i\ndouble precision x(*)\ndo i = "
        "ist, iend\nx(i) = nz\nend do\nend",
    )
    sets = (
        "void g() { ist = 1; iend = nx - 1; }",
        "subroutine g\nuse lu_data\nimplicit none\nist = 2\niend = nx - 1\nend",
    )
    (cpp, fortran), (cpp_sets, _) = complete_rows([loop, sets])
    assert (
        "ist = 1" in found(cpp, "cpp", "f")[0].text
        and "ist = 2" in found(fortran, "fortran", "f")[0].text
    )
    assert [p.name for p in found(cpp_sets, "cpp", "g")[1].parameters] == ["iend", "ist"]


def test_routines_and_scratch():
    (cpp, fortran), (_, solve) = complete_rows([RANDOM, SOLVE])
    assert "randlc(double *x, double a)" in found(cpp, "cpp", "two")[0].text
    assert "function randlc" in found(fortran, "fortran", "two")[0].text
    program, signature = found(solve, "fortran", "solve")
    assert [p.name for p in signature.parameters] == ["rhs"]
    assert (
        "double precision :: lhs(5,5,3,0:12)" in program.text
        and "subroutine binvrhs" in program.text
        and "parameter :: bb = 2" in program.text
    )


def test_rows_are_known_by_what_they_use():
    assert [find_benchmark(*row) for row in (ADD, RANDOM, SOLVE, ("void f(int *x) {}", ""))] == [
        "sp",
        "cg",
        "bt",
        "",
    ]
    assert set(BENCHMARKS) == {"bt", "sp", "lu", "cg", "ft", "mg"}
    assert complete_rows([("void f(int *x) {}", "")]) == [("void f(int *x) {}", "")]
