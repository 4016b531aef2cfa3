"""Figures that AWS and Metaflow set."""

from __future__ import annotations

# Attempts of a task that Metaflow takes, lost hosts included.
MAX_ATTEMPTS = 6

# Characters. https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
LONGEST_STATE_NAME = 80
# Characters. https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
LONGEST_LABEL = 40

# Bytes of RegisterJobDefinition's request. https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
LARGEST_JOB_DEFINITION = 24 * 1024
# A job's and its definition's, together: with more, the job fails when it starts.
# https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
MOST_TAGS = 50
# Begin of names of variables. https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerProperties.html
RESERVED_VARIABLES = "AWS_BATCH"

# vCPU: the memory in MiB that Fargate has for it.
# https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html
FARGATE_MEMORY = {
    0.25: (512, 1024, 2048),
    0.5: range(1024, 4097, 1024),
    1: range(2048, 8193, 1024),
    2: range(4096, 16385, 1024),
    4: range(8192, 30721, 1024),
    8: range(16384, 61441, 4096),
    16: range(32768, 122881, 8192),
    32: (61440, 122880, 249856),
}
# GiB beside the image. https://docs.aws.amazon.com/batch/latest/APIReference/API_EphemeralStorage.html
FARGATE_STORAGE = (21, 200)
