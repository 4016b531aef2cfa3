"""Registers this package's commands and decorators with Metaflow; the last description of a name wins."""

CLIS_DESC = [
    ("airflow", ".airflow.airflow_cli.cli"),
    ("argo-workflows", ".argo_workflows.argo_workflows_cli.cli"),
    ("step-functions", ".step_functions.step_functions_cli.cli"),
]
DEPLOYER_IMPL_PROVIDERS_DESC = [
    ("argo-workflows", ".argo_workflows.argo_workflows_deployer.ArgoWorkflowsDeployer"),
    ("step-functions", ".step_functions.step_functions_deployer.StepFunctionsDeployer"),
]
STEP_DECORATORS_DESC = [
    ("orchestrators_internal", ".common.internal_decorator.OrchestratorsInternalDecorator"),
]
