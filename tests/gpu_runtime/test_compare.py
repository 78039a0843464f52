import numpy as np
import pytest

from gpu_runtime import compare
from gpu_runtime.backend import Arguments, Execution, Status, has_same_bytes
from gpu_runtime.compare import (
    ReferenceRuns,
    find_difference,
    make_reference,
    perturb_by_ulp,
    perturb_relative,
)


def execution(*values, result=None):
    return Execution(Status.OK, values=tuple(np.asarray(v) for v in values), result=result)


def wider(function, arguments):
    return execution(function(*(v.astype(np.float64) for v in arguments.values)).astype(np.float32))


def reference(function, *inputs):
    """A reference for numpy `function(*inputs) -> array`; the function runs in f32 or f64 as its
    inputs are.
    """
    given = Arguments(tuple(inputs))
    again = [perturb_relative(given, k) for k in range(4)]
    runs = ReferenceRuns(
        wider(function, given),
        None,
        tuple((execution(function(*a.values)), wider(function, a)) for a in again),
        tuple(execution(function(*perturb_by_ulp(given, k).values)) for k in range(2)),
    )
    return make_reference(execution(function(*inputs)), [True], runs)


def serial_sum(x):
    return np.cumsum(x)[-1:].astype(x.dtype)


def tree_sum(x):
    while len(x) > 1:
        x = np.pad(x, (0, len(x) % 2))
        x = x[::2] + x[1::2]
    return x


@pytest.mark.parametrize("n", [10, 1000, 30000])
@pytest.mark.parametrize("low", [-1.0, 0.0])
def test_tree_reduction_passes_and_a_lost_element_does_not(n, low):
    failures = 0
    for seed in range(20):
        x = np.random.default_rng(seed).uniform(low, 1, n).astype(np.float32)
        expected = reference(serial_sum, x)
        assert find_difference(expected, [tree_sum(x)], None) is None
        assert find_difference(expected, [serial_sum(x[::-1].copy())], None) is None
        failures += find_difference(expected, [serial_sum(x[1:])], None) is None
    assert failures <= 1 or n > 1000  # the serial sum itself is then off by a share of an element


def test_wide_dynamic_range_is_judged_per_element():
    x = np.array([1e20, 1e-3, 3.0], np.float32)
    expected = reference(lambda v: v * v.dtype.type(1.1), x)
    wrong = expected.values[0].copy()
    wrong[1] *= np.float32(1.00001)
    found = find_difference(expected, [wrong], None)
    assert found is not None and found.element == 1 and found.count == 1


def test_cancellation_widens_only_its_own_element():
    x = np.array([1.1, 1.1], np.float32)
    y = np.array([1.1000001, 2.3], np.float32)
    expected = reference(lambda a, b: (a * a) - (b * b), x, y)
    off = expected.values[0].copy()
    off[0] += np.float32(1e-7)
    assert find_difference(expected, [off], None) is None
    off[1] += np.float32(1e-4)
    assert find_difference(expected, [off], None).element == 1


def test_nan_inf_zero_and_integers():
    expected = make_reference(execution(np.array([np.nan, np.inf, 0.0, 1.0])), [True])
    assert find_difference(expected, [np.array([np.nan, np.inf, -0.0, 1.0])], None) is None
    for wrong in (
        [0, np.inf, 0, 1],
        [np.nan, -np.inf, 0, 1],
        [np.nan, np.inf, np.nan, 1],
        [np.nan, 1e308, 0, 1],
    ):
        assert find_difference(expected, [np.array(wrong, float)], None) is not None
    integers = make_reference(execution(np.array([1, 2], np.int32)), [True])
    found = find_difference(integers, [np.array([1, 3], np.int32)], None)
    assert (found.element, found.expected, found.actual, found.tolerance) == (1, "2", "3", "exact")


def test_unwritten_buffers_are_exact_and_results_count():
    x = np.array([1.0], np.float32)
    expected = make_reference(execution(x, result=np.array(2.0)), [False])
    assert find_difference(expected, [np.nextafter(x, np.float32(2))], np.array(2.0)).parameter == 0
    assert find_difference(expected, [x], np.array(2.1)).parameter == -1
    assert find_difference(expected, [x], np.nextafter(np.array(2.0), 3.0)) is None


def test_complex_parts_are_judged_apart():
    z = np.array([1e6 + 1e-3j], np.complex64)
    expected = make_reference(execution(z), [True])
    assert find_difference(expected, [z], None) is None
    assert find_difference(expected, [z + np.complex64(1e-4j)], None) is not None


def test_complex_numbers_that_are_not_finite_are_alike():
    lost, lone = complex(np.nan, np.nan), complex(-np.inf, 1)
    expected = make_reference(execution(np.array([lost, lone, 1 + 2j], np.complex64)), [True])
    assert find_difference(expected, [np.array([lone, lost, 1 + 2j], np.complex64)], None) is None
    assert find_difference(expected, [np.array([lone, 1, 1 + 2j], np.complex64)], None).element == 1
    assert (
        find_difference(
            expected, [np.array([lost, lone, complex(1, np.nan)], np.complex64)], None
        ).element
        == 2
    )
    assert find_difference(expected, [np.array([lost, lone, 2j], np.complex64)], None).element == 2
    never_written = make_reference(execution(np.array([lost, lone], np.complex64)), [False])
    assert find_difference(never_written, [np.array([lost, lost], np.complex64)], None).element == 1


def test_unstable_tests_say_why():
    noisy = np.array([1e-8, 2e-8, -1e-8], np.float32)
    loud = make_reference(execution(noisy), [True], ReferenceRuns(execution(noisy * 3)))
    assert "ill-conditioned" in loud.unstable
    flips = make_reference(
        execution(np.array([1, 2, 4])), [True], ReferenceRuns(execution(np.array([2, 3, 5])))
    )
    assert "precision" in flips.unstable


def test_an_integer_on_the_edge_may_fall_either_way():
    whole = np.arange(100, dtype=np.int32)
    edge = whole.copy()
    edge[7] -= 1
    expected = make_reference(execution(whole), [True], ReferenceRuns(execution(edge)))
    assert not expected.unstable
    assert find_difference(expected, [edge], None) is None
    edge[8] -= 1
    assert find_difference(expected, [edge], None).element == 8


def test_moved_inputs_leave_what_must_stay():
    x = np.array([1.0, 0.5, np.nan, 0.0, -3.0, np.inf], np.float32)
    moved = perturb_by_ulp(Arguments((x, np.array([1, 2]))), 1)
    assert (
        moved.values[0][[0, 3, 4, 5]].tolist() == [1.0, 0.0, -3.0, np.inf]
        and moved.values[0][1] != 0.5
    )
    assert moved.values[1].tolist() == [1, 2] and np.isnan(moved.values[0][2])
    again = perturb_relative(Arguments((np.linspace(1, 2, 1000, dtype=np.float32),)), 1).values[0]
    ratio = again / np.linspace(1, 2, 1000, dtype=np.float32)
    assert 0.0005 < np.abs(ratio - 1).max() < 0.00099


def test_shaken_runs_stand_in_for_a_wider_variant():
    value = np.array([1e-3, 2.0], np.float64)
    off = value + np.array([1e-15, 0.0])
    alone = make_reference(execution(value), [True])
    assert find_difference(alone, [off], None) is not None
    ulp_and_integer_runs = make_reference(
        execution(value), [True], ReferenceRuns(ulp_and_integer_runs=(execution(value + 4e-16),))
    )
    assert find_difference(ulp_and_integer_runs, [off], None) is None
    assert find_difference(ulp_and_integer_runs, [value + np.array([1e-9, 0.0])], None) is not None


def test_without_a_wider_variant_the_bar_is_as_wide_as_a_serial_sum_may_err():
    tree = np.array([1000.0], np.float64)
    serial = tree + 20 * np.spacing(tree)
    assert find_difference(make_reference(execution(tree), [True]), [serial], None) is not None
    assert (
        find_difference(
            make_reference(execution(tree), [True], ReferenceRuns(terms=1500)), [serial], None
        )
        is None
    )
    assert (
        find_difference(
            make_reference(execution(tree), [True], ReferenceRuns(terms=1500)),
            [tree * (1 + 1e-9)],
            None,
        )
        is not None
    )


def test_what_a_buffer_held_limits_the_shaken_bar():
    end, moved = np.array([1e-3]), np.array([1e-3 + 1e-14])
    runs = {"ulp_and_integer_runs": (execution(moved),)}
    assert (
        find_difference(
            make_reference(execution(end), [True], ReferenceRuns(**runs)), [end + 3e-14], None
        )
        is not None
    )
    held = ReferenceRuns(**runs, given=(np.array([300.0]),))
    assert (
        find_difference(make_reference(execution(end), [True], held), [end + 3e-14], None) is None
    )


def test_extreme_values_are_compared_without_warnings(recwarn):
    for dtype in (np.float32, np.float64):
        huge = np.array(
            [np.finfo(dtype).max, -np.finfo(dtype).max, np.inf, np.nan, 0, np.finfo(dtype).tiny],
            dtype,
        )
        made = make_reference(
            execution(huge),
            [True],
            ReferenceRuns(
                execution(huge),
                execution(-huge),
                ((execution(huge), execution(-huge)),),
                (execution(huge),),
                given=(huge,),
            ),
        )
        find_difference(made, [-huge], None)
        perturb_relative(Arguments((huge,)), 1), perturb_by_ulp(Arguments((huge,)), 1)
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def test_an_element_that_was_lucky_in_every_draw_gets_the_usual_bar():
    value = np.full(1001, 0.8)
    noise = np.linspace(
        -2e-15, 2e-15, 1001
    )  # the middle element errs by nothing, though it is a sum like the others
    expected = make_reference(execution(value), [True], ReferenceRuns(execution(value + noise)))
    off = value.copy()
    off[500] += 4e-15
    assert find_difference(expected, [off], None) is None
    off[500] += 1e-12
    assert find_difference(expected, [off], None).element == 500
    tiny = np.where(np.arange(1001) == 500, 1e-20, value)  # but not one of another size
    expected = make_reference(execution(tiny), [True], ReferenceRuns(execution(tiny + noise)))
    off = tiny.copy()
    off[500] *= 1.001
    assert find_difference(expected, [off], None).element == 500


def test_an_element_may_be_off_by_a_few_ulps_of_what_it_held():
    value, held = (
        np.array([2.0**-53, 2.0**-53, 1e-9]),
        np.array([1.0, 1.5, np.inf]),
    )  # 1 + 0.5 * epsilon - 1, by luck exact
    updated = make_reference(execution(value), [True], ReferenceRuns(given=(held,), read=(True,)))
    assert find_difference(updated, [np.array([0.0, *value[1:]])], None) is None
    assert find_difference(updated, [np.array([3e-15, *value[1:]])], None).element == 0
    assert find_difference(updated, [np.array([value[0], 0.0, value[2]])], None).element == 1
    assert find_difference(updated, [np.array([*value[:2], 2e-9])], None).element == 2
    overwritten = make_reference(
        execution(value), [True], ReferenceRuns(given=(held,), read=(False,))
    )
    assert find_difference(overwritten, [np.array([0.0, *value[1:]])], None).element == 0


def test_an_overflow_on_the_way_is_infinite_or_no_number_as_the_order_goes():
    def on_the_way(x):  # inf - inf in single precision, 0 in double
        return x * x - x * x

    def at_the_end(x):
        return x * x

    huge, nan, inf = (
        np.array([3e38], np.float32),
        np.array([np.nan], np.float32),
        np.array([np.inf], np.float32),
    )
    with np.errstate(all="ignore"):
        free, bound = reference(on_the_way, huge), reference(at_the_end, huge)
    assert (
        find_difference(free, [nan], None) is None
        and find_difference(free, [inf], None) is None
        and find_difference(free, [np.zeros(1, np.float32)], None) is not None
    )
    assert (
        find_difference(bound, [inf], None) is None
        and find_difference(bound, [nan], None) is not None
    )


def spread_values(kind, count, seed):
    """Of many magnitudes, some of them whole, zero or not finite."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=count) * 10.0 ** rng.integers(-40, 30, count)
    odd = rng.random(count) < 0.1
    x[odd] = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -7.0], int(odd.sum()))
    x = x + 1j * rng.normal(size=count) if np.dtype(kind).kind == "c" else x
    with np.errstate(all="ignore"):
        return x.astype(kind)


def runs_on(value, seed):
    """Runs of a source that gave `value`, each a little off."""
    rng = np.random.default_rng(seed)

    def off(share):
        with np.errstate(all="ignore"):
            moved = value * (1 + share * rng.normal(size=value.shape))
            return execution(moved.astype(value.dtype))

    return ReferenceRuns(
        off(1e-8),
        off(1e-6),
        ((off(1e-3), off(1e-3)),),
        (off(1e-7),),
        (off(1e-5),),
        50,
        (value[::-1].copy(),),
        (True,),
    )


@pytest.mark.parametrize("kind", ["f4", "f8", "c8", "c16", "i4"])
def test_blocks_give_the_very_bits_of_the_whole(kind, monkeypatch):
    count = 1000
    value = spread_values(kind, count, 1) if kind != "i4" else np.arange(count, dtype=kind)
    given, other = Arguments((value,)), value.copy()
    other[[3, 500, 999]] += 5
    found = []
    for block in (1 << 20, 7, 64):
        monkeypatch.setattr(compare, "BLOCK", block)
        expected = make_reference(execution(value), [True], runs_on(value, 2))
        bar = expected.tolerances[0]
        moved = [
            perturb_by_ulp(given, 3),
            perturb_by_ulp(given, 3, True),
            perturb_relative(given, 2),
        ]
        found.append(
            (
                None if bar is None else (bar.shape, bar.tobytes()),
                expected.unstable,
                find_difference(expected, [other], None),
                [m.values[0].tobytes() for m in moved],
            )
        )
    assert found[0] == found[1] == found[2]
    assert found[0][2] is not None and found[0][2].element in (3, 500)


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_a_step_of_the_bits_is_the_next_number(kind):
    info = np.finfo(kind)
    edges = [info.tiny, info.smallest_subnormal, info.eps, 1.0, 2.0, info.max / 2, 0.1]
    x = np.array([*edges, *(-e for e in edges), *np.random.default_rng(0).normal(size=500)], kind)
    up = np.arange(x.size) % 2 == 0
    aims = np.where(up, np.inf, -np.inf).astype(kind)
    assert compare._step_by_ulp(x, up).tobytes() == np.nextafter(x, aims).tobytes()


def test_bytes_are_compared_whatever_the_layout():
    large = np.arange(10_000)
    same, other = large.copy(), large.copy()
    other[-1] += 1
    assert has_same_bytes(large, same) and not has_same_bytes(large, other)
    assert not has_same_bytes(large, large[:-1])
    assert has_same_bytes(large[::2], large[::2].copy())
    assert has_same_bytes(np.array([-0.0]), np.array([-0.0]))
    assert not has_same_bytes(np.array([-0.0]), np.array([0.0]))
