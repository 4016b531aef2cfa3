"""Amazon States Language as typed Python objects. The README beside this file has the reading order."""

from __future__ import annotations

from .check import check
from .diff import Change, diff
from .expression import (
    Expression,
    and_,
    call,
    constant,
    each,
    if_,
    in_,
    interval,
    literal,
    not_,
    or_,
    raw,
    states,
    this,
    var,
)
from .finding import Finding, ParseError
from .machine import JSONATA, JSONPATH, Branch, ItemProcessor, Scope, StateMachine, by_name
from .node import NULL
from .parse import parse
from .parts import (
    Catch,
    ChoiceRule,
    ItemBatcher,
    ItemReader,
    ProcessorConfig,
    ReaderConfig,
    ResultWriter,
    Retry,
    WriterConfig,
)
from .rules.tasks import DYNAMIC, Integrations
from .state import Chain, State, chain
from .states import Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait

__all__ = [
    "DYNAMIC",
    "JSONATA",
    "JSONPATH",
    "NULL",
    "Branch",
    "Catch",
    "Chain",
    "Change",
    "Choice",
    "ChoiceRule",
    "Expression",
    "Fail",
    "Finding",
    "Integrations",
    "ItemBatcher",
    "ItemProcessor",
    "ItemReader",
    "Map",
    "Parallel",
    "ParseError",
    "Pass",
    "ProcessorConfig",
    "ReaderConfig",
    "ResultWriter",
    "Retry",
    "Scope",
    "State",
    "StateMachine",
    "Succeed",
    "Task",
    "Wait",
    "WriterConfig",
    "and_",
    "by_name",
    "call",
    "chain",
    "check",
    "constant",
    "diff",
    "each",
    "if_",
    "in_",
    "interval",
    "literal",
    "not_",
    "or_",
    "parse",
    "raw",
    "states",
    "this",
    "var",
]
