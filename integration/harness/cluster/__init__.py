"""A real Kubernetes node with real Argo Workflows, built from source and run on this machine alone."""
