"""`batch:submitJob` and `batch:submitJob.sync` on our Batch.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-batch.html
"""

from __future__ import annotations

import copy
import uuid
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_batch import (
    StateTaskServiceBatch,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from integration.harness.sfn.batch.errors import ClientException
from integration.harness.sfn.batch.service import Batch
from integration.harness.sfn.faults import Fault, Faults
from integration.harness.sfn.interpreter.failures import failure
from integration.harness.sfn.interpreter.programs import Unwound
from integration.harness.sfn.interpreter.replacing import replaces
from integration.harness.sfn.interpreter.waiting import LOOK_SECONDS

STOPPED = "Terminated by Step Functions: the execution or state has ended"

_callback_pattern = StateTaskServiceBatch._eval_integration_pattern
_connected: list[tuple[Batch, Faults]] = []


def connect(batch: Batch, faults: Faults) -> None:
    """The Batch to which states submit their jobs, and the faults that are planned for it."""
    _connected[:] = [(batch, faults)]


@replaces(StateTaskServiceBatch)
def _eval_parameters(self: Any, env: Any) -> Any:
    """Gap: arguments that moto does not know, such as NodeOverrides, are left out."""
    self.parargs.eval(env=env)
    return env.stack.pop()


@replaces(StateTaskServiceBatch)
def _eval_service_task(
    self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], **_: Any
) -> None:
    """Gaps: Batch's own RetryStrategy is not passed on; a job of several nodes gets containerOverrides.

    And there is a request over HTTP for every job.
    """
    batch, faults = _connected[0]
    if "nodeOverrides" in normalised_parameters:
        del normalised_parameters["containerOverrides"]
    try:
        faults.check("batch", "SubmitJob")
        env.stack.append(batch.call("SubmitJob", normalised_parameters))
    except ClientException as refused:
        raise _client_error("ClientException", str(refused)) from None
    except Fault as fault:
        # Step Functions calls by this name whatever the Batch API does not declare as an error of its own.
        raise _client_error("AWSBatchException", fault.message) from None


def _client_error(code: str, message: str) -> ClientError:
    metadata = {"HTTPStatusCode": 400, "RequestId": str(uuid.uuid4())}
    error = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ClientError(error, "SubmitJob")


@replaces(StateTaskServiceBatch)
def _eval_integration_pattern(self: Any, env: Any, *args: Any, **kwargs: Any) -> None:
    """Gap: a stopped execution leaves its job running; a job's retry times out at once."""
    if self.resource.condition != ResourceCondition.Sync:
        _callback_pattern(self, env, *args, **kwargs)
        return
    batch, _ = _connected[0]
    job = batch.job(env.stack.pop()["JobId"])
    while not job.ended.wait(LOOK_SECONDS):
        if not env.is_running():
            job.terminate(STOPPED)
            raise Unwound
    # Its names are changed for Step Functions, and it shares parts with the job definition.
    description = copy.deepcopy(job.describe())
    self._normalise_response({"jobs": [description]}, service_action_name="describe_jobs")
    if job.status != "SUCCEEDED":
        raise failure(
            env,
            "States.TaskFailed",
            to_json_str(description),
            HistoryEventType.TaskFailed,
            resource=self._get_sfn_resource(),
            resourceType=self._get_sfn_resource_type(),
        )
    env.stack.append(description)
