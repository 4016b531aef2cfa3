"""Metaflow's commands and Deployer for AWS Step Functions."""
