"""The child process: `python -m scoring.weights.child FILE` reads rows, writes a suggestion to its output, and is gone.

Scikit-learn takes 150 MB once it is imported, and a fit of 100,000 rows more; a worker would never give them back.

The file has a line of JSON with what is asked, then one a handoff in the order of decisions:
[accepted, [[rule, units], ...]].
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from scoring.weights.fitting import suggest


def main(path: str) -> None:
    with Path(path).open(encoding="utf-8") as lines:
        asked = json.loads(next(lines))
        accepted, units = np.zeros(asked["rows"]), np.zeros((asked["rows"], len(asked["rules"])))
        for row, line in enumerate(lines):
            accepted[row], given = json.loads(line)
            for rule, value in given:
                units[row, rule] = value
    json.dump(suggest(asked, units, accepted), sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
