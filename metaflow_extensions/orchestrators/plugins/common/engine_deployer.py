"""What the Deployers of all engines do. Metaflow imports this with itself, so everything else waits."""

from __future__ import annotations

from typing import Any

from metaflow.runner.deployer_impl import DeployerImpl


class EngineDeployer(DeployerImpl):
    """Deploys a flow by the commands of its engine.

    Args:
        deployer_kwargs: options of the command group, such as `name` of the deployment.
        **kwargs: of every Deployer: `flow_file`, `env`, `profile`, `cwd`, `show_output` ...
    """

    authorize: str | None = None
    """Production token with which commands change what is deployed, unless they are given another."""

    def __init__(self, deployer_kwargs: dict[str, Any], **kwargs: Any) -> None:
        self._deployer_kwargs = deployer_kwargs
        super().__init__(**kwargs)

    @property
    def deployer_kwargs(self) -> dict[str, Any]:
        """Options of the command group."""
        return self._deployer_kwargs

    def start(self, values: dict[str, Any]) -> str:
        """Start a run with values of parameters; returns what the command tells of it, as JSON.

        Raises:
            ValueError: a parameter that the flow does not have, or a missing one.
            TypeError: a value of the wrong type.
            RuntimeError: the command failed; the text says why.
        """
        from .deployer_commands import told_by

        # Parameters differ by more than case, and the command's options are in lower case.
        return told_by(self, "trigger", **{name.lower(): value for name, value in values.items()})

    def deploy(self, **options: Any) -> Any:
        """Run `create` with these options; returns what is deployed.

        Raises:
            ValueError: an option that does not exist.
            TypeError: a value of the wrong type.
            RuntimeError: the flow cannot be deployed, or the engine refused; the text says why.
        """
        from .deployer_commands import last_process, reason

        try:
            return self._create(self.deployed_flow_type(), **options)
        except RuntimeError as error:
            if error.__cause__ is not None:  # holds all that the command printed
                raise
            raise RuntimeError(f"{error}: {reason(last_process(self))}") from None
