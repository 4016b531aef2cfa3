"""AWS on loopback for Step Functions: moto's services, its interpreter completed, Batch jobs as processes.

`engine.py` starts it for tests, `python -m integration.harness.sfn` for a person.
"""
