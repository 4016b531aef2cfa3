"""Whatever goes wrong with a call of AWS, as one exception with one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from metaflow_provider.deployment import ServiceError

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedException", "NotAuthorized"})
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_INVALID_CREDENTIALS = frozenset(
    {
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
_QUOTA = re.compile(r"\w*(LimitExceeded|QuotaExceeded)(Exception)?")
# "User: arn:… is not authorized to perform: iam:PassRole on resource: arn:… because …"
_NEEDED = re.compile(r"not authorized to perform: (?P<action>[\w:-]+)(?: on resource: (?P<resource>\S+))?")
_LONGEST = 600


_KEY_DENIED = frozenset({"KmsAccessDeniedException", "KmsInvalidStateException"})


class AwsError(ServiceError):
    """A call of AWS that failed; its code is AWS's.

    Example:
        >>> str(AwsError("batch:TerminateJob on job/8d6f: AWS is busy; try again", "ThrottlingException"))
        'batch:TerminateJob on job/8d6f: AWS is busy; try again'
    """

    @property
    def is_denied(self) -> bool:
        """Whether the credentials in use may not do it, or not use the key of what is encrypted."""
        return self.code in _DENIED | _KEY_DENIED


@contextmanager
def translated(permission: str, resource: str) -> Iterator[None]:
    """Within it, boto's exceptions become `AwsError`s.

    Args:
        permission: the IAM action of the call, as in `states:StartExecution`.
        resource: ARN or name of what it is about.
    """
    import botocore.exceptions as boto

    try:
        yield
    except boto.ClientError as error:
        raise _of_service(error, permission, resource) from error
    except boto.BotoCoreError as error:
        raise AwsError(f"{permission} on {resource}: {_before_the_call(error)}") from error


def _of_service(error: Any, permission: str, resource: str) -> AwsError:
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "")), _one_line(str(said.get("Message") or "nothing"))
    tries = 1 + error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)
    return AwsError(
        f"{permission} on {resource}: {_explained(code, message, permission, resource, tries)}", code
    )


def _explained(code: str, message: str, permission: str, resource: str, tries: int) -> str:
    if code in _DENIED:
        needed = _NEEDED.search(message)
        action = needed["action"] if needed else permission
        on = needed["resource"] if needed and needed["resource"] else resource
        return f"AWS denies it ({message}); the credentials in use need the permission {action} on {on}"
    if code in _EXPIRED:
        return f"the AWS credentials have expired ({code}); renew them and try again"
    if code in _INVALID_CREDENTIALS:
        return f"AWS does not know the credentials in use ({code}: {message}); check profile, keys and region"
    if code in _THROTTLED:
        return f"AWS throttles this call, the last of {tries} tries too ({code}); try again in a few minutes"
    if _QUOTA.fullmatch(code):
        return f"a quota is used up ({code}: {message}); remove what is not used, or ask AWS for more"
    return f"AWS says: {message} ({code})"


def _before_the_call(error: Any) -> str:
    import botocore.exceptions as boto

    said = _one_line(str(error))
    if isinstance(error, boto.NoRegionError):
        return "no AWS region is set; set AWS_DEFAULT_REGION or AWS_REGION"
    if isinstance(error, (boto.NoCredentialsError, boto.PartialCredentialsError)):
        return f"no AWS credentials were found ({said}); log in, or set AWS_PROFILE or AWS_ACCESS_KEY_ID"
    if isinstance(error, (boto.CredentialRetrievalError, boto.TokenRetrievalError, boto.SSOError)):
        return f"the AWS credentials cannot be renewed ({said}); log in again"
    if isinstance(error, (boto.HTTPClientError, boto.ConnectionError)):
        return f"AWS cannot be reached ({said}); check the network, the region and AWS_ENDPOINT_URL"
    return f"it cannot be sent to AWS: {said}"


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
