"""AWS Batch whose jobs are local processes: definitions, limits, retries, timeouts, multi-node jobs, stubs.

It knows nothing of moto: queues, secrets and log groups are given to it. `service.py` has the operations of
the API, `refusals.py` what it refuses, `definitions.py` and `jobs.py` what it keeps, `containers.py` what a
job runs, `runner.py` and `attempts.py` when and how.
"""
