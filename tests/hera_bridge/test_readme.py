"""The first example of hera_bridge/README.md, run as it is written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from hera_bridge import Settings
from metaflow_provider.plan import dumps
from tests.hera_bridge.translation.plans import argo_plan
from tests.metaflow_provider.plans import step

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "hera_bridge" / "README.md").read_text(), re.DOTALL)


def test_the_example(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    plan = argo_plan(step("start", "transform"), step("transform", "end"), step("end"))
    (tmp_path / "objects" / "plan.json").write_text(dumps(plan))
    (tmp_path / "objects" / "settings.json").write_text(Settings().to_json())
    said = EXAMPLES[0] + "\nprint(bundle.objects()[0]['spec']['podGC'])\n"
    done = subprocess.run(
        [sys.executable, "-c", said], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "{'strategy': 'OnPodSuccess'}\n"), done.stderr
