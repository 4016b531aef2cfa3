"""`Deployer(FILE).step_functions(...)`. Metaflow imports this with itself, so everything else waits."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ..common.engine_deployer import EngineDeployer

if TYPE_CHECKING:
    from sfn import Aws

    from .step_functions_deployer_objects import StepFunctionsDeployedFlow


class StepFunctionsDeployer(EngineDeployer):
    """Deploys a flow to AWS Step Functions.

    Args:
        deployer_kwargs: options of the command group: `name` of the state machine, the flow's if not given.
        **kwargs: of every Deployer: `flow_file`, `env`, `profile`, `cwd`, `show_output` ...

    Example:
        >>> deployed = Deployer("train.py").step_functions().create(max_workers=10)
        >>> run = deployed.trigger(alpha=3)
        >>> run.wait_for_completion()
        >>> run.status
        'SUCCEEDED'
    """

    TYPE: ClassVar[str | None] = "step-functions"

    @staticmethod
    def deployed_flow_type() -> type[StepFunctionsDeployedFlow]:
        """Class of what is deployed."""
        from .step_functions_deployer_objects import StepFunctionsDeployedFlow

        return StepFunctionsDeployedFlow

    @cached_property
    def aws(self) -> Aws:
        """AWS as this deployer's environment has it.

        Raises:
            Refusal: no role is configured.
            AwsError: the settings cannot be used.
        """
        from ..common.deployer_environment import environment_of
        from .deployment import connect

        with environment_of(self) as settings:
            aws = connect(settings)
            aws.client("stepfunctions")  # takes endpoint and credentials now
        return aws

    def create(self, **kwargs: Any) -> StepFunctionsDeployedFlow:
        """Deploy a new version of the flow; what fails is undone.

        Args:
            **kwargs: options of the command, all of them optional.
                authorize (str): production token of what is deployed already, if that is another user's.
                generate_new_token (bool): make a new production token, and with it a new namespace.
                given_token (str): use this production token, and its namespace.
                tags (list[str]): tags of the runs and of all they produce.
                aws_batch_tags (list[str]): tags of the Batch jobs, as `KEY=VALUE`.
                user_namespace (str): namespace of the runs, in place of the production token's.
                max_workers (int): items of a foreach at work at a time, 100 if not given.
                workflow_timeout (int): timeout of a run in seconds.
                log_execution_history (bool): log the history of runs to the log group of
                    METAFLOW_SFN_EXECUTION_LOG_GROUP_ARN.
                use_distributed_map (bool): Distributed Map for every foreach, or for none; by default the
                    outermost are distributed.
                compress_state_machine (bool): has no effect, there is nothing to compress.
                only_json (bool): print the state machine, and deploy nothing.
                output_dir (str): write every object to a file in this folder, and deploy nothing.
                upload (bool): with `output_dir`, upload the code package; true if not given.

        Raises:
            ValueError: an option that does not exist.
            TypeError: a value of the wrong type.
            RuntimeError: the flow cannot be deployed, or AWS refused; the text says why.
        """
        deployed: StepFunctionsDeployedFlow = self.deploy(**kwargs)
        return deployed
