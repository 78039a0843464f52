"""Processor time and memory of clustering near-duplicates, and of the guard of evaluation items.

    python benchmarks/near_duplicates.py [--items 20000] [--families 20] [--seed 0]

Families: each starts from one random function; its members change a few of its statements, so that
neighbours are about 0.5 to 0.95 alike. `--families 1` is the worst case: all items are alike.
"""

from __future__ import annotations

import argparse
import random
import resource
from collections.abc import Iterator

from corpora.records import Program
from corpora.splits import EvaluationGuard, cluster_items

STATEMENTS = 24


def count_cpu_s() -> float:
    """Processor time of this process and of those that it waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def make_statement(rng: random.Random) -> str:
    """One random assignment to an element."""
    return (
        f"y[{rng.randrange(999)}] {rng.choice('+-*/')}= {rng.random():.4f} * "
        f"x[i % {rng.randrange(1, 999)}];"
    )


def make_families(count: int, families: int, seed: int) -> Iterator[Program]:
    """`count` programs in `families` families, in random order of families."""
    rng = random.Random(seed)
    bases = [[make_statement(rng) for _ in range(STATEMENTS)] for _ in range(families)]
    for i in range(count):
        body = list(rng.choice(bases))
        for _ in range(rng.randrange(0, 4)):
            body[rng.randrange(STATEMENTS)] = make_statement(rng)
        text = f"void f{i}(float *x, float *y, int i) {{ {' '.join(body)} }}"
        yield Program("cpp", f"f{i}", text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--families", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    items = list(make_families(options.items, options.families, options.seed))
    begin = count_cpu_s()
    clusters = cluster_items(items)
    clustered_s = count_cpu_s() - begin
    begin = count_cpu_s()
    held = EvaluationGuard(items[: options.items // 20]).filter(items)[1]
    guarded_s = count_cpu_s() - begin
    rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"items {len(items)}  families {options.families}  clusters {len(set(clusters))}")
    print(f"clustering {clustered_s:.1f} CPU s  guard {guarded_s:.1f} CPU s ({held} held back)")
    print(f"peak memory {rss_mib:.0f} MiB")


if __name__ == "__main__":
    main()
