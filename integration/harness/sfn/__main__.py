"""`python -m integration.harness.sfn`: command.py, or one line where packages are missing."""

from __future__ import annotations

import sys

from integration.harness.sfn.packages import missing_packages


def main() -> int:
    """Run the command, or say in one line what is missing; returns the exit status."""
    missing = ", ".join(missing_packages())
    if missing:
        print(
            f"The Step Functions engine needs {missing}: `make venv` installs them into .venv; "
            "`make engine` does so, too, and starts it",
            file=sys.stderr,
        )
        return 1
    from integration.harness.sfn import command

    return command.main()


sys.exit(main())
