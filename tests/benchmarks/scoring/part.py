"""One part of the benchmark on the database of DATABASE_URL: its data, or its measures as JSON."""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    part, leads, activities, repeats = sys.argv[1], *(int(text) for text in sys.argv[2:5])
    import django

    django.setup()
    if part == "load":
        _load(leads, activities)
        return
    from tests.benchmarks.scoring import measures
    from tests.benchmarks.scoring.worker import workers

    lines = []
    with workers(2) as two:
        bench = measures.Bench(leads, repeats, two)
        measures.prepare(bench)
        for measure in measures.ALL if part == "all" else measures.GROWTH:
            began = time.perf_counter()
            lines += [line.as_json() for line in measure(bench)]
            print(
                f"  {leads:,} leads, {measure.__name__}: {time.perf_counter() - began:.0f} s", file=sys.stderr
            )
    print(json.dumps({"lines": lines, "seconds": bench.seconds}))


def _load(leads: int, activities: int) -> None:
    from django.core.management import call_command

    from tests.benchmarks.scoring import world

    began = time.perf_counter()
    call_command("migrate", verbosity=0)
    world.load(leads, activities)
    print(f"  {leads:,} leads made in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
