"""Makes Metaflow's version say that this package is installed: `2.19.39+metaflow-orchestrators(0.1.0)`."""

toplevel = "provenance"
