"""The one address of the engine: planned faults first, then Batch, what tests ask of the engine, and moto."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from integration.harness.sfn.batch.errors import ClientException
from integration.harness.sfn.batch.service import Batch
from integration.harness.sfn.control import CONTROL, Control
from integration.harness.sfn.faults import Fault, Faults
from integration.harness.sfn.operations import operation_of, service_of

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
SPEAK_XML = {"s3", "iam", "sts", "ec2", "sns", "sqs"}


class Gateway:
    """A WSGI application."""

    def __init__(self, moto: Wsgi, batch: Batch, faults: Faults, control: Control) -> None:
        self._moto = moto
        self._batch = batch
        self._faults = faults
        self._control = control
        self._batch_paths = {f"/v1/{name.lower()}": name for name in batch.operations}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ, populate_request=False)
        if request.path.startswith(CONTROL):
            return self._control.answer(request)(environ, start_response)
        service = service_of(request)
        try:
            if self._faults.concern(service):
                self._faults.check(service, operation_of(service, request))
        except Fault as fault:
            request.get_data()  # the next request comes on the same connection
            return _failed(fault)(environ, start_response)
        if service == "batch" and request.path in self._batch_paths:
            return self._call_batch(request)(environ, start_response)
        return self._moto(environ, start_response)

    def _call_batch(self, request: Request) -> Response:
        operation = self._batch_paths[request.path]
        try:
            return _json(self._batch.call(operation, json.loads(request.get_data() or b"{}")), 200)
        except ClientException as refused:
            return _json({"message": str(refused)}, 400, {"x-amzn-errortype": "ClientException"})


def _failed(fault: Fault) -> Response:
    if fault.service in SPEAK_XML:
        error = f"<Error><Code>{fault.code}</Code><Message>{fault.message}</Message></Error>"
        body = error if fault.service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
        return Response(body, fault.status, content_type="application/xml")
    answer = {"__type": fault.code, "message": fault.message}
    return _json(answer, fault.status, {"x-amzn-errortype": fault.code})


def _json(answer: object, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(answer), status, headers, content_type="application/json")
