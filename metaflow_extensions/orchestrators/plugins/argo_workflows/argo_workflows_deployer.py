"""`Deployer(FILE).argo_workflows(...)`. Metaflow imports this with itself, so everything else waits."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ..common.engine_deployer import EngineDeployer

if TYPE_CHECKING:
    from hera_bridge.clients import Client

    from .argo_workflows_deployer_objects import ArgoWorkflowsDeployedFlow


class ArgoWorkflowsDeployer(EngineDeployer):
    """Deploys a flow to Argo Workflows.

    Args:
        deployer_kwargs: options of the command group: `name` of the workflow, the flow's if not given.
        **kwargs: of every Deployer: `flow_file`, `env`, `profile`, `cwd`, `show_output` ...

    Example:
        >>> deployed = Deployer("train.py").argo_workflows().create(max_workers=10)
        >>> run = deployed.trigger(alpha=3)
        >>> run.wait_for_completion()
        >>> run.status
        'SUCCEEDED'
    """

    TYPE: ClassVar[str | None] = "argo-workflows"

    @staticmethod
    def deployed_flow_type() -> type[ArgoWorkflowsDeployedFlow]:
        """Class of what is deployed."""
        from .argo_workflows_deployer_objects import ArgoWorkflowsDeployedFlow

        return ArgoWorkflowsDeployedFlow

    @cached_property
    def client(self) -> Client:
        """The cluster as this deployer's environment has it."""
        from ..common.deployer_environment import environment_of
        from .deployment import connect

        with environment_of(self) as settings:
            return connect(settings.get("METAFLOW_KUBERNETES_NAMESPACE", ""))

    def create(self, **kwargs: Any) -> ArgoWorkflowsDeployedFlow:
        """Deploy a new version of the flow; what fails is undone.

        Args:
            **kwargs: options of the command, all of them optional.
                authorize (str): production token of what is deployed already, if that is another user's.
                generate_new_token (bool): make a new production token, and with it a new namespace.
                given_token (str): use this production token, and its namespace.
                tags (list[str]): tags of the runs and of all they produce.
                user_namespace (str): namespace of the runs, in place of the production token's.
                max_workers (int): tasks of a run at work at a time, 100 if not given.
                workflow_timeout (int): timeout of a run in seconds.
                workflow_priority (int): of the runs, if the controller limits how many are at work.
                concurrency_policy (str): `Allow`, `Forbid` or `Replace` scheduled runs beside others.
                suspend_schedule (bool): deploy the schedule, but let it start nothing.
                keep_seconds (int): how long finished runs stay in the cluster.
                pod_gc (str): when pods are deleted, such as `OnPodSuccess`.
                auto_emit_argo_events (bool): tasks emit events; true if not given.
                notify_on_error (bool): tell somebody of runs that fail.
                notify_on_success (bool): tell somebody of runs that succeed.
                notify_slack_webhook_url (str): address of Slack, or `secret:NAME/KEY`.
                notify_pager_duty_integration_key (str): key of PagerDuty, or `secret:NAME/KEY`.
                notify_incident_io_api_key (str): key of Incident.io, or `secret:NAME/KEY`.
                incident_io_alert_source_config_id (str): source of the alerts.
                incident_io_metadata (list[str]): further fields of the alerts, as `KEY=VALUE`.
                enable_heartbeat_daemon (bool): a pod tells that the run is alive.
                enable_error_msg_capture (bool): tell what failed first; true if not given.
                workflow_title (str): title in Argo's UI.
                workflow_description (str): description in Argo's UI.
                only_json (bool): print the WorkflowTemplate, and deploy nothing.
                only_yaml (bool): the same as YAML.
                output_dir (str): write every object to a file in this folder, and deploy nothing.
                upload (bool): with `output_dir`, upload the code package; true if not given.

        Raises:
            ValueError: an option that does not exist.
            TypeError: a value of the wrong type.
            RuntimeError: the flow cannot be deployed, or the cluster refused; the text says why.
        """
        deployed: ArgoWorkflowsDeployedFlow = self.deploy(**kwargs)
        return deployed
