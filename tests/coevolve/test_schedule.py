"""Stages that run at once: what waits for what, what a failure stops, who gets an idle worker."""

import random
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from coevolve.loop.rounds import list_stages
from coevolve.loop.run_folder import RunFolder
from coevolve.loop.schedule import Step, run_steps
from coevolve.loop.stage_run import Run
from coevolve.loop.workers import IDLE_S, Leases
from coevolve.report.round_times import PAGE, format_times, measure_rounds


@pytest.mark.parametrize("together", [1, 2, 5])
@pytest.mark.parametrize("seed", range(4))
def test_a_step_begins_after_the_ones_it_names(seed, together):
    draw, begun, ended, lock = random.Random(seed), [], [], threading.Lock()

    def work(name, after):
        with lock:
            assert set(after) <= set(ended)
            begun.append(name)
        time.sleep(draw.random() / 200)
        with lock:
            ended.append(name)

    names, steps = [], []
    for k in range(40):
        after = tuple(draw.sample(names, min(len(names), draw.randrange(3))))
        steps.append(Step(f"s{k}", lambda n=f"s{k}", a=after: work(n, a), after))
        names.append(f"s{k}")
    told = []
    run_steps(iter(steps), together, ended=told.append)
    assert sorted(ended) == sorted(names) == sorted(told)
    assert begun == names or together > 1


def test_steps_that_need_nothing_of_each_other_run_at_once():
    both = threading.Barrier(2, timeout=20)
    run_steps([Step("a", both.wait), Step("b", both.wait)], 2)


@pytest.mark.parametrize("together", [1, 3])
def test_a_failure_stops_the_others_and_is_raised(together):
    stopped, begun = threading.Event(), []

    def fail():
        raise KeyError("first")

    def wait():
        assert stopped.wait(20)
        raise RuntimeError("told to stop")

    steps = [
        Step("waits", wait if together > 1 else lambda: None),
        Step("fails", fail),
        Step("never", lambda: begun.append(1), ("fails",)),
    ]
    with pytest.raises(KeyError, match="first"):
        run_steps(steps, together, stopped.set)
    assert not begun


@pytest.mark.parametrize("together", [1, 2])
def test_a_step_cannot_wait_for_a_later_one(together):
    with pytest.raises(ValueError, match="'a' waits for 'b'"):
        run_steps([Step("a", print, ("b",)), Step("b", print)], together)


def follow(config, seconds):
    """Simulate the stages of a run, each `seconds[first word of its name]` long. Returns the times
    at which they begin and end, without waiting.
    """
    steps = list(list_stages(Run(config, None, None, None)))
    ends = {}
    for step in steps:  # with enough threads a step begins when the last it waits for ends
        begin = max((ends[name][1] for name in step.after), default=0.0)
        ends[step.name] = (begin, begin + seconds.get(step.name.rsplit(" ", 1)[0], 0.0))
    return ends


def test_the_next_rounds_tests_are_made_while_translators_learn(tiny):
    config = replace(tiny, round=replace(tiny.round, count=3))
    found = follow(
        config,
        {"suites": 5, "propose and verify": 9, "Translators": 30, "Tester": 3, "evaluate": 8},
    )
    assert found["suites 2"][1] <= found["Translators 1"][1]
    assert found["propose and verify 2"][0] == found["Translators 1"][1]
    assert found["evaluate 1"][1] > found["propose and verify 2"][0]
    beside = replace(config, round=replace(config.round, control=True))
    waits = follow(beside, {"suites": 5, "Translators": 30, "control": 40})
    assert waits["propose and verify 2"][0] == waits["control 1"][1]
    more = replace(beside, resources=replace(beside.resources, translators=2))
    assert follow(more, {"Translators": 30, "control": 40})["propose and verify 2"][0] == 30


def test_models_one_round_behind_leave_a_round_as_long_as_its_longest_stage(tiny):
    long = replace(
        tiny,
        round=replace(tiny.round, count=8),
        resources=replace(tiny.resources, translators=2, testers=2, model_gpus=1.0),
    )
    seconds = {"suites": 10, "propose and verify": 80, "Translators": 100, "Tester": 30}
    behind = replace(long, round=replace(long.round, behind=1))
    period = {
        name: (found["Translators 8"][1] - found["Translators 4"][1]) / 4
        for name, found in (("now", follow(long, seconds)), ("behind", follow(behind, seconds)))
    }
    assert period == {"now": 180, "behind": 100}


def test_idle_workers_go_to_who_waits_longest_with_the_fewest():
    leases, one, two = Leases(), object(), object()
    big, small = object(), object()
    assert leases.take(one, big)
    assert not leases.take(one, small)
    assert leases.take(two, small)
    leases.give_back(one)
    leases.give_back(two)
    assert leases.take(one, big)
    assert not leases.take(one, small)
    leases.give_back(one)
    assert not leases.take(one, big), "the other waited before"
    assert leases.take(one, small)
    leases.give_back(one)
    assert leases.take(one, big)
    time.sleep(5 * IDLE_S)  # nobody asks any more
    leases.give_back(one)
    assert leases.take(one, big)


def test_a_rounds_time_is_told_beside_its_longest_stage(tmp_path):
    folder = RunFolder(tmp_path)
    assert format_times(folder) == ""
    rows = [  # round, stage, begin, end
        (0, "cold start", 0, 100),
        (1, "suites", 100, 110),
        (1, "propose and verify", 110, 150),
        (1, "learn", 150, 170),
        (2, "suites", 160, 168),
        (1, "evaluate", 170, 180),
        (2, "propose and verify", 1000, 1050),  # after a pause
        (2, "evaluate", 1050, 1060),
    ]
    for number, stage, begin, end in rows:
        with open(folder.timings, "a") as out:
            out.write(
                f'{{"round": {number}, "stage": "{stage}", "seconds": {end - begin}, '
                f'"ended": {end}}}\n'
            )
    for number in (1, 2):
        folder.round(number).folder.mkdir()
        folder.round(number).evaluation.write_text("{}")
    first, second = measure_rounds(folder)
    assert (first.seconds, first.longest, first.stage) == (80, 40, "propose and verify")
    assert (second.seconds, second.one_by_one, second.share) == (60, 68, 1.2)
    assert "round 2 took 60 s, 1.20 times its longest stage" in format_times(folder)
    assert PAGE in format_times(folder)
    alone = RunFolder(tmp_path / "alone")
    alone.round(1).folder.mkdir(parents=True)
    alone.round(1).evaluation.write_text("{}")
    stages = (("suites", 10, 10), ("learn", 20, 30))
    alone.timings.write_text(
        "".join(
            f'{{"round": 1, "stage": "{stage}", "seconds": {seconds}, "ended": {ended}}}\n'
            for stage, seconds, ended in stages
        )
    )
    assert "round 1 took 30 s" in format_times(alone)
    assert PAGE not in format_times(alone), "nothing overlaps there"
    page, heading = PAGE.split("#")
    text = (Path(__file__).parents[2] / page).read_text()
    assert heading in [
        line.lower().replace("## ", "").replace(" ", "-") for line in text.split("\n")
    ]
