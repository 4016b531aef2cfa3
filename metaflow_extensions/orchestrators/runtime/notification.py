"""Sends one message about a run: an entry like `container`, for the end of a run.

The message is JSON in the variable MESSAGE; its secret is another variable, which never is in a manifest.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any

# `{"url": ..., "headers": {...}, "body": {...}, "secret": ...}`.
MESSAGE = "METAFLOW_ORCHESTRATORS_MESSAGE"
SECRET = "METAFLOW_ORCHESTRATORS_MESSAGE_SECRET"
_TRIES = 4
_TIMEOUT_SECONDS = 30


def main() -> int:
    """Send the message; returns 1 if it could not be delivered."""
    message, secret = json.loads(os.environ[MESSAGE]), os.environ[SECRET].strip()
    for attempt in range(_TRIES):
        try:
            request = request_for(message, secret)
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                print(f"Delivered: HTTP {answer.status}", flush=True)
                return 0
        except urllib.error.HTTPError as error:
            problem = f"HTTP {error.code}"
            if error.code != 429 and error.code < 500:
                break
        except (ValueError, http.client.InvalidURL) as error:
            problem = f"{type(error).__name__}: the secret is no address, or no key"
            break
        except (OSError, http.client.HTTPException) as error:
            problem = type(error).__name__
        time.sleep(2**attempt if attempt + 1 < _TRIES else 0)
    # Not the error's text: it may hold the address, which is the secret of a Slack webhook, or a header.
    print(f"The notification was not delivered: {problem}", file=sys.stderr, flush=True)
    return 1


def request_for(message: dict[str, Any], secret: str) -> urllib.request.Request:
    """The HTTP request of a message, with its secret put where the message says.

    Args:
        message: `secret` is `url`, `bearer` or the name of a field of the body; `url` may be missing then.
        secret: what no manifest has.
    """
    url, headers, body = message.get("url", ""), dict(message.get("headers", {})), dict(message["body"])
    if message["secret"] == "url":
        url = secret
    elif message["secret"] == "bearer":
        headers["Authorization"] = f"Bearer {secret}"
    else:
        body[message["secret"]] = secret
    headers["Content-Type"] = "application/json"
    return urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")


if __name__ == "__main__":
    sys.exit(main())
