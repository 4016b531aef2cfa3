"""What states are made of: retry and catch, choice rules, where a Map's items come from and go to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .expression import Expression
from .node import Node, Null


@dataclass(frozen=True, kw_only=True, repr=False)
class Retry(Node):
    """When and how often a failed state is tried again.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html

    Attributes:
        error_equals: names of errors; `States.ALL` alone and in the last rule only.
        interval_seconds: wait before the first retry, 1 when not given.
        max_attempts: retries, 3 when not given; 0: none.
        backoff_rate: each wait is the one before times this, 2.0 when not given.
        max_delay_seconds: the longest wait.
        jitter_strategy: `FULL` or `NONE`.

    Example:
        >>> Retry(error_equals=("States.TaskFailed",), interval_seconds=120, max_attempts=2, backoff_rate=1)
    """

    error_equals: tuple[str, ...] | None = None
    interval_seconds: int | None = None
    max_attempts: int | None = None
    backoff_rate: float | None = None
    max_delay_seconds: int | None = None
    jitter_strategy: str | None = None
    comment: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Catch(Node):
    """Where an execution goes on when a state failed and no retry is left.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html

    Attributes:
        output: the next state's input (JSONata; `$states.errorOutput` holds the error).
        assign: variables set on the way.
        result_path: where the error goes in the state's input (JSONPath).

    Example:
        >>> Catch(error_equals=("States.ALL",), next="clean up", output=states.errorOutput)
    """

    error_equals: tuple[str, ...] | None = None
    next: str | None = None
    output: Any = None
    assign: Mapping[str, Any] | None = None
    result_path: str | Null | None = None
    comment: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class ChoiceRule(Node):
    """One way out of a Choice.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html

    Attributes:
        condition: JSONata that yields true or false. The comparisons of a JSONPath rule (`Variable`,
            `StringEquals`, `And` ...) are kept as data, in `extra`.
        output: the next state's input when the rule holds (JSONata).
        assign: variables set when the rule holds.

    Example:
        >>> ChoiceRule(condition=states.input.n > 0, next="work")
        >>> ChoiceRule(extra={"Variable": "$.n", "NumericGreaterThan": 0}, next="work")
    """

    condition: str | bool | Expression | None = None
    next: str | None = None
    output: Any = None
    assign: Mapping[str, Any] | None = None
    comment: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class ReaderConfig(Node):
    """How the items of a Distributed Map are read.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html

    Attributes:
        input_type: `JSON`, `JSONL`, `CSV`, `PARQUET` or `MANIFEST`.
        items_pointer: JSON pointer to the array inside a JSON object (`/a/items`).
        max_items: the first so many items only.
    """

    input_type: str | None = None
    items_pointer: str | None = None
    transformation: str | None = None
    manifest_type: str | None = None
    csv_header_location: str | None = field(default=None, metadata={"asl": "CSVHeaderLocation"})
    csv_headers: tuple[str, ...] | None = field(default=None, metadata={"asl": "CSVHeaders"})
    csv_delimiter: str | None = field(default=None, metadata={"asl": "CSVDelimiter"})
    max_items: int | str | Expression | None = None
    max_items_path: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class ItemReader(Node):
    """Where the items of a Distributed Map come from.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html

    Attributes:
        resource: `arn:aws:states:::s3:getObject` or `arn:aws:states:::s3:listObjectsV2`.
        arguments: of that call (JSONata).
        parameters: the same as a payload template (JSONPath).

    Example:
        >>> ItemReader(resource="arn:aws:states:::s3:getObject", arguments={"Bucket": "b", "Key": var("key")},
        ...            reader_config=ReaderConfig(input_type="JSON"))
    """

    resource: str | None = None
    reader_config: ReaderConfig | None = None
    arguments: Any = None
    parameters: Any = None


@dataclass(frozen=True, kw_only=True, repr=False)
class ItemBatcher(Node):
    """How items are grouped before a Distributed Map starts a child for each group.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
    """

    max_items_per_batch: int | str | Expression | None = None
    max_items_per_batch_path: str | None = None
    max_input_bytes_per_batch: int | str | Expression | None = None
    max_input_bytes_per_batch_path: str | None = None
    batch_input: Any = None


@dataclass(frozen=True, kw_only=True, repr=False)
class WriterConfig(Node):
    """The form of a Distributed Map's results.

    Attributes:
        transformation: `NONE`, `COMPACT` or `FLATTEN`.
        output_type: `JSON` or `JSONL`.
    """

    transformation: str | None = None
    output_type: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class ResultWriter(Node):
    """Where a Distributed Map writes the results of its children.

    https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
    """

    resource: str | None = None
    writer_config: WriterConfig | None = None
    arguments: Any = None
    parameters: Any = None


@dataclass(frozen=True, kw_only=True, repr=False)
class ProcessorConfig(Node):
    """How a Map runs its iterations.

    https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html

    Attributes:
        mode: `INLINE` (in the same execution, at most 40 at once) or `DISTRIBUTED` (a child execution each).
        execution_type: of the children, `STANDARD` or `EXPRESS`.
    """

    mode: str | None = None
    execution_type: str | None = None
