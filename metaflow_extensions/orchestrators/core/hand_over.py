"""Where tasks leave what an engine that shares no channel with them has to know, below the datastore's root.

Step Functions reads these objects between two jobs; the keys are what both sides agree on.
"""

from __future__ import annotations

_FOLDER = "hand-over"
_PARAMETERS = "parameters.json"
# In the place of a parameter's value, which is too long for the engine: `{STORED: address of its text}`.
STORED = "metaflow-stored"


def folder(flow: str) -> str:
    """Folder of a flow's objects, of all runs.

    Example:
        >>> folder("Train")
        'Train/hand-over'
    """
    return f"{flow}/{_FOLDER}"


def record_key(flow: str, run_id: str, step: str, task_id: str) -> str:
    """Key of what a task did: `{"next": [...], "n": 3}`, or the list `[0, 1, 2]` that a Map goes over.

    Example:
        >>> record_key("Train", "sfn-7c9e", "fan", "t-2")
        'Train/hand-over/sfn-7c9e/fan/t-2.json'
    """
    return f"{folder(flow)}/{run_id}/{step}/{task_id}.json"


def parameters_key(flow: str, run_id: str) -> str:
    """Key of the values that a run was started with: a JSON object by parameter.

    Example:
        >>> parameters_key("Train", "sfn-7c9e")
        'Train/hand-over/sfn-7c9e/parameters.json'
    """
    return f"{folder(flow)}/{run_id}/{_PARAMETERS}"
