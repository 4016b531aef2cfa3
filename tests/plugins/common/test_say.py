from __future__ import annotations

import pytest
from metaflow.cli import echo_always

from metaflow_extensions.orchestrators.plugins.common.say import say


def test_words_of_users_keep_their_asterisks(capsys: pytest.CaptureFixture[str]) -> None:
    say(echo_always, "*{}* starts at {}: {}", "Train", "30 6 * * 1-5", "func(*args, **kwargs) {x}")
    assert capsys.readouterr().err == "Train starts at 30 6 * * 1-5: func(*args, **kwargs) {x}\n"
