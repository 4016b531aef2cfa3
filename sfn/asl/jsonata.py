"""JSONata source: what is wrong with its form, and which variables it reads.

Not a parser: tokens, brackets, and that values and operators take turns. https://docs.jsonata.org/overview
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

# Of JSONata 2.0.6, less $eval, which AWS does not have, plus the last six, which only AWS has.
# https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
_FUNCTION_NAMES = """
    string length substring substringBefore substringAfter uppercase lowercase trim pad contains split join
    match replace base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl
    number abs floor ceil round power sqrt formatNumber formatBase formatInteger parseInteger
    sum max min average boolean not exists count append sort reverse shuffle distinct zip
    keys lookup spread merge sift each error assert type clone map filter single reduce
    now millis fromMillis toMillis
    partition range hash random uuid parse
"""
FUNCTIONS = frozenset(_FUNCTION_NAMES.split())

_TOKENS = re.compile(
    r"""(?P<blank>\s+|/\*.*?\*/)
    |(?P<value>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `[^`]*` | \d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
    |(?P<variable>\$[^\s.\[\]{}(),@#;:?+\-*/%|=<>^&!~"'`]*)
    |(?P<operator>\.\.|:=|!=|<=|>=|\*\*|~>|[.,@#;:?+\-*/%|=<>^&!~])
    |(?P<bracket>[\[\](){}])
    |(?P<name>[^\s.\[\]{}(),@#;:?+\-*/%|=<>^&!~"'`]+)""",
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\n]|\\.)+/[a-z]*")
_SIGNATURE = re.compile(r"\s*<[^{}]*?>(?=\s*\{)")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_WORD_OPERATORS = frozenset({"and", "or", "in"})
# May stand where a value is due, as one: wildcards, the parent, a placeholder.
_VALUE_SYMBOLS = frozenset({"*", "**", "%", "?"})
_VALUE_WORDS = frozenset({"true", "false", "null", "function", "λ"})


@dataclass(frozen=True)
class Token:
    """A piece of the source. `kind`: value, variable, name, operator, open or close."""

    kind: str
    text: str


class JsonataError(ValueError):
    """Source that is not JSONata; the message says why."""


def is_variable_name(name: str) -> bool:
    """Whether a variable can have the name.

    https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
    """
    return name.isidentifier() and len(name) <= 80


def problem(code: str) -> str | None:
    """What is wrong with the form of the source, or None.

    Example:
        >>> problem("$states.input.(")
        "'(' is not closed"
    """
    try:
        tokens(code)
    except JsonataError as error:
        return str(error)
    return None


@functools.lru_cache(maxsize=4096)
def tokens(code: str) -> tuple[Token, ...]:
    """The tokens of the source.

    Raises:
        JsonataError: something is left open, empty, or out of turn.
    """
    return tuple(_Reader(code).read())


def free_variables(code: str) -> tuple[str, ...]:
    """Variables that the source reads and does not define itself, without `$`; those of states, in short.

    Raises:
        JsonataError: the source is not JSONata.

    Example:
        >>> free_variables("($n := $count($items); $n + $states.input.m)")
        ('items',)
    """
    found = tokens(code)
    bound = set(_bound(found))
    names = (token.text[1:] for token in found if token.kind == "variable")
    free = (n for n in names if n not in {"", "$", "states"} and n not in FUNCTIONS and n not in bound)
    return tuple(dict.fromkeys(free))


def members_of_states(code: str) -> tuple[str, ...]:
    """What the source reads directly under `$states`, as in `('input', 'context')`.

    Raises:
        JsonataError: the source is not JSONata.
    """
    found = tokens(code)
    members = (
        third.text.strip("`")
        for first, second, third in zip(found, found[1:], found[2:], strict=False)
        if first.text == "$states" and second.text == "." and third.kind in {"name", "value"}
    )
    return tuple(dict.fromkeys(members))


def reads_whole_context(code: str) -> str | None:
    """The first `$`, `$$` or bare field outside any brackets; there is nothing that it could be a field of.

    Raises:
        JsonataError: the source is not JSONata.
    """
    depth, before = 0, ""
    for token in tokens(code):
        depth += (token.kind == "open") - (token.kind == "close")
        bare = token.kind == "name" and before != "." and token.text not in _VALUE_WORDS
        if depth == 0 and (bare or token.text in {"$", "$$"}):
            return token.text
        before = token.text
    return None


class _Reader:
    """Goes through the source once.

    Attributes:
        value_due: whether a value has to come, as at the start and behind operators; else an operator has to.
        open: brackets to be closed; a transform, `|head|update|`, stands there as the bars still to come.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self.found: list[Token] = []
        self.open: list[str] = []
        self.value_due = True

    def read(self) -> list[Token]:
        at = 0
        while at < len(self.code):
            token, at = self._next(at)
            if token is not None:
                self.value_due = self._value_due_after(token)
                self.found.append(token)
        if self.open:
            raise JsonataError(f"'{self.open[-1]}' is not closed")
        if not self.found:
            raise JsonataError("the expression is empty")
        if self.value_due:
            raise JsonataError(f"it stops after '{self.found[-1].text}'")
        return self.found

    def _next(self, at: int) -> tuple[Token | None, int]:
        code = self.code
        regex = _REGEX.match(code, at) if self.value_due and not code.startswith("/*", at) else None
        if regex is not None:
            return Token("value", regex.group()), regex.end()
        match = _TOKENS.match(code, at)
        if match is None or (match.group() == "/" and code.startswith("/*", at)):
            raise JsonataError(f"{code[at : at + 12]!r} is not closed")
        kind, text = match.lastgroup or "", match.group()
        if kind == "blank":
            return None, match.end()
        if kind == "bracket":
            kind = "open" if text in _PAIRS else "close"
        if kind == "name" and text in _WORD_OPERATORS and not self.value_due:
            kind = "operator"
        signature = _SIGNATURE.match(code, match.end()) if text == ")" else None
        return Token(kind, text), signature.end() if signature else match.end()

    def _value_due_after(self, token: Token) -> bool:
        if token.kind == "open":
            self.open.append(token.text)
            return True
        if token.kind == "close":
            self._close(token.text)
            return False
        if token.kind != "operator":
            if not self.value_due:
                raise JsonataError(f"nothing between '{self._before}' and '{token.text}'")
            return False
        if token.text == "|":
            return self._bar()
        if self.value_due and token.text in _VALUE_SYMBOLS:
            return False
        in_order_by = token.text in {"<", ">"} and self._before in {"(", ","}
        if self.value_due and token.text != "-" and not in_order_by:
            raise JsonataError(f"nothing before '{token.text}'")
        return True

    @property
    def _before(self) -> str:
        return self.found[-1].text if self.found else ""

    def _close(self, bracket: str) -> None:
        if not self.open:
            raise JsonataError(f"'{bracket}' closes nothing")
        opened = self.open.pop()
        if _PAIRS.get(opened) != bracket:
            raise JsonataError(f"'{opened}' is closed by '{bracket}'")
        if self.value_due and self._before not in {opened, ";"}:
            raise JsonataError(f"nothing between '{self._before}' and '{bracket}'")

    def _bar(self) -> bool:
        """Whether a value is due after this bar of a transform: after the first and the second one."""
        if self.value_due:
            self.open += ["|", "|"]
            return True
        if not self.open or self.open.pop() != "|":
            raise JsonataError("'|' closes nothing")
        return self.open[-1:] == ["|"]


def _bound(found: tuple[Token, ...]) -> Iterator[str]:
    """Names that the source gives a value: by `:=`, `@`, `#`, or as a function's parameter."""
    nothing, in_parameters = Token("", ""), False
    for before, token, after in zip(
        (nothing, *found), (*found, nothing), (*found[1:], nothing, nothing), strict=True
    ):
        if token.text == "(" and before.text in {"function", "λ"}:
            in_parameters = True
        elif token.text == ")":
            in_parameters = False
        elif token.kind == "variable" and (in_parameters or after.text == ":=" or before.text in {"@", "#"}):
            yield token.text[1:]
