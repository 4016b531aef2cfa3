"""`python -m integration.demo [ENGINE]`."""

from __future__ import annotations

import sys

from integration.demo import airflow, argo, everywhere, sfn
from integration.demo.talk import DemoFailed

ENGINES = {
    "airflow": airflow.main,
    "argo-workflows": argo.main,
    "step-functions": sfn.main,
    "all": everywhere.main,
}


def main() -> int:
    engine = sys.argv[1] if len(sys.argv) > 1 else "airflow"
    if engine not in ENGINES:
        print(f"There is no demo of {engine}; there is one of: {', '.join(ENGINES)}", file=sys.stderr)
        return 2
    try:
        return ENGINES[engine]()
    except DemoFailed as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
