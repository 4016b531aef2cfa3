"""JSONPath as Step Functions takes it: paths, reference paths, variables and intrinsic functions.

https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import re

# Name -> the fewest and the most arguments that it takes.
INTRINSICS: dict[str, tuple[int, int]] = {
    "States.Format": (1, 1000),
    "States.StringToJson": (1, 1),
    "States.JsonToString": (1, 1),
    "States.Array": (0, 1000),
    "States.ArrayPartition": (2, 2),
    "States.ArrayContains": (2, 2),
    "States.ArrayRange": (3, 3),
    "States.ArrayGetItem": (2, 2),
    "States.ArrayLength": (1, 1),
    "States.ArrayUnique": (1, 1),
    "States.Base64Encode": (1, 1),
    "States.Base64Decode": (1, 1),
    "States.Hash": (2, 2),
    "States.JsonMerge": (3, 3),
    "States.MathRandom": (2, 3),
    "States.MathAdd": (2, 2),
    "States.StringSplit": (2, 2),
    "States.UUID": (0, 0),
}

_ROOT = re.compile(r"\$\$?(?![\w$])|\$(?P<variable>[^\W\d]\w*)")
_NAME = r"[^\s.\[\]()'\"$,?@*]+"
_QUOTED = r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
_REFERENCE_STEP = re.compile(rf"\.{_NAME}|\.?\[(?:{_QUOTED}|\d+)\]")
_STEP = re.compile(
    rf"\.{{1,2}}(?:{_NAME}|\*)(?:\([^()]*\))?"
    rf"|\.{{0,2}}\[\s*(?:{_QUOTED}(?:\s*,\s*{_QUOTED})*|-?\d+(?:\s*,\s*-?\d+)*|\*|-?\d*:-?\d*(?::-?\d*)?"
    r"|\?\(.+?\)|\(@\.length-\d+\))\s*\]",
)
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null")
_CALL = re.compile(r"(?P<name>[A-Za-z][\w.]*)\s*\(")
_BLANKS = re.compile(r"\s*")


class JsonPathError(ValueError):
    """Text that is no path or no intrinsic function; the message says why."""


def path_problem(text: str, reference: bool = False) -> str | None:
    """What is wrong with a path, or None; with `reference`, it has to name exactly one place.

    Example:
        >>> path_problem("$.[")
        "'.[' is no step of a path"
    """
    try:
        end = _path_end(text, 0, _REFERENCE_STEP if reference else _STEP)
    except JsonPathError as error:
        return str(error)
    if end == len(text):
        return None
    return (
        f"{text[end:]!r} is no step of a {'reference path, which names one place' if reference else 'path'}"
    )


def value_problem(text: str) -> str | None:
    """What is wrong with the value of a key that ends in `.$`: a path or an intrinsic function.

    Example:
        >>> value_problem("States.Nope($.x)")
        'there is no intrinsic function States.Nope'
    """
    if text.startswith("$"):
        return path_problem(text)
    try:
        end = _intrinsic_end(text, 0)
    except JsonPathError as error:
        return str(error)
    return None if end == len(text) else f"{text[end:]!r} follows the function"


def variables(text: str) -> tuple[str, ...]:
    """Variables that a path or an intrinsic function reads, without `$`.

    Example:
        >>> variables("States.Format('{} $x', $order.number)")
        ('order',)
    """
    unquoted = re.sub(r"'(?:[^'\\]|\\.)*'", "''", text)
    return tuple(dict.fromkeys(re.findall(r"(?<![\w$])\$([^\W\d]\w*)", unquoted)))


def _path_end(text: str, start: int, step: re.Pattern[str]) -> int:
    match = _ROOT.match(text, start)
    if match is None:
        raise JsonPathError(f"a path starts with $, not {text[start : start + 12]!r}")
    while match is not None:
        end = match.end()
        match = step.match(text, end)
    return end


def _intrinsic_end(text: str, start: int) -> int:
    call = _CALL.match(text, start)
    if call is None:
        raise JsonPathError("it is neither a path ($...) nor an intrinsic function (States...)")
    name, at, count = call["name"], _skip(text, call.end()), 0
    if name not in INTRINSICS:
        raise JsonPathError(f"there is no intrinsic function {name}")
    while not text.startswith(")", at):
        at = _skip(text, _argument_end(text, at))
        count += 1
        if text.startswith(",", at):
            at = _skip(text, at + 1)
        elif not text.startswith(")", at):
            raise JsonPathError(f"{name}( is not closed")
    fewest, most = INTRINSICS[name]
    if not fewest <= count <= most:
        raise JsonPathError(f"{name} takes {fewest if count < fewest else most} arguments, not {count}")
    return at + 1


def _argument_end(text: str, at: int) -> int:
    if text.startswith("$", at):
        return _path_end(text, at, _STEP)
    literal = _LITERAL.match(text, at)
    return literal.end() if literal else _intrinsic_end(text, at)


def _skip(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at
