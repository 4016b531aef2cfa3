"""Metaflow's commands and Deployer for Argo Workflows."""
